// Milliseconds of an iteration of Richardson-Lucy, and of one blur by sums and by transforms. Times are CPU times of this
// process, the shortest of several rounds.
//
// For comparison, scikit-image 0.19 needs 0.7 to 0.8, 5 to 8, 72 to 86 and 101 to 110 ms an iteration for the four cases on
// one core of the machine these were made for.
import { gaussianPsf } from "../src/data/observation/psf.js";
import { randomStream } from "../src/data/random/random.js";
import { constantImage, type SkyImage } from "../src/image.js";
import { richardsonLucy } from "../src/methods/richardson-lucy.js";
import { createForwardModel } from "../src/model/forward-model.js";

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
