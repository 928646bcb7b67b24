/** The map of local significance of a scan, and what remains of it when the number of places is accounted for. */

import { naturalLog } from "../data/random/exponential.js";
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
  /** The place of the largest excess: the middle of the apertures that share it, pixels from 0. */
  readonly peak: { readonly x: number; readonly y: number; readonly excess: number; readonly global: number };
  /** Largest excess anywhere in each replicate. */
  readonly nullPeaks: readonly number[];
}

/** Weight of the variance over all apertures against that of one aperture's own replicates. */
const SHARED_WEIGHT = 10;
/** Part of the largest excess that apertures of the same source have. */
const PLATEAU = 0.7;

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

  const logits = all.map(({ apertureMean }) =>
    apertureMean!.map((share) => {
      const safe = Math.min(Math.max(share, 1e-9), 1 - 1e-9);
      return naturalLog(safe / (1 - safe));
    }),
  );
  const excesses = excessesOf(logits);
  const nullPeaks = excesses
    .slice(1)
    .map((values) => values.reduce((most, value) => Math.max(most, value), -1e9));

  const bound = new Float64Array(apertures);
  const local = new Float64Array(apertures);
  const global = new Float64Array(apertures);
  for (let aperture = 0; aperture < apertures; aperture++) {
    bound[aperture] = boundOf(observed, nulls, aperture, draws, gamma);
    const shares = nulls.map(({ apertureMean }) => apertureMean![aperture]);
    local[aperture] = monteCarloP(observed.apertureMean![aperture], shares);
    global[aperture] = monteCarloP(excesses[0][aperture], nullPeaks);
  }
  const best = peakOf(excesses[0], rows, cols, scan.radius);
  const spreadOut = (values: Float64Array) => nearest(values, shape, rows, cols);
  return {
    radius: scan.radius,
    step: scan.step,
    excess: spreadOut(excesses[0]),
    bound: spreadOut(bound),
    local: spreadOut(local),
    global: spreadOut(global),
    peak: {
      x: cols[best % cols.length],
      y: rows[Math.floor(best / cols.length)],
      excess: excesses[0][best],
      global: global[best],
    },
    nullPeaks,
  };
}

/**
 * The most significant aperture. Apertures that hold the same source are about equally significant: the one nearest to the middle of
 * those about the largest excess is taken.
 */
function peakOf(
  excess: Float64Array,
  rows: readonly number[],
  cols: readonly number[],
  radius: number,
): number {
  const place = (aperture: number): [x: number, y: number] => [
    cols[aperture % cols.length],
    rows[Math.floor(aperture / cols.length)],
  ];
  let largest = 0;
  for (let aperture = 1; aperture < excess.length; aperture++) {
    if (excess[aperture] > excess[largest]) largest = aperture;
  }
  const [x0, y0] = place(largest);
  let [count, sumX, sumY] = [0, 0, 0];
  for (let aperture = 0; aperture < excess.length; aperture++) {
    const [x, y] = place(aperture);
    if (excess[aperture] < PLATEAU * excess[largest] || Math.hypot(x - x0, y - y0) > 2 * radius) continue;
    count++;
    sumX += x;
    sumY += y;
  }
  let best = largest;
  let nearest = Number.POSITIVE_INFINITY;
  for (let aperture = 0; aperture < excess.length && count > 0; aperture++) {
    const [x, y] = place(aperture);
    const distance = Math.hypot(x - sumX / count, y - sumY / count);
    if (distance < nearest && excess[aperture] >= PLATEAU * excess[largest]) {
      nearest = distance;
      best = aperture;
    }
  }
  return best;
}

/**
 * Excess of each data set over all others, in their standard deviations, in every aperture. Observation and replicates are treated
 * alike, so that under the null hypothesis any of them may have the largest.
 *
 * @param logits of the mean share, `[data sets][apertures]`
 */
function excessesOf(logits: readonly Float64Array[]): Float64Array[] {
  const count = logits.length;
  const apertures = logits[0].length;
  const sum = new Float64Array(apertures);
  for (const logit of logits) for (let at = 0; at < apertures; at++) sum[at] += logit[at] / count;
  // Squares about the mean of all: of the others they follow without cancellation.
  const squares = new Float64Array(apertures);
  for (const logit of logits)
    for (let at = 0; at < apertures; at++) squares[at] += (logit[at] - sum[at]) ** 2;
  // The median: places with a source must not widen the scale everywhere.
  const shared = squares.slice().sort()[Math.floor(apertures / 2)] / (count - 1);
  return logits.map((logit) =>
    logit.map((value, at) => {
      const distance = value - sum[at];
      const others = count - 1;
      const mean = sum[at] - distance / others;
      const rest = Math.max(0, squares[at] - (distance * distance * count) / others);
      const spread = (rest + SHARED_WEIGHT * shared) / (others - 1 + SHARED_WEIGHT);
      return spread > 0 ? (value - mean) / Math.sqrt(spread) : 0;
    }),
  );
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
    for (const { histogram } of nulls) nullsAbove += histogram![start + bin];
    const fraction = nullsAbove / draws / nulls.length;
    if (fraction > gamma) break;
    above += observed.histogram![start + bin];
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
        if (Math.abs(places[index] - at) < Math.abs(places[best] - at)) best = index;
      }
      return best;
    });
  const rowOf = closest(rows, ny);
  const colOf = closest(cols, nx);
  const data = new Float64Array(ny * nx);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) data[row * nx + col] = values[rowOf[row] * cols.length + colOf[col]];
  }
  return { data, shape: [ny, nx] };
}
