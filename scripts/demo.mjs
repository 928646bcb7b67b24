// The package at work, from the command line: simulate, deconvolve, look. `npm run demo` builds first.
//
//   npm run demo                        simulated Gaussian with four point sources, 4 chains
//   npm run demo -- --chandra FOLDER    Chandra image of the Galactic Center, obs id 4684, 4 chains of 5,000 sweeps

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const OUTPUT = "demo-output";
const main = join(dirname(fileURLToPath(import.meta.url)), "..", "dist", "cli", "main.js");

/** Run the command line as a user would, showing the command. */
function tslira(...args) {
  const program = relative(process.cwd(), main);
  console.error(`\n$ node ${program} ${args.join(" ")}`);
  const { status, error } = spawnSync(process.execPath, [main, ...args], { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 2);
}

const { values } = parseArgs({ options: { chandra: { type: "string" } } });
if (!existsSync(main)) {
  console.error(
    "demo: the package must be built, got no dist/cli/main.js; run npm run demo or npm run build",
  );
  process.exit(1);
}

const result = join(OUTPUT, "result.fits");
const png = join(OUTPUT, "posterior.png");
const truth = values.chandra === undefined ? ["--truth", join(OUTPUT, "flux.fits")] : [];
const output = ["-o", result, "--png", png, "--overwrite"];

if (values.chandra === undefined) {
  tslira("simulate", "gaussian-and-points", "-o", OUTPUT, "--overwrite");
  const file = (name) => join(OUTPUT, `${name}.fits`);
  tslira(
    ...["deconvolve", file("counts"), "--psf", file("psf"), "--exposure", file("exposure")],
    ...[
      "--background",
      file("background"),
      "--iterations",
      "10000",
      "--chains",
      "4",
      "--seed",
      "1",
      ...output,
    ],
  );
} else {
  mkdirSync(OUTPUT, { recursive: true });
  const file = (kind) => join(values.chandra, `chandra-${kind}-obs-id-4684.fits.gz`);
  tslira(
    ...[
      "deconvolve",
      file("counts"),
      "--psf",
      file("psf"),
      "--cutout",
      "64:192,65:193",
      "--psf-cutout",
      "15:32,15:32",
    ],
    ...["--iterations", "5000", "--chains", "4", "--seed", "1", "--smoothing-prior", "2,0.02,1", ...output],
  );
}
// Without --at, figures of a pixel show the brightest.
const FIGURES = [
  ["dataset.png", "dataset", ...truth],
  ["residuals.png", "residuals"],
  ["radial-profile.png", "radial-profile"],
  ["multiscale.png", "multiscale"],
  ["comparison.png", "comparison", ...truth],
  ["pixel-region.png", "pixel-region", "--radius", "2"],
  ["parameter-traces.png", "parameter-traces"],
  ["parameter-distributions.png", "parameter-distributions"],
  ["rank.png", "rank"],
  ["autocorrelation.png", "autocorrelation"],
  ["smoothness.png", "smoothness"],
  ["draws.html", "animation"],
];
for (const [name, kind, ...options] of FIGURES) {
  tslira("plot", result, "--kind", kind, ...options, "-o", join(OUTPUT, name), "--overwrite");
}
const report = join(OUTPUT, "report.html");
tslira("report", result, "-o", report, "--overwrite");
console.error(
  `\nOpen ${report} in a browser, or look at ${png} and the figures beside it: ` +
    `${FIGURES.map(([name]) => name).join(", ")}. The numbers are in ${result}, ` +
    `see node ${relative(process.cwd(), main)} info ${result}`,
);
