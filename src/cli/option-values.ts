/** Values of options from their text. */

import { InvalidArgumentError } from "@commander-js/extra-typings";
import type { PsfCentring } from "../data/observation/psf-centring.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { Cutout } from "../io/compose-observation.js";
import type { PsfTrim } from "../io/placed-psf.js";
import type { Circle } from "../posterior/region.js";

/** The flag of an option by its key: `--burn-in` of `burnIn`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A number, as `5000`, `0.1` or `1e-3`. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Give a number.");
  return value;
}

/** A whole number >= 0, as `5000` or `1e4`. */
export function parseWhole(text: string): number {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("Give a whole number >= 0.");
  return value;
}

/** Numbers with commas between, as `1,0.05`. */
export function parseNumbers(text: string): number[] {
  return text.split(",").map(parseNumber);
}

/** One number, or several with commas between. */
export function parseNumberOrList(text: string): number | number[] {
  return text.includes(",") ? parseNumbers(text) : parseNumber(text);
}

/** The value of an option that may be repeated: all that were given, in their order. */
export function collected<T>(parse: (text: string) => T) {
  return (text: string, all: readonly T[] = []): T[] => [...all, parse(text)];
}

/** The value of an option that `read` understands, or the error that says what to give. */
function parser<T>(read: (text: string) => T | undefined, rule: string) {
  return (text: string): T => {
    const value = read(text);
    if (value === undefined) throw new InvalidArgumentError(rule);
    return value;
  };
}

/** A place as `x,y`, column and row from 0. */
export function parsePlace(text: string): PixelPosition {
  const [x, y, ...more] = parseNumbers(text);
  if (y === undefined || more.length > 0) {
    throw new InvalidArgumentError("Give x,y (column, row, from 0), for example 20,16.");
  }
  return { x, y };
}

/** A circle as `x,y,radius`. */
export function parseCircle(text: string): Circle {
  const values = parseNumbers(text);
  const [x, y, radius] = values;
  if (values.length !== 3 || !(radius >= 0)) {
    throw new InvalidArgumentError("Give x,y,radius in pixels from 0, for example 16,26,3.");
  }
  return { x, y, radius };
}

const CUTOUT = /^\s*(\d+):(\d+)\s*,\s*(\d+):(\d+)\s*$/;

/** A rectangle as `x0:x1,y0:y1`; undefined when the text is not of that form. */
export function cutoutFromText(text: string): Cutout | undefined {
  const match = CUTOUT.exec(text);
  if (match === null) return undefined;
  const [x0, x1, y0, y1] = match.slice(1).map(Number);
  return { x: [x0, x1], y: [y0, y1] };
}

/** A rectangle as `x0:x1,y0:y1`. */
export const parseCutout = parser(
  cutoutFromText,
  "Give x0:x1,y0:y1 (columns, then rows, from 0, ends excluded).",
);

const POSITION = /^\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+))\s*,\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+))\s*$/;

/** The centre of a psf as `auto`, `peak`, `centroid` or `x,y`; undefined when the text is none of these. */
export function psfCentreFromText(text: string): PsfCentring | undefined {
  if (text === "auto" || text === "peak" || text === "centroid") return text;
  const [, x, y] = POSITION.exec(text) ?? [];
  return x === undefined ? undefined : { x: Number(x), y: Number(y) };
}

/** The centre of a psf. */
export const parsePsfCentre = parser(
  psfCentreFromText,
  "Give auto, peak, centroid, or x,y in pixels from 0, for example 5.5,5.5.",
);

/** What a psf is trimmed to: a share, or `none`. */
export function parsePsfTrim(text: string): PsfTrim {
  const share = text === "none" ? text : parseNumber(text);
  if (share !== "none" && !(share > 0 && share <= 1))
    throw new InvalidArgumentError("Give a share in (0, 1], for example 0.999, or none.");
  return share;
}

/** A share, `10%` or `0.1`. */
export function parseShare(text: string): number {
  const share = text.endsWith("%") ? parseNumber(text.slice(0, -1)) / 100 : parseNumber(text);
  if (!(share > 0 && share < 1))
    throw new InvalidArgumentError("Give a share between 0 and 1, for example 5% or 0.05.");
  return share;
}

const PLANES = /^\s*(\d+)(?::(\d+))?\s*$/;

/** Planes as `3`, or `2:5` without its end; undefined when the text is not of that form. */
export function planesFromText(text: string): [start: number, end: number] | undefined {
  const [, start, end] = PLANES.exec(text) ?? [];
  return start === undefined
    ? undefined
    : [Number(start), end === undefined ? Number(start) + 1 : Number(end)];
}

/** Planes as `3` or `2:5`. */
export const parsePlanes = parser(planesFromText, "Give 3, or 2:5 for planes 2, 3 and 4 together (from 0).");

/** A shape as `64` (square) or `64x32` (columns x rows), in the order `[ny, nx]`. */
export function parseShape(text: string): [ny: number, nx: number] {
  const [, nx, ny = nx] = /^(\d+)(?:x(\d+))?$/i.exec(text.trim()) ?? [];
  if (nx === undefined) throw new InvalidArgumentError("Give 64 or 64x32 (columns x rows).");
  return [Number(ny), Number(nx)];
}

const SECONDS_IN: Readonly<Record<string, number>> = { s: 1, "": 1, m: 60, min: 60, h: 3600 };

/** A time as `30s`, `5m`, `1h` or a number of seconds. */
export function parseSeconds(text: string): number {
  const [, value, unit] = /^(\d+(?:\.\d+)?)\s*(s|m|min|h|)$/.exec(text.trim()) ?? [];
  if (value === undefined) throw new InvalidArgumentError("Give a time such as 30s, 5m or 1h.");
  return Number(value) * SECONDS_IN[unit];
}

const BYTES_IN: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

/** A size as `5M`, `800k` or a number of bytes, > 0. */
export function parseBytes(text: string): number {
  const [, value, unit] = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(value) * BYTES_IN[unit?.toLowerCase() ?? ""]);
  if (!(bytes > 0)) throw new InvalidArgumentError("Give a size such as 5M, 800k or a number of bytes.");
  return bytes;
}
