/**
 * Psfs that are not known exactly (Lee et al. 2011, ApJ 731, 126; Xu et al. 2014, ApJ 794, 97): one of several or something between, of a
 * width that is known to an error, or of an observation that lies a little beside where its header says. Each of these is an axis of alternatives with
 * their probabilities before the data are seen, between which the sampler goes.
 */

import { InvalidInputError } from "../../errors.js";
import { imageSum, type SkyImage } from "../../image.js";
import { naturalLog } from "../random/exponential.js";
import type { RandomStream } from "../random/random.js";
import { centredPsf, psfCentre } from "./psf.js";
import { psfComponents } from "./psf-components.js";
import {
  alikePsfs,
  checkedUnitPsf,
  mapPsf,
  meanOfMembers,
  meanOfPsfs,
  type Psf,
  type PsfMember,
  psfsOf,
  sameImage,
  unitPsf,
  unitSum,
} from "./psf-set.js";
import { fromTaps, keysTaps, movedPsf } from "./resample-psf.js";

/** Most members of an ensemble. */
export const MAX_MEMBERS = 256;

/** A psf that may be the true one, as it is given. */
export type GivenMember = Pick<PsfMember, "psf"> & Partial<Pick<PsfMember, "weight">>;

/**
 * A psf that is one of several, such as draws of a ray tracer or of a calibration: the sampler draws which, with the image, so that
 * errors grow by what the psf leaves open, and the data may narrow it. Where all are the same, that psf.
 *
 * Steps go to members next in the list as well as to any other: put those that are alike side by side.
 *
 * @param given 1 to 256 psfs of any shapes, values >= 0; each is scaled to sum 1 and gets zeros around it until all have one shape.
 *   Weights > 0, default 1, are scaled to sum 1
 * @param where beginning of messages
 * @throws InvalidInputError for none or too many members, a weight that is no number > 0, or a psf that breaks a rule of `Observation`
 */
export function psfEnsemble(given: readonly GivenMember[], where = "psf ensemble"): Psf {
  if (!Array.isArray(given) || given.length === 0 || given.length > MAX_MEMBERS) {
    throw new InvalidInputError(
      `${where}: must hold 1 to ${MAX_MEMBERS} psfs, got ${Array.isArray(given) ? given.length : String(given)}; give others`,
    );
  }
  const members = given.map(({ psf, weight = 1 }: GivenMember, index) => {
    const name = `${where}: member ${index}`;
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new InvalidInputError(`${name}: weight must be a finite number > 0, got ${weight}; correct it`);
    }
    return { psf: checkedUnitPsf(name, psf), weight };
  });
  const [first] = members;
  if (members.every(({ psf }) => sameImage(psf, first.psf))) return first.psf;
  const images = alikePsfs(members);
  const sum = unitSum(members.reduce((all, { weight }) => all + weight, 0));
  const scaled = members.map(
    ({ weight }, index): PsfMember => ({ psf: images[index], weight: weight / sum }),
  );
  return { ...meanOfMembers(scaled), members: scaled };
}

/** Most principal components: a digit in the name of a column. */
export const MAX_COMPONENTS = 9;

/**
 * A psf that lies anywhere among the members of an ensemble and somewhat beyond, not one of them: their mean and their leading principal
 * components, `max(0, mean + sum_j z_j component_j)` scaled to sum 1, each z normal within 2.5 and each component one standard deviation
 * of the members (Lee et al. 2011, ApJ 731, 126).
 *
 * @param psf an ensemble
 * @param count whole number of components from 1 to 9, less than the members
 * @throws InvalidInputError otherwise
 */
export function withComponents(psf: Psf, count: number, where = "psf components"): Psf {
  const { members } = psf;
  if (members === undefined) {
    throw new InvalidInputError(
      `${where}: must go with an ensemble of psfs, got one that has no members; make one by psfEnsemble or tslira psf ensemble`,
    );
  }
  const most = Math.min(MAX_COMPONENTS, members.length - 1);
  if (!(Number.isInteger(count) && count >= 1 && count <= most)) {
    throw new InvalidInputError(
      `${where}: count must be a whole number from 1 to ${most} for an ensemble of ${members.length} psfs, got ${count}; correct it`,
    );
  }
  return { ...psf, components: count };
}

/** Largest relative error of a width: a psf of half the width is then 2.5 of it away. */
const LARGEST_WIDTH_ERROR = 0.2;
/** Largest error of a pointing in pixels. */
const LARGEST_POINTING_ERROR = 2;

/**
 * A psf whose width is known up to a relative error: it is `1 + z error` times as wide as given, z normal within 2.5. Its form is kept,
 * `psf(x / width)`, by cubic convolution between its cells (Keys 1981). Psfs at places are all wider by one factor.
 *
 * @param psf one psf, an ensemble or psfs at places
 * @param error relative standard error of the width, in (0, 0.2]
 * @throws InvalidInputError otherwise, and for a psf so small that it has no light when it is narrowest
 */
export function withWidthError(psf: Psf, error: number, where = "psf width error"): Psf {
  if (!(error > 0 && error <= LARGEST_WIDTH_ERROR)) {
    throw new InvalidInputError(
      `${where}: must be a share above 0 and at most ${LARGEST_WIDTH_ERROR}, got ${error}; give an ensemble of psfs for larger ones`,
    );
  }
  const narrowest = 1 - REACH * error;
  for (const image of psfsOf(psf)) {
    if (imageSum(stretched(image, narrowest)) > 0) continue;
    throw new InvalidInputError(
      `${where}: must go with a psf that has light when it is ${narrowest.toFixed(2)} times as wide, got one of ${image.shape.join(" x ")} pixels without; give a smaller error or an ensemble`,
    );
  }
  return { ...psf, widthError: error };
}

/**
 * A psf whose observation lies a little beside where its header or its offset says: by a normal error within 2.5 standard deviations on each
 * axis, against which the psf is moved. For further observations of a field, beside a first one that is taken at its word; the chain
 * then fits where they lie. Psfs at places are all moved alike, and their places stay.
 *
 * @param psf one psf, an ensemble or psfs at places
 * @param error standard error of the pointing on each axis in pixels of the counts, in (0, 2]
 * @throws InvalidInputError otherwise
 */
export function withPointingError(psf: Psf, error: number, where = "pointing error"): Psf {
  if (!(error > 0 && error <= LARGEST_POINTING_ERROR)) {
    throw new InvalidInputError(
      `${where}: must be above 0 and at most ${LARGEST_POINTING_ERROR} pixels, got ${error}; correct the offsets first`,
    );
  }
  return { ...psf, pointingError: error };
}

/**
 * How chains go about a psf that is not known exactly:
 *
 * - `"sampled"`: it is drawn with the image, and the data take part ("fully Bayesian", Xu et al. 2014, ApJ 794, 97);
 * - `"ensemble"`: each pair of chains keeps one of its forms, drawn by their probabilities before the data are seen; the data do not
 *   choose ("pragmatic Bayesian", Lee et al. 2011, ApJ 731, 126). As many forms take part as there are pairs;
 * - `"fixed"`: it is taken as given, or for the mean of the ensemble, and errors do not know of it.
 */
export type PsfLaw = "sampled" | "ensemble" | "fixed";

/** The laws, in the order in which they are told. */
export const PSF_LAWS: readonly PsfLaw[] = ["sampled", "ensemble", "fixed"];

/**
 * A psf under one of the laws, see `PsfLaw`; one that is known is as it was.
 *
 * @throws InvalidInputError for another word, and for an ensemble of a psf that is known
 */
export function withPsfLaw(psf: Psf, law: PsfLaw, where = "psf law"): Psf {
  if (!PSF_LAWS.includes(law)) {
    throw new InvalidInputError(`${where}: must be ${PSF_LAWS.join(", ")}, got ${law}; choose one`);
  }
  if (law === "ensemble" && psfAxes(psf).length === 0) {
    throw new InvalidInputError(
      `${where}: must go with a psf that is not known exactly, got one that is; give an ensemble or the error of its width`,
    );
  }
  if (psfAxes(psf).length === 0) return psf;
  if (law === "fixed") {
    const { data, shape, places } = psf;
    return { data, shape, ...(places && { places }) };
  }
  const { law: _, ...drawn } = psf;
  return law === "sampled" ? drawn : { ...drawn, law };
}

/** What can be said of a psf beside its image. */
export interface PsfErrors {
  readonly components?: number | undefined;
  readonly widthError?: number | undefined;
  readonly pointingError?: number | undefined;
  readonly law?: PsfLaw | undefined;
}

/**
 * A psf with the errors that are given.
 *
 * @throws InvalidInputError as `withComponents`, `withWidthError`, `withPointingError` and `withPsfLaw`
 */
export function withErrors(
  psf: Psf,
  { components, widthError, pointingError, law }: PsfErrors,
  where: string,
): Psf {
  const some = components === undefined ? psf : withComponents(psf, components, `${where}: psf components`);
  const wide = widthError === undefined ? some : withWidthError(some, widthError, `${where}: width error`);
  const moved =
    pointingError === undefined ? wide : withPointingError(wide, pointingError, `${where}: pointing error`);
  return law === undefined ? moved : withPsfLaw(moved, law, `${where}: psf law`);
}

/** One of the ways in which a psf is uncertain. */
export interface PsfAxis {
  /**
   * Column of the trace that tells of it: `psfMember` (from 0), `psfComponent0 ...` in standard deviations, `psfWidth`, or `pointingX` and
   * `pointingY` in pixels.
   */
  readonly name: "psfMember" | `psfComponent${number}` | "psfWidth" | "pointingX" | "pointingY";
  /** Its alternatives. */
  readonly count: number;
  /** Logarithm of the probability of each before the data are seen, up to a constant: `-z * z / 2` of a normal law. */
  logWeight(index: number): number;
  /** What the trace shows. */
  value(index: number): number;
  /** The alternative of which the trace shows that. */
  indexOf(value: number): number;
}

/** Alternatives of a normal law: within 2.5 standard deviations, 0.005 apart. */
const STEPS = 1001;
const REACH = 2.5;

function normalAxis(name: PsfAxis["name"], middle: number, error: number): PsfAxis {
  const z = (index: number) => REACH * ((2 * index) / (STEPS - 1) - 1);
  return {
    name,
    count: STEPS,
    logWeight: (index) => -0.5 * z(index) * z(index),
    value: (index) => middle + z(index) * error,
    indexOf: (value) => Math.round(((STEPS - 1) / 2) * (1 + (value - middle) / (error * REACH))),
  };
}

/** The ways in which a psf is uncertain; none where it is known. */
export function psfAxes({ members, components, widthError, pointingError }: Psf): PsfAxis[] {
  return [
    ...Array.from({ length: components ?? 0 }, (_, index) => normalAxis(`psfComponent${index}`, 0, 1)),
    ...(members === undefined || components !== undefined
      ? []
      : [
          {
            name: "psfMember",
            count: members.length,
            logWeight: (index) => naturalLog(members[index].weight),
            value: (index) => index,
            indexOf: (value) => value,
          } satisfies PsfAxis,
        ]),
    ...(widthError === undefined ? [] : [normalAxis("psfWidth", 1, widthError)]),
    ...(pointingError === undefined
      ? []
      : [normalAxis("pointingX", 0, pointingError), normalAxis("pointingY", 0, pointingError)]),
  ];
}

/** The alternative that is likeliest before the data are seen; the first of several. */
export function likeliestAlternative({ count, logWeight }: PsfAxis): number {
  let best = 0;
  for (let index = 1; index < count; index++) if (logWeight(index) > logWeight(best)) best = index;
  return best;
}

/** Draw an alternative by its probability before the data are seen, by rejection: the same bytes everywhere. */
export function drawAlternative(axis: PsfAxis, random: RandomStream): number {
  const highest = axis.logWeight(likeliestAlternative(axis));
  for (;;) {
    const index = Math.floor(random.uniform() * axis.count);
    if (naturalLog(random.uniform()) < axis.logWeight(index) - highest) return index;
  }
}

/** Draw a psf by what is known of it before the data are seen; one that is known takes no random number. */
export function drawPsf(psf: Psf, random: RandomStream): Psf {
  const axes = psfAxes(psf);
  if (axes.length === 0) return psf;
  const chosen = axes.map((axis) => drawAlternative(axis, random));
  return psfAt(psf, axes, chosen);
}

/** The psf for one alternative on each of its axes. */
export function psfAt(psf: Psf, axes: readonly PsfAxis[], chosen: readonly number[]): Psf {
  const of = (name: PsfAxis["name"]) => {
    const at = axes.findIndex((axis) => axis.name === name);
    return at < 0 ? undefined : axes[at].value(chosen[at]);
  };
  const member = of("psfMember");
  const scores = Array.from({ length: psf.components ?? 0 }, (_, index) => of(`psfComponent${index}`)!);
  const given = member === undefined ? mixed(psf, scores) : psf.members![member].psf;
  const changed = (image: SkyImage) =>
    displaced(stretched(image, of("psfWidth") ?? 1), of("pointingX") ?? 0, of("pointingY") ?? 0);
  return psf.places === undefined ? changed(given) : mapPsf({ ...given, places: psf.places }, changed);
}

/**
 * A psf with light wherever one of the alternatives has some: the mean of those at the ends of the errors, of all members, or of
 * components drawn to both their ends; of psfs at places that of each.
 */
export function psfEnvelope(psf: Psf): Psf {
  const { data, shape, places, ...errors } = psf;
  if (places !== undefined)
    return mapPsf({ data, shape, places }, (image) => psfEnvelope({ ...image, ...errors }));
  const images =
    psf.components === undefined
      ? psfsOf(psf)
      : [1, -1].map((sign) => {
          const data = Float64Array.from(psf.data);
          for (const component of psfComponents(psf.members!, psf.components!).images) {
            for (let cell = 0; cell < data.length; cell++) {
              data[cell] += REACH * Math.max(0, sign * component.data[cell]);
            }
          }
          return { data, shape: psf.shape };
        });
  const { widthError = 0, pointingError = 0 } = psf;
  // Between the ends too: cubic convolution leaves out light beside a steep slope, not at all widths alike.
  const wide = meanOfPsfs(
    images.flatMap((image) => steps(widthError, WIDTHS).map((error) => stretched(image, 1 + error))),
  );
  const shifts = steps(pointingError, SHIFTS);
  return meanOfPsfs(shifts.flatMap((x) => shifts.map((y) => displaced(wide, x, y))));
}

/** Alternatives of a width and of a pointing along an axis whose light an envelope holds. */
const WIDTHS = 21;
const SHIFTS = 5;

/** So many errors from one end of a normal law to the other; that of what is known. */
function steps(error: number, count: number): number[] {
  if (error === 0) return [0];
  return Array.from({ length: count }, (_, index) => REACH * error * ((2 * index) / (count - 1) - 1));
}

/** The mean of an ensemble and so much of each of its components, or the one psf. */
function mixed({ data, shape, members }: Psf, scores: readonly number[]): SkyImage {
  if (members === undefined || scores.length === 0) return { data, shape };
  const { images } = psfComponents(members, scores.length);
  const sum = Float64Array.from(data, (value, cell) => {
    let at = value;
    for (const [index, score] of scores.entries()) at += score * images[index].data[cell];
    return Math.max(0, at);
  });
  return unitPsf({ data: sum, shape });
}

/** A psf as it is where the observation lies so many pixels beside. */
function displaced(psf: SkyImage, x: number, y: number): SkyImage {
  return x === 0 && y === 0 ? psf : movedPsf(psf, { x: -x, y: -y });
}

/** A psf drawn out about its centre; the sum is kept, unless no cell is left with light. */
function stretched(psf: SkyImage, factor: number): SkyImage {
  if (factor === 1) return psf;
  const odd = centredPsf({ psf, centre: psfCentre(psf) });
  const [rows, cols] = odd.shape.map((size) => {
    const middle = (size - 1) / 2;
    const reach = Math.ceil(middle * factor);
    return Array.from({ length: 2 * reach + 1 }, (_, cell) =>
      keysTaps(size, middle + (cell - reach) / factor),
    );
  });
  return fromTaps(odd, rows, cols);
}
