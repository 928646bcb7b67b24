/** How much better a source in a region explains the counts than the null hypothesis alone does. */

import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { naturalLog } from "../data/random/exponential.js";
import { createForwardModel } from "../model/forward-model.js";
import type { RegionPixels } from "../photometry/region-meter.js";

/** Halvings of the interval in which the best flux lies: to the last bits of a double. */
const HALVINGS = 60;

/**
 * For each region twice the logarithm of `max_s L(null + s source) / L(null)`, s >= 0, over all pixels in use: 0 where the null has no want of a
 * source. The source shines evenly over the region, through exposure and psf; the null is the background of the observations.
 *
 * By Wilks's theorem about half of the values are 0 and the others follow chi^2 with one degree of freedom when the null is true and known
 * (Protassov et al. 2002, ApJ 571, 545, for where it fails); the rank among replicates needs no such law.
 *
 * @param observations checked, their background being the baseline of the null
 */
export function likelihoodRatios(
  observations: readonly CheckedObservation[],
  regions: readonly RegionPixels[],
  boundary: Boundary,
): number[] {
  const model = createForwardModel(observations, { boundary });
  const [ny, nx] = model.grid.shape;
  const expected = model.predict(new Float64Array(ny * nx));
  return regions.map(({ pixels, weights }) => {
    const source = new Float64Array(ny * nx);
    for (const [index, pixel] of pixels.entries()) source[pixel] = weights?.[index] ?? 1;
    const seen = model.project(source);
    // Pixels that see the source: their counts, what the null expects there, and what a source of flux 1 adds.
    const counts: number[] = [];
    const other: number[] = [];
    const unit: number[] = [];
    for (const [index, { counts: observed, mask }] of observations.entries()) {
      for (let pixel = 0; pixel < ny * nx; pixel++) {
        if (mask?.data[pixel] === 0 || !(seen[index][pixel] > 0)) continue;
        counts.push(observed.data[pixel]);
        other.push(Math.max(0, expected[index].data[pixel]));
        unit.push(seen[index][pixel]);
      }
    }
    const all = unit.reduce((sum, value) => sum + value, 0);
    const slope = (flux: number) =>
      unit.reduce((sum, value, at) => sum + (counts[at] * value) / (other[at] + flux * value), -all);
    if (!(slope(0) > 0)) return 0;
    // The source cannot explain more than all counts.
    let [low, high] = [0, counts.reduce((sum, value) => sum + value, 0) / all];
    for (let step = 0; step < HALVINGS; step++) {
      const middle = (low + high) / 2;
      if (slope(middle) > 0) low = middle;
      else high = middle;
    }
    const gain = unit.reduce((sum, value, at) => {
      const better = counts[at] === 0 ? 0 : counts[at] * naturalLog((other[at] + high * value) / other[at]);
      return sum + better - high * value;
    }, 0);
    return 2 * Math.max(0, gain);
  });
}
