/** Observations as the desk tells the page of them. Plain data. */

import type { Psf, PsfCentring, PsfLaw, Shape, SkyImage, WcsCard } from "tslira";
import type { Cutout } from "tslira/fits";
import type { PixelPosition } from "tslira/sky";
import { given, givenOptions } from "#studio";

/** What an image of a file is used as. */
export type Role = "counts" | "psf" | "exposure" | "background" | "mask";

/** Several psfs of a file: at places of the field, or of which one is true. */
export type PsfsOf = "places" | "members";

/** An image found in a file. */
export interface FoundImage {
  readonly hdu: number;
  /** As the command line names it: the file, with the number of the extension where it is not the first image. */
  readonly name: string;
  readonly shape: Shape;
  readonly role: Role | undefined;
  /** Why it was taken for that, in words. */
  readonly reason: string;
  /** Sum of its values. */
  readonly sum: number;
  /** Whether its header says where it lies on the sky. */
  readonly hasSky: boolean;
  /** Of a cube of psfs what they are; its shape is that of each. */
  readonly psfs?: PsfsOf;
  /** The image, made smaller for the eye. */
  readonly preview: SkyImage;
}

/** Which image of which file. */
export interface ImageChoice {
  readonly file: number;
  readonly hdu: number;
  readonly name: string;
  /** Of a cube of psfs what they are. */
  readonly psfs?: PsfsOf;
  /** The command that makes the file, of one that was made here. */
  readonly command?: string;
  /** Of a mask that was made here: what was the mask before, or that there was none. */
  readonly before?: ImageChoice | "none";
}

/** The images of an observation. */
export type ChosenImages = Partial<Readonly<Record<Role, ImageChoice>>>;

/** The images of the first observation, and of others of the same sky that are deconvolved with it. */
export interface Choices extends ChosenImages {
  readonly others?: readonly ChosenImages[];
}

/** The images of each observation. */
export function eachObservation({ others = [], ...first }: Choices): readonly ChosenImages[] {
  return [first, ...others];
}

/** Choices with the masks that were there before those that were made here last. */
export function beforeLastMasks(choices: Choices): Choices {
  const [first, ...others] = eachObservation(choices).map(({ mask, ...rest }): ChosenImages => {
    const before = mask?.before ?? mask;
    return before === undefined || before === "none" ? rest : { ...rest, mask: before };
  });
  return { ...first, ...(others.length > 0 && { others }) };
}

/** How an observation is put together. */
export interface Composition {
  readonly cutout?: Cutout;
  readonly psfCutout?: Cutout;
  readonly backgroundUnit?: "flux" | "counts";
  readonly psfCentre?: PsfCentring;
  readonly psfTrim?: number | "none";
  /** Principal components of an ensemble that its psf is made of. */
  readonly psfComponents?: number;
  /** Relative standard error of the width of the psfs. */
  readonly psfWidthError?: number;
  /** Standard error of where observations after the first lie, in pixels. */
  readonly pointingError?: number;
  /** How chains go about what is not known of the psfs. */
  readonly psfLaw?: PsfLaw;
  /** Where several observations lie: as their headers say, or on the same pixels. */
  readonly offsets?: Offsets;
}

/** Parts of a composition that become others; undefined: as is usual. */
export type CompositionChange = { readonly [Part in keyof Composition]?: Composition[Part] | undefined };

/** What is not known of the psf of an observation. */
export type PsfErrors = Pick<Composition, "psfComponents" | "psfWidthError" | "pointingError" | "psfLaw">;

/** What a composition says of every observation alike. */
export function cutsOf(composition: Composition): Omit<Composition, keyof PsfErrors | "offsets"> {
  return givenOptions(composition, ["cutout", "psfCutout", "backgroundUnit", "psfCentre", "psfTrim"]);
}

/** What a composition says of the psf of one of its observations. @param index of the observation */
export function psfErrorsOf(
  { psf }: ChosenImages,
  index: number,
  { psfComponents, psfWidthError, pointingError, psfLaw }: Composition,
): PsfErrors {
  const isEnsemble = psf?.psfs === "members";
  const errors = given({
    psfComponents: isEnsemble ? psfComponents : undefined,
    psfWidthError,
    pointingError: index > 0 ? pointingError : undefined,
  });
  const isUncertain = isEnsemble || Object.keys(errors).length > 0;
  return { ...errors, ...(isUncertain && given({ psfLaw })) };
}

/** Where several observations lie. */
export type Offsets = "wcs" | "none";

/** One of several observations besides the first. */
export interface OtherObservation {
  readonly name: string;
  readonly counts: SkyImage;
  readonly psf: Psf;
  readonly mask?: SkyImage;
}

/** An observation that is ready to be deconvolved. */
export interface ObservationView {
  readonly name: string;
  readonly counts: SkyImage;
  readonly psf: Psf;
  readonly exposure?: SkyImage;
  /** As it will be used, in the unit of the flux. */
  readonly background?: SkyImage;
  readonly mask?: SkyImage;
  /** Those that are deconvolved with it. */
  readonly others?: readonly OtherObservation[];
  readonly offsets?: Offsets;
  /** Where the pixel (0, 0) of each lies in pixels of the first, where it is the headers that say so. */
  readonly places?: readonly PixelPosition[];
  /** The true flux of a simulated observation. */
  readonly truth?: SkyImage;
  readonly wcs: readonly WcsCard[];
  readonly unit?: string;
  readonly warnings: readonly string[];
  /** Shape of the counts before any cut-out. */
  readonly fullShape: Shape;
  /** True when only the result is there: counts and psf are NaN. */
  readonly withoutData?: true;
}

/** Counts of an image, or of some of its pixels, where they have values; NaN where none of them has. */
export function countsIn({ data }: SkyImage, pixels: Iterable<number> = data.keys()): number {
  let [sum, seen] = [0, false];
  for (const pixel of pixels) {
    if (!Number.isFinite(data[pixel])) continue;
    sum += data[pixel];
    seen = true;
  }
  return seen ? sum : Number.NaN;
}

/** A built-in example. */
export interface Example {
  readonly id: "point-source" | "disk" | "gaussian-and-points";
  readonly title: string;
  readonly sentence: string;
}

/** An example with what it looks like. */
export interface ShownExample extends Example {
  readonly counts: SkyImage;
}
