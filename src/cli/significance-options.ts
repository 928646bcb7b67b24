/** Options and help of `tslira significance`. */

import { Option } from "@commander-js/extra-typings";
import { NULL_KINDS } from "../index.js";
import { presetOption } from "./deconvolve-options.js";
import { observationCommand } from "./observation-options.js";
import { parseNamedNumbers, parseNumber, parseNumberOrList, parseWhole } from "./option-values.js";
import { REGION_DETAILS, regionOptions } from "./region-options.js";

const DETAILS = `
What it does: fits the null hypothesis to the observation, draws counts from it again and again, each with
  random numbers of its own, deconvolves all of them alike, and compares how much of each region is source.
Result: p <= bound (Stein et al. 2015) with its Monte Carlo error, a p-value by rank, both adjusted for
  the number of regions; fluxes with intervals and limits, centroids, widths, ratios, offsets.
${REGION_DETAILS}
Null hypotheses: background (as given), scale (times a fitted factor), gaussian and beta (background plus
  a fitted Gaussian or beta model and a constant). Fits are repeated for each replicate.
Several observations of one sky are tested together when a config file names them, as for tslira
  deconvolve: replicates are drawn for each from its own background, exposure and psf. Its keys are those of
  deconvolve, and replicates, gamma, null, elliptical, propagate, refit, fitOutside, scan, circles, thresholds.
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

function collected<T>(parse: (text: string) => T) {
  return (text: string, all: T[] = []): T[] => [...all, parse(text)];
}

/** The command with all its options, but without its action. */
export function significanceOptions() {
  const regions = regionOptions();
  return observationCommand("significance")
    .summary("is it real? p-values, fluxes and limits of regions")
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
    .option("--fit-outside", "leave the regions out when the null is fitted")
    .option("--fixed-null", "draw replicates from the best fit alone, without its errors")
    .option("--no-refit", "do not fit the null to each replicate")
    .optionsGroup("Sampling:")
    .option("-n, --iterations <n>", "sweeps of each chain, burn-in included (default: 5000)", parseWhole)
    .option("--burn-in <n>", "sweeps at the start that are not used (default: a tenth)", parseWhole)
    .option("-c, --chains <n>", "chains of each data set (default: 2)", parseWhole)
    .option("-s, --seed <n>", "seed; the same seed gives the same result (default: 0)", parseWhole)
    .addOption(presetOption())
    .option(
      "--alpha-init <a>",
      "one alpha a level in place of the adaptive prior: where it starts, or a list (default: 0.1)",
      parseNumberOrList,
    )
    .option("--fixed-alpha", "one alpha a level, kept at its start")
    .option("--fit-background-scale", "fit a factor of the background in every draw")
    .addOption(
      new Option(
        "--boundary <kind>",
        "photons beyond the edge are lost or come in again (default: spill)",
      ).choices(["spill", "wrap"]),
    )
    .addOption(
      new Option("--cycle-spin <kind>", "how the multiscale tree is shifted (default: ensemble)").choices([
        "none",
        "sampled",
        "ensemble",
        "random",
      ]),
    )
    .option(
      "--pair-transfers <n>",
      "moves of flux between neighbouring pixels a sweep (default: by size)",
      parseWhole,
    )
    .option(
      "--total-counts-prior <shape,rate>",
      "Gamma prior of the total (default: 1,0: flat)",
      parseNamedNumbers(["shape", "rate"]),
    )
    .option(
      "--smoothing-prior <power,rate,exponent>",
      "one alpha a level, ~ alpha^power exp(-rate alpha^exponent) (default: 1,1000,3)",
      parseNamedNumbers(["power", "rate", "exponent"]),
    )
    .option(
      "--background-scale-prior <shape,rate>",
      "Gamma prior of the background's factor (default: 0.001,0)",
      parseNamedNumbers(["shape", "rate"]),
    )
    .option("--trace-every <n>", "measure every n-th draw (default: as --trace-keep allows)", parseWhole)
    .option("--trace-keep <n>", "most draws measured a chain (default: 1000)", parseWhole)
    .optionsGroup("Output:")
    .option("-o, --output <file>", "result file, FITS; .gz to compress")
    .option("--csv <file>", "also write the table of regions as CSV")
    .option("--png <file>", "also draw the distributions of log xi")
    .option("--scan-png <file>", "also draw the maps of a scan")
    .addOption(new Option("--theme <theme>", "of the figures (default: light)").choices(["light", "dark"]))
    .option("--overwrite", "replace files that exist")
    .option("--json", "print what was found for programs on stdout")
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
