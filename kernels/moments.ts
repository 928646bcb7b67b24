// Running mean and variance of the flux of every pixel (Welford 1962).

import { allocate } from "./memory";

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

/** Add one draw of the image, f64 `[pixels]`; an odd last pixel is done alone. */
export function addToMoments(flux: usize, pixels: i32): void {
  momentCount++;
  const weight = 1 / <f64>momentCount;
  const weights = f64x2.splat(weight);
  const even = (<usize>(pixels & ~1)) << 3;
  for (let at: usize = 0; at < even; at += 16) {
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
  if (pixels & 1) {
    const value = load<f64>(flux + even);
    const mean = load<f64>(means + even);
    const deviation = value - mean;
    const moved = mean + deviation * weight;
    store<f64>(means + even, moved);
    store<f64>(squares + even, load<f64>(squares + even) + deviation * (value - moved));
  }
}
