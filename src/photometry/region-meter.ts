/** What is measured of each region in each draw of the flux. */

import type { SkyImage } from "../image.js";

/** A region, sparse. Plain data that JSON can carry. */
export interface RegionPixels {
  readonly name: string;
  /** Indices `row * nx + col`, ascending. */
  readonly pixels: readonly number[];
  /** Weight of each pixel in (0, 1]; left out when all are 1. */
  readonly weights?: readonly number[];
}

/**
 * Values of every region in every draw, `[regions, chains, draws]`.
 *
 * - `xi`: share of the source, `tau1 / (tau1 + tau0)` (Stein et al. 2015), both in expected photons of all observations:
 *   `tau1 = sum w exposure flux`, `tau0 = sum w exposure scale baseline`;
 * - `source`: `tau1`;
 * - `flux`: `sum w flux`, in the unit of the flux;
 * - `x`, `y`: centroid of the flux in pixels from 0;
 * - `width`: root mean square distance from the centroid along an axis, `sqrt((var x + var y) / 2)`, in pixels.
 */
export interface RegionMeter {
  readonly values: Readonly<Record<string, Float64Array>>;
  /** Measure one draw. @param scale of the background of each observation */
  add(chain: number, draw: number, flux: ArrayLike<number>, scale: ArrayLike<number>): void;
}

/** What of an observation the flux of a region becomes counts by; `[ny, nx]` each, on the pixels of the draws. */
export interface ExposedSky {
  readonly exposure: SkyImage;
  readonly background: SkyImage;
}

/** Exposed photons of unit flux, and of the baseline of each observation, in every pixel. */
export function exposedBaselines(observations: readonly ExposedSky[]): {
  readonly exposure: Float64Array;
  readonly baselines: readonly Float64Array[];
} {
  const exposure = new Float64Array(observations[0].exposure.data.length);
  for (const { exposure: seen } of observations) {
    for (let pixel = 0; pixel < exposure.length; pixel++) exposure[pixel] += seen.data[pixel];
  }
  const baselines = observations.map(({ exposure: seen, background }) =>
    background.data.map((value, pixel) => value * seen.data[pixel]),
  );
  return { exposure, baselines };
}

/**
 * Set up the measurement of regions.
 *
 * @param observations with the baseline of the null hypothesis as background
 * @param products measure everything, else `xi` alone
 */
export function regionMeter(
  observations: readonly ExposedSky[],
  regions: readonly RegionPixels[],
  {
    chains,
    draws,
    products,
  }: { readonly chains: number; readonly draws: number; readonly products: boolean },
): RegionMeter {
  const [, nx] = observations[0].exposure.shape;
  const { exposure, baselines } = exposedBaselines(observations);
  const size = regions.length * chains * draws;
  const names = products ? ["xi", "source", "flux", "x", "y", "width"] : ["xi"];
  const values: Record<string, Float64Array> = Object.fromEntries(
    names.map((name) => [name, new Float64Array(size)]),
  );
  const tau0 = regions.map(({ pixels, weights }) =>
    baselines.map((baseline) => {
      let sum = 0;
      for (const [index, pixel] of pixels.entries()) sum += (weights?.[index] ?? 1) * baseline[pixel];
      return sum;
    }),
  );
  return {
    values,
    add(chain, draw, flux, scale) {
      for (const [number, { pixels, weights }] of regions.entries()) {
        const at = (number * chains + chain) * draws + draw;
        let tau1 = 0;
        let total = 0;
        let sumX = 0;
        let sumY = 0;
        let squares = 0;
        for (let index = 0; index < pixels.length; index++) {
          const pixel = pixels[index];
          const value = (weights?.[index] ?? 1) * flux[pixel];
          tau1 += value * exposure[pixel];
          if (!products) continue;
          const row = Math.floor(pixel / nx);
          const col = pixel - row * nx;
          total += value;
          sumX += value * col;
          sumY += value * row;
          squares += value * (col * col + row * row);
        }
        let base = 0;
        for (const [m, counts] of tau0[number].entries()) base += scale[m] * counts;
        values.xi![at] = tau1 + base > 0 ? tau1 / (tau1 + base) : 0;
        if (!products) continue;
        const x = sumX / total;
        const y = sumY / total;
        values.source![at] = tau1;
        values.flux![at] = total;
        values.x![at] = x;
        values.y![at] = y;
        values.width![at] = Math.sqrt(Math.max(0, squares / total - x * x - y * y) / 2);
      }
    },
  };
}
