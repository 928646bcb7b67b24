import type { PatchNorm, PreparedMixture } from "../data/law/patch-mixture.js";
import type { Shape } from "../image.js";
import type { Question } from "../inquiry.js";
import { instantiateModelKernels, reserve, reserved } from "../model-kernels.js";

/** As `kernels/patches.ts` counts them. */
const NORMS: Readonly<Record<PatchNorm, number>> = { none: 0, "subtract-mean": 1, relative: 2 };

/**
 * Sum over patches of their log density.
 *
 * @param image `[ny, nx]`
 * @param tops first rows of the patches, whose first columns are `lefts`: every row with every column
 * @param out `[ny, nx]`, to which the derivatives are added; without, only the density is computed
 */
export type PatchDensity = (
  image: Float64Array,
  shape: Shape,
  tops: readonly number[],
  lefts: readonly number[],
  out?: Float64Array,
) => number;

/** Where a prior asks for the sum over patches of their log density. */
export interface PatchQuestion extends Question {
  readonly mixture: PreparedMixture;
  readonly of: Readonly<Parameters<PatchDensity>>;
}

/**
 * The log density of patches under a mixture, by an instance of the kernels of its own.
 *
 * @throws NumericsError without memory
 */
export function patchDensity(mixture: PreparedMixture): PatchDensity {
  const { patchSize, patchNorm, weights, means, whitening, logNorms } = mixture;
  const n = patchSize * patchSize;
  const kernels = instantiateModelKernels();
  const { memory } = kernels;
  const handle = reserved(kernels.createMixture(patchSize, NORMS[patchNorm], weights.length));
  const factor = reserve(kernels, 8 * n * n);
  for (let k = 0; k < weights.length; k++) {
    const row = kernels.mixtureMeans(handle) + 16 * k * Math.ceil(n / 2);
    new Float64Array(memory.buffer, row, n).set(means.subarray(k * n, (k + 1) * n));
    new Float64Array(memory.buffer, factor, n * n).set(whitening.subarray(k * n * n, (k + 1) * n * n));
    kernels.setWhitening(handle, k, factor);
  }
  new Float64Array(memory.buffer, kernels.mixtureLogNorms(handle), weights.length).set(logNorms);
  // Memory is never freed: places are kept for the next image, until one is larger.
  let room = 0;
  let places = { image: 0, slopes: 0, starts: 0 };

  return (image, [, nx], tops, lefts, out) => {
    const size = image.length;
    if (size > room) {
      places = {
        image: reserve(kernels, 8 * size),
        slopes: reserve(kernels, 8 * size),
        // ny + nx is at most ny nx + 1.
        starts: reserve(kernels, 4 * (size + 1)),
      };
      room = size;
    }
    const rows = tops.length;
    const cols = lefts.length;
    const slopes = new Float64Array(memory.buffer, places.slopes, size);
    new Float64Array(memory.buffer, places.image, size).set(image);
    new Int32Array(memory.buffer, places.starts, rows + cols).set([...tops, ...lefts]);
    if (out !== undefined) slopes.set(out);
    const slopesAt = out === undefined ? 0 : places.slopes;
    const leftsAt = places.starts + 4 * rows;
    const sum = kernels.logPatches(handle, places.image, nx, places.starts, rows, leftsAt, cols, slopesAt);
    out?.set(slopes);
    return sum;
  };
}
