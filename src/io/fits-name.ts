/** Names of FITS files with what stands in brackets behind them. */

import { InvalidInputError } from "../errors.js";
import type { Cutout } from "./fits-section.js";

/** What to do about brackets that are no HDU but choose events or pixels, as CFITSIO and CIAO read them. */
export function conditionRemedy(selector: string): string | undefined {
  const section = splitSection(`[${selector}]`).cutout;
  if (section !== undefined)
    return `add --cutout ${section.x.join(":")},${section.y.join(":")}, which cuts the counts and what goes with them alike`;
  return /[=<>(]|^(bin|opt|cols?)\b/i.test(selector)
    ? "give a name with conditions to tslira bin, which makes an image of the events"
    : undefined;
}

/**
 * Take off the section of CFITSIO at the end of a name, columns and rows from 1 with their ends: `counts.fits[1:16,1:16]` is the cut-out
 * of columns and rows 0:16.
 */
export function splitSection(text: string): { readonly name: string; readonly cutout?: Cutout } {
  const [, name, ...ends] = /^(.*)\[\s*(\d+):(\d+)\s*,\s*(\d+):(\d+)\s*\]$/s.exec(text) ?? [];
  if (name === undefined) return { name: text };
  const [x0, x1, y0, y1] = ends.map(Number) as [number, number, number, number];
  return { name, cutout: { x: [x0 - 1, x1], y: [y0 - 1, y1] } };
}

/** Take off the brackets at the end of a name: `cube.fits[0][3]` is `cube.fits` with `0` and `3`. */
export function splitBrackets(text: string): { readonly path: string; readonly brackets: readonly string[] } {
  const brackets: string[] = [];
  let end = text.length;
  while (text[end - 1] === "]") {
    const start = text.lastIndexOf("[", end - 2);
    if (start < 0 || text.slice(start, end - 1).includes("]")) break;
    brackets.push(text.slice(start + 1, end - 1));
    end = start;
  }
  return { path: text.slice(0, end), brackets: brackets.reverse() };
}

/** A file name taken apart. */
export interface FitsName {
  readonly path: string;
  /** Number or name of an HDU. */
  readonly extension?: string | number;
  /** Plane of a cube, from 0. */
  readonly plane?: number;
}

/**
 * Take apart a file name with an optional extension in brackets, as in `counts.fits.gz[PSF]` or `all.fits[2]`, and an optional plane of a
 * cube behind it, as in `cube.fits[0][3]`.
 *
 * @returns the path, and the extension: a number for whole numbers, otherwise its name
 * @throws InvalidInputError when the brackets or the path are empty
 */
export function parseFitsName(text: string): FitsName {
  const { path, brackets } = splitBrackets(text);
  if (brackets.length === 0) return { path: text };
  const last = brackets.at(-1)!;
  const plane = brackets.length > 1 && /^\d+$/.test(last) ? Number(last) : undefined;
  const extension = (plane === undefined ? brackets : brackets.slice(0, -1)).join("][").trim();
  if (extension === "" || path === "") {
    throw new InvalidInputError(
      `FITS name: must read path[extension], got ${JSON.stringify(text)}; give a name or number`,
      { fields: { name: text } },
    );
  }
  return {
    path,
    extension: /^\d+$/.test(extension) ? Number(extension) : extension,
    ...(plane !== undefined && { plane }),
  };
}
