// Steps 2 and 7 of the sweep: the photons of the source among those assigned to sky pixels, and the scale of the background.

import { drawBinomial } from "./count-draws";
import { Observation, observationAt, observationCount } from "./observation";
import { drawGamma } from "./random";
import { imageRunsOf } from "./runs";

/**
 * Split the photons of each sky pixel into source and background,
 * `y ~ Binomial(n, flux / (flux + scale * background))`, and add up the source photons of all observations. Where the background is
 * apart, its photons have not been assigned to sky pixels at all.
 *
 * @param flux f64 `[ny, nx]`, > 0
 * @param sourceCounts i32 `[ny, nx]`, overwritten; or the photons themselves, of one observation without a background
 */
export function splitBackground(flux: usize, sourceCounts: usize, ny: i32, nx: i32): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (!item.apart) item.backgroundPhotons = 0;
    if (item.photons === sourceCounts) continue;
    for (let row = 0; row < ny; row++) {
      for (let run = imageRunsOf(row); load<i32>(run) >= 0; run += 8) {
        const first = <usize>(row * nx + load<i32>(run));
        const end = <usize>(row * nx + load<i32>(run, 4));
        if (item.background !== 0 && !item.apart) splitRun(item, flux, sourceCounts, first, end, index === 0);
        else addRun(item.photons, sourceCounts, first, end, index === 0);
      }
    }
  }
}

/** Take over the photons of the pixels from `first` up to `end`, or add them to those of other observations. */
function addRun(photons: usize, sourceCounts: usize, first: usize, end: usize, areFirst: bool): void {
  if (areFirst) {
    memory.copy(sourceCounts + (first << 2), photons + (first << 2), (end - first) << 2);
    return;
  }
  for (let at = first << 2; at < end << 2; at += 4) {
    store<i32>(sourceCounts + at, load<i32>(sourceCounts + at) + load<i32>(photons + at));
  }
}

/** The same where some of the photons are of the background. */
function splitRun(
  item: Observation,
  flux: usize,
  sourceCounts: usize,
  first: usize,
  end: usize,
  areFirst: bool,
): void {
  const scale = item.scale;
  let removed: f64 = 0;
  for (let pixel = first; pixel < end; pixel++) {
    let counts = load<i32>(item.photons + (pixel << 2));
    if (counts > 0) {
      const source = load<f64>(flux + (pixel << 3));
      const total = source + scale * load<f64>(item.background + (pixel << 3));
      const kept = <i32>drawBinomial(<f64>counts, source / total);
      removed += <f64>(counts - kept);
      counts = kept;
    }
    const at = sourceCounts + (pixel << 2);
    store<i32>(at, areFirst ? counts : load<i32>(at) + counts);
  }
  item.backgroundPhotons += removed;
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
