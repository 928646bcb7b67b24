import { InvalidInputError } from "../../errors.js";
import { checkSameShape, constantImage, imageSum, type SkyImage } from "../../image.js";
import { type Boundary, checkBoundary } from "./boundary.js";
import { checkLayout, checkMask, checkSkyImage, pixelError } from "./check-image.js";
import { unexplainedPixels } from "./explained-counts.js";
import type { Observation } from "./observation.js";
import { checkPsf, normalisePsf, psfCentre, psfCentroid } from "./psf.js";
import { psfEnsemble, withErrors } from "./psf-ensemble.js";
import { type Psf, psfSet } from "./psf-set.js";

/** Largest total of the counts of one observation (2^30): photon numbers stay exact in 32-bit integers. */
export const MAX_TOTAL_COUNTS = 2 ** 30;

/** An observation that keeps every rule, with the defaults filled in. */
export interface CheckedObservation extends Observation {
  /** Whole numbers >= 0 `[ny, nx]`, 0 in masked pixels. */
  readonly counts: SkyImage;
  /** Values >= 0, sum 1, those of places too. */
  readonly psf: Psf;
  readonly exposure: SkyImage;
  readonly background: SkyImage;
  /** Present only when some pixel is masked. */
  readonly mask?: SkyImage;
  readonly name: string;
}

/** What `checkObservation` found. */
export interface ObservationCheck {
  readonly observation: CheckedObservation;
  /** What is legal but probably not meant, one sentence each in the wording of errors; empty when all is well. */
  readonly warnings: readonly string[];
}

/** What `checkObservations` found. */
export interface ObservationsCheck {
  readonly observations: readonly CheckedObservation[];
  readonly warnings: readonly string[];
}

/** Options of `checkObservation` and `checkObservations`. */
export interface CheckObservationOptions {
  /** Default `"spill"`. */
  readonly boundary?: Boundary;
}

/**
 * Check an observation and bring it into the form that model and sampler rely on.
 *
 * Errors: counts that are negative, fractional or not finite, more than 2^30 in total, or in a pixel that no photon can reach;
 * psf, exposure or background negative or not finite; a psf or an exposure of zeros; a largest exposure beyond
 * 1e-28 to 1e28; a mask of other values than 0 and 1, or hiding everything; shapes that disagree. Counts in masked pixels may be
 * anything: they are set to 0. Exposures below 1e-12 of the largest, as edges of exposure maps have them, are set to 0 too.
 *
 * Warnings: no counts at all; a psf whose centroid is more than half a pixel away from its centre index `floor(n / 2)`;
 * a psf sum more than 5 % away from 1 (simulated psfs that miss their faint wings, 0.98 to 0.99 for Chandra, are normalised
 * silently); a psf of 9 x 9 pixels or more, the level of whose frame makes over all pixels more than 30 % of its light, as a background that was left
 * in it does; a background that predicts more than ten times the observed counts, which means wrong units.
 *
 * The caller's images are not changed; those that need no change are shared, not copied.
 *
 * @throws InvalidInputError for the first rule that is broken, naming observation, image, pixel and remedy
 */
export function checkObservation(
  observation: Observation,
  options: CheckObservationOptions = {},
): ObservationCheck {
  return check(observation, options.boundary ?? "spill", "observation");
}

/**
 * Check several observations of the same sky, which must share one shape.
 *
 * @returns checked observations in the same order, and the warnings of all
 * @throws InvalidInputError as `checkObservation`, also for an empty list or shapes that differ
 */
export function checkObservations(
  observations: readonly Observation[],
  options: CheckObservationOptions = {},
): ObservationsCheck {
  if (!Array.isArray(observations) || observations.length === 0) {
    throw new InvalidInputError(
      "observations: must be a list of at least one observation, got none; add one",
    );
  }
  const boundary = options.boundary ?? "spill";
  const checks = observations.map((observation: Observation, index) =>
    check(observation, boundary, usualName(index, observations.length)),
  );
  const [first, ...others] = checks.map((found) => found.observation);
  for (const other of others) {
    const what = `${other.name}: all observations`;
    checkSameShape(what, other.counts, "the first", first.counts, "bin them to the same pixels");
  }
  return { observations: [first, ...others], warnings: checks.flatMap((found) => found.warnings) };
}

function checkedPsf(given: Psf, image: SkyImage, name: string): Psf {
  const { places, members } = given;
  if (places !== undefined) return withErrors(psfSet(places, name), given, name);
  return withErrors(members ? psfEnsemble(members, name) : normalisePsf(image), given, name);
}

/**
 * The list of observations that data are, of which there may be a single one.
 *
 * @throws InvalidInputError for what is neither
 */
export function observationList(data: Observation | readonly Observation[]): readonly Observation[] {
  const list: readonly Observation[] = Array.isArray(data) ? data : [data as Observation];
  for (const [index, one] of list.entries()) checkObject(one, usualName(index, list.length));
  return list;
}

function usualName(index: number, count: number): string {
  return count === 1 ? "observation" : `observation ${index + 1}`;
}

function checkObject(given: unknown, name: string): void {
  if (typeof given === "object" && given !== null) return;
  throw new InvalidInputError(
    `${name}: must be an object {counts, psf, ...}, got ${String(given)}; see Observation`,
  );
}

function check(given: Observation, boundary: Boundary, defaultName: string): ObservationCheck {
  checkObject(given, defaultName);
  const name = given.name ?? defaultName;
  checkBoundary(name, boundary);

  const rawCounts = checkLayout(name, "counts", given.counts);
  const { shape } = rawCounts;
  const givenMask = given.mask === undefined ? undefined : checkMask(name, given.mask, shape);
  const mask = givenMask?.data.includes(0) ? givenMask : undefined;
  const counts = checkCounts(name, rawCounts, mask);
  const total = imageSum(counts);

  const rawPsf = checkLayout(name, "psf", given.psf);
  checkPsf(name, rawPsf);
  const { places, members } = given.psf;
  const psf = checkedPsf(given.psf, rawPsf, name);

  const exposure = checkExposure(name, given.exposure ?? constantImage(shape, 1), shape);
  const background = checkSkyImage(name, "background", given.background ?? constantImage(shape, 0), shape);

  const unexplained = unexplainedPixels({ counts, psf, exposure, boundary });
  if (unexplained.length > 0) {
    const photons = unexplained.reduce((sum, pixel) => sum + counts.data[pixel], 0);
    const those =
      unexplained.length === 1 ? "the pixel" : `all ${unexplained.length} such pixels (${photons} counts)`;
    throw pixelError(
      name,
      "counts",
      counts,
      unexplained[0],
      "must be 0 where the psf brings no photon from a pixel with exposure > 0 (below 1e-12 of the largest counts as 0)",
      `mask ${those}, enlarge the psf or mend the exposure`,
    );
  }

  const { mask: _replaced, ...rest } = given;
  const observation = { ...rest, name, counts, psf, exposure, background, ...(mask ? { mask } : {}) };
  return {
    observation,
    warnings: [
      ...countsWarnings(name, total),
      ...(places === undefined
        ? psfWarnings(name, members === undefined ? rawPsf : psf)
        : places.flatMap(({ psf: image, x, y }) => psfWarnings(`${name}: psf at ${x}, ${y}`, image))),
      ...backgroundWarnings(name, observation, total),
    ],
  };
}

function checkCounts(where: string, counts: SkyImage, mask: SkyImage | undefined): SkyImage {
  const used = mask ? { data: maskedData(counts.data, mask.data), shape: counts.shape } : counts;
  const bad = used.data.findIndex((value) => !(value >= 0 && Number.isInteger(value)));
  if (bad >= 0) {
    const remedy = Number.isFinite(used.data[bad])
      ? "give raw counts (no rates, no background subtraction) or mask the pixel"
      : "mask the pixel";
    throw pixelError(where, "counts", used, bad, "must be finite whole numbers >= 0", remedy);
  }
  const total = imageSum(used);
  if (total > MAX_TOTAL_COUNTS) {
    throw new InvalidInputError(
      `${where}: counts must sum to at most 2^30, got ${total}; ` +
        "at such counts Gaussian methods serve better, or cut out a part of the image",
      { fields: { image: "counts", value: total } },
    );
  }
  return used;
}

/** Not a product: NaN times 0 is NaN. */
function maskedData(data: Float64Array, mask: Float64Array): Float64Array {
  return data.map((value, index) => (mask[index] === 0 ? 0 : value));
}

function checkExposure(where: string, exposure: SkyImage, shape: readonly [number, number]): SkyImage {
  const checked = checkSkyImage(where, "exposure", exposure, shape);
  if (checked.data.every((value) => value === 0)) {
    throw new InvalidInputError(
      `${where}: exposure must be > 0 in at least one pixel, got 0 everywhere; check the file`,
      { fields: { image: "exposure" } },
    );
  }
  let most = 0;
  for (const value of checked.data) if (value > most) most = value;
  if (most < LEAST_EXPOSURE || most > MOST_EXPOSURE) {
    throw new InvalidInputError(
      `${where}: exposure must have its largest value from ${LEAST_EXPOSURE} to ${MOST_EXPOSURE}, got ${most}; ` +
        "give it in another unit",
      { fields: { image: "exposure", most } },
    );
  }
  const least = most * NEGLIGIBLE_EXPOSURE;
  if (!checked.data.some((value) => value > 0 && value < least)) return checked;
  return { data: checked.data.map((value) => (value < least ? 0 : value)), shape: checked.shape };
}

/** Draws are kept in single precision, from 1e-38 to 3e38, and flux is at most counts (2^30) by largest exposure. */
const LEAST_EXPOSURE = 1e-28;
const MOST_EXPOSURE = 1e28;
/**
 * Of the largest exposure: what is below counts as none. Edges of exposure maps have such values. One photon seen there would stand for
 * 1e12 at the largest exposure, where the sampler counts to 2^31.
 */
const NEGLIGIBLE_EXPOSURE = 1e-12;

function countsWarnings(where: string, total: number): string[] {
  if (total > 0) return [];
  return [
    `${where}: counts should not all be 0, got no photon in the pixels in use; the result is the prior and upper limits`,
  ];
}

/** Above this distance in pixels from its centre index a psf visibly displaces the image; 1/2 is what even sizes have. */
const CENTROID_TOLERANCE = 0.5 + 1e-6;
/** Simulated psfs of Chandra hold 0.98 to 0.99 of the light. */
const PSF_SUM_TOLERANCE = 0.05;

/** Narrower psfs may have no wings: a block of pixels, or a psf that is mostly its frame. */
const PEDESTAL_WIDTH = 9;
/** Share of the light that the level along the frame makes over all pixels, above which it is no wing of a psf. */
const PEDESTAL_SHARE = 0.3;

/** Share of the light of a psf that the level along its frame, the median there, makes over all pixels. */
function pedestalShare({ shape: [ny, nx], data }: SkyImage, sum: number): number {
  const inner = (at: number, size: number) => at > 0 && at < size - 1;
  const frame = data.filter((_, at) => !(inner(Math.floor(at / nx), ny) && inner(at % nx, nx))).sort();
  return (frame[frame.length >> 1] * data.length) / sum;
}

function psfWarnings(where: string, psf: SkyImage): string[] {
  const warnings: string[] = [];
  const sum = imageSum(psf);
  if (Math.abs(sum - 1) > PSF_SUM_TOLERANCE) {
    warnings.push(
      `${where}: psf should sum to 1, got ${sum.toPrecision(6)}; it was normalised, so fluxes are of the photons inside its array`,
    );
  }
  const { x, y } = psfCentroid(psf);
  if (Math.abs(x) > CENTROID_TOLERANCE || Math.abs(y) > CENTROID_TOLERANCE) {
    const [row, col] = psfCentre(psf);
    warnings.push(
      `${where}: psf should be centred within half a pixel of its index [${row}, ${col}], got a centroid offset of ` +
        `${x.toFixed(2)} px in x and ${y.toFixed(2)} px in y, by which sources will be displaced the other way; ` +
        "cut it out around its centre (rightly so only if the psf is skewed)",
    );
  }
  const pedestal = pedestalShare(psf, sum);
  if (Math.min(...psf.shape) >= PEDESTAL_WIDTH && pedestal > PEDESTAL_SHARE) {
    warnings.push(
      `${where}: psf should fall off towards its frame, got a level there that makes ${Math.round(100 * pedestal)} % of its light over ` +
        "all pixels; subtract its background, or give a psf that reaches farther",
    );
  }
  return warnings;
}

function backgroundWarnings(
  where: string,
  { exposure, background }: CheckedObservation,
  total: number,
): string[] {
  let expected = 0;
  for (let index = 0; index < exposure.data.length; index++)
    expected += exposure.data[index] * background.data[index];
  if (expected <= 10 * (total + 10)) return [];
  return [
    `${where}: background times exposure should not exceed the counts by far, got ${expected.toPrecision(4)} expected against ` +
      `${total} observed; give the background for unit exposure (divide counts by exposure)`,
  ];
}
