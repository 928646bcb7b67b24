/** Text traces of the original LIRA (C code, R package, pylira before FITS). */

import { FormatError, InvalidInputError } from "../errors.js";
import { checkShape, type Shape } from "../image.js";
import type { ImageTrace, ParameterTrace } from "../posterior/trace.js";

/** Options of `parseLegacyImages`. */
export interface LegacyImagesOptions {
  /** Shape of one image; default square, as wide as a line has numbers. */
  readonly shape?: Shape;
  /** Sweeps between saved images; default 1 (the header of the parameter file says, see `parseLegacyParameters`). */
  readonly every?: number;
  /** Saved images at the start to leave out as burn-in; default 0. LIRA saves its burn-in too. */
  readonly burnIn?: number;
  /** Name of the file in error messages. */
  readonly name?: string;
}

/** What the comments at the top of a parameter file say; what they do not say is absent. */
export interface LegacySettings {
  readonly shape?: Shape;
  /** Sweeps of the run. */
  readonly iterations?: number;
  /** Sweeps between saved rows and images. */
  readonly every?: number;
  readonly fitBackgroundScale?: boolean;
  /** Starting smoothing parameters, finest level first. */
  readonly alphaInit?: readonly number[];
  readonly totalCountsPrior?: { readonly shape: number; readonly rate: number };
  /** Rate of the hyperprior (kappa 2); the file does not hold the others. */
  readonly smoothingRate?: number;
}

/** A parameter file. */
export interface LegacyParameters {
  readonly settings: LegacySettings;
  /** Sweep of each row, as the file counts (from 1). */
  readonly iterations: readonly number[];
  /** All columns but `iteration`, one chain. NaN and infinities are kept: the original prints them for its log posterior. */
  readonly trace: ParameterTrace;
}

/** Numbers as C prints them. */
function parseNumber(text: string): number | undefined {
  const match = /^([+-]?)(nan|inf(?:inity)?)(?:\(.*\))?$/i.exec(text);
  if (match) {
    if (match[2].toLowerCase() === "nan") return Number.NaN;
    return match[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

/** The words of each line that has some, without comments. */
function dataLines(text: string): { readonly words: string[]; readonly line: number }[] {
  return text
    .split(/\r?\n/)
    .map((content, index) => ({ content: content.trim(), line: index + 1 }))
    .filter(({ content }) => content !== "" && !content.startsWith("#"))
    .map(({ content, line }) => ({ words: content.split(/[\s,]+/), line }));
}

function parseRow(where: string, words: readonly string[], line: number, width: number): number[] {
  if (words.length !== width) {
    throw new FormatError(
      `${where}: line ${line} must have ${width} values, got ${words.length}; the file is cut short`,
      { fields: { line, width, length: words.length } },
    );
  }
  return words.map((word) => {
    const value = parseNumber(word);
    if (value !== undefined) return value;
    throw new FormatError(
      `${where}: line ${line} must hold numbers, got ${JSON.stringify(word.slice(0, 40))}; is this a trace of LIRA?`,
      { fields: { line } },
    );
  });
}

/**
 * Images of LIRA's `output.txt`: images stacked as lines of numbers.
 *
 * Units are LIRA's: counts at the maximum exposure.
 *
 * @returns one chain of draws, in single precision
 * @throws FormatError when the text is not lines of equal length or does not hold whole images
 * @throws InvalidInputError when an option breaks its rule
 */
export function parseLegacyImages(text: string, options: LegacyImagesOptions = {}): ImageTrace {
  const { every = 1, burnIn = 0, name: where = "LIRA images" } = options;
  for (const [option, value, least] of [
    ["every", every, 1],
    ["burnIn", burnIn, 0],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new InvalidInputError(
      `${where}: ${option} must be a whole number >= ${least}, got ${value}; round it`,
      { fields: { [option]: value } },
    );
  }
  const lines = dataLines(text);
  if (lines.length === 0)
    throw new FormatError(`${where}: file must hold images, got no numbers; check the file`);
  const width = lines[0].words.length;
  const shape: Shape = options.shape ?? [width, width];
  checkShape(where, shape);
  const [ny, nx] = shape;
  if (nx !== width || lines.length % ny !== 0) {
    throw new FormatError(
      `${where}: file must hold whole images of ${ny} lines with ${nx} values, got ${lines.length} lines with ${width}; ` +
        "give the shape [ny, nx]",
      { fields: { lines: lines.length, width, shape } },
    );
  }
  const images = lines.length / ny;
  if (burnIn > images) {
    throw new InvalidInputError(
      `${where}: burnIn must be at most the ${images} images, got ${burnIn}; lower it`,
      { fields: { burnIn, images } },
    );
  }
  const data = new Float32Array((images - burnIn) * ny * nx);
  for (const [row, { words, line }] of lines.entries()) {
    const values = parseRow(where, words, line, nx);
    if (row >= burnIn * ny) data.set(values, (row - burnIn * ny) * nx);
  }
  return { shape: [ny, nx], first: burnIn * every + every - 1, every, chains: [data] };
}

/**
 * Parameter trace of LIRA's `output-par.txt`: comments, a line of column names, one line a saved sweep.
 *
 * @param options.burnIn rows at the start to count as burn-in; default 0
 * @throws FormatError when there are no column names, or a line does not fit them
 */
export function parseLegacyParameters(
  text: string,
  options: { readonly burnIn?: number; readonly name?: string } = {},
): LegacyParameters {
  const { burnIn = 0, name: where = "LIRA parameters" } = options;
  const [header, ...rows] = dataLines(text);
  if (header === undefined || header.words.some((word) => parseNumber(word) !== undefined)) {
    throw new FormatError(
      `${where}: file must begin with a line of column names, got ${header === undefined ? "none" : `line ${header.line} of numbers`}; ` +
        "is this a parameter trace of LIRA?",
    );
  }
  const columns = header.words;
  const at = columns.indexOf("iteration");
  const names = columns.filter((_, index) => index !== at);
  const values = rows.map(({ words, line }) => parseRow(where, words, line, columns.length));
  const chain = new Float64Array(rows.length * names.length);
  for (const [row, numbers] of values.entries()) {
    const others = numbers.filter((_, index) => index !== at);
    chain.set(others, row * names.length);
  }
  return {
    settings: legacySettings(text),
    iterations: values.map((numbers, row) => (at < 0 ? row + 1 : numbers[at])),
    trace: { names, burnIn, chains: [chain] },
  };
}

/** What the comments say; their wording is that of LIRA's C code. */
function legacySettings(text: string): LegacySettings {
  const comments = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("#"))
    .map((line) => line.slice(1).trim())
    .join("\n");
  const numbers = (pattern: RegExp) => pattern.exec(comments)?.slice(1).map(Number);
  const shape = numbers(/data matrix is (\d+) by (\d+)/);
  const draws = numbers(/number of Gibbs draws is (\d+), every (\d+)/);
  const total = numbers(/Gamma\(([\d.eE+-]+), ([\d.eE+-]+)\)/);
  const rate = numbers(/\(kappa 2\) is ([\d.eE+-]+?)\.?$/m);
  const alphas = [...comments.matchAll(/Aggregation Level:\s*\d+,\s*alpha:\s*([\d.eE+-]+)/g)].map(
    ([, value]) => Number(value),
  );
  const scale = /scale parameter will (not )?be fit/i.exec(comments);
  return {
    ...(shape ? { shape: [shape[0], shape[1]] as const } : {}),
    ...(draws ? { iterations: draws[0], every: draws[1] } : {}),
    ...(scale ? { fitBackgroundScale: scale[1] === undefined } : {}),
    ...(alphas.length > 0 ? { alphaInit: alphas } : {}),
    ...(total ? { totalCountsPrior: { shape: total[0], rate: total[1] } } : {}),
    ...(rate ? { smoothingRate: rate[0] } : {}),
  };
}
