/** The null hypothesis: emission that needs no proof. Its images, its fit to counts, and draws of its parameters. */

import { invertCholesky } from "../data/law/patch-mixture.js";
import type { Boundary } from "../data/observation/boundary.js";
import { brightestPixel, positionOf } from "../data/observation/brightest-pixel.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { modulo } from "../data/observation/convolution.js";
import { psfCentroid } from "../data/observation/psf.js";
import { exponential, naturalLog } from "../data/random/exponential.js";
import { halfDeviance } from "../data/random/poisson.js";
import type { RandomStream } from "../data/random/random.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { imageSum, type Shape, type SkyImage } from "../image.js";
import { createForwardModel } from "../model/forward-model.js";
import { normalQuantile } from "../posterior/normal-quantile.js";
import { betaShape, gaussianShape, type NullShape, withPoint } from "./null-shape.js";

/**
 * What is there without the source in question.
 *
 * - `"background"`: the background as it was given;
 * - `"scale"`: the background times a factor for each observation;
 * - `"gaussian"`: the background plus a Gaussian and a constant;
 * - `"beta"`: the background plus a beta model and a constant;
 * - `"point"`: the background plus a point source and a constant, for example the core of a quasar;
 * - `"point+gaussian"`: the background plus a point source, a Gaussian and a constant.
 *
 * All but the first are fitted to the counts by maximum likelihood (the Cash statistic).
 */
export type NullKind = "background" | "scale" | "gaussian" | "beta" | "point" | "point+gaussian";

/** All kinds of null hypotheses. */
export const NULL_KINDS: readonly NullKind[] = [
  "background",
  "scale",
  "gaussian",
  "beta",
  "point",
  "point+gaussian",
];

/** A parameter of a null hypothesis with its error. */
export interface NullParameter {
  readonly name: string;
  readonly value: number;
  /** Standard error from the information matrix; of a logarithmic parameter to first order. */
  readonly error: number;
}

/** A null hypothesis, fitted. Plain data that JSON can carry. */
export interface FittedNull {
  readonly kind: NullKind;
  /** Of a Gaussian: two widths and an angle instead of one width. */
  readonly elliptical: boolean;
  /** Where the point is known to be; without it its place is a parameter. */
  readonly at?: PixelPosition;
  /** Parameters as they are fitted, logarithms among them; empty for `"background"`. */
  readonly theta: readonly number[];
  /** `W`, row-major, with `W^T W` the covariance of `theta`; a draw is `theta + W^T z` with normal z. */
  readonly root: readonly number[];
  /** For people. */
  readonly parameters: readonly NullParameter[];
  /** Cash statistic at the fit over the pixels used, `2 sum(lambda - counts ln lambda)` up to a constant of the counts. */
  readonly cash: number;
  readonly converged: boolean;
}

/** The hypothesis that the background explains everything, as it was given. */
export const GIVEN_BACKGROUND: FittedNull = {
  kind: "background",
  elliptical: false,
  theta: [],
  root: [],
  parameters: [],
  cash: Number.NaN,
  converged: true,
};

/** Which emission it is that a fit is of. */
type NullForm = Pick<FittedNull, "kind" | "elliptical" | "at">;

/** How to fit a null hypothesis. */
export interface FitNullOptions {
  readonly kind: NullKind;
  /** Default false. */
  readonly elliptical?: boolean;
  /** Of a point: its place `{ x, y }` in pixels from 0; default fitted. */
  readonly at?: PixelPosition;
  /** Default `"spill"`. */
  readonly boundary?: Boundary;
  /** Pixels `[ny, nx]` that the fit leaves out, 1 = leave out; default none. */
  readonly without?: SkyImage;
  /** Fit to begin from: one start instead of several. */
  readonly start?: readonly number[];
}

function shapeOf({ kind, elliptical, at }: NullForm, shape: Shape): NullShape {
  if (kind === "beta") return betaShape(shape);
  if (kind === "point") return withPoint(shape, at);
  const gaussian = gaussianShape(shape, elliptical);
  return kind === "gaussian" ? gaussian : withPoint(shape, at, gaussian);
}

/**
 * The baseline of each observation: everything that the null hypothesis expects, before exposure and psf.
 *
 * @param theta parameters as fitted; default those of the fit
 * @returns `[ny, nx]` each, in the unit of the flux
 */
export function nullBaselines(
  observations: readonly CheckedObservation[],
  form: NullForm & Pick<FittedNull, "theta">,
  theta: ArrayLike<number> = form.theta,
): SkyImage[] {
  const { kind } = form;
  if (kind === "background") return observations.map(({ background }) => background);
  const { shape } = observations[0].counts;
  if (kind === "scale") {
    return observations.map(({ background }, index) => {
      const scale = exponential(theta[index]);
      return { data: background.data.map((value) => scale * value), shape };
    });
  }
  const extra = new Float64Array(shape[0] * shape[1]);
  shapeOf(form, shape).add(theta, extra);
  return observations.map(({ background }) => ({
    data: background.data.map((value, index) => value + extra[index]),
    shape,
  }));
}

/**
 * Draw parameters of the null hypothesis from the normal approximation of their errors.
 *
 * Draws beyond the limits of the parameters are drawn again.
 */
export function drawNullParameters(
  observations: readonly CheckedObservation[],
  fitted: FittedNull,
  stream: RandomStream,
): number[] {
  const { kind, theta, root } = fitted;
  const count = theta.length;
  if (count === 0) return [];
  const limits = kind === "scale" ? undefined : shapeOf(fitted, observations[0].counts.shape).limits;
  for (let attempt = 0; attempt < 1000; attempt++) {
    const z = theta.map(() => normalQuantile(openUniform(stream)));
    const draw = theta.map((value, column) => {
      let sum = value;
      for (let row = 0; row < count; row++) sum += root[row * count + column] * z[row];
      return sum;
    });
    if (limits?.every(([low, high], index) => draw[index] >= low && draw[index] <= high) !== false) {
      return draw;
    }
  }
  return [...theta];
}

/** Uniform in (0, 1). */
function openUniform(stream: RandomStream): number {
  for (;;) {
    const value = stream.uniform();
    if (value > 0) return value;
  }
}

/**
 * Fit a null hypothesis to counts by the Cash statistic (Cash 1979), by Fisher scoring with damping (Levenberg & Marquardt).
 *
 * Standard errors are those of the expected information. A wide normal prior (5 in logarithms, the side of the image in
 * positions) keeps them finite where the counts say nothing about a parameter; it does not move the fit.
 *
 * @param observations checked
 * @throws InvalidInputError when a scale is to be fitted to a background of zeros, or nothing is left to fit
 */
export function fitNull(observations: readonly CheckedObservation[], options: FitNullOptions): FittedNull {
  const { kind, elliptical = false, at, boundary = "spill", without, start } = options;
  if (kind === "background") return GIVEN_BACKGROUND;
  const used = observations.map((observation) => leaveOut(observation, without, boundary));
  if (kind === "scale") return fitScales(used, boundary);
  return fitShape(used, { kind, elliptical, ...(at && { at }) }, boundary, start);
}

/** Nearest whole number of pixels, halves towards 0: an even psf is no displacement. */
function wholePixels(offset: number): number {
  return Math.sign(offset) * Math.ceil(Math.abs(offset) - 0.5 - 1e-9);
}

/** An observation with the detector pixels masked that see the pixels of `without` on the sky: where the psf brings their light. */
function leaveOut(
  observation: CheckedObservation,
  without: SkyImage | undefined,
  boundary: Boundary,
): CheckedObservation {
  if (without === undefined) return observation;
  const { mask, counts, psf } = observation;
  const [ny, nx] = counts.shape;
  const centroid = psfCentroid(psf);
  const shift = { x: wholePixels(centroid.x), y: wholePixels(centroid.y) };
  const inside = (place: number, size: number) => (boundary === "wrap" ? modulo(place, size) : place);
  const isOut = (index: number) => {
    const x = inside((index % nx) - shift.x, nx);
    const y = inside(Math.floor(index / nx) - shift.y, ny);
    return x >= 0 && x < nx && y >= 0 && y < ny && without.data[y * nx + x] !== 0;
  };
  const data = counts.data.map((_, index) => (mask?.data[index] === 0 || isOut(index) ? 0 : 1));
  if (!data.includes(1)) {
    throw new InvalidInputError(
      "null model: some pixels must lie outside of all regions to fit it there, got none; fit it to all pixels",
    );
  }
  return {
    ...observation,
    counts: { data: counts.data.map((value, index) => (data[index] === 1 ? value : 0)), shape: counts.shape },
    mask: { data, shape: counts.shape },
  };
}

function fitScales(observations: readonly CheckedObservation[], boundary: Boundary): FittedNull {
  const root = new Array<number>(observations.length ** 2).fill(0);
  let cash = 0;
  const theta = observations.map((observation, index) => {
    const model = createForwardModel(observation, { boundary });
    const [expected] = model.backgroundCounts() as [number];
    if (!(expected > 0)) {
      throw new InvalidInputError(
        `null model: the background of ${observation.name} must be > 0 somewhere for a scale to be fitted, got 0; give a background`,
      );
    }
    // No counts at all leave a scale of half a count, whose error says that it may be anything below.
    const counts = Math.max(model.totalCounts, 0.5);
    root[index * observations.length + index] = 1 / Math.sqrt(counts);
    model.setBackgroundScale([counts / expected]);
    cash += model.cash(new Float64Array(observation.counts.data.length));
    return naturalLog(counts / expected);
  });
  const parameters = theta.map((value, index): NullParameter => {
    const scale = exponential(value);
    const name = observations.length === 1 ? "scale" : `scale${index}`;
    return { name, value: scale, error: scale * root[index * observations.length + index] };
  });
  return { kind: "scale", elliptical: false, theta, root, parameters, cash, converged: true };
}

/** Fisher scoring at one point. */
interface Scoring {
  readonly half: number;
  readonly gradient: Float64Array;
  /** Information, row-major. */
  readonly information: Float64Array;
}

const STEPS = 80;
const DIFFERENCE = 1e-4;
const CONVERGED = 1e-7;
/** Longest step of a logarithm, and of a position in pixels. */
const LONGEST = { logarithm: 1, position: 3 } as const;

function fitShape(
  observations: readonly CheckedObservation[],
  which: NullForm,
  boundary: Boundary,
  given: readonly number[] | undefined,
): FittedNull {
  const { shape } = observations[0].counts;
  const model = createForwardModel(observations, { boundary });
  const form = shapeOf(which, shape);
  const count = form.names.length;
  const pixels = shape[0] * shape[1];
  const image = (theta: ArrayLike<number>) => {
    const out = new Float64Array(pixels);
    form.add(theta, out);
    return out;
  };
  const halfCash = (predicted: readonly SkyImage[]): number => {
    let half = 0;
    for (const [index, { counts, mask }] of observations.entries()) {
      const lambda = predicted[index].data;
      for (let pixel = 0; pixel < pixels; pixel++) {
        if (mask?.data[pixel] !== 0) half += halfDeviance(counts.data[pixel], lambda[pixel]);
      }
    }
    return half;
  };
  const evaluate = (theta: readonly number[]): Scoring => {
    const predicted = model.predict(image(theta));
    const derivatives = theta.map((value, parameter) => {
      const moved = (step: number) =>
        image(theta.map((other, index) => (index === parameter ? value + step : other)));
      const [above, below] = [moved(DIFFERENCE), moved(-DIFFERENCE)];
      return model.project(above.map((flux, pixel) => (flux - below[pixel]) / (2 * DIFFERENCE)));
    });
    const gradient = new Float64Array(count);
    const information = new Float64Array(count * count);
    for (const [index, { counts, mask }] of observations.entries()) {
      const lambda = predicted[index].data;
      for (let pixel = 0; pixel < pixels; pixel++) {
        if (mask?.data[pixel] === 0 || !(lambda[pixel] > 0)) continue;
        const excess = 1 - counts.data[pixel] / lambda[pixel];
        for (let a = 0; a < count; a++) {
          const slope = derivatives[a][index][pixel];
          gradient[a] += slope * excess;
          for (let b = 0; b <= a; b++) {
            information[a * count + b] += (slope * derivatives[b][index][pixel]) / lambda[pixel];
          }
        }
      }
    }
    for (let a = 0; a < count; a++)
      for (let b = a + 1; b < count; b++) information[a * count + b] = information[b * count + a];
    return { half: halfCash(predicted), gradient, information };
  };
  const clamp = (theta: readonly number[]) =>
    theta.map((value, index) => Math.min(Math.max(value, form.limits[index][0]), form.limits[index][1]));

  const descend = (start: readonly number[]) => {
    let theta = clamp(start);
    let here = evaluate(theta);
    let damping = 1e-3;
    let quiet = 0;
    for (let step = 0; step < STEPS && quiet < 2 && damping < 1e8; step++) {
      const direction = solve(here.information, here.gradient, damping, count);
      const next = clamp(
        theta.map((value, index) => {
          const longest = form.logarithmic[index] ? LONGEST.logarithm : LONGEST.position;
          return value - Math.min(Math.max(direction[index], -longest), longest);
        }),
      );
      const half = halfCash(model.predict(image(next)));
      if (half <= here.half) {
        quiet = here.half - half < CONVERGED * Math.max(1, here.half) ? quiet + 1 : 0;
        theta = next;
        here = evaluate(theta);
        damping = Math.max(damping / 8, 1e-9);
      } else damping *= 6;
    }
    return { theta, here, converged: quiet >= 2 || damping >= 1e8 };
  };

  const trials = (given === undefined ? starts(observations, form) : [given]).map(descend);
  const best = trials.reduce((least, trial) => (trial.here.half < least.here.half ? trial : least));
  const root = covarianceRoot(best.here.information, form, shape);
  const parameters = form.names.map((name, index): NullParameter => {
    let variance = 0;
    for (let row = 0; row < count; row++) variance += root[row * count + index] ** 2;
    const value = form.logarithmic[index] ? exponential(best.theta[index]) : best.theta[index];
    return { name, value, error: (form.logarithmic[index] ? value : 1) * Math.sqrt(variance) };
  });
  return {
    ...which,
    theta: best.theta,
    root: [...root],
    parameters,
    cash: model.cash(image(best.theta)),
    converged: best.converged,
  };
}

/** `W^T W gradient` with `W^T W` the inverse of the information, its diagonal enlarged. */
function solve(
  information: Float64Array,
  gradient: Float64Array,
  damping: number,
  count: number,
): Float64Array {
  const root = new Float64Array(count * count);
  for (let more = damping; ; more *= 10) {
    const damped = information.slice();
    for (let a = 0; a < count; a++) damped[a * count + a] += more * (damped[a * count + a] + 1e-9);
    if (Number.isFinite(invertCholesky(damped, root, count))) break;
    if (more > 1e12) return new Float64Array(count);
  }
  const projected = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column <= row; column++)
      projected[row] += root[row * count + column] * gradient[column];
  }
  const result = new Float64Array(count);
  for (let column = 0; column < count; column++) {
    for (let row = column; row < count; row++) result[column] += root[row * count + column] * projected[row];
  }
  return result;
}

/** `W` of `FittedNull.root`, with the wide prior of `fitNull`. */
function covarianceRoot(information: Float64Array, form: NullShape, shape: Shape): Float64Array {
  const count = form.names.length;
  const posterior = information.slice();
  for (let a = 0; a < count; a++) {
    const width = form.logarithmic[a] || form.names[a] === "artanhRho" ? 5 : Math.max(...shape);
    posterior[a * count + a] += 1 / width ** 2;
  }
  const root = new Float64Array(count * count);
  invertCholesky(posterior, root, count);
  return root;
}

/** Several places and sizes to begin from. */
function starts(observations: readonly CheckedObservation[], form: NullShape): number[][] {
  const { counts, exposure, background, mask } = observations[0];
  const { shape } = counts;
  let exposed = 0;
  for (let pixel = 0; pixel < counts.data.length; pixel++)
    exposed += mask?.data[pixel] === 0 ? 0 : exposure.data[pixel];
  const mean = imageSum(counts) / Math.max(exposed, 1e-300);
  const known = imageSum(background) / counts.data.length;
  const excess = Math.max(mean - known, 0.02 * mean, 1e-9);
  const pixels = counts.data.length;
  const centre = { x: (shape[1] - 1) / 2, y: (shape[0] - 1) / 2 };
  const peak = positionOf(brightestPixel(blurred(counts), mask), shape);
  const side = Math.min(...shape);
  return [peak, centre].flatMap(({ x, y }) =>
    [side / 12, side / 5, side / 2].map((size) =>
      form.start({ x, y, size: Math.max(size, 1.5), total: 0.5 * excess * pixels, constant: 0.5 * excess }),
    ),
  );
}

/** Sums over 5 x 5 pixels. */
function blurred({ data, shape }: SkyImage): SkyImage {
  const [ny, nx] = shape;
  const out = new Float64Array(data.length);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      for (let r = Math.max(0, row - 2); r <= Math.min(ny - 1, row + 2); r++) {
        for (let c = Math.max(0, col - 2); c <= Math.min(nx - 1, col + 2); c++) {
          out[row * nx + col] += data[r * nx + c];
        }
      }
    }
  }
  return { data: out, shape };
}
