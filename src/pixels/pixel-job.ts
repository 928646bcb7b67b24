import { instantiateDrawKernels, reserved } from "../draw-kernels.js";
import { shortestTime } from "../posterior/effective-size.js";
import { normalScoreTable } from "../posterior/rank.js";
import type { WorkerKind } from "../workers/worker-pool.js";

/** How the draws of all pixels are laid out and compared. */
export interface PixelLayout {
  /** Draws of each chain that has any, in the order in which a band holds them. */
  readonly lengths: readonly number[];
  /** Places in `lengths` of the chains that sample the same law, group by group; chains in no group are not compared. */
  readonly groups: readonly (readonly number[])[];
  /** Probabilities of the quantiles, each in [0, 1]. */
  readonly probabilities: readonly number[];
  /** Most pixels of a band. */
  readonly bandPixels: number;
}

/** Pixels side by side in the image, as a piece of work. */
export interface PixelJob {
  readonly layout: PixelLayout;
  readonly firstPixel: number;
  readonly pixels: number;
  /** `[draws of all chains, pixels]`; given away, and given back in the output. */
  readonly band: Float32Array<ArrayBuffer>;
  /** Weights of sums over the pixels of each draw, `[pixels]` each. */
  readonly weights: readonly Float64Array<ArrayBuffer>[];
}

/** Figures of the pixels of a job. */
export interface PixelOutput {
  /** The memory of the job's band, for the next one. */
  readonly band: Float32Array<ArrayBuffer>;
  /** `[pixels]` for each probability; NaN where a draw is not finite. */
  readonly quantiles: readonly Float64Array<ArrayBuffer>[];
  /** `[pixels]`: the worst of the groups; NaN where undefined. */
  readonly rhat: Float64Array<ArrayBuffer>;
  /** `[pixels]`: the sum of the groups; NaN where undefined. */
  readonly ess: Float64Array<ArrayBuffer>;
  /** For each of the weights the sum over the pixels `[draws of all chains]`. */
  readonly sums: readonly Float64Array<ArrayBuffer>[];
}

/**
 * Lay out the kernels for pixels of one layout.
 *
 * @returns runs a job of that layout
 * @throws NumericsError when the draws of a band do not fit into memory
 */
export function pixelKernel(
  layout: PixelLayout,
  module?: WebAssembly.Module,
): (job: PixelJob) => PixelOutput {
  const { lengths, groups, probabilities, bandPixels } = layout;
  const kernels = instantiateDrawKernels(module);
  const starts = lengths.map((_, chain) => lengths.slice(0, chain).reduce((sum, length) => sum + length, 0));
  const draws = lengths.reduce((sum, length) => sum + length, 0);
  const compared = groups.flat().map((chain) => lengths[chain]);
  const common = compared.length === 0 ? 0 : Math.min(...compared);
  const half = Math.floor(common / 2);
  const mostHalves = groups.reduce((most, group) => Math.max(most, 2 * group.length), 0);
  reserved(kernels.layOutPixels(draws, bandPixels, groups.length, half, mostHalves, probabilities.length));
  const stride = kernels.chainStride(half);
  for (const [index, group] of groups.entries()) {
    const size = 2 * group.length * half;
    const address = reserved(kernels.layOutGroup(index, 2 * group.length, size, shortestTime(size)));
    const places = new Int32Array(kernels.memory.buffer, kernels.groupPlaces(address), draws).fill(-1);
    for (const [member, chain] of group.entries()) {
      const second = starts[chain] + common - half;
      for (let i = 0; i < half; i++) {
        places[starts[chain] + i] = 2 * member * stride + i;
        places[second + i] = (2 * member + 1) * stride + i;
      }
    }
    new Float64Array(kernels.memory.buffer, kernels.groupTable(address), 2 * size + 1).set(
      normalScoreTable(size),
    );
  }
  const weight = reserved(kernels.allocate(8 * bandPixels));
  const sum = reserved(kernels.allocate(8 * draws));
  // From here on memory does not grow: views stay valid.
  const { buffer } = kernels.memory;
  new Float64Array(buffer, kernels.levelArray(), probabilities.length).set(probabilities);
  const copy = (address: number, length: number) => new Float64Array(buffer, address, length).slice();

  return ({ band, pixels, weights }) => {
    new Float32Array(buffer, kernels.bandArray(), draws * pixels).set(band.subarray(0, draws * pixels));
    kernels.summarisePixels(pixels, 0, pixels);
    return {
      band,
      quantiles: probabilities.map((_, level) =>
        copy(kernels.quantileArray() + 8 * level * bandPixels, pixels),
      ),
      rhat: copy(kernels.rhatArray(), pixels),
      ess: copy(kernels.sizeArray(), pixels),
      sums: weights.map((values) => {
        new Float64Array(buffer, weight, pixels).set(values);
        kernels.sumDraws(pixels, weight, sum);
        return copy(sum, draws);
      }),
    };
  };
}

/** Workers for the pixels of one layout. */
export function pixelWorkers(): WorkerKind<PixelJob, PixelOutput> {
  let run: ReturnType<typeof pixelKernel> | undefined;
  return {
    script: () => new URL("./pixel-worker.js", import.meta.url),
    webWorker: () => new Worker(new URL("./pixel-worker.js", import.meta.url), { type: "module" }),
    runHere: async (job, { module }) => {
      run ??= pixelKernel(job.layout, module);
      return run(job);
    },
    transferOf: ({ band }) => [band.buffer],
    nameOf: ({ firstPixel }) => `pixels from ${firstPixel} on`,
  };
}
