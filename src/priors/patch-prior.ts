import { checkChoice } from "../choice.js";
import { type PatchMixture, type PatchNorm, prepareMixture } from "../data/law/patch-mixture.js";
import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import { answeredHere, type Inquiry } from "../inquiry.js";
import { askingPrior, checkPositiveOption, type FluxPrior, priorWithData } from "./flux-prior.js";
import { type PatchDensity, type PatchQuestion, patchDensity } from "./patch-density.js";

/** How the image is transformed before patches are cut out, pixel by pixel. */
export type ImageNorm =
  /** As it is. */
  | "none"
  /** `asinh(flux / scale)`: linear below the scale, logarithmic above. */
  | { readonly norm: "asinh"; readonly scale: number }
  /** `ln(flux / scale)`. */
  | { readonly norm: "log"; readonly scale: number };

/** Options of `patchPrior`. */
export interface PatchPriorOptions {
  /** Factor of the log density, > 0; default 1: every pixel counts as often as it would in patches side by side. */
  readonly strength?: number;
  /** Pixels between patches on each axis, from 1 to the patch size; default half the patch size. */
  readonly stride?: number;
  /**
   * Shift of the grid of patches: `"none"`; `"average"` over all shifts within a stride, which costs stride^2 times as much; or
   * `"random"`, another shift in every iteration of a stochastic method (`optimizer: "adam"`). Default `"none"`.
   */
  readonly cycleSpin?: "none" | "average" | "random";
  /** Default `"none"`. */
  readonly imageNorm?: ImageNorm;
}

/**
 * A learned prior: the mean log density of all overlapping patches of the image under a mixture of Gaussians (Zoran & Weiss
 * 2011, expected patch log likelihood; for Poisson images Donath et al. 2024, AJ 168, 182):
 *
 *     strength * stride^2 / patch pixels * sum over patches ln sum_k weight_k N(norm(patch); mean_k, covariance_k)
 *
 * The patches at the right and lower edge are moved inwards, so that every pixel is covered.
 *
 * @throws InvalidInputError when an option or the mixture breaks a rule
 */
export function patchPrior(
  mixture: PatchMixture,
  { strength = 1, stride, cycleSpin = "none", imageNorm = "none" }: PatchPriorOptions = {},
): FluxPrior {
  const prepared = prepareMixture(mixture);
  const { patchSize } = mixture;
  const spacing = stride ?? Math.max(1, patchSize >> 1);
  checkPositiveOption("patchPrior", "strength", strength);
  if (!Number.isInteger(spacing) || spacing < 1 || spacing > patchSize) {
    throw new InvalidInputError(
      `patchPrior: stride must be a whole number from 1 to the patch size ${patchSize}, got ${stride}; half the patch size is usual`,
    );
  }
  checkChoice("patchPrior: cycleSpin", cycleSpin, ["none", "average", "random"]);
  if (imageNorm !== "none") checkPositiveOption("patchPrior", "imageNorm.scale", imageNorm.scale);
  const n = patchSize * patchSize;
  const average: readonly (readonly [number, number])[] = Array.from(
    { length: spacing * spacing },
    (_, index) => [Math.floor(index / spacing), index % spacing],
  );

  // Made when it is first used: priors are also made only to be checked, or to be sent away.
  let density: PatchDensity | undefined;
  const densityHere = () => {
    density ??= patchDensity(prepared);
    return density;
  };
  const withShifts = (shifts: readonly (readonly [number, number])[]): FluxPrior => {
    const factor = (strength * spacing * spacing) / n / shifts.length;
    function* ask(flux: SkyImage, out?: Float64Array): Inquiry<PatchQuestion, number> {
      const [ny, nx] = flux.shape;
      checkPatchShape(flux.shape, patchSize);
      const image = normImage(flux.data, imageNorm);
      let sum = 0;
      out?.fill(0);
      for (const [down, across] of shifts) {
        const tops = patchStarts(ny, patchSize, spacing, down);
        const lefts = patchStarts(nx, patchSize, spacing, across);
        const of = [image, flux.shape, tops, lefts, out] as const;
        sum += yield { mixture: prepared, of, here: () => densityHere()(...of) };
      }
      if (out !== undefined) {
        for (let index = 0; index < out.length; index++) {
          out[index] *= factor * normSlope(flux.data[index], imageNorm);
        }
      }
      return factor * sum;
    }
    const prior: FluxPrior = {
      name: "patch prior",
      logDensity: (flux) => answeredHere(ask(flux)),
      gradient(flux, out) {
        answeredHere(ask(flux, out));
      },
      checkShape: (shape) => checkPatchShape(shape, patchSize),
    };
    return askingPrior(prior, ask);
  };
  const fixed = withShifts(cycleSpin === "average" ? average : [[0, 0]]);
  const data = { make: "patchPrior", with: [mixture, { strength, stride: spacing, cycleSpin, imageNorm }] };
  if (cycleSpin !== "random") return priorWithData(fixed, data);
  const random: FluxPrior = {
    ...fixed,
    // A golden-ratio walk visits all shifts evenly.
    at: (iteration) =>
      withShifts([average[Math.floor(((iteration * 0.6180339887498949) % 1) * average.length)]]),
  };
  return priorWithData(random, data);
}

function checkPatchShape([ny, nx]: Shape, patchSize: number): void {
  if (ny >= patchSize && nx >= patchSize) return;
  throw new InvalidInputError(
    `patchPrior: the sky must be at least one patch of ${patchSize} x ${patchSize} large, got ${ny} x ${nx}; ` +
      "take a mixture of smaller patches or a larger image",
    { fields: { shape: [ny, nx], patchSize } },
  );
}

/** First rows (or columns) of the patches; the first and last are moved inwards. */
function patchStarts(size: number, patchSize: number, stride: number, shift: number): number[] {
  const starts: number[] = [];
  for (let start = shift === 0 ? 0 : shift - stride; ; start += stride) {
    starts.push(Math.min(Math.max(start, 0), size - patchSize));
    if (start + patchSize >= size) break;
  }
  return [...new Set(starts)];
}

function normImage(data: Float64Array, norm: ImageNorm): Float64Array {
  if (norm === "none") return data;
  if (norm.norm === "log") return data.map((flux) => Math.log(flux / norm.scale));
  return data.map((flux) => Math.asinh(flux / norm.scale));
}

/** Derivative of the image norm. */
function normSlope(flux: number, norm: ImageNorm): number {
  if (norm === "none") return 1;
  return norm.norm === "log" ? 1 / flux : 1 / Math.sqrt(flux * flux + norm.scale * norm.scale);
}

/** Apply a patch norm in place; returns the mean. */
export function normPatch(patch: Float64Array, norm: PatchNorm): number {
  if (norm === "none") return 0;
  let mean = 0;
  for (const value of patch) mean += value / patch.length;
  if (norm === "subtract-mean") {
    for (let index = 0; index < patch.length; index++) patch[index] -= mean;
  } else {
    for (let index = 0; index < patch.length; index++) patch[index] = patch[index] / mean - 1;
  }
  return mean;
}
