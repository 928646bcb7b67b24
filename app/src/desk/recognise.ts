/** What an image of a FITS file probably is, by its header, its name and its values. */

import type { SkyImage } from "tslira";
import type { FitsHdu } from "tslira/fits";
import type { Role } from "./observation-view.js";

/** A guess and why. */
export interface Guess {
  readonly role: Role | undefined;
  readonly reason: string;
}

const WORDS: readonly (readonly [Role, RegExp])[] = [
  ["psf", /(^|[^a-z])(psf|prf|beam|pointspread)/i],
  ["exposure", /(^|[^a-z])(exp|expmap|exposure|effarea|livetime)([^a-z]|$)|exposure|expmap/i],
  ["background", /(^|[^a-z])(bkg|bgd|bg|back)([^a-z]|$)|background/i],
  ["mask", /(^|[^a-z])mask/i],
  ["counts", /(^|[^a-z])(counts?|cnts?|events?|evt)([^a-z]|$)/i],
];

/** What words say. */
function byWords(text: string): Role | undefined {
  return WORDS.find(([, pattern]) => pattern.test(text))?.[0];
}

/** Facts about values that tell kinds of images apart. */
function facts({ data }: SkyImage) {
  let [sum, most, whole, negative] = [0, 0, true, false];
  for (const value of data) {
    sum += value;
    if (value > most) most = value;
    if (value < 0) negative = true;
    if (!Number.isInteger(value)) whole = false;
  }
  return { sum, most, whole, negative };
}

/** Guess what an image is. */
export function recognise(fileName: string, hdu: FitsHdu, image: SkyImage): Guess {
  const header = ["EXTNAME", "HDUCLAS1", "HDUCLAS2", "CONTENT", "HDUNAME"]
    .map((keyword) => hdu.header.text(keyword) ?? "")
    .join(" ");
  const { sum, most, whole, negative } = facts(image);
  const countable = whole && !negative;
  const fits = (role: Role | undefined) => role !== undefined && (role !== "counts" || countable);

  const named = byWords(fileName.replace(/^.*[\\/]/, ""));
  if (named !== undefined && fits(named)) return { role: named, reason: "by its name" };
  const titled = byWords(header);
  if (titled !== undefined && fits(titled)) return { role: titled, reason: "by its header" };
  const unit = hdu.header.text("BUNIT") ?? "";
  if (/(^|\W)s($|\W)/.test(unit) && /^[^/]*s/.test(unit))
    return { role: "exposure", reason: `by its unit, ${unit}` };
  if (Math.abs(sum - 1) < 0.02 && !negative) return { role: "psf", reason: "its values add up to 1" };
  if (countable && most > 1) return { role: "counts", reason: "its values are whole numbers" };
  if (countable && sum > 0 && sum < image.data.length / 2)
    return { role: "counts", reason: "its values are whole numbers" };
  return { role: undefined, reason: "not recognised; choose what it is" };
}
