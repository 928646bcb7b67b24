/** Psfs that are not known exactly: an ensemble of which one is true (Lee et al. 2011, ApJ 731, 126; Xu et al. 2014, ApJ 794, 97). */

import { InvalidInputError } from "../../errors.js";
import { imageSum, type SkyImage } from "../../image.js";
import { exponential } from "../random/exponential.js";
import { checkLayout } from "./check-image.js";
import { centredPsf, checkPsf, psfCentre } from "./psf.js";
import { alikePsfs, type Psf, type PsfMember, sameImage, unitPsf, unitSum } from "./psf-set.js";
import { keysKernel, resamplePsf } from "./resample-psf.js";

/** Most members of an ensemble. */
export const MAX_MEMBERS = 256;

/** A psf that may be the true one, as it is given. */
export type GivenMember = Pick<PsfMember, "psf" | "width" | "pointing"> & Partial<Pick<PsfMember, "weight">>;

/**
 * A psf that is one of several, such as draws of a ray tracer or of a calibration: the sampler draws which, with the image, so that
 * errors grow by what the psf leaves open, and the data may narrow it. Where all are the same, that psf.
 *
 * Steps go to members next in the list as well as to any other: put those that are alike side by side.
 *
 * @param given 1 to 256 psfs of any shapes, values >= 0; each is scaled to sum 1 and gets zeros around it until all have one shape.
 *   Weights > 0, default 1, are scaled to sum 1; widths > 0 for all or none
 * @param where beginning of messages
 * @throws InvalidInputError for none or too many members, a weight or width that is no number > 0, or a psf that breaks a rule of `Observation`
 */
export function psfEnsemble(given: readonly GivenMember[], where = "psf ensemble"): Psf {
  if (!Array.isArray(given) || given.length === 0 || given.length > MAX_MEMBERS) {
    throw new InvalidInputError(
      `${where}: must hold 1 to ${MAX_MEMBERS} psfs, got ${Array.isArray(given) ? given.length : String(given)}; give others`,
    );
  }
  const members = given.map(({ psf, weight = 1, width, pointing }: GivenMember, index) => {
    const name = `${where}: member ${index}`;
    for (const [what, value] of Object.entries({ weight, width })) {
      if (value === undefined || (value > 0 && value < Number.POSITIVE_INFINITY)) continue;
      throw new InvalidInputError(`${name}: ${what} must be a finite number > 0, got ${value}; correct it`);
    }
    const image = checkLayout(name, "psf", psf);
    checkPsf(name, image);
    return { psf: unitPsf(image), weight, width, pointing };
  });
  const widths = members.filter(({ width }) => width !== undefined).length;
  if (widths > 0 && widths < members.length) {
    throw new InvalidInputError(
      `${where}: width must be given for all members or none, got ${widths} of ${members.length}; add the others`,
    );
  }
  const [first] = members;
  if (members.every(({ psf }) => sameImage(psf, first.psf))) return first.psf;
  const images = alikePsfs(members);
  const sum = unitSum(members.reduce((all, { weight }) => all + weight, 0));
  const mean = new Float64Array(images[0].data.length);
  const scaled = members.map(({ weight, width, pointing }, index): PsfMember => {
    const share = weight / sum;
    const psf = images[index];
    for (let cell = 0; cell < mean.length; cell++) mean[cell] += share * psf.data[cell];
    return { psf, weight: share, ...(width !== undefined && { width }), ...(pointing && { pointing }) };
  });
  return { data: mean, shape: images[0].shape, members: scaled };
}

/** Members of an ensemble of widths: within 2.5 standard deviations of the psf as it is given, 0.16 apart. */
const WIDTHS = 33;
const REACH = 2.5;
/** Largest relative error of a width: a psf of half the width is 2.5 of it away. */
const LARGEST_ERROR = 0.2;
/** Largest error of a pointing in pixels. */
const LARGEST_POINTING = 2;

/**
 * A psf whose width is known up to a relative error: 33 psfs, `1 + z error` times as wide as the one given for z from -2.5 to 2.5 with the
 * weights of a normal law. Its form is kept, `psf(x / width)`, by cubic convolution between its cells (Keys 1981).
 *
 * @param psf one psf, without places or members
 * @param error relative standard error of the width, in (0, 0.2]
 * @throws InvalidInputError otherwise
 */
export function widthEnsemble(psf: Psf, error: number, where = "psf width error"): Psf {
  if (!(error > 0 && error <= LARGEST_ERROR)) {
    throw new InvalidInputError(
      `${where}: must be a share above 0 and at most ${LARGEST_ERROR}, got ${error}; give an ensemble of psfs for larger ones`,
    );
  }
  checkSingle(psf, where);
  const centred = centredPsf({ psf, centre: psfCentre(psf) });
  return psfEnsemble(
    Array.from({ length: WIDTHS }, (_, index) => {
      const z = REACH * ((2 * index) / (WIDTHS - 1) - 1);
      const width = 1 + z * error;
      return { psf: stretched(centred, width), weight: exponential(-0.5 * z * z), width };
    }),
    where,
  );
}

function checkSingle(psf: Psf, where: string): void {
  const others = psf.places ? "psfs at places" : psf.members ? "an ensemble" : undefined;
  if (others === undefined) return;
  throw new InvalidInputError(`${where}: must go with one psf, got ${others}; leave it out`);
}

/** Pointings along an axis: within 2.5 standard deviations, 0.36 apart. */
const POINTINGS = 15;

/**
 * A psf whose observation lies a little beside where its header says: 15 x 15 psfs, each moved against the pointing, with the weights of a
 * normal law on each axis. For further observations of a field, beside a first one whose psf is known; the chain then fits where
 * they lie.
 *
 * @param psf one psf, without places or members
 * @param error standard error of the pointing on each axis in pixels of the counts, in (0, 2]
 * @throws InvalidInputError otherwise
 */
export function pointingEnsemble(psf: Psf, error: number, where = "pointing error"): Psf {
  if (!(error > 0 && error <= LARGEST_POINTING)) {
    throw new InvalidInputError(
      `${where}: must be above 0 and at most ${LARGEST_POINTING} pixels, got ${error}; correct the offsets first`,
    );
  }
  checkSingle(psf, where);
  const window = { psf, centre: psfCentre(psf) };
  const steps = Array.from({ length: POINTINGS }, (_, index) => REACH * ((2 * index) / (POINTINGS - 1) - 1));
  return psfEnsemble(
    steps.flatMap((down) =>
      steps.map((across) => {
        const pointing = { x: across * error, y: down * error };
        const shift = { x: -pointing.x, y: -pointing.y };
        return {
          psf: centredPsf(resamplePsf(window, { upsampling: 1, shift })),
          weight: exponential(-0.5 * (across * across + down * down)),
          pointing,
        };
      }),
    ),
    where,
  );
}

/** A psf of odd sides drawn out about its middle; the sum is kept. */
function stretched(psf: SkyImage, factor: number): SkyImage {
  if (factor === 1) return psf;
  const [rows, cols] = psf.shape.map((size) => axisTaps(size, factor));
  const nx = psf.shape[1];
  const data = new Float64Array(rows.length * cols.length);
  for (const [row, down] of rows.entries()) {
    for (const [col, across] of cols.entries()) {
      let sum = 0;
      for (const [r, w] of down) for (const [c, v] of across) sum += w * v * psf.data[r * nx + c];
      data[row * cols.length + col] = Math.max(0, sum);
    }
  }
  const image: SkyImage = { data, shape: [rows.length, cols.length] };
  const scale = imageSum(psf) / imageSum(image);
  for (let cell = 0; cell < data.length; cell++) data[cell] *= scale;
  return image;
}

/** For each cell of a stretched axis of odd size the given cells that it is made of, by their weights. */
function axisTaps(size: number, factor: number): (readonly [index: number, weight: number])[][] {
  const middle = (size - 1) / 2;
  const reach = Math.ceil(middle * factor);
  return Array.from({ length: 2 * reach + 1 }, (_, cell) => {
    const position = middle + (cell - reach) / factor;
    const base = Math.floor(position);
    return [base - 1, base, base + 1, base + 2]
      .filter((index) => index >= 0 && index < size)
      .map((index) => [index, keysKernel(position - index)] as const);
  });
}
