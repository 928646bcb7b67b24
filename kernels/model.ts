// Entry of a second module, for the methods that need whole images of predicted counts and gradients of priors: blurring, its
// transpose, the sums of the Poisson likelihood, and mixtures over patches. An instance is one model or one mixture; nothing in it is
// ever freed.

import { Blur, blur, blurPixel as blurOne, prepareBlur as prepare } from "./blur";
import { allocate as reserve } from "./memory";
import { logPair } from "./special";

export { blurError, layOutBlur as createBlur } from "./blur";
export {
  layOutMixture as createMixture,
  logPatches,
  mixtureLogNorms,
  mixtureMeans,
  setWhitening,
} from "./patches";

/** Reserve zeroed memory; 0 without. */
export function allocate(bytes: usize): usize {
  return reserve(bytes);
}

/** Address of the psf's cells, f64 `[psfRows, psfCols]`. */
export function psfArray(handle: usize): usize {
  return changetype<Blur>(handle).psf;
}

/** Whether the psf is applied by sums rather than by transforms. */
export function usesSums(handle: usize): bool {
  return changetype<Blur>(handle).direct;
}

export function prepareBlur(handle: usize): void {
  prepare(changetype<Blur>(handle));
}

/** Blur f64 `[ny, nx]` at `image` into `out`. */
export function blurImage(handle: usize, image: usize, out: usize): void {
  blur(changetype<Blur>(handle), image, out, false);
}

/** The transpose of `blurImage`. */
export function blurTranspose(handle: usize, image: usize, out: usize): void {
  blur(changetype<Blur>(handle), image, out, true);
}

/** One pixel of the blurred image by its sum. */
export function blurPixel(handle: usize, image: usize, row: i32, col: i32): f64 {
  return blurOne(changetype<Blur>(handle), image, row, col);
}

/**
 * Sum of `w lambda - d ln lambda` (half the Cash statistic) and the ratios d / lambda.
 *
 * @param lambda f64 `[n]`, >= 0; addresses of all arrays are multiples of 16 with room for an even number
 * @param counts f64 `[n]`, >= 0, 0 in pixels that are not used
 * @param weights f64 `[n]`, 1 for pixels in use, else 0
 * @param ratios f64 `[n]`, overwritten: counts / lambda, 0 where there are no counts
 * @returns Infinity when a pixel with counts expects none
 */
export function poissonTerms(lambda: usize, counts: usize, weights: usize, ratios: usize, n: i32): f64 {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const least = f64x2.splat(1e-300);
  let sums = zero;
  let dark = zero;
  const end = lambda + ((<usize>((n + 1) & ~1)) << 3);
  for (; lambda < end; lambda += 16) {
    const expected = v128.load(lambda);
    const observed = v128.load(counts);
    const lit = f64x2.gt(observed, zero);
    dark = v128.or(dark, v128.and(lit, f64x2.lt(expected, least)));
    const safe = v128.bitselect(f64x2.max(expected, least), one, lit);
    sums = f64x2.add(
      sums,
      f64x2.sub(f64x2.mul(v128.load(weights), expected), f64x2.mul(observed, logPair(safe))),
    );
    v128.store(ratios, f64x2.div(observed, safe));
    counts += 16;
    weights += 16;
    ratios += 16;
  }
  if (v128.any_true(dark)) return Infinity;
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

// Pixel by pixel, for arrays f64 `[n]` at multiples of 16 with room for an even number.

/** out = a b. */
export function multiply(a: usize, b: usize, out: usize, n: i32): void {
  const end = a + ((<usize>((n + 1) & ~1)) << 3);
  for (; a < end; a += 16) {
    v128.store(out, f64x2.mul(v128.load(a), v128.load(b)));
    b += 16;
    out += 16;
  }
}

/** out += a b. */
export function addProduct(a: usize, b: usize, out: usize, n: i32): void {
  const end = a + ((<usize>((n + 1) & ~1)) << 3);
  for (; a < end; a += 16) {
    v128.store(out, f64x2.add(v128.load(out), f64x2.mul(v128.load(a), v128.load(b))));
    b += 16;
    out += 16;
  }
}

/** out += factor a. */
export function addScaled(a: usize, factor: f64, out: usize, n: i32): void {
  const factors = f64x2.splat(factor);
  const end = a + ((<usize>((n + 1) & ~1)) << 3);
  for (; a < end; a += 16) {
    v128.store(out, f64x2.add(v128.load(out), f64x2.mul(v128.load(a), factors)));
    out += 16;
  }
}

/**
 * The first pixel from `start` on that has counts but expects less than `limit`; n when there is none. Negative numbers of
 * pixels without counts, which are rounding, become 0 on the way.
 */
export function nextDoubtful(lambda: usize, counts: usize, limit: f64, start: i32, n: i32): i32 {
  for (let index = start; index < n; index++) {
    const at = (<usize>index) << 3;
    const expected = load<f64>(lambda + at);
    if (expected >= limit) continue;
    if (load<f64>(counts + at) > 0) return index;
    if (expected < 0) store<f64>(lambda + at, 0);
  }
  return n;
}
