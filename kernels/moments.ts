// Running mean and variance of the flux of every pixel (Welford 1962).

import { allocate } from "./memory";
import { hasDark, imageRunsOf } from "./runs";
import { colsOf, rowsOf } from "./tree";

/** Sweeps added so far. */
export let momentCount: i32 = 0;
/** f64 `[pixels]`: mean of the flux; then sum of squared deviations. */
export let means: usize = 0;
export let squares: usize = 0;

/** Reserve the two images; false when memory is refused. */
export function prepareMoments(pixels: i32): bool {
  means = allocate((<usize>(pixels + 1)) << 3);
  squares = allocate((<usize>(pixels + 1)) << 3);
  return means !== 0 && squares !== 0;
}

/** Set the number of sweeps behind the two images, when a chain is restored. */
export function setMomentCount(count: i32): void {
  momentCount = count;
}

/** Add one draw of the image, f64 `[ny, nx]`, where it is drawn. */
export function addToMoments(flux: usize): void {
  momentCount++;
  const ny = rowsOf(0);
  const nx = colsOf(0);
  if (!hasDark) {
    addRun(flux, 0, ny * nx);
    return;
  }
  for (let row = 0; row < ny; row++) {
    for (let run = imageRunsOf(row); load<i32>(run) >= 0; run += 8) {
      addRun(flux, row * nx + load<i32>(run), row * nx + load<i32>(run, 4));
    }
  }
}

/** Add the pixels from `first` up to `end`; an odd last one is done alone. */
function addRun(flux: usize, first: i32, end: i32): void {
  const weight = 1 / <f64>momentCount;
  const weights = f64x2.splat(weight);
  const even = (<usize>(end - ((end - first) & 1))) << 3;
  for (let at = (<usize>first) << 3; at < even; at += 16) {
    const value = v128.load(flux + at);
    const mean = v128.load(means + at);
    const deviation = f64x2.sub(value, mean);
    const moved = f64x2.add(mean, f64x2.mul(deviation, weights));
    v128.store(means + at, moved);
    v128.store(
      squares + at,
      f64x2.add(v128.load(squares + at), f64x2.mul(deviation, f64x2.sub(value, moved))),
    );
  }
  if ((end - first) & 1) addPixel(even, load<f64>(flux + even), 0);
}

/**
 * Add a pixel whose flux is known, or has this mean and variance given what the chain holds.
 *
 * @param at offset of the pixel, in bytes
 */
export function addPixel(at: usize, value: f64, variance: f64): void {
  const mean = load<f64>(means + at);
  const deviation = value - mean;
  const moved = mean + deviation * (1 / <f64>momentCount);
  store<f64>(means + at, moved);
  store<f64>(squares + at, load<f64>(squares + at) + deviation * (value - moved) + variance);
}
