/** The map of local significance of a scan, and what remains of it when the number of places is accounted for. */

import { naturalLog } from "../data/exponential.js";
import type { Shape, SkyImage } from "../image.js";
import { apertureCentres, SCAN_BINS } from "./scan-meter.js";
import type { SignificanceRun, SignificanceTaskResult } from "./task.js";
import { monteCarloP } from "./upper-bound.js";

/**
 * Local significance in circular apertures. Maps are `[ny, nx]` of the image; each pixel holds what was found for the nearest
 * centre of an aperture.
 */
export interface LocalSignificance {
  readonly radius: number;
  readonly step: number;
  /** Excess of the share of the source over that of the nulls, in standard deviations of the nulls. */
  readonly excess: SkyImage;
  /** Bound on the local p-value by the test of Stein et al. */
  readonly bound: SkyImage;
  /** Local Monte Carlo p-value, by the rank of the mean share. */
  readonly local: SkyImage;
  /** p-value of the excess among the largest excesses anywhere in each replicate: holds for all places together. */
  readonly global: SkyImage;
  /** The place of the largest excess, pixels from 0. */
  readonly peak: { readonly x: number; readonly y: number; readonly excess: number; readonly global: number };
  /** Largest excess anywhere in each replicate. */
  readonly nullPeaks: readonly number[];
}

/** Weight of the variance over all apertures against that of one aperture's own replicates. */
const SHARED_WEIGHT = 10;

/** Evaluate the scans of a run; undefined when it has none. */
export function localSignificance(
  run: Pick<SignificanceRun, "scan" | "shape" | "gamma">,
  observed: SignificanceTaskResult,
  nulls: readonly SignificanceTaskResult[],
): LocalSignificance | undefined {
  const { scan, shape, gamma } = run;
  const all = [observed, ...nulls];
  if (scan === undefined || all.some(({ histogram }) => histogram === undefined)) return undefined;
  const { rows, cols } = apertureCentres(shape, scan);
  const apertures = rows.length * cols.length;
  const draws = observed.chains * observed.draws;

  // Observation and replicates are treated alike, so that under the null hypothesis any of them may be the largest.
  const logits = all.map(({ apertureMean }) =>
    apertureMean!.map((share) => {
      const safe = Math.min(Math.max(share, 1e-9), 1 - 1e-9);
      return naturalLog(safe / (1 - safe));
    }),
  );
  const centre = new Float64Array(apertures);
  const variance = new Float64Array(apertures);
  for (let aperture = 0; aperture < apertures; aperture++) {
    let sum = 0;
    for (const logit of logits) sum += logit[aperture]!;
    centre[aperture] = sum / all.length;
    for (const logit of logits)
      variance[aperture]! += (logit[aperture]! - centre[aperture]!) ** 2 / (all.length - 1);
  }
  // The median: places with a source must not widen the scale everywhere.
  const shared = variance.slice().sort()[Math.floor(apertures / 2)]!;
  const excesses = logits.map((logit) =>
    logit.map((value, aperture) => {
      const weight = all.length - 1;
      const spread = (weight * variance[aperture]! + SHARED_WEIGHT * shared) / (weight + SHARED_WEIGHT);
      return spread > 0 ? (value - centre[aperture]!) / Math.sqrt(spread) : 0;
    }),
  );
  const nullPeaks = excesses
    .slice(1)
    .map((values) => values.reduce((most, value) => Math.max(most, value), -1e9));

  const bound = new Float64Array(apertures);
  const local = new Float64Array(apertures);
  const global = new Float64Array(apertures);
  for (let aperture = 0; aperture < apertures; aperture++) {
    bound[aperture] = boundOf(observed, nulls, aperture, draws, gamma);
    const shares = nulls.map(({ apertureMean }) => apertureMean![aperture]!);
    local[aperture] = monteCarloP(observed.apertureMean![aperture]!, shares);
    global[aperture] = monteCarloP(excesses[0]![aperture]!, nullPeaks);
  }
  let best = 0;
  for (let aperture = 1; aperture < apertures; aperture++) {
    if (excesses[0]![aperture]! > excesses[0]![best]!) best = aperture;
  }
  const spreadOut = (values: Float64Array) => nearest(values, shape, rows, cols);
  return {
    radius: scan.radius,
    step: scan.step,
    excess: spreadOut(excesses[0]!),
    bound: spreadOut(bound),
    local: spreadOut(local),
    global: spreadOut(global),
    peak: {
      x: cols[best % cols.length]!,
      y: rows[Math.floor(best / cols.length)]!,
      excess: excesses[0]![best]!,
      global: global[best]!,
    },
    nullPeaks,
  };
}

/** The bound of Stein et al. from histograms: the tail value is the lowest edge of a bin with at most gamma above it. */
function boundOf(
  observed: SignificanceTaskResult,
  nulls: readonly SignificanceTaskResult[],
  aperture: number,
  draws: number,
  gamma: number,
): number {
  const start = aperture * SCAN_BINS;
  let nullsAbove = 0;
  let above = 0;
  let tail = 0;
  let test = 0;
  for (let bin = SCAN_BINS - 1; bin >= 0; bin--) {
    for (const { histogram } of nulls) nullsAbove += histogram![start + bin]!;
    const fraction = nullsAbove / draws / nulls.length;
    if (fraction > gamma) break;
    above += observed.histogram![start + bin]!;
    tail = fraction;
    test = above / draws;
  }
  // Without a null draw in the tail its probability is not 0 but below one draw: gamma bounds it.
  return test > 0 ? Math.min(1, (tail > 0 ? tail : gamma) / test) : 1;
}

function nearest(
  values: Float64Array,
  [ny, nx]: Shape,
  rows: readonly number[],
  cols: readonly number[],
): SkyImage {
  const closest = (places: readonly number[], size: number) =>
    Array.from({ length: size }, (_, at) => {
      let best = 0;
      for (let index = 1; index < places.length; index++) {
        if (Math.abs(places[index]! - at) < Math.abs(places[best]! - at)) best = index;
      }
      return best;
    });
  const rowOf = closest(rows, ny);
  const colOf = closest(cols, nx);
  const data = new Float64Array(ny * nx);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++)
      data[row * nx + col] = values[rowOf[row]! * cols.length + colOf[col]!]!;
  }
  return { data, shape: [ny, nx] };
}
