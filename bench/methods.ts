// Milliseconds of an iteration of Richardson-Lucy, of one blur by sums and by transforms, and of `map` with a prior over patches up to an
// equal objective, beside the plain TypeScript that the tests compare with. Times are CPU times of this process, the shortest of several
// rounds; of `map` medians of seven alternations. `-- 128` for one size.
//
// For comparison, scikit-image 0.19 needs 0.7 to 0.8, 5 to 8, 72 to 86 and 101 to 110 ms an iteration for the four cases on
// one core of the machine these were made for.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gaussianPsf } from "../src/data/observation/psf.js";
import { simulateGaussianAndPoints } from "../src/data/observation/simulated-datasets.js";
import { randomStream } from "../src/data/random/random.js";
import { constantImage, type SkyImage } from "../src/image.js";
import { answeredHere } from "../src/inquiry.js";
import { decodePatchMixture } from "../src/io/patch-mixture-file.js";
import { maximumAPosteriori } from "../src/methods/map.js";
import { richardsonLucy } from "../src/methods/richardson-lucy.js";
import { createForwardModel } from "../src/model/forward-model.js";
import { patchPrior } from "../src/priors/patch-prior.js";
import { slowPatchPrior } from "../test/oracles/patch-prior.js";
import { median } from "./median.js";

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The least CPU milliseconds of one call over several rounds of at least `slice` ms. */
function timeCall(call: () => void, slice = 100, rounds = 7): number {
  call();
  let calls = 1;
  for (;;) {
    const start = cpuMilliseconds();
    for (let index = 0; index < calls; index++) call();
    if (cpuMilliseconds() - start > slice) break;
    calls *= 2;
  }
  const times = Array.from({ length: rounds }, () => {
    const start = cpuMilliseconds();
    for (let index = 0; index < calls; index++) call();
    return (cpuMilliseconds() - start) / calls;
  });
  return Math.min(...times);
}

function counts(size: number): SkyImage {
  const random = randomStream(size);
  return {
    data: Float64Array.from({ length: size * size }, () => Math.floor(4 * random.uniform())),
    shape: [size, size],
  };
}

const only = process.argv.slice(2).map(Number);
const cases: [number, number][] = [
  [32, 3],
  [32, 9],
  [128, 3],
  [128, 5],
  [128, 9],
  [128, 17],
  [256, 33],
  [1024, 5],
  [1024, 33],
  [1024, 65],
];
console.table(
  cases
    .filter(([size]) => only.length === 0 || only.includes(size))
    .map(([size, width]) => {
      const observation = {
        counts: counts(size),
        psf: gaussianPsf(width / 6, [width, width]),
        background: constantImage([size, size], 0.1),
      };
      const flux = new Float64Array(size * size).fill(1);
      const out = new Float64Array(size * size);
      const blurring = (how: "sums" | "transforms" | "automatic") => {
        if (how === "sums" && size * width > 20_000) return Number.NaN;
        const model = createForwardModel(observation, { blurring: how });
        return timeCall(() => model.project(flux));
      };
      const model = createForwardModel(observation);
      const iterations = 20;
      return {
        size,
        psf: width,
        "ms/iteration": (timeCall(() => richardsonLucy(model, { iterations }), 200, 5) / iterations).toFixed(
          3,
        ),
        "ms/EM step": timeCall(() => model.backProjectRatios(flux, out)).toFixed(3),
        "ms sums": blurring("sums").toFixed(3),
        "ms transforms": blurring("transforms").toFixed(3),
        "ms automatic": blurring("automatic").toFixed(3),
      };
    }),
);

const MIXTURE = fileURLToPath(new URL("../../../shared/data/gmm/gleam-v0.1.fits.gz", import.meta.url));
const ROUNDS = 7;
/** Iterations of the kernel, and of both codes up to an equal objective: the kernel takes the same path, but for rounding. */
const ITERATIONS = 30;
const SHORT = 3;

function timePatches(size: number, mixture: Awaited<ReturnType<typeof decodePatchMixture>>) {
  const model = createForwardModel(simulateGaussianAndPoints({ shape: [size, size], seed: 1 }));
  const climb = (prior: ReturnType<typeof patchPrior>, iterations: number) => {
    const start = cpuMilliseconds();
    const { objective } = answeredHere(maximumAPosteriori(model, prior, { iterations, tolerance: 1e-15 }));
    return { time: cpuMilliseconds() - start, objective: objective.at(-1)! };
  };
  const kernel = patchPrior(mixture);
  climb(kernel, SHORT);
  const times = Array.from({ length: ROUNDS }, () => climb(kernel, ITERATIONS).time / ITERATIONS);
  const row = { size, "kernel, ms/iteration": median(times).toFixed(1) };
  if (size > 128) return row;
  const plain = slowPatchPrior(mixture);
  const rounds = Array.from({ length: ROUNDS }, () => [climb(plain, SHORT), climb(kernel, SHORT)]);
  const apart = rounds.map(([before, after]) => Math.abs(after.objective / before.objective - 1));
  return {
    ...row,
    "TypeScript / kernel": median(rounds.map(([before, after]) => before.time / after.time)).toFixed(1),
    "objective apart": Math.max(...apart).toExponential(0),
  };
}

if (existsSync(MIXTURE)) {
  const mixture = await decodePatchMixture(readFileSync(MIXTURE));
  const { length } = mixture.weights;
  console.log(
    `\nmap with the ${length} components of gleam over patches of 8 x 8; the ratio is that of times to the same objective:`,
  );
  console.table(
    [128, 256]
      .filter((size) => only.length === 0 || only.includes(size))
      .map((size) => timePatches(size, mixture)),
  );
} else console.log(`\nmap with a prior over patches is left out: ${MIXTURE} is absent`);
