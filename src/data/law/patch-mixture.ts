import { InvalidInputError } from "../../errors.js";

/**
 * How a patch is prepared before its density is taken: not at all; its mean subtracted; or divided by its mean and 1 subtracted,
 * which makes the density independent of brightness.
 */
export type PatchNorm = "none" | "subtract-mean" | "relative";

/** A mixture of Gaussians over square patches of an image. */
export interface PatchMixture {
  /** Pixels on each side of a patch. */
  readonly patchSize: number;
  readonly patchNorm: PatchNorm;
  /** Weights `[components]`, > 0, sum 1. */
  readonly weights: Float64Array;
  /** Means `[components, patchSize^2]`, pixels row-major. */
  readonly means: Float64Array;
  /** Covariances `[components, patchSize^2, patchSize^2]`, symmetric, positive definite. */
  readonly covariances: Float64Array;
}

/** A mixture with what its densities need. */
export interface PreparedMixture extends PatchMixture {
  /** Inverse Cholesky factors: lower triangular W with W^T W the inverse covariance, `[components, n, n]`. */
  readonly whitening: Float64Array;
  /** ln weight - ln sqrt(det(2 pi covariance)), `[components]`. */
  readonly logNorms: Float64Array;
}

/**
 * Check a mixture and invert its covariances.
 *
 * @throws InvalidInputError when lengths disagree, weights are not positive, or a covariance is not positive definite
 */
export function prepareMixture(mixture: PatchMixture): PreparedMixture {
  const { patchSize, weights, means, covariances } = mixture;
  const n = patchSize * patchSize;
  const components = weights.length;
  if (
    !Number.isInteger(patchSize) ||
    patchSize < 1 ||
    means.length !== components * n ||
    covariances.length !== components * n * n
  ) {
    throw new InvalidInputError(
      `patch mixture: means and covariances must hold ${components} x ${n} and ${components} x ${n} x ${n} values for patches of ` +
        `${patchSize} x ${patchSize}, got ${means.length} and ${covariances.length}; check the file`,
    );
  }
  if (components === 0 || !weights.every((weight) => weight > 0 && weight <= 1)) {
    throw new InvalidInputError(
      "patch mixture: weights must be numbers in (0, 1], at least one; leave out unused components",
    );
  }
  const whitening = new Float64Array(covariances.length);
  const logNorms = new Float64Array(components);
  for (let k = 0; k < components; k++) {
    const covariance = covariances.subarray(k * n * n, (k + 1) * n * n);
    const logRoot = invertCholesky(covariance, whitening.subarray(k * n * n, (k + 1) * n * n), n);
    if (!Number.isFinite(logRoot)) {
      throw new InvalidInputError(
        `patch mixture: covariance ${k} must be positive definite, got one that is not; add a little to its diagonal`,
        { fields: { component: k } },
      );
    }
    logNorms[k] = Math.log(weights[k]) - logRoot - 0.5 * n * Math.log(2 * Math.PI);
  }
  return { ...mixture, whitening, logNorms };
}

/** Fill `out` with the inverse of the Cholesky factor; returns the sum of the logarithms of its diagonal, or NaN. */
export function invertCholesky(covariance: Float64Array, out: Float64Array, n: number): number {
  const factor = new Float64Array(n * n);
  let logRoot = 0;
  for (let row = 0; row < n; row++) {
    for (let col = 0; col <= row; col++) {
      let sum = covariance[row * n + col];
      for (let k = 0; k < col; k++) sum -= factor[row * n + k] * factor[col * n + k];
      if (row === col) {
        if (!(sum > 0)) return Number.NaN;
        factor[row * n + row] = Math.sqrt(sum);
        logRoot += 0.5 * Math.log(sum);
      } else factor[row * n + col] = sum / factor[col * n + col];
    }
  }
  out.fill(0);
  for (let col = 0; col < n; col++) {
    out[col * n + col] = 1 / factor[col * n + col];
    for (let row = col + 1; row < n; row++) {
      let sum = 0;
      for (let k = col; k < row; k++) sum -= factor[row * n + k] * out[k * n + col];
      out[row * n + col] = sum / factor[row * n + row];
    }
  }
  return logRoot;
}

/** Terms this far below the largest do not change a sum of exponentials in double precision. */
const NEGLIGIBLE = 45;

/**
 * `ln sum_k weight_k N(patch; mean_k, covariance_k)` of a prepared patch.
 *
 * @param patch `[patchSize^2]`, after the patch norm
 * @param logs scratch `[components]`; afterwards ln weight + ln density of each, -Infinity where negligible
 */
export function logMixture(
  { whitening, logNorms, means, patchSize }: PreparedMixture,
  patch: Float64Array,
  logs: Float64Array,
): number {
  const n = patchSize * patchSize;
  const distance = new Float64Array(n);
  let best = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logNorms.length; k++) {
    for (let i = 0; i < n; i++) distance[i] = patch[i] - means[k * n + i];
    let log = logNorms[k];
    const least = best - NEGLIGIBLE;
    for (let row = 0, at = k * n * n; row < n && log > least; row++, at += n) {
      let sum = 0;
      for (let col = 0; col <= row; col++) sum += whitening[at + col] * distance[col];
      log -= 0.5 * sum * sum;
    }
    logs[k] = log > least ? log : Number.NEGATIVE_INFINITY;
    if (log > best) best = log;
  }
  let total = 0;
  for (let k = 0; k < logs.length; k++) total += Math.exp(logs[k] - best);
  return best + Math.log(total);
}
