/** The share of the source in circular apertures all over the image. */

import type { CheckedObservation } from "../data/observation/check-observation.js";
import { naturalLog } from "../data/random/exponential.js";
import type { Shape } from "../image.js";
import { exposedBaselines } from "../photometry/region-meter.js";

/** Apertures of a scan: circles of one radius, centred on every `step`-th pixel of rows and columns. Plain data. */
export interface ScanPlan {
  /** Pixels, > 0. */
  readonly radius: number;
  /** Pixels between centres, a whole number >= 1. */
  readonly step: number;
}

/** Draws by the ratio of source to baseline photons, `[apertures, bins]`, and the mean share of the source. */
export interface ScanResult {
  readonly histogram: Uint32Array;
  readonly apertureMean: Float64Array;
}

/** Bins of the ratio `tau1 / tau0`: 20 a decade from 1e-6 to 1e6; what lies beyond goes into the outer ones. */
export const SCAN_BINS = 240;
const BINS_PER_DECADE = 20;
const LOWEST_DECADE = -6;

/** Centres of the apertures, rows first. */
export function apertureCentres([ny, nx]: Shape, { step }: ScanPlan): { rows: number[]; cols: number[] } {
  const places = (size: number) => {
    const first = Math.floor(((size - 1) % step) / 2);
    return Array.from(
      { length: Math.floor((size - 1 - first) / step) + 1 },
      (_, index) => first + index * step,
    );
  };
  return { rows: places(ny), cols: places(nx) };
}

/**
 * Set up a scan.
 *
 * @param observations with the baseline of the null hypothesis as background
 */
export function scanMeter(
  observations: readonly CheckedObservation[],
  plan: ScanPlan,
): { add(flux: ArrayLike<number>, scale: ArrayLike<number>): void; result(): ScanResult } {
  const { shape } = observations[0].counts;
  const [ny, nx] = shape;
  const { rows, cols } = apertureCentres(shape, plan);
  const { exposure, baselines } = exposedBaselines(observations);
  const reach = Math.floor(plan.radius + 1e-9);
  const halves = Array.from({ length: 2 * reach + 1 }, (_, index) =>
    Math.floor(Math.sqrt((plan.radius + 1e-9) ** 2 - (index - reach) ** 2)),
  );
  const running = new Float64Array(ny * (nx + 1));
  const apertures = rows.length * cols.length;

  /** Sums over all apertures, from running sums along the rows. */
  const sums = (value: (pixel: number) => number, out: Float64Array): void => {
    for (let row = 0; row < ny; row++) {
      let sum = 0;
      for (let col = 0; col < nx; col++) {
        sum += value(row * nx + col);
        running[row * (nx + 1) + col + 1] = sum;
      }
    }
    let at = 0;
    for (const row of rows) {
      for (const col of cols) {
        let sum = 0;
        for (let line = Math.max(0, row - reach); line <= Math.min(ny - 1, row + reach); line++) {
          const half = halves[line - row + reach];
          const start = line * (nx + 1);
          sum += running[start + Math.min(nx, col + half + 1)] - running[start + Math.max(0, col - half)];
        }
        out[at++] = sum;
      }
    }
  };

  const tau0 = baselines.map((baseline) => {
    const out = new Float64Array(apertures);
    sums((pixel) => baseline[pixel], out);
    return out;
  });
  const tau1 = new Float64Array(apertures);
  const histogram = new Uint32Array(apertures * SCAN_BINS);
  const total = new Float64Array(apertures);
  let draws = 0;
  return {
    add(flux, scale) {
      sums((pixel) => flux[pixel] * exposure[pixel], tau1);
      draws++;
      for (let aperture = 0; aperture < apertures; aperture++) {
        let base = 0;
        for (let m = 0; m < tau0.length; m++) base += scale[m] * tau0[m][aperture];
        const source = Math.max(0, tau1[aperture]);
        total[aperture] += source + base > 0 ? source / (source + base) : 0;
        const decades =
          source > 0 && base > 0 ? naturalLog(source / base) / Math.LN10 : source > 0 ? 99 : -99;
        const bin = Math.floor((decades - LOWEST_DECADE) * BINS_PER_DECADE);
        histogram[aperture * SCAN_BINS + Math.min(Math.max(bin, 0), SCAN_BINS - 1)]++;
      }
    },
    result: () => ({ histogram, apertureMean: total.map((sum) => sum / Math.max(draws, 1)) }),
  };
}
