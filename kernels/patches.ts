// The log density of square patches of an image under a mixture of Gaussians, and its derivative by the image.
//
// Patches travel by eight, so that each number of a whitening matrix is loaded once for all of them and sixteen sums are under way
// at a time; and a component meets a whole batch before the next one does, so that its matrix stays in the nearest cache.

import { allocate } from "./memory";
import { expPair, log } from "./special";

/** Patches of a block, and bytes of a row of it. */
const LANES: i32 = 8;
const ROW: usize = 64;
/** Patches of a batch: a multiple of LANES. */
const BATCH: i32 = 512;
/** Terms this far below the largest do not change a sum of exponentials in double precision. */
const NEGLIGIBLE: f64 = 45;
/** Components with a smaller share of a patch do not change its derivative in double precision. */
const LEAST_SHARE: f64 = 1e-18;
/** Pairs of rows between two looks whether a component is negligible in a whole block. */
const LOOK: i32 = 4;

/** How a patch is prepared: not at all, its mean subtracted, or divided by its mean and 1 subtracted. */
const SUBTRACT_MEAN: i32 = 1;
const RELATIVE: i32 = 2;

/** A mixture, and room for a batch of patches. */
@unmanaged
export class PatchMixture {
  /** Pixels on a side of a patch; in it; half of those, rounded up. */
  side: i32;
  n: i32;
  half: i32;
  norm: i32;
  components: i32;
  /**
   * Inverse Cholesky factors W, f64: for each component and each pair of rows (2q, 2q + 1) the columns 0 to 2q + 1, both rows of
   * a column side by side; 0 above the diagonal and beyond n.
   */
  whitening: usize;
  /** f64 `[components, 2 half]`, 0 beyond n. */
  means: usize;
  /** ln weight - ln sqrt(det(2 pi covariance)), f64 `[components]`. */
  logNorms: usize;
  /** Normed patches and the derivatives by them, f64 `[BATCH / LANES, 2 half, LANES]`. */
  patches: usize;
  slopes: usize;
  /** Mean of each patch before its norm, f64 `[BATCH]`; pixel of the image where it begins, i32 `[BATCH]`. */
  patchMeans: usize;
  corners: usize;
  /** Log densities of each component, in the end over the largest and exponentiated, f64 `[components, BATCH]`. */
  terms: usize;
  /** Largest log density, sum of `terms`, f64 `[BATCH]`. */
  best: usize;
  total: usize;
  /** One block: distances from a mean, W times them, derivatives, f64 `[2 half, LANES]`; logs, bounds and shares, f64 `[LANES]`. */
  distance: usize;
  white: usize;
  change: usize;
  logs: usize;
  least: usize;
  shares: usize;
  /** Which patches of the batch they are, i32 `[LANES]`. */
  picked: usize;
}

/** Reserve memory for a mixture; 0 without. */
export function layOutMixture(side: i32, norm: i32, components: i32): usize {
  const mixture = changetype<PatchMixture>(allocate(offsetof<PatchMixture>()));
  if (changetype<usize>(mixture) === 0) return 0;
  mixture.side = side;
  mixture.n = side * side;
  mixture.half = (mixture.n + 1) >> 1;
  mixture.norm = norm;
  mixture.components = components;
  const half = <usize>mixture.half;
  const count = <usize>components;
  const block = 2 * half * ROW;
  mixture.whitening = allocate(count * componentBytes(mixture.half));
  mixture.means = allocate(count * half * 16);
  mixture.logNorms = allocate(count * 8);
  mixture.patches = allocate((BATCH / LANES) * block);
  mixture.slopes = allocate((BATCH / LANES) * block);
  mixture.patchMeans = allocate(BATCH * 8);
  mixture.corners = allocate(BATCH * 4);
  mixture.best = allocate(BATCH * 8);
  mixture.total = allocate(BATCH * 8);
  mixture.distance = allocate(block);
  mixture.white = allocate(block);
  mixture.change = allocate(block);
  mixture.logs = allocate(ROW);
  mixture.least = allocate(ROW);
  mixture.shares = allocate(ROW);
  mixture.picked = allocate(LANES * 4);
  mixture.terms = allocate(count * BATCH * 8);
  return mixture.terms === 0 ? 0 : changetype<usize>(mixture);
}

/** Bytes of the matrix of a component: pair q of rows has 2q + 2 columns of 16 bytes. */
function componentBytes(half: i32): usize {
  return 16 * <usize>(half * (half + 1));
}

/** Address of the means, f64 `[components, 2 half]`, to be filled. */
export function mixtureMeans(handle: usize): usize {
  return changetype<PatchMixture>(handle).means;
}

/** Address of the norms, f64 `[components]`, to be filled. */
export function mixtureLogNorms(handle: usize): usize {
  return changetype<PatchMixture>(handle).logNorms;
}

/** Take the inverse Cholesky factor of a component, f64 `[n, n]` at `factor`, lower triangular. */
export function setWhitening(handle: usize, component: i32, factor: usize): void {
  const mixture = changetype<PatchMixture>(handle);
  const n = mixture.n;
  let out = mixture.whitening + <usize>component * componentBytes(mixture.half);
  for (let row = 0; row < n; row += 2) {
    for (let col = 0; col < row + 2; col++) {
      const at = factor + ((<usize>(row * n + col)) << 3);
      if (col <= row) store<f64>(out, load<f64>(at));
      if (row + 1 < n) store<f64>(out, load<f64>(at + ((<usize>n) << 3)), 8);
      out += 16;
    }
  }
}

/** Address of element `index` of patch `patch` in an array by blocks. */
function element(blocks: usize, half: i32, patch: i32, index: i32): usize {
  return blocks + <usize>((patch >> 3) * 2 * half + index) * ROW + ((<usize>(patch & 7)) << 3);
}

/** Cut out and prepare a patch whose first pixel is `corner` of the image. */
function cutPatch(mixture: PatchMixture, image: usize, nx: i32, corner: i32, patch: i32): void {
  const side = mixture.side;
  const n = mixture.n;
  const half = mixture.half;
  const norm = mixture.norm;
  const patches = mixture.patches;
  let mean: f64 = 0;
  for (let row = 0, index = 0; row < side; row++) {
    let at = image + ((<usize>(corner + row * nx)) << 3);
    for (let col = 0; col < side; col++, index++, at += 8) {
      const value = load<f64>(at);
      mean += value / <f64>n;
      store<f64>(element(patches, half, patch, index), value);
    }
  }
  store<i32>(mixture.corners + ((<usize>patch) << 2), corner);
  store<f64>(mixture.patchMeans + ((<usize>patch) << 3), mean);
  if (norm === 0) return;
  for (let index = 0; index < n; index++) {
    const at = element(patches, half, patch, index);
    const value = load<f64>(at);
    store<f64>(at, norm === RELATIVE ? value / mean - 1 : value - mean);
  }
}

/** distance = patches of a block - mean of a component. */
function takeDistance(mixture: PatchMixture, component: i32, block: usize): void {
  let mean = mixture.means + ((<usize>(component * 2 * mixture.half)) << 3);
  const end = block + <usize>(2 * mixture.half) * ROW;
  for (let out = mixture.distance; block < end; block += ROW, out += ROW, mean += 8) {
    const centre = v128.load64_splat(mean);
    v128.store(out, f64x2.sub(v128.load(block), centre));
    v128.store(out, f64x2.sub(v128.load(block, 16), centre), 16);
    v128.store(out, f64x2.sub(v128.load(block, 32), centre), 32);
    v128.store(out, f64x2.sub(v128.load(block, 48), centre), 48);
  }
}

/**
 * white = W distance; logs -= half its square, pair of rows by pair of rows, until all logs are below `least`.
 *
 * @param weights address of the matrix of a component
 */
function whiten(mixture: PatchMixture, weights: usize): void {
  const half = mixture.half;
  const distance = mixture.distance;
  const logs = mixture.logs;
  const least = mixture.least;
  let white = mixture.white;
  const minusHalf = f64x2.splat(-0.5);
  for (let q = 0; q < half; q++) {
    let a0 = f64x2.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    const end = distance + <usize>(2 * q + 2) * ROW;
    for (let at = distance; at < end; at += ROW) {
      const first = v128.load64_splat(weights);
      const second = v128.load64_splat(weights, 8);
      weights += 16;
      let d = v128.load(at);
      a0 = f64x2.add(a0, f64x2.mul(first, d));
      b0 = f64x2.add(b0, f64x2.mul(second, d));
      d = v128.load(at, 16);
      a1 = f64x2.add(a1, f64x2.mul(first, d));
      b1 = f64x2.add(b1, f64x2.mul(second, d));
      d = v128.load(at, 32);
      a2 = f64x2.add(a2, f64x2.mul(first, d));
      b2 = f64x2.add(b2, f64x2.mul(second, d));
      d = v128.load(at, 48);
      a3 = f64x2.add(a3, f64x2.mul(first, d));
      b3 = f64x2.add(b3, f64x2.mul(second, d));
    }
    v128.store(white, a0);
    v128.store(white, a1, 16);
    v128.store(white, a2, 32);
    v128.store(white, a3, 48);
    v128.store(white, b0, 64);
    v128.store(white, b1, 80);
    v128.store(white, b2, 96);
    v128.store(white, b3, 112);
    white += 2 * ROW;
    a0 = f64x2.add(f64x2.mul(a0, a0), f64x2.mul(b0, b0));
    a1 = f64x2.add(f64x2.mul(a1, a1), f64x2.mul(b1, b1));
    a2 = f64x2.add(f64x2.mul(a2, a2), f64x2.mul(b2, b2));
    a3 = f64x2.add(f64x2.mul(a3, a3), f64x2.mul(b3, b3));
    a0 = f64x2.add(v128.load(logs), f64x2.mul(minusHalf, a0));
    a1 = f64x2.add(v128.load(logs, 16), f64x2.mul(minusHalf, a1));
    a2 = f64x2.add(v128.load(logs, 32), f64x2.mul(minusHalf, a2));
    a3 = f64x2.add(v128.load(logs, 48), f64x2.mul(minusHalf, a3));
    v128.store(logs, a0);
    v128.store(logs, a1, 16);
    v128.store(logs, a2, 32);
    v128.store(logs, a3, 48);
    if (q % LOOK !== LOOK - 1) continue;
    const relevant = v128.or(
      v128.or(f64x2.gt(a0, v128.load(least)), f64x2.gt(a1, v128.load(least, 16))),
      v128.or(f64x2.gt(a2, v128.load(least, 32)), f64x2.gt(a3, v128.load(least, 48))),
    );
    if (!v128.any_true(relevant)) return;
  }
}

/** Log densities of all components for the first `blocks` blocks of a batch: `terms` and `best`. */
function compareComponents(mixture: PatchMixture, blocks: i32): void {
  const half = mixture.half;
  const components = mixture.components;
  const best = mixture.best;
  const logs = mixture.logs;
  const least = mixture.least;
  const negligible = f64x2.splat(NEGLIGIBLE);
  for (let patch = 0; patch < blocks * LANES; patch++) store<f64>(best + ((<usize>patch) << 3), -Infinity);
  for (let k = 0; k < components; k++) {
    const weights = mixture.whitening + <usize>k * componentBytes(half);
    const start = v128.load64_splat(mixture.logNorms + ((<usize>k) << 3));
    for (let block = 0; block < blocks; block++) {
      const bests = best + <usize>block * ROW;
      for (let at: usize = 0; at < ROW; at += 16) {
        v128.store(logs + at, start);
        v128.store(least + at, f64x2.sub(v128.load(bests + at), negligible));
      }
      takeDistance(mixture, k, mixture.patches + <usize>(block * 2 * half) * ROW);
      whiten(mixture, weights);
      const terms = mixture.terms + ((<usize>(k * BATCH + block * LANES)) << 3);
      for (let at: usize = 0; at < ROW; at += 16) {
        const log = v128.load(logs + at);
        v128.store(terms + at, log);
        v128.store(bests + at, f64x2.max(v128.load(bests + at), log));
      }
    }
  }
}

/** terms = exp(terms - best), and their sums over the components. */
function addTerms(mixture: PatchMixture, blocks: i32): void {
  const components = mixture.components;
  const best = mixture.best;
  const total = mixture.total;
  const end = <usize>blocks * ROW;
  memory.fill(total, 0, end);
  for (let k = 0; k < components; k++) {
    const terms = mixture.terms + ((<usize>(k * BATCH)) << 3);
    for (let at: usize = 0; at < end; at += 16) {
      const term = expPair(f64x2.sub(v128.load(terms + at), v128.load(best + at)));
      v128.store(terms + at, term);
      v128.store(total + at, f64x2.add(v128.load(total + at), term));
    }
  }
}

/** slopes -= share W^T W (patch - mean), for the component's first `count` patches of `picked`; `shares` 0 beyond. */
function addSlopes(mixture: PatchMixture, component: i32, count: i32): void {
  const half = mixture.half;
  const patches = mixture.patches;
  const slopes = mixture.slopes;
  const distance = mixture.distance;
  const white = mixture.white;
  const change = mixture.change;
  const shares = mixture.shares;
  const logs = mixture.logs;
  const least = mixture.least;
  const picked = mixture.picked;
  const size = 2 * half;
  const mean = mixture.means + ((<usize>(component * size)) << 3);
  for (let lane = 0; lane < LANES; lane++) {
    const offset = (<usize>lane) << 3;
    if (lane >= count) store<f64>(shares + offset, 0);
    // A lane that is not used repeats the first.
    const patch = load<i32>(picked + ((<usize>(lane < count ? lane : 0)) << 2));
    for (let index = 0; index < size; index++) {
      const value = load<f64>(element(patches, half, patch, index)) - load<f64>(mean + ((<usize>index) << 3));
      store<f64>(distance + <usize>index * ROW + offset, value);
    }
    store<f64>(logs + offset, 0);
    store<f64>(least + offset, -Infinity);
  }
  let weights = mixture.whitening + <usize>component * componentBytes(half);
  whiten(mixture, weights);
  const s0 = v128.load(shares);
  const s1 = v128.load(shares, 16);
  const s2 = v128.load(shares, 32);
  const s3 = v128.load(shares, 48);
  memory.fill(change, 0, <usize>size * ROW);
  for (let q = 0; q < half; q++) {
    const row = white + <usize>(2 * q) * ROW;
    const a0 = f64x2.mul(s0, v128.load(row));
    const a1 = f64x2.mul(s1, v128.load(row, 16));
    const a2 = f64x2.mul(s2, v128.load(row, 32));
    const a3 = f64x2.mul(s3, v128.load(row, 48));
    const b0 = f64x2.mul(s0, v128.load(row, 64));
    const b1 = f64x2.mul(s1, v128.load(row, 80));
    const b2 = f64x2.mul(s2, v128.load(row, 96));
    const b3 = f64x2.mul(s3, v128.load(row, 112));
    const end = change + <usize>(2 * q + 2) * ROW;
    for (let at = change; at < end; at += ROW) {
      const first = v128.load64_splat(weights);
      const second = v128.load64_splat(weights, 8);
      weights += 16;
      v128.store(at, f64x2.add(v128.load(at), f64x2.add(f64x2.mul(first, a0), f64x2.mul(second, b0))));
      v128.store(
        at,
        f64x2.add(v128.load(at, 16), f64x2.add(f64x2.mul(first, a1), f64x2.mul(second, b1))),
        16,
      );
      v128.store(
        at,
        f64x2.add(v128.load(at, 32), f64x2.add(f64x2.mul(first, a2), f64x2.mul(second, b2))),
        32,
      );
      v128.store(
        at,
        f64x2.add(v128.load(at, 48), f64x2.add(f64x2.mul(first, a3), f64x2.mul(second, b3))),
        48,
      );
    }
  }
  for (let lane = 0; lane < count; lane++) {
    const patch = load<i32>(picked + ((<usize>lane) << 2));
    for (let index = 0; index < size; index++) {
      const at = element(slopes, half, patch, index);
      store<f64>(at, load<f64>(at) - load<f64>(change + <usize>index * ROW + ((<usize>lane) << 3)));
    }
  }
}

/** Derivatives of the log densities by the normed patches: `slopes` of the first `count` patches of a batch. */
function takeSlopes(mixture: PatchMixture, count: i32): void {
  const half = mixture.half;
  const components = mixture.components;
  const slopes = mixture.slopes;
  const terms = mixture.terms;
  const total = mixture.total;
  const shares = mixture.shares;
  const picked = mixture.picked;
  memory.fill(slopes, 0, <usize>(((count + LANES - 1) / LANES) * 2 * half) * ROW);
  for (let k = 0; k < components; k++) {
    let lanes = 0;
    for (let patch = 0; patch < count; patch++) {
      const at = (<usize>patch) << 3;
      const share = load<f64>(terms + ((<usize>(k * BATCH)) << 3) + at) / load<f64>(total + at);
      if (!(share >= LEAST_SHARE)) continue;
      store<i32>(picked + ((<usize>lanes) << 2), patch);
      store<f64>(shares + ((<usize>lanes) << 3), share);
      if (++lanes < LANES) continue;
      addSlopes(mixture, k, lanes);
      lanes = 0;
    }
    if (lanes > 0) addSlopes(mixture, k, lanes);
  }
}

/** Add the derivative by the raw pixels of a patch to `out`, f64 `[ny, nx]`. */
function scatterSlope(mixture: PatchMixture, patch: i32, out: usize, nx: i32): void {
  const side = mixture.side;
  const n = mixture.n;
  const half = mixture.half;
  const norm = mixture.norm;
  const patches = mixture.patches;
  const slopes = mixture.slopes;
  const mean = load<f64>(mixture.patchMeans + ((<usize>patch) << 3));
  let sum: f64 = 0;
  // z = x / m - 1: dz_i / dx_j = delta_ij / m - x_i / (m^2 n), and x_i = m (z_i + 1).
  if (norm !== 0) {
    for (let index = 0; index < n; index++) {
      const slope = load<f64>(element(slopes, half, patch, index));
      sum += norm === SUBTRACT_MEAN ? slope : slope * (load<f64>(element(patches, half, patch, index)) + 1);
    }
  }
  const scale = norm === RELATIVE ? 1 / mean : 1;
  const corner = load<i32>(mixture.corners + ((<usize>patch) << 2));
  for (let row = 0, index = 0; row < side; row++) {
    let at = out + ((<usize>(corner + row * nx)) << 3);
    for (let col = 0; col < side; col++, index++, at += 8) {
      const slope = (load<f64>(element(slopes, half, patch, index)) - sum / <f64>n) * scale;
      store<f64>(at, load<f64>(at) + slope);
    }
  }
}

/**
 * Sum over patches of `ln sum_k weight_k N(norm(patch); mean_k, covariance_k)`.
 *
 * @param image f64 `[ny, nx]`
 * @param tops first rows of the patches, i32 `[rows]`; `lefts` their first columns, i32 `[cols]`: all pairs are taken
 * @param out 0, or the address of f64 `[ny, nx]`, to which the derivative is added
 */
export function logPatches(
  handle: usize,
  image: usize,
  nx: i32,
  tops: usize,
  rows: i32,
  lefts: usize,
  cols: i32,
  out: usize,
): f64 {
  const mixture = changetype<PatchMixture>(handle);
  const patches = rows * cols;
  let sum: f64 = 0;
  for (let first = 0; first < patches; first += BATCH) {
    const count = min(BATCH, patches - first);
    const blocks = (count + LANES - 1) / LANES;
    // A place of the last block that is not used repeats the last patch.
    for (let patch = 0; patch < blocks * LANES; patch++) {
      const index = first + min(patch, count - 1);
      const top = load<i32>(tops + ((<usize>(index / cols)) << 2));
      const left = load<i32>(lefts + ((<usize>(index % cols)) << 2));
      cutPatch(mixture, image, nx, top * nx + left, patch);
    }
    compareComponents(mixture, blocks);
    addTerms(mixture, blocks);
    for (let patch = 0; patch < count; patch++) {
      const at = (<usize>patch) << 3;
      sum += load<f64>(mixture.best + at) + log(load<f64>(mixture.total + at));
    }
    if (out === 0) continue;
    takeSlopes(mixture, count);
    for (let patch = 0; patch < count; patch++) scatterSlope(mixture, patch, out, nx);
  }
  return sum;
}
