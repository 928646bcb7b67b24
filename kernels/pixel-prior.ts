// The image under a prior of independent Gamma pixels: the one step in which the Gibbs sampler for such priors differs from
// LIRA's. It needs no missing photons: Gamma is conjugate to Poisson counts of any exposure.

import { drawLogGammas } from "./random";
import { expPair, logPair } from "./special";

/** Shape and rate of the prior; a shape of 0 stands for the multiscale prior. */
export let pixelShape: f64 = 0;
export let pixelRate: f64 = 0;

/** Smallest flux. */
const FLOOR: f64 = 1e-270;
/** Pixels that are drawn at a time, even. */
const BLOCK: i32 = 64;
const block = memory.data(8 * 64, 16);

/** Use the prior `flux^(shape - 1) exp(-rate flux)` for every pixel, in place of the multiscale one. */
export function setPixelPrior(shape: f64, rate: f64): void {
  pixelShape = shape;
  pixelRate = rate;
}

/**
 * Draw every pixel from its conditional, `flux ~ Gamma(shape + source photons, rate + exposed)`.
 *
 * @param flux f64 `[ny, nx]`, overwritten, > 0; room for an even number
 * @param exposed f64 `[ny, nx]`: sum over observations of exposure times detection probability
 * @param sourceCounts i32 `[ny, nx]`
 */
export function drawPixels(flux: usize, exposed: usize, sourceCounts: usize, pixels: i32): void {
  for (let start = 0; start < pixels; start += BLOCK) {
    const count = min(BLOCK, pixels - start);
    for (let index = 0; index < count; index++) {
      const photons = load<i32>(sourceCounts + ((<usize>(start + index)) << 2));
      store<f64>(block + ((<usize>index) << 3), pixelShape + <f64>photons);
    }
    drawLogGammas(block, block, count);
    if (count & 1) store<f64>(block + ((<usize>count) << 3), 0);
    for (let index = 0; index < count; index += 2) {
      const at = (<usize>index) << 3;
      const value = expPair(f64x2.max(v128.load(block + at), f64x2.splat(-700)));
      v128.store(block + at, value);
    }
    for (let index = 0; index < count; index++) {
      const at = (<usize>(start + index)) << 3;
      const rate = pixelRate + load<f64>(exposed + at);
      store<f64>(flux + at, max(FLOOR, load<f64>(block + ((<usize>index) << 3)) / rate));
    }
  }
}

/** Log prior density of the logarithms of all fluxes, up to a constant. */
export function logPixelPrior(flux: usize, pixels: i32): f64 {
  let logs = f64x2.splat(0);
  let sums = f64x2.splat(0);
  const even = (<usize>(pixels & ~1)) << 3;
  for (let at: usize = 0; at < even; at += 16) {
    const value = v128.load(flux + at);
    logs = f64x2.add(logs, logPair(value));
    sums = f64x2.add(sums, value);
  }
  let log = f64x2.extract_lane(logs, 0) + f64x2.extract_lane(logs, 1);
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  if (pixels & 1) {
    const value = load<f64>(flux + even);
    log += f64x2.extract_lane(logPair(f64x2.splat(value)), 0);
    sum += value;
  }
  return pixelShape * log - pixelRate * sum;
}
