// Running mean and variance of the flux of every pixel (Welford 1962).

import { rootCount } from "./dark-layout";
import { allocate } from "./memory";
import { drawnNodes, imageRunsOf } from "./runs";
import { colsOf, rowsOf } from "./tree";

/** Sweeps added so far. */
export let momentCount: i32 = 0;
/** f64: mean of the flux, then sum of squared deviations, of every pixel that is drawn; then of a pixel below each dark node. */
export let means: usize = 0;
export let squares: usize = 0;

/** Number of the values of `means` and `squares`. */
export function momentLength(): i32 {
  return drawnNodes(0) + rootCount;
}

/** Reserve the sums; false when memory is refused. */
export function prepareMoments(): bool {
  const bytes = (<usize>(momentLength() + 1)) << 3;
  means = allocate(bytes);
  squares = allocate(bytes);
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
  let to = 0;
  for (let row = 0; row < ny; row++) {
    for (let run = imageRunsOf(row); load<i32>(run) >= 0; run += 8) {
      const count = load<i32>(run, 4) - load<i32>(run);
      addRun(flux + ((<usize>(row * nx + load<i32>(run))) << 3), to, count);
      to += count;
    }
  }
}

/** Add `count` values to the sums from number `to` on; an odd last one is done alone. */
function addRun(values: usize, to: i32, count: i32): void {
  const weights = f64x2.splat(1 / <f64>momentCount);
  const start = (<usize>to) << 3;
  const even = (<usize>(count & ~1)) << 3;
  for (let at: usize = 0; at < even; at += 16) {
    const value = v128.load(values + at);
    const mean = v128.load(means + start + at);
    const deviation = f64x2.sub(value, mean);
    const moved = f64x2.add(mean, f64x2.mul(deviation, weights));
    v128.store(means + start + at, moved);
    v128.store(
      squares + start + at,
      f64x2.add(v128.load(squares + start + at), f64x2.mul(deviation, f64x2.sub(value, moved))),
    );
  }
  if (count & 1) addValue(to + count - 1, load<f64>(values + even), 0);
}

/** Add a flux that is known, or has this mean and variance given what the chain holds. */
export function addValue(to: i32, value: f64, variance: f64): void {
  const at = (<usize>to) << 3;
  const mean = load<f64>(means + at);
  const deviation = value - mean;
  const moved = mean + deviation * (1 / <f64>momentCount);
  store<f64>(means + at, moved);
  store<f64>(squares + at, load<f64>(squares + at) + deviation * (value - moved) + variance);
}
