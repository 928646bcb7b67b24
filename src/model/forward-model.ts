import { checkChoice } from "../choice.js";
import { type Boundary, checkBoundary } from "../data/observation/boundary.js";
import {
  type CheckedObservation,
  checkObservations,
  observationList,
} from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { psfAxes } from "../data/observation/psf-ensemble.js";
import { InvalidInputError } from "../errors.js";
import { type Shape, type SkyImage, sameShape } from "../image.js";
import { instantiateModelKernels, reserve } from "../model-kernels.js";
import { referenceExposure } from "./exposure.js";
import { type ObservationModel, observationModel } from "./observation-model.js";
import { checkOffsets, type SkyGrid, type SkyGridOptions, skyGrid, withinSky } from "./sky-grid.js";
import { type Margin, resolveMargin } from "./sky-margin.js";

/** Options of `createForwardModel`. */
export interface ForwardModelOptions extends Omit<SkyGridOptions, "margin"> {
  /**
   * Detector pixels by which the sky goes beyond the frame on every side, whole >= 0, or `"auto"`: as far as the data need
   * (`automaticMargin`); default 0.
   */
  readonly margin?: Margin;
  /** Default `"spill"`. */
  readonly boundary?: Boundary;
  /**
   * Pixels in which the psfs are given: those of the detector (default; on a finer sky they are interpolated), or those of
   * the sky.
   */
  readonly psfPixels?: "detector" | "sky";
  /**
   * Where the pixel (0, 0) of each observation lies on the sky, in detector pixels, any finite numbers; default (0, 0). A
   * source at sky position x is seen at `x - offset.x` of that observation. Detector pixels beyond the edge of the sky are not
   * used; a `margin` makes the sky larger.
   */
  readonly offsets?: readonly { readonly x: number; readonly y: number }[];
  /** Scale of each observation's background to start from, >= 0; default 1. */
  readonly backgroundScale?: readonly number[];
  /** How to blur, for tests and benchmarks; default by measured costs. */
  readonly blurring?: "automatic" | "sums" | "transforms";
}

/**
 * What one sky predicts for one or several observations.
 *
 *     lambda[m,i] = sum over sky pixels j of (binned, displaced) psf[m][i - j + c] exposure[m,j] (flux[j] + scale[m] background[m,j])
 *
 * Fluxes are per sky pixel: expected counts for unit exposure.
 */
export interface ForwardModel {
  readonly grid: SkyGrid;
  /** `[ny, nx]` of the sky. */
  readonly shape: Shape;
  readonly boundary: Boundary;
  /** The observations, checked. */
  readonly observations: readonly CheckedObservation[];
  /** The options it was made with, the margin as a number, so that a like model of other counts can be made. */
  readonly options: ForwardModelOptions;
  /** What is legal but probably not meant. */
  readonly warnings: readonly string[];
  /**
   * Counts detected per unit of flux `[ny, nx]` of the sky, all observations together: `sum_m,i d lambda[m,i] / d flux[j]` over
   * the pixels in use; 0 for sky pixels that no observation sees.
   */
  readonly sensitivity: Float64Array;
  /** Reference exposure `E0 = sum_m max_j exposure[m][j]`. */
  readonly reference: number;
  /** Observed counts in the pixels in use, all observations together. */
  readonly totalCounts: number;
  /** Scale of each background; change with `setBackgroundScale`. */
  readonly backgroundScale: readonly number[];
  /**
   * Expected counts of each observation `[ny, nx]` of the detector, masked pixels included.
   *
   * @param flux `ny * nx` values >= 0
   */
  predict(flux: ArrayLike<number>): SkyImage[];
  /** Cash statistic `2 sum(lambda - counts ln lambda)` over the pixels in use; Infinity when counts lie where none are expected. */
  cash(flux: ArrayLike<number>): number;
  /**
   * The Cash statistic and its gradient.
   *
   * @param out `ny * nx` values, overwritten: d cash / d flux
   */
  cashGradient(flux: ArrayLike<number>, out: Float64Array): number;
  /**
   * The Cash statistic and the factor of the next EM step, before division by the sensitivity.
   *
   * @param out `ny * nx` values, overwritten: `sum_m exposure[m,j] sum_i psf[m][i - j + c] counts[m,i] / lambda[m,i]`
   */
  backProjectRatios(flux: ArrayLike<number>, out: Float64Array): number;
  /**
   * Predicted change of counts for a change of flux: the linear part of the model.
   *
   * @param change `ny * nx` values of any sign
   * @returns `[ny, nx]` of the detector for each observation, all pixels
   */
  project(change: ArrayLike<number>): Float64Array[];
  /**
   * The transpose of `project`.
   *
   * @param images one array of detector pixels for each observation
   * @param out `ny * nx` values, overwritten
   */
  backProject(images: readonly ArrayLike<number>[], out: Float64Array): void;
  /** Expected counts of each background at scale 1, pixels in use. */
  backgroundCounts(): number[];
  /** Derivative of the Cash statistic by each background scale at the flux of the last evaluation. */
  scaleGradient(): number[];
  /** Background photons that the flux of the last evaluation expects among the observed, one number an observation. */
  expectedBackgroundPhotons(): number[];
  /** Set the scale of each background, >= 0. */
  setBackgroundScale(scales: readonly number[]): void;
}

/**
 * The model of predicted counts, with psfs transformed and memory laid out once.
 *
 * Convolutions are Fourier transforms in double precision or direct sums, whichever is cheaper for the sizes at hand; pixels
 * with counts where rounding might matter are summed directly.
 *
 * @throws InvalidInputError when observations or options break a rule
 * @throws NumericsError when it does not fit into memory
 */
export function createForwardModel(
  observations: Observation | readonly Observation[],
  options: ForwardModelOptions = {},
): ForwardModel {
  const list = observationList(observations);
  const { boundary = "spill", offsets, backgroundScale, psfPixels = "detector" } = options;
  checkBoundary("model", boundary);
  checkMaskGrid(list, options);
  const { observations: given, warnings: doubts } = checkObservations(list, { boundary });
  const { upsampling = 1, margin: asked = 0 } = options;
  const margin = resolveMargin(given, { boundary, upsampling, margin: asked });
  const grid = skyGrid(given[0].counts.shape, boundary, { upsampling, margin });
  checkChoice("model: psfPixels", psfPixels, ["detector", "sky"]);
  const places = offsets ?? given.map(() => ({ x: 0, y: 0 }));
  checkOffsets(places, given, "model");
  const { observations: checked, warnings: beyond } = withinSky(given, grid, places, boundary);
  const scales = checked.map((_, index) => backgroundScale?.[index] ?? 1);
  checkScales(scales, backgroundScale?.length ?? checked.length);

  const kernels = instantiateModelKernels();
  const pixels = grid.shape[0] * grid.shape[1];
  // Room for an even number of pixels: kernels work on pairs.
  const scratch = { source: reserve(kernels, 8 * (pixels + 1)), blurred: reserve(kernels, 8 * (pixels + 1)) };
  const sum = reserve(kernels, 8 * (pixels + 1));
  /** Sum over the observations what `add` adds to an image of the sky. */
  const summed = (add: (model: ObservationModel, index: number, out: number) => void): Float64Array => {
    new Float64Array(kernels.memory.buffer, sum, pixels).fill(0);
    for (const [index, model] of models.entries()) add(model, index, sum);
    return new Float64Array(kernels.memory.buffer, sum, pixels);
  };
  const models = checked.map((observation, index) =>
    observationModel(kernels, observation, grid, scratch, {
      boundary,
      psfPixels,
      offset: places[index],
      blurring: options.blurring ?? "automatic",
    }),
  );

  const sensitivity = summed((model, _, out) => model.addTranspose(model.weights, out)).slice();
  let largest = 0;
  for (const value of sensitivity) largest = Math.max(largest, value);
  // Rounding of transforms must not let a pixel appear that nothing sees.
  for (let index = 0; index < pixels; index++) {
    if (sensitivity[index] < UNSEEN * largest) sensitivity[index] = 0;
  }

  const reference = referenceExposure(checked);
  const evaluate = (flux: ArrayLike<number>): number => {
    if (flux.length !== pixels) {
      throw new InvalidInputError(
        `model: flux must hold ny * nx = ${pixels} values, got ${flux.length}; the sky has the shape [${grid.shape.join(", ")}]`,
        { fields: { length: flux.length, shape: grid.shape } },
      );
    }
    let half = 0;
    for (const [index, model] of models.entries()) half += model.evaluate(flux, scales[index]);
    return 2 * half;
  };

  return {
    grid,
    shape: grid.shape,
    boundary,
    observations: checked,
    options: { ...options, margin },
    warnings: [...doubts, ...beyond, ...checked.flatMap(meanPsfWarning)],
    sensitivity,
    reference,
    totalCounts: models.reduce((total, model) => total + model.totalCounts, 0),
    get backgroundScale() {
      return scales;
    },
    predict(flux) {
      evaluate(flux);
      return models.map((model) => ({ data: model.lambda().slice(), shape: grid.detector }));
    },
    cash: evaluate,
    cashGradient(flux, out) {
      const cash = evaluate(flux);
      const back = summed((model, _, to) => model.addRatios(to));
      for (let index = 0; index < pixels; index++) out[index] = 2 * (sensitivity[index] - back[index]);
      return cash;
    },
    backProjectRatios(flux, out) {
      const cash = evaluate(flux);
      out.set(summed((model, _, to) => model.addRatios(to)));
      return cash;
    },
    project: (change) => models.map((model) => model.project(change)),
    backProject(images, out) {
      out.set(summed((model, index, to) => model.addTranspose(images[index], to)));
    },
    backgroundCounts: () => models.map(({ backgroundTotal }) => backgroundTotal),
    scaleGradient: () => models.map((model) => 2 * (model.backgroundTotal - model.backgroundRatios())),
    expectedBackgroundPhotons: () => models.map((model, index) => scales[index] * model.backgroundRatios()),
    setBackgroundScale(values) {
      checkScales(values, checked.length);
      for (const [index, value] of values.entries()) scales[index] = value;
    },
  };
}

/** Sensitivity below this part of the largest is rounding. */
const UNSEEN = 1e-12;

function checkScales(scales: readonly number[], expected: number): void {
  if (
    scales.length !== expected ||
    !scales.every((value) => value >= 0 && value < Number.POSITIVE_INFINITY)
  ) {
    throw new InvalidInputError(
      `model: backgroundScale must be one finite number >= 0 for each observation, got [${scales.join(", ")}]; ` +
        "leave it out for 1",
    );
  }
}

/** A mask of the sky's shape is a likely mistake that deserves its own words. */
function checkMaskGrid(
  list: readonly Observation[],
  { upsampling = 1, margin = 0 }: ForwardModelOptions,
): void {
  if (upsampling === 1 && margin === 0) return;
  for (const { counts, mask, name = "observation" } of list) {
    if (mask?.shape === undefined || counts?.shape === undefined) continue;
    if (sameShape(mask, counts)) continue;
    throw new InvalidInputError(
      `${name}: mask must have the shape [${counts.shape.join(", ")}] of the counts also when the sky is finer or larger ` +
        `(upsampling ${upsampling}, margin ${margin}), got [${mask.shape.join(", ")}]; a mask says which detector pixels to use`,
      { fields: { image: "mask", shape: mask.shape, expected: counts.shape } },
    );
  }
}

/** What is to be said where a psf that is not known exactly is taken as it is given. */
function meanPsfWarning({ name, psf }: CheckedObservation): string[] {
  if (psfAxes(psf).length === 0) return [];
  const { members } = psf;
  return [
    `${name}: the psf is taken ${members ? `for the mean of its ${members.length}` : "as it is given"}, and errors do not know that it is uncertain; ` +
      'choose "lira" or "gibbs", which draw it',
  ];
}
