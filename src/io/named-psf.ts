/** Psfs by name and numbers, where no file is at hand: `gaussian:fwhm=0.8arcsec`, `king:core=2arcsec,slope=1.5`, `moffat:fwhm=3,slope=2.5`. */

import { exponential, naturalLog } from "../data/random/exponential.js";
import { degreesIn } from "../data/sky/angle-unit.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { imageSum, type SkyImage } from "../image.js";
import { type CountsGrid, middlePixelSize } from "./companion-image.js";

/** A length on the detector or on the sky. */
export interface PsfLength {
  readonly value: number;
  /** Pixels of the counts, or degrees. */
  readonly unit: "pixel" | "deg";
}

/**
 * A round psf of a known form, light per area at a distance r:
 *
 * - `"gaussian"`: exp(-r^2 / (2 width^2));
 * - `"power"`: (1 + (r / width)^2)^-slope, which is Moffat's (1969, A&A 3, 455) and, in X-rays, King's (Moretti et al. 2005,
 *   SPIE 5898, 360, for Swift XRT: core 5.8 arc seconds, slope 1.55).
 */
export interface NamedPsf {
  /** As it was given, for messages. */
  readonly name: string;
  readonly form: "gaussian" | "power";
  /** Standard deviation, or core radius. */
  readonly width: PsfLength;
  /** > 1; of `"power"` only. */
  readonly slope: number;
  /** Part of all light that the image should hold, in [0.5, 1). */
  readonly share: number;
}

const KINDS: Readonly<Record<string, readonly string[]>> = {
  gaussian: ["fwhm", "sigma", "share"],
  king: ["core", "fwhm", "slope", "share"],
  moffat: ["core", "fwhm", "slope", "share"],
};
const NAME = /^\s*(gaussian|king|moffat)\s*:/i;
const LENGTH = /^\+?(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)\s*(px|pix|pixels?|deg|arcmin|arcsec|mas|'|")?$/i;
const SHARE = 0.999;

/** Whether a text names a psf, known or not, and not a file. */
export function isPsfName(text: string): boolean {
  return NAME.test(text) || /^\s*[a-z]+\s*:\s*\w+\s*=/i.test(text);
}

/**
 * Read the name of a psf. Lengths are pixels, or `px`, `mas`, `arcsec`, `arcmin`, `deg`; `share` is the part of the light that the image
 * should hold, by default 0.999.
 *
 * @throws InvalidInputError for an unknown form, unknown, missing or impossible numbers
 */
export function parsePsfName(text: string): NamedPsf {
  const fail = (rule: string, got: string): never => {
    throw new InvalidInputError(
      `psf: ${rule}, got ${got} in ${JSON.stringify(text)}; write for example gaussian:fwhm=0.8arcsec or king:core=2.5px,slope=1.5`,
      { fields: { psf: text } },
    );
  };
  const [, given] = NAME.exec(text) ?? [];
  if (given === undefined) return fail("name must begin with gaussian:, king: or moffat:", "another name");
  const kind = given.toLowerCase();
  const known = KINDS[kind];
  const values = new Map<string, string>();
  for (const part of text.slice(text.indexOf(":") + 1).split(",")) {
    const [, word, value] = /^(\w+)\s*=\s*(.+)$/.exec(part.trim()) ?? [];
    const key = word?.toLowerCase();
    if (key === undefined || !known.includes(key))
      return fail(`${kind} must have ${known.join(", ")} as key=number`, part.trim() || "nothing");
    if (values.has(key)) return fail("each number must be given once", key);
    values.set(key, value!);
  }
  const length = (key: string): PsfLength | undefined => {
    const value = values.get(key);
    if (value === undefined) return undefined;
    const [, digits, unit = "px"] = LENGTH.exec(value) ?? [];
    const number = Number(digits);
    if (digits === undefined || !(number > 0 && number < Number.POSITIVE_INFINITY))
      return fail(`${key} must be a length > 0 in px, mas, arcsec, arcmin or deg`, value);
    const degrees = degreesIn(unit);
    return degrees === undefined
      ? { value: number, unit: "pixel" }
      : { value: number * degrees, unit: "deg" };
  };
  const number = (key: string, rule: string, allowed: (value: number) => boolean): number | undefined => {
    const value = values.get(key);
    if (value === undefined) return undefined;
    if (!allowed(Number(value))) return fail(`${key} must be ${rule}`, value);
    return Number(value);
  };
  const share = number("share", "in [0.5, 1)", (value) => value >= 0.5 && value < 1) ?? SHARE;
  const fwhm = length("fwhm");
  const own = kind === "gaussian" ? "sigma" : "core";
  const direct = length(own);
  if ((fwhm === undefined) === (direct === undefined))
    return fail(`${kind} must have one of fwhm and ${own}`, fwhm === undefined ? "neither" : "both");
  const base = { name: text.trim(), share };
  if (kind === "gaussian") {
    // fwhm = 2 sqrt(2 ln 2) sigma
    const width = direct ?? { ...fwhm!, value: fwhm!.value / Math.sqrt(8 * naturalLog(2)) };
    return { ...base, form: "gaussian", width, slope: 0 };
  }
  const slope = number("slope", "a number > 1, or the light has no end", (value) => value > 1 && value < 1e3);
  if (slope === undefined) return fail(`${kind} must have a slope`, "none");
  // fwhm = 2 core sqrt(2^(1 / slope) - 1)
  const halving = 2 * Math.sqrt(power(2, 1 / slope) - 1);
  return { ...base, form: "power", width: direct ?? { ...fwhm!, value: fwhm!.value / halving }, slope };
}

/** base^exponent, the same in every engine. */
const power = (base: number, exponent: number) => exponential(exponent * naturalLog(base));

/** Light within a circle of a radius in units of the width, as a part of all. */
function lightWithin({ form, slope }: NamedPsf, radius: number): number {
  const square = radius * radius;
  return 1 - (form === "gaussian" ? exponential(-square / 2) : power(1 + square, 1 - slope));
}

/** Radius in units of the width of the circle that holds the share of the light. */
function radiusOf({ form, slope, share }: NamedPsf): number {
  const beyond = 1 - share;
  return Math.sqrt(form === "gaussian" ? -2 * naturalLog(beyond) : power(beyond, -1 / (slope - 1)) - 1);
}

/** Points on a side of pixels near the middle, and farther out. */
const POINTS = [25, 5] as const;
const NEAR = 3;
/** Largest half side of an image of a psf. */
const MOST_HALF = 256;

/**
 * A named psf as an image on the pixels of the counts: a square of odd size with the middle in its middle, the mean over each pixel, sum 1.
 * It reaches to the circle that holds the share of the light, or as far as the counts do.
 *
 * @returns the image, and a note when the image ends before
 * @throws InvalidInputError when lengths are angles and the counts have no sky coordinates
 */
export function namedPsfImage(
  psf: NamedPsf,
  { shape, wcs }: CountsGrid,
): { readonly psf: SkyImage; readonly notes: string[] } {
  const { name, form, width, slope, share } = psf;
  const sky = parseWcs(wcs).wcs;
  if (width.unit === "deg" && sky === undefined) {
    throw new InvalidInputError(
      `${name}: a psf in angles must go with counts that have sky coordinates, got none in their header; give its lengths in pixels`,
    );
  }
  const scale = width.unit === "pixel" ? width.value : width.value / middlePixelSize(sky!, shape);
  const wanted = Math.max(1, Math.ceil(radiusOf(psf) * scale));
  const half = Math.min(wanted, MOST_HALF, Math.max(1, ...shape.map((side) => side - 1)));
  const side = 2 * half + 1;
  const light = (square: number) =>
    form === "gaussian" ? exponential(-square / 2) : power(1 + square, -slope);
  // An eighth of the image is all of it.
  const data = new Float64Array(side * side);
  for (let row = 0; row <= half; row++) {
    for (let col = 0; col <= row; col++) {
      const points = POINTS[row <= NEAR ? 0 : 1];
      let sum = 0;
      for (let j = 0; j < points; j++) {
        const y = (row + (j + 0.5) / points - 0.5) / scale;
        for (let i = 0; i < points; i++) {
          const x = (col + (i + 0.5) / points - 0.5) / scale;
          sum += light(x * x + y * y);
        }
      }
      const mean = sum / (points * points);
      for (const [v, u] of [
        [row, col],
        [col, row],
      ] as const) {
        for (const down of [-v, v])
          for (const right of [-u, u]) data[(half + down) * side + half + right] = mean;
      }
    }
  }
  const total = imageSum({ data, shape: [side, side] });
  if (!(total > 0)) {
    // Narrower than the distance of points: all light in the middle.
    data[half * side + half] = 1;
    return { psf: { data, shape: [side, side] }, notes: [] };
  }
  const held = lightWithin(psf, half / scale);
  const notes =
    half < wanted
      ? [
          `${name}: psf should hold ${percent(share)} of its light, got ${percent(held)} in ${side} x ${side} pixels, which is as far as ` +
            "it can reach here; the rest is counted as inside, ask for less with share=",
        ]
      : [];
  return { psf: { data: data.map((value) => value / total), shape: [side, side] }, notes };
}

const percent = (part: number) => `${Number((100 * part).toPrecision(4))} %`;
