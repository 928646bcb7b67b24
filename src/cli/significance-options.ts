/** Options and help of `tslira significance`. */

import { Option } from "@commander-js/extra-typings";
import { settingsOf } from "../settings/by-method.js";
import { NULL_KINDS } from "../significance/null-model.js";
import { observationCommand } from "./observation-options.js";
import { collected, parseNumber, parseNumberOrList, parsePlace, parseWhole } from "./option-values.js";
import { REGION_DETAILS, regionOptions } from "./region-options.js";
import { addSettingOptions } from "./setting-options.js";

/** Settings of the sampler, which is LIRA's, or as a config file says; two chains do. */
export const SAMPLER_SETTINGS = settingsOf("lira")
  .filter(({ key, tested }) => key !== "method" && tested !== false)
  .map((setting) => (setting.key === "chains" ? { ...setting, default: 2 } : setting));

const DETAILS = `
What it does: fits the null hypothesis to the observation, draws counts from it again and again, each with
  random numbers of its own, deconvolves all of them alike, and compares how much of each region is source.
Result: p <= bound (Stein et al. 2015) with its Monte Carlo error, p-values by the ranks of the share and of
  the likelihood ratio of a source, all adjusted for the number of regions; fluxes with intervals and limits, centroids, widths, ratios, offsets.
${REGION_DETAILS}
Null hypotheses: background (as given), scale (times a fitted factor), gaussian and beta (background plus
  a fitted Gaussian or beta model and a constant), point and point+gaussian (background plus a point source,
  such as the core of a quasar, and a constant). Fits are repeated for each replicate. A psf that is not
  known exactly is drawn for each from what is known of it beforehand.
Several observations of one sky are tested together when a config file names them, as for tslira
  deconvolve: replicates are drawn for each from its own background, exposure and psf. Its keys are those of
  deconvolve, and replicates, gamma, null, nullAt ({"x": 20, "y": 16}), elliptical, propagate,
  refit, fitOutside, scan, circles, thresholds.
gamma is to be chosen before the data are looked at; of a list only the first gives a p-value.
Ctrl-C stops the run; the same command goes on where it was. Finished replicates are never done again.

Examples:
  tslira significance counts.fits --psf psf.fits --background background.fits --circle 16,16,2 \\
    --circle 7,7,5 --replicates 50 --iterations 2000 -o significance.fits --png significance.png
  tslira significance counts.fits -p psf.fits --null beta --regions jet.reg --fit-outside -o jet.fits
  tslira significance counts.fits -p psf.fits -b background.fits --scan 2 -o scan.fits --scan-png scan.png
  tslira significance --config joint.json --offsets wcs --circle 32,30,3 -o joint.fits
    joint.json: {"replicates": 50, "iterations": 2000, "observations": [
      {"counts": "a.fits", "psf": "psf-a.fits", "exposure": "exp-a.fits", "background": "bkg-a.fits"},
      {"counts": "b.fits", "psf": "psf-b.fits", "exposure": "exp-b.fits", "background": "bkg-b.fits"}]}
  tslira report result.fits --significance significance.fits -o report.html`;

/** The command with all its options, but without its action. */
export function significanceOptions() {
  const regions = regionOptions();
  const command = observationCommand("significance")
    .description(
      "Test whether regions hold more than a null hypothesis explains, by simulations, and measure them.",
    )
    .optionsGroup("Regions:")
    .addOption(regions.regions)
    .addOption(regions.circle)
    .option("--combine <name>", "make one region of this name of all in a file")
    .option(
      "--threshold <flux>",
      "also: how probable is a larger flux? may be repeated",
      collected(parseNumber),
    )
    .option(
      "--scan <radius>",
      "also map the local significance of circles of this radius in pixels",
      parseNumber,
    )
    .option("--scan-step <n>", "pixels between their centres (default: a third of the radius)", parseWhole)
    .optionsGroup("Test:")
    .option("--replicates <n>", "data sets drawn from the null hypothesis (default: 50)", parseWhole)
    .option(
      "--gamma <g>",
      "tail probability, stated in advance, or several: 0.005,0.01 (default: 0.005)",
      parseNumberOrList,
    )
    .addOption(
      new Option("--null <kind>", "what is there without the source (default: background)").choices([
        ...NULL_KINDS,
      ]),
    )
    .option("--elliptical", "of a Gaussian null: two widths and an angle")
    .option("--null-at <x,y>", "of a point null: its place in pixels from 0 (default: fitted)", parsePlace)
    .option("--fit-outside", "leave the regions out when the null is fitted")
    .option("--fixed-null", "draw replicates from the best fit alone, without its errors")
    .option("--no-refit", "do not fit the null to each replicate");
  addSettingOptions(command, SAMPLER_SETTINGS);
  return command
    .optionsGroup("Output:")
    .option("-o, --output <file>", "result file, FITS; .gz to compress")
    .option("--csv <file>", "also write the table of regions as CSV")
    .option("--png <file>", "also draw the distributions of log xi")
    .option("--scan-png <file>", "also draw the maps of a scan")
    .addOption(new Option("--theme <theme>", "of the figures (default: light)").choices(["light", "dark"]))
    .option("--overwrite", "replace files that exist")
    .option("--json", "print what was found for programs on stdout, the table for people on stderr")
    .option("-q, --quiet", "no progress and no summary; warnings and errors only")
    .optionsGroup("Running:")
    .option(
      "--tasks <folder>",
      "where finished replicates are kept until all are done (default: output + .tasks)",
    )
    .option("--keep-tasks", "keep them afterwards, to add replicates later")
    .option(
      "-w, --workers <n>",
      "tasks at the same time, 0 = without threads (default: one a core)",
      parseWhole,
    )
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** Values of the options. */
export type SignificanceFlags = ReturnType<ReturnType<typeof significanceOptions>["opts"]>;
