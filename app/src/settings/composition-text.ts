/** How data are put together, as text: as commands have it, and settings that travel. */

import { PSF_LAWS } from "#studio";
import type { Composition } from "../desk/observation-view.js";
import { cutoutOf, cutoutText } from "./cutout-text.js";
import { psfCentreOf, psfCentreText } from "./psf-centre-text.js";

/** Parts of a composition that are of the data, and not of how several lie to each other. */
export type ComposedPart = Exclude<keyof Composition, "offsets">;

interface PartText<Value> {
  /** Flag of the command; undefined where only a config says it. */
  readonly flag: string | undefined;
  /** To follow "must". */
  readonly rule: string;
  readonly text: (value: Value) => string;
  /** Undefined for another text. */
  readonly read: (text: string) => Value | undefined;
}

/** A number of a range that a rule tells in words. */
const numberPart = (
  flag: string | undefined,
  rule: string,
  holds: (value: number) => boolean,
): PartText<number> => ({
  ...{ flag, rule, text: String },
  read: (text) => (text.trim() !== "" && holds(Number(text)) ? Number(text) : undefined),
});

const wordPart = <Word extends string>(flag: string, words: readonly Word[]): PartText<Word> => ({
  ...{ flag, rule: `be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`, text: String },
  read: (text) => words.find((word) => word === text),
});

/** Every part as text. */
export const COMPOSITION_TEXTS: {
  readonly [Part in ComposedPart]: PartText<NonNullable<Composition[Part]>>;
} = {
  backgroundUnit: wordPart("--background-unit", ["flux", "counts"]),
  cutout: { flag: "--cutout", rule: "read x0:x1,y0:y1", text: cutoutText, read: cutoutOf },
  psfCutout: { flag: "--psf-cutout", rule: "read x0:x1,y0:y1", text: cutoutText, read: cutoutOf },
  psfCentre: {
    ...{ flag: "--psf-centre", rule: "be auto, peak, centroid or x,y" },
    ...{ text: psfCentreText, read: psfCentreOf },
  },
  psfTrim: {
    ...{ flag: "--psf-trim", rule: "be a share in (0, 1] or none", text: String },
    read: (text) => {
      const share = text === "none" ? text : Number(text);
      return share === "none" || (share > 0 && share <= 1) ? share : undefined;
    },
  },
  psfComponents: numberPart(
    "--psf-components",
    "be a whole number from 1 to 9",
    (value) => Number.isInteger(value) && value >= 1 && value <= 9,
  ),
  psfWidthError: {
    ...{ flag: "--psf-width-error", rule: "be a share above 0 and at most 0.2", text: String },
    // A command may have percent.
    read: (text) => {
      const share = text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
      return share > 0 && share <= 0.2 ? share : undefined;
    },
  },
  pointingError: numberPart(undefined, "be pixels above 0 and at most 2", (value) => value > 0 && value <= 2),
  psfLaw: wordPart("--psf-law", PSF_LAWS),
};

/** The parts, in the order in which they are told. */
export const COMPOSED_PARTS = Object.keys(COMPOSITION_TEXTS) as ComposedPart[];

/** Texts of the parts that are there. */
export function compositionTexts(composition: Composition): [ComposedPart, string][] {
  return COMPOSED_PARTS.flatMap((part): [ComposedPart, string][] => {
    const { text } = COMPOSITION_TEXTS[part] as PartText<unknown>;
    const value = composition[part];
    return value === undefined ? [] : [[part, text(value)]];
  });
}
