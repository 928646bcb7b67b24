/** Options and help of `tslira deconvolve`. */

import { PRIOR_KINDS, priorExample } from "../priors/prior-kinds.js";
import { SETTINGS } from "../settings/list.js";
import { observationCommand } from "./observation-options.js";
import { parseSeconds, parseWhole } from "./option-values.js";
import { addSettingOptions } from "./setting-options.js";

const priors = (method: string) =>
  PRIOR_KINDS.filter(({ methods }) => methods?.includes(method))
    .map(({ id }) => id)
    .join(", ");

/** Examples of all. */
const PRIORS = [...PRIOR_KINDS.map(priorExample), "patches:file=gmm.fits,strength=1"]
  .join(", ")
  .replaceAll(/(.{1,94},) /g, "$1\n")
  .replaceAll(/^/gm, "  ");

const DETAILS = `
Files: FITS images, plain, .gz or tile-compressed. The first image of a file is used; pick another as
  psf.fits[1] or all.fits[PSF] (in quotes for most shells: '--psf=all.fits[PSF]'), a plane of a cube
  as 'cube.fits[0][3]'. By sky coordinates all are brought onto the pixels of the counts, or refused.
Background: expected counts a pixel for unit exposure, before the psf ("flux", the unit of the
  result). Maps of expected counts, as Fermi's, need --background-unit counts.
Result: FITS, posterior mean in the first HDU, then std, quantiles, R-hat, ESS, traces, settings;
  sky coordinates of the counts included. See tslira info result.fits.

Priors of --method map and nuts, in parts of the flux unit (gibbs: ${priors("gibbs")}):
${PRIORS}

Examples:
  A first look:
    tslira deconvolve counts.fits --psf psf.fits -o result.fits --png posterior.png
  Chandra, a part of the image, the prior of the LIRA papers:
    tslira deconvolve chandra-counts-obs-id-4684.fits.gz --psf chandra-psf-obs-id-4684.fits.gz \\
      --cutout 64:192,65:193 --psf-cutout 15:32,15:32 --smoothing-prior 2,0.02,1 -o gc.fits
  Fermi, exposure in cm2 s, background in counts, its scale fitted:
    tslira deconvolve counts.fits.gz --psf psf.fits.gz --exposure exposure.fits.gz \\
      --background background.fits.gz --background-unit counts --fit-background-scale -o fermi.fits
  Several observations of one sky, from a config file (flags win over it); --offsets wcs when pointings differ:
    tslira deconvolve --config run.json --offsets wcs --seed 2 -o joint.fits
    run.json: {"iterations": 10000, "burnIn": 1000, "smoothingPrior": {"power": 2, "rate": 0.02,
      "exponent": 1}, "observations": [{"counts": "a.fits", "psf": "psf-a.fits"},
      {"counts": "b.fits", "psf": "psf-b.fits", "exposure": "exposure-b.fits"}]}
  Sources left out by a region file; a band of an energy cube:
    tslira deconvolve counts.fits --psf psf.fits --mask '!sources.reg' -o masked.fits
    tslira deconvolve cube.fits --plane 2:5 --psf psf.fits -o band.fits
  One image, stopped where photons held out are described best, or smoothed by total variation:
    tslira deconvolve counts.fits --psf psf.fits --method richardson-lucy --stop held-out -o rl.fits
    tslira deconvolve counts.fits --psf psf.fits --method map \\
      --prior total-variation:strength=1,smoothing=0.1 --bootstrap 50 -o tv.fits
  Draws under another prior, by gradients or by Gibbs steps:
    tslira deconvolve counts.fits --psf psf.fits --method nuts \\
      --prior total-variation:strength=1,smoothing=0.1+exponential:rate=0.1 -o nuts.fits
    tslira deconvolve counts.fits --psf psf.fits --method gibbs \\
      --prior gamma:shape=0.3,rate=0.1 -o gibbs.fits
  The strength of the prior by photons held out:
    tslira deconvolve counts.fits --psf psf.fits --method map --prior markov:strength=1 \\
      --strength held-out -o markov.fits

Ctrl-C stops the run and writes what there is; a second Ctrl-C quits at once.`;

/** The command with all its options, but without its action. */
export function deconvolveOptions() {
  const command = observationCommand("deconvolve").description(
    "Sample the posterior of the source image behind a counts image, with several chains that are " +
      "compared at the end, and write mean, errors, draws and diagnostics to one FITS file.",
  );
  addSettingOptions(command, SETTINGS);
  return command
    .optionsGroup("Output:")
    .option("-o, --output <file>", "result file, FITS; .gz to compress")
    .option("--png <file>", "also draw counts, mean, std, signal to noise and R-hat")
    .option("--overwrite", "replace files that exist")
    .option("--json", "print a summary for programs on stdout, that for people on stderr")
    .option("-q, --quiet", "no progress and no summary; warnings and errors only")
    .optionsGroup("Running:")
    .option(
      "--start <file>",
      "image of the flux where every chain, or the iterations, begin (default: the method's own)",
    )
    .option(
      "--checkpoint <folder>",
      "where the chains are kept until the run is complete (default: output + .checkpoint)",
    )
    .option(
      "--checkpoint-every <time>",
      "time between checkpoints, for example 30s or 5m (default: 30s)",
      parseSeconds,
    )
    .option("-w, --workers <n>", "worker threads, 0 for none (default: one a core)", parseWhole)
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** Values of the options, settings aside: `flagValues` has those. */
export type DeconvolveFlags = ReturnType<ReturnType<typeof deconvolveOptions>["opts"]>;
