import {
  invertCholesky,
  logMixture,
  type PatchMixture,
  type PatchNorm,
  prepareMixture,
} from "../data/law/patch-mixture.js";
import { checkSkyImage } from "../data/observation/check-image.js";
import { randomStream } from "../data/random/random.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { normPatch } from "./patch-prior.js";

/** Options of `fitPatchPrior`. */
export interface FitPatchPriorOptions {
  /** Components of the mixture; default 32. */
  readonly components?: number;
  /** Pixels on each side of a patch; default 8. */
  readonly patchSize?: number;
  /** Pixels between patches; default half the patch size. */
  readonly stride?: number;
  /** Default `"relative"`: divided by the mean, 1 subtracted. */
  readonly patchNorm?: PatchNorm;
  /** Most EM iterations; default 50. */
  readonly iterations?: number;
  /** End when the mean log density of a patch rises by less; default 1e-3. */
  readonly tolerance?: number;
  /** Added to the diagonal of every covariance, > 0; default 1e-6. */
  readonly ridge?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** A fitted mixture and how the fit went. */
export interface FittedPatchMixture extends PatchMixture {
  /** Mean log density of a patch at the start of each iteration. */
  readonly meanLogDensity: readonly number[];
}

/**
 * Learn a mixture of Gaussians with full covariances from the patches of images, by EM from a k-means++ start (Arthur &
 * Vassilvitskii 2007). Patches whose mean is not > 0 are left out.
 *
 * @param images noiseless images like those to be found, any sizes
 * @throws InvalidInputError when there are fewer patches than twice the components, or an option breaks its rule
 */
export function fitPatchPrior(
  images: readonly SkyImage[],
  options: FitPatchPriorOptions = {},
): FittedPatchMixture {
  const { components = 32, patchSize = 8, iterations = 50, tolerance = 1e-3 } = options;
  const { ridge = 1e-6, seed = 0 } = options;
  const { stride = Math.max(1, patchSize >> 1), patchNorm = "relative" } = options;
  for (const [name, value] of Object.entries({ components, patchSize, stride, iterations })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new InvalidInputError(
        `fitPatchPrior: ${name} must be a whole number >= 1, got ${value}; change it`,
      );
    }
  }
  if (!(ridge > 0)) {
    throw new InvalidInputError(`fitPatchPrior: ridge must be > 0, got ${ridge}; 1e-6 is a good choice`);
  }
  const checked = images.map((image, index) => checkSkyImage("fitPatchPrior", `images[${index}]`, image));
  const n = patchSize * patchSize;
  const patches = cutPatches(checked, patchSize, stride, patchNorm);
  if (patches.length < 2 * components) {
    throw new InvalidInputError(
      `fitPatchPrior: images must hold at least twice as many patches as components (${components}), got ${patches.length}; ` +
        "give more images, fewer components or a smaller stride",
    );
  }
  const centres = plusPlusCentres(patches, components, seed);
  let mixture = hardAssignment(patches, centres, { patchSize, patchNorm, ridge });
  const meanLogDensity: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const prepared = prepareMixture(mixture);
    const sums = emptySums(prepared.weights.length, n);
    const logs = new Float64Array(prepared.weights.length);
    let total = 0;
    for (const patch of patches) {
      const log = logMixture(prepared, patch, logs);
      total += log;
      for (let k = 0; k < logs.length; k++) addToSums(sums, k, Math.exp(logs[k] - log), patch);
    }
    meanLogDensity.push(total / patches.length);
    mixture = momentsOf(sums, { patchSize, patchNorm, ridge });
    const [before, now] = meanLogDensity.slice(-2);
    if (now !== undefined && now - before < tolerance) break;
  }
  return { ...mixture, meanLogDensity };
}

type Shared = Pick<PatchMixture, "patchSize" | "patchNorm"> & { readonly ridge: number };

function cutPatches(
  images: readonly SkyImage[],
  size: number,
  stride: number,
  norm: PatchNorm,
): Float64Array[] {
  const patches: Float64Array[] = [];
  for (const {
    data,
    shape: [ny, nx],
  } of images) {
    for (let top = 0; top + size <= ny; top += stride) {
      for (let left = 0; left + size <= nx; left += stride) {
        const patch = new Float64Array(size * size);
        for (let row = 0; row < size; row++) {
          patch.set(data.subarray((top + row) * nx + left, (top + row) * nx + left + size), row * size);
        }
        const sum = patch.reduce((total, value) => total + value, 0);
        if (norm === "relative" && !(sum > 0)) continue;
        normPatch(patch, norm);
        patches.push(patch);
      }
    }
  }
  return patches;
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] - b[index]) ** 2;
  return sum;
}

/** Centres far from each other: each is drawn with probability ~ squared distance to the nearest so far. */
function plusPlusCentres(patches: readonly Float64Array[], components: number, seed: number): Float64Array[] {
  const random = randomStream(seed);
  const centres = [patches[Math.floor(random.uniform() * patches.length)]];
  const nearest = Float64Array.from(patches, (patch) => squaredDistance(patch, centres[0]));
  while (centres.length < components) {
    const total = nearest.reduce((sum, value) => sum + value, 0);
    let rest = random.uniform() * total;
    let chosen = 0;
    while (chosen < nearest.length - 1 && rest > nearest[chosen]) rest -= nearest[chosen++];
    centres.push(patches[chosen]);
    for (const [index, patch] of patches.entries()) {
      nearest[index] = Math.min(nearest[index], squaredDistance(patch, patches[chosen]));
    }
  }
  return centres;
}

function hardAssignment(
  patches: readonly Float64Array[],
  centres: readonly Float64Array[],
  shared: Shared,
): PatchMixture {
  const n = shared.patchSize ** 2;
  const sums = emptySums(centres.length, n);
  for (const patch of patches) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (const [k, centre] of centres.entries()) {
      const distance = squaredDistance(patch, centre);
      if (distance < least) {
        least = distance;
        best = k;
      }
    }
    addToSums(sums, best, 1, patch);
  }
  return momentsOf(sums, shared);
}

interface Sums {
  readonly counts: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function emptySums(components: number, n: number): Sums {
  return {
    counts: new Float64Array(components),
    first: new Float64Array(components * n),
    second: new Float64Array(components * n * n),
  };
}

function addToSums({ counts, first, second }: Sums, k: number, share: number, patch: Float64Array): void {
  if (share < 1e-12) return;
  const n = patch.length;
  counts[k] += share;
  for (let row = 0; row < n; row++) {
    const value = share * patch[row];
    first[k * n + row] += value;
    const at = (k * n + row) * n;
    for (let col = 0; col <= row; col++) second[at + col] += value * patch[col];
  }
}

/** Means and covariances; components that hold less than one patch are dropped. */
function momentsOf({ counts, first, second }: Sums, { patchSize, patchNorm, ridge }: Shared): PatchMixture {
  const n = patchSize * patchSize;
  const kept = [...counts.keys()].filter((k) => counts[k] >= 1);
  const total = kept.reduce((sum, k) => sum + counts[k], 0);
  const means = new Float64Array(kept.length * n);
  const covariances = new Float64Array(kept.length * n * n);
  for (const [place, k] of kept.entries()) {
    for (let i = 0; i < n; i++) means[place * n + i] = first[k * n + i] / counts[k];
    const covariance = covariances.subarray(place * n * n, (place + 1) * n * n);
    for (let row = 0; row < n; row++) {
      for (let col = 0; col <= row; col++) {
        const value =
          second[(k * n + row) * n + col] / counts[k] - means[place * n + row] * means[place * n + col];
        covariance[row * n + col] = value;
        covariance[col * n + row] = value;
      }
      covariance[row * n + row] += ridge;
    }
    strengthen(covariance, n, ridge);
  }
  return {
    patchSize,
    patchNorm,
    weights: Float64Array.from(kept, (k) => counts[k] / total),
    means,
    covariances,
  };
}

/** Rounding may leave a covariance indefinite: add to its diagonal until it is not. */
function strengthen(covariance: Float64Array, n: number, ridge: number): void {
  const scratch = new Float64Array(n * n);
  for (let more = ridge; !Number.isFinite(invertCholesky(covariance, scratch, n)); more *= 10) {
    for (let i = 0; i < n; i++) covariance[i * n + i] += more;
  }
}
