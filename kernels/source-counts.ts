// Steps 2, 3 and 7 of the sweep: from photons assigned to sky pixels to the complete source counts that the
// multiscale prior is conjugate to, and the scale of the background.

import { observationAt, observationCount } from "./observation";
import { drawBinomial, drawGamma, drawPoisson, drawUniform } from "./random";

/**
 * Split the photons of each sky pixel into source and background,
 * `y ~ Binomial(n, flux / (flux + scale * background))`, and add up the source photons of all observations. Where the background is
 * apart, its photons have not been assigned to sky pixels at all.
 *
 * @param flux f64 `[ny, nx]`, > 0
 * @param sourceCounts i32 `[ny, nx]`, overwritten
 */
export function splitBackground(flux: usize, sourceCounts: usize, pixels: i32): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    const photons = item.photons;
    const background = item.background;
    if (!item.apart) item.backgroundPhotons = 0;
    if (background === 0 || item.apart) {
      if (index === 0) {
        memory.copy(sourceCounts, photons, (<usize>pixels) << 2);
      } else {
        for (let at: usize = 0; at < (<usize>pixels) << 2; at += 4) {
          store<i32>(sourceCounts + at, load<i32>(sourceCounts + at) + load<i32>(photons + at));
        }
      }
    } else {
      const scale = item.scale;
      let removed: f64 = 0;
      for (let pixel: usize = 0; pixel < <usize>pixels; pixel++) {
        let counts = load<i32>(photons + (pixel << 2));
        if (counts > 0) {
          const source = load<f64>(flux + (pixel << 3));
          const total = source + scale * load<f64>(background + (pixel << 3));
          const kept = <i32>drawBinomial(<f64>counts, source / total);
          removed += <f64>(counts - kept);
          counts = kept;
        }
        const at = sourceCounts + (pixel << 2);
        store<i32>(at, index === 0 ? counts : load<i32>(at) + counts);
      }
      item.backgroundPhotons = removed;
    }
  }
}

/**
 * Add the source photons that a detector with the reference exposure everywhere and nothing lost would have seen in
 * addition, `y += Poisson((E0 - E) * flux)`, so that `y` is Poisson with mean `E0 * flux`.
 *
 * The Poisson number of a whole row is drawn first and its photons then dealt to the pixels: the same law as one
 * Poisson number for each pixel, which is what rows with many missing photons use.
 *
 * @param flux f64 `[ny, nx]`, > 0
 * @param missing f64 `[ny, nx]`, E0 - E >= 0
 * @param sourceCounts i32 `[ny, nx]`, added to
 * @returns false when more than 10^9 photons are missing: with 2^30 observed ones, sums might leave i32
 */
export function addMissingCounts(flux: usize, missing: usize, sourceCounts: usize, ny: i32, nx: i32): bool {
  let expected: f64 = 0;
  for (let row = 0; row < ny; row++) {
    const start = <usize>(row * nx);
    const source = flux + (start << 3);
    const share = missing + (start << 3);
    const counts = sourceCounts + (start << 2);
    let mean: f64 = 0;
    for (let col: usize = 0; col < <usize>nx; col++) {
      mean += load<f64>(share + (col << 3)) * load<f64>(source + (col << 3));
    }
    if (mean === 0) continue;
    expected += mean;
    if (!(expected < 1e9)) return false;
    if (mean > <f64>nx) {
      for (let col: usize = 0; col < <usize>nx; col++) {
        const at = counts + (col << 2);
        const pixelMean = load<f64>(share + (col << 3)) * load<f64>(source + (col << 3));
        if (pixelMean > 0) store<i32>(at, load<i32>(at) + <i32>drawPoisson(pixelMean));
      }
    } else {
      for (let photons = <i32>drawPoisson(mean); photons > 0; photons--) {
        let target = drawUniform() * mean;
        let last: usize = 0;
        for (let col: usize = 0; col < <usize>nx; col++) {
          const pixelMean = load<f64>(share + (col << 3)) * load<f64>(source + (col << 3));
          if (pixelMean > 0) last = col;
          target -= pixelMean;
          if (target < 0) break;
        }
        const at = counts + (last << 2);
        store<i32>(at, load<i32>(at) + 1);
      }
    }
  }
  return true;
}

/**
 * Draw the scale of each observation's background from its conditional,
 * `Gamma(background photons + shape, rate + sum_j exposure q background)`.
 */
export function drawBackgroundScale(shape: f64, rate: f64): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (item.background === 0 || item.backgroundCounts === 0) continue;
    item.scale = drawGamma(item.backgroundPhotons + shape) / (rate + item.backgroundCounts);
  }
}
