/** Images of the models that a null hypothesis may hold: a constant, a Gaussian or a beta model on one, and a point with any of them. */

import { pointLight } from "../data/observation/point-light.js";
import { exponential, naturalLog } from "../data/random/exponential.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";

/** Emission that is fitted: its parameters, their limits, and its image. */
export interface NullShape {
  /** Names of the parameters as they are reported. */
  readonly names: readonly string[];
  /** Which parameters are fitted by their logarithm. */
  readonly logarithmic: readonly boolean[];
  /** Limits of the fitted parameters (of the logarithms where `logarithmic`). */
  readonly limits: readonly (readonly [low: number, high: number])[];
  /** Flux of every pixel at fitted parameters, added to `out` `[ny, nx]`. */
  readonly add: (theta: ArrayLike<number>, out: Float64Array) => void;
  /** Fitted parameters to begin from, for a total flux in the shape and the flux of a constant pixel. */
  readonly start: (place: {
    readonly x: number;
    readonly y: number;
    readonly size: number;
    readonly total: number;
    readonly constant: number;
  }) => number[];
}

/** Full width at half maximum of a Gaussian of unit standard deviation, `2 sqrt(2 ln 2)`. */
const FWHM = 2.3548200450309493;
/** Smallest standard deviation in pixels: a narrower one is a point, which is no smooth null. */
const NARROWEST = 0.5;
/** Logarithm of the least flux that is told from none. */
const FAINTEST = -30;
const BRIGHTEST = 60;
const TWO_PI = 6.283185307179586;

/** The same flux in every pixel. */
function constantShape(): NullShape {
  return {
    names: ["constant"],
    logarithmic: [true],
    limits: [[FAINTEST, BRIGHTEST]],
    start: ({ constant }) => [naturalLog(constant)],
    add(theta, out) {
      const constant = exponential(theta[0]);
      for (let index = 0; index < out.length; index++) out[index] += constant;
    },
  };
}

/**
 * A point, and something else. Between pixels the light of the point is shared among the four around it, so that its mean place is right; half
 * way between two that adds a quarter of a square pixel to the variance of its image along each axis.
 *
 * @param at place `{ x, y }` in pixels where the point is known to be; without it the place is fitted
 * @param rest what shines beside it; default the same flux in every pixel
 */
export function withPoint(shape: Shape, at: PixelPosition | undefined, rest = constantShape()): NullShape {
  const [ny, nx] = shape;
  const own = at === undefined ? 3 : 1;
  return {
    names: ["point", "pointX", "pointY"].slice(0, own).concat(rest.names),
    logarithmic: [true, false, false].slice(0, own).concat(rest.logarithmic),
    limits: [
      [FAINTEST, BRIGHTEST] as const,
      ...(at === undefined
        ? ([
            [0, nx - 1],
            [0, ny - 1],
          ] as const)
        : []),
      ...rest.limits,
    ],
    start: (place) => [
      naturalLog(place.total),
      ...(at === undefined ? [place.x, place.y] : []),
      ...rest.start(place),
    ],
    add(theta, out) {
      const flux = exponential(theta[0]);
      const light = pointLight(at ?? { x: theta[1], y: theta[2] }, shape);
      for (const [pixel, part] of light.entries()) out[pixel] += flux * part;
      rest.add(Float64Array.from(theta).subarray(own), out);
    },
  };
}

/**
 * A Gaussian on a constant: `total / (2 pi s^2) exp(-r^2 / 2 s^2) + constant`, taken at the centres of pixels.
 *
 * @param elliptical with two widths and a correlation `rho` (fitted as `artanh rho`), else round
 */
export function gaussianShape([ny, nx]: Shape, elliptical: boolean): NullShape {
  const widths: readonly [number, number] = [naturalLog(NARROWEST), naturalLog(2 * Math.max(ny, nx))];
  const flux: readonly [number, number] = [FAINTEST, BRIGHTEST];
  const place = [
    [-0.5, nx - 0.5],
    [-0.5, ny - 0.5],
  ] as const;
  return {
    names: elliptical
      ? ["total", "x", "y", "sigmaX", "sigmaY", "artanhRho", "constant"]
      : ["total", "x", "y", "sigma", "constant"],
    logarithmic: elliptical
      ? [true, false, false, true, true, false, true]
      : [true, false, false, true, true],
    limits: elliptical ? [flux, ...place, widths, widths, [-2.5, 2.5], flux] : [flux, ...place, widths, flux],
    start: ({ x, y, size, total, constant }) => {
      const width = naturalLog(size / FWHM);
      const ends = [naturalLog(total), x, y, width];
      return elliptical ? [...ends, width, 0, naturalLog(constant)] : [...ends, naturalLog(constant)];
    },
    add(theta, out) {
      const x0 = theta[1];
      const y0 = theta[2];
      const sx = exponential(theta[3]);
      const sy = elliptical ? exponential(theta[4]) : sx;
      const twice = elliptical ? exponential(2 * theta[5]) : 1;
      const rho = (twice - 1) / (twice + 1);
      const free = 1 - rho * rho;
      const peak = exponential(theta[0]) / (TWO_PI * sx * sy * Math.sqrt(free));
      const constant = exponential(theta[theta.length - 1]);
      if (!elliptical) {
        // The product of a curve along x and one along y: as many exponentials as the sides have pixels.
        const along = (size: number, middle: number) =>
          Float64Array.from({ length: size }, (_, at) => exponential(-0.5 * ((at - middle) / sx) ** 2));
        const [down, across] = [along(ny, y0), along(nx, x0)];
        for (let row = 0, index = 0; row < ny; row++) {
          for (let col = 0; col < nx; col++, index++) out[index] += constant + peak * down[row] * across[col];
        }
        return;
      }
      for (let row = 0, index = 0; row < ny; row++) {
        const v = (row - y0) / sy;
        for (let col = 0; col < nx; col++, index++) {
          const u = (col - x0) / sx;
          out[index] += constant + peak * exponential((-0.5 * (u * u - 2 * rho * u * v + v * v)) / free);
        }
      }
    },
  };
}

/**
 * A beta model on a constant: `peak (1 + r^2 / core^2)^-slope + constant` (Cavaliere & Fusco-Femiano 1976, A&A 49, 137, with
 * `slope = 3 beta - 1/2`).
 */
export function betaShape([ny, nx]: Shape): NullShape {
  const flux: readonly [number, number] = [FAINTEST, BRIGHTEST];
  return {
    names: ["peak", "x", "y", "core", "slope", "constant"],
    logarithmic: [true, false, false, true, true, true],
    limits: [
      flux,
      [-0.5, nx - 0.5],
      [-0.5, ny - 0.5],
      [naturalLog(NARROWEST), naturalLog(2 * Math.max(ny, nx))],
      [naturalLog(0.5), naturalLog(20)],
      flux,
    ],
    start: ({ x, y, size, total, constant }) => {
      const core = size / 2;
      // The integral over the plane is pi core^2 peak / (slope - 1), for slope 3/2 twice pi core^2 peak.
      const peak = total / (TWO_PI * core * core);
      return [naturalLog(peak), x, y, naturalLog(core), naturalLog(1.5), naturalLog(constant)];
    },
    add(theta, out) {
      const peak = exponential(theta[0]);
      const x0 = theta[1];
      const y0 = theta[2];
      const scale = exponential(-2 * theta[3]);
      const slope = exponential(theta[4]);
      const constant = exponential(theta[5]);
      for (let row = 0, index = 0; row < ny; row++) {
        const v = (row - y0) ** 2;
        for (let col = 0; col < nx; col++, index++) {
          const u = 1 + scale * ((col - x0) ** 2 + v);
          out[index] += constant + peak * exponential(-slope * naturalLog(u));
        }
      }
    },
  };
}
