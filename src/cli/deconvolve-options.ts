/** Options and help of `tslira deconvolve`. */

import { Option } from "@commander-js/extra-typings";
import { METHODS, PRESET_NAMES } from "../index.js";
import { observationCommand } from "./observation-options.js";
import {
  parseNamedNumbers,
  parseNumber,
  parseNumberOrList,
  parseSeconds,
  parseWhole,
  parseWholeOrAuto,
} from "./option-values.js";

const DETAILS = `
Files: FITS images, plain, .gz or tile-compressed. The first image of a file is used; pick another as
  psf.fits[1] or all.fits[PSF] (in quotes for most shells: '--psf=all.fits[PSF]'), a plane of a cube
  as 'cube.fits[0][3]'. By sky coordinates all are brought onto the pixels of the counts, or refused.
Background: expected counts a pixel for unit exposure, before the psf ("flux", the unit of the
  result). Maps of expected counts, as Fermi's, need --background-unit counts.
Result: FITS, posterior mean in the first HDU, then std, quantiles, R-hat, ESS, traces, settings;
  sky coordinates of the counts included. See tslira info result.fits.

Priors of --method map and nuts, in parts of the flux unit (gibbs: uniform, exponential, gamma):
  uniform, exponential:rate=1, gamma:shape=2,rate=1, inverse-gamma:shape=1,scale=0.1,
  tikhonov:strength=1,reference=0, gradient-tikhonov:strength=1, smoothness:strength=1,sigma=2,
  total-variation:strength=1,smoothing=0.1, markov:strength=1, entropy:strength=1,reference=1,
  multiscale:alpha=0.1, patches:file=gmm.fits,strength=1

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

/** A law by its name. */
export function presetOption() {
  return new Option(
    "--preset <name>",
    "law by name: adaptive (default), lira as LIRA and pylira, lira-paper for extended light",
  ).choices([...PRESET_NAMES]);
}

/** The command with all its options, but without its action. */
export function deconvolveOptions() {
  return observationCommand("deconvolve")
    .summary("counts and psf in, posterior of the flux image out")
    .description(
      "Sample the posterior of the source image behind a counts image, with several chains that are " +
        "compared at the end, and write mean, errors, draws and diagnostics to one FITS file.",
    )
    .optionsGroup("Method:")
    .addOption(
      new Option(
        "--method <name>",
        "lira, nuts and gibbs sample the posterior; the others give one image (default: lira)",
      ).choices([...METHODS]),
    )
    .option("--prior <prior>", "for map, nuts and gibbs: name:key=value,..., joined by + (see below)")
    .option("--strength <factor>", "for map: factor of the prior's log density, or held-out (default: 1)")
    .option("--stop <rule>", "for richardson-lucy: tolerance=1e-3, held-out or discrepancy")
    .option("--accelerate", "for richardson-lucy: extrapolate from the last two steps")
    .option("--bootstrap <n>", "errors of one image from n simulated observations", parseWhole)
    .option("--upsampling <n>", "sky pixels a detector pixel: 1, 2 or 3 (default: 1)", parseWhole)
    .option(
      "--margin <n>",
      "detector pixels of sky beyond each edge, or auto: the psf's reach where the counts along the edge ask for it (default: auto; " +
        "0 for gradient-descent and em-multiscale)",
      parseWholeOrAuto,
    )
    .optionsGroup("Sampling:")
    .option(
      "-n, --iterations <n>",
      "sweeps of each chain, burn-in included (default: 5000, nuts 1000); iterations of other methods",
      parseWhole,
    )
    .option(
      "--burn-in <n>",
      "sweeps at the start that are not used, or auto (default: a tenth; nuts: half)",
      parseWholeOrAuto,
    )
    .option("--until <target>", "go on until the chains are this good: rhat<1.01,ess>400 (in quotes)")
    .option("--max-iterations <n>", "where --until gives up (default: ten times --iterations)", parseWhole)
    .option("-c, --chains <n>", "chains, from separated starts (default: 4)", parseWhole)
    .option("--target-acceptance <a>", "for nuts: higher means shorter steps (default: 0.8)", parseNumber)
    .option("--max-depth <n>", "for nuts: most doublings of a trajectory (default: 10)", parseWhole)
    .option("-s, --seed <n>", "seed; the same seed gives the same result (default: 0)", parseWhole)
    .optionsGroup("Model:")
    .addOption(presetOption())
    .option(
      "--alpha-init <a>",
      "one alpha a level in place of the adaptive prior: where it starts, or a list (default: 0.1)",
      parseNumberOrList,
    )
    .option("--fixed-alpha", "one alpha a level, kept at its start")
    .option("--fit-background-scale", "fit a factor of the background")
    .addOption(
      new Option(
        "--boundary <kind>",
        "photons beyond the edge are lost or come in again (default: spill)",
      ).choices(["spill", "wrap"]),
    )
    .addOption(
      new Option(
        "--cycle-spin <kind>",
        "how the multiscale tree is shifted (default: ensemble; LIRA and pylira: random)",
      ).choices(["none", "sampled", "ensemble", "random"]),
    )
    .option(
      "--pair-transfers <n>",
      "moves of flux between neighbouring pixels a sweep (default: by size; 0 with random)",
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
    .optionsGroup("Output:")
    .option("-o, --output <file>", "result file, FITS; .gz to compress")
    .option("--png <file>", "also draw counts, mean, std, signal to noise and R-hat")
    .option("--overwrite", "replace files that exist")
    .option(
      "--trace-every <n>",
      "keep every n-th draw of the image (default: as --trace-keep allows)",
      parseWhole,
    )
    .option("--trace-keep <n>", "most draws kept a chain (default: 1000)", parseWhole)
    .option("--json", "print a summary for programs on stdout")
    .option("-q, --quiet", "no progress and no summary; warnings and errors only")
    .optionsGroup("Running:")
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

/** Values of the options. */
export type DeconvolveFlags = ReturnType<ReturnType<typeof deconvolveOptions>["opts"]>;
