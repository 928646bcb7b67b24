import type { Rings } from "../data/observation/radial-profile.js";
import { type DrawKernels, instantiateDrawKernels, reserved } from "../draw-kernels.js";
import type { Shape, SkyImage } from "../image.js";
import { DISCREPANCIES, type Prediction } from "./discrepancy.js";

/** Numbers of the arrays of `kernels/replicated-counts.ts`. */
const ARRAY = {
  means: 0,
  lambda: 3,
  expected: 6,
  counts: 8,
  ringOf: 10,
  profileOf: 11,
  ringLambda: 12,
  profileSums: 14,
  values: 15,
} as const;

/** The kernels that make counts and compare them with a prediction. Pixels not in use never have counts. */
export interface CountsKernel {
  /** What counts are compared with from now on. */
  compareWith(prediction: Prediction): void;
  /** Discrepancies of given counts `[ny, nx]`, in the order of `DISCREPANCIES`; a view that the next call changes. */
  discrepanciesOf(counts: Float64Array): Float64Array;
  /** Expected counts `[ny, nx]` of the counts that are drawn. */
  drawFrom(lambda: Float64Array): void;
  /** Begin the stream of random numbers of this seed and number, whole numbers >= 0. */
  seed(seed: number, stream: number): void;
  /** Draw Poisson counts; their discrepancies, and sums over the rings of the profile: views that the next call changes. */
  replicate(): { readonly values: Float64Array; readonly profile: Float64Array };
  /** The counts at hand `[ny, nx]`. */
  counts(): Float64Array;
}

/**
 * Lay out the kernels for images of a shape.
 *
 * @param mask 1 = in use, 0 = not `[ny, nx]`
 * @param profile rings over which replicated counts are added up; as many as those of every prediction
 * @throws NumericsError when images do not fit into memory
 */
export function countsKernel(
  [ny, nx]: Shape,
  mask: SkyImage | undefined,
  profile: Rings,
  module?: WebAssembly.Module,
): CountsKernel {
  const kernels: DrawKernels = instantiateDrawKernels(module);
  reserved(kernels.layOutCounts(ny, nx, profile.count));
  const stride = kernels.countsStride();
  const { buffer } = kernels.memory;
  const padded = (which: number) => new Float64Array(buffer, kernels.countsArray(which), ny * stride);
  const used = (index: number) => mask === undefined || mask.data[index] !== 0;
  /** Copy an image to where it is padded, 0 in pixels not in use. */
  const place = (image: Float64Array, which: number) => {
    const out = padded(which);
    for (let row = 0; row < ny; row++) {
      for (let col = 0; col < nx; col++) {
        const index = row * nx + col;
        out[row * stride + col] = used(index) ? image[index] : 0;
      }
    }
  };
  /** Squares begin in pixels that are not in use too. */
  const placeSquares = (image: Float64Array, which: number) => {
    const out = padded(which);
    for (let row = 0; row < ny; row++) out.set(image.subarray(row * nx, (row + 1) * nx), row * stride);
  };
  const placeRings = ({ ringOf, count }: Rings, which: number) => {
    const out = new Int32Array(buffer, kernels.countsArray(which), ny * stride).fill(count);
    for (let row = 0; row < ny; row++) {
      for (let col = 0; col < nx; col++) {
        const ring = ringOf[row * nx + col];
        if (ring >= 0) out[row * stride + col] = ring;
      }
    }
  };
  const values = new Float64Array(buffer, kernels.countsArray(ARRAY.values), DISCREPANCIES.length);
  const profileSums = new Float64Array(buffer, kernels.countsArray(ARRAY.profileSums), profile.count);
  placeRings(profile, ARRAY.profileOf);
  let rings: Rings | undefined;
  let total = 0;
  let side = 1;

  return {
    compareWith(prediction) {
      place(prediction.lambda, ARRAY.lambda);
      placeSquares(prediction.expected, ARRAY.expected);
      if (prediction.rings !== rings) placeRings(prediction.rings, ARRAY.ringOf);
      rings = prediction.rings;
      new Float64Array(buffer, kernels.countsArray(ARRAY.ringLambda), rings.count).set(prediction.ringLambda);
      ({ total, side } = prediction);
      kernels.prepareComparison(total);
    },
    discrepanciesOf(counts) {
      place(counts, ARRAY.counts);
      kernels.compareCounts(total, side);
      return values;
    },
    drawFrom(lambda) {
      place(lambda, ARRAY.means);
      kernels.prepareMeans();
    },
    seed: (seed, stream) => kernels.seedRandom(BigInt(seed), BigInt(stream)),
    replicate() {
      kernels.replicateCounts(total, side);
      return { values, profile: profileSums };
    },
    counts() {
      const rows = padded(ARRAY.counts);
      const out = new Float64Array(ny * nx);
      for (let row = 0; row < ny; row++) out.set(rows.subarray(row * stride, row * stride + nx), row * nx);
      return out;
    },
  };
}
