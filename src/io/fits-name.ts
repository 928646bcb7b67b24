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
  const [, cube, number] = /^(.*\])\[(\d+)\]$/s.exec(text) ?? [];
  if (cube !== undefined) return { ...parseFitsName(cube), plane: Number(number) };
  const [, path, inner] = /^(.*?)\[((?:[^[\]]|\]\[)*)\]$/s.exec(text) ?? [];
  if (path === undefined || inner === undefined) return { path: text };
  const extension = inner.trim();
  if (extension === "" || path === "") {
    throw new InvalidInputError(
      `FITS name: must read path[extension], got ${JSON.stringify(text)}; give a name or number`,
      { fields: { name: text } },
    );
  }
  return { path, extension: /^\d+$/.test(extension) ? Number(extension) : extension };
}
