/** Options of figures: what they are called, and what each may be. An option of one name means the same in nearly all figures. */

import { InvalidInputError } from "../errors.js";
import { isObject } from "../given.js";
import { checkNames, type NamesOf } from "../known-names.js";
import { shownValue } from "../shown-value.js";
import type { ColorScaleOptions, StretchOptions } from "./color-scale.js";
import type { FigureOptions } from "./figure.js";
import type { ImagePanelOptions, SkyPanelOptions } from "./image-panel.js";

/** Names of `FigureOptions`. */
export const FIGURE: NamesOf<FigureOptions> = { document: true, title: true, theme: true, width: true };
/** Names of `StretchOptions`. */
export const STRETCH: NamesOf<StretchOptions> = {
  ...{ stretch: true, vmin: true, vmax: true, limits: true, softening: true },
};
/** Names of `ColorScaleOptions`. */
export const COLORS: NamesOf<ColorScaleOptions> = { ...STRETCH, colormap: true, symmetric: true };
/** Names of `SkyPanelOptions`. */
export const SKY: NamesOf<SkyPanelOptions> = {
  ...{ markers: true, axes: true, grid: true, scaleBar: true, compass: true },
  ...{ regions: true, contours: true, contoursOf: true },
};
/** Names of `ImagePanelOptions`. */
export const IMAGE_PANEL: NamesOf<ImagePanelOptions> = {
  ...COLORS,
  ...SKY,
  label: true,
  unit: true,
  wcs: true,
};

/** What a value must be, and whether it is. */
type Rule = readonly [words: string, holds: (value: unknown) => boolean];

const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isPositive = (value: unknown) => isNumber(value) && value > 0;
const isImage = (value: unknown) =>
  isObject(value) && Array.isArray(value.shape) && ArrayBuffer.isView(value.data);
const listOf = (holds: Rule[1]) => (value: unknown) => Array.isArray(value) && value.every(holds);

const TEXT: Rule = ["text", (value) => typeof value === "string"];
const FLAG: Rule = ["true or false", (value) => typeof value === "boolean"];
const POSITIVE: Rule = ["a number > 0", isPositive];
const NOT_NEGATIVE: Rule = ["a number >= 0", (value) => isNumber(value) && value >= 0];
const COUNT: Rule = ["a whole number >= 1", (value) => Number.isInteger(value) && (value as number) >= 1];
const IMAGE: Rule = ["an image {data, shape}", isImage];
const quoted = (words: readonly string[]) => words.map((word) => JSON.stringify(word)).join(", ");
/** One of some words. */
export const oneOf = (...words: readonly string[]): Rule => [
  `one of ${quoted(words)}`,
  (value) => words.includes(value as string),
];
/** A list of some words. */
export const someOf = (...words: readonly string[]): Rule => [
  `a list of ${quoted(words)}`,
  listOf((one) => words.includes(one as string)),
];

/** Rules of options; limits, stretch and colour map are checked by `colorScale`, the width by `paperWidth`. */
const RULES: Readonly<Record<string, Rule>> = {
  ...{ title: TEXT, label: TEXT, unit: TEXT, exposureUnit: TEXT, imageTitle: TEXT },
  ...{ symmetric: FLAG, grid: FLAG, compass: FLAG },
  ...{ size: POSITIVE, reach: POSITIVE, maxBytes: POSITIVE, draws: COUNT, columns: COUNT },
  ...{ radius: NOT_NEGATIVE, burnIn: NOT_NEGATIVE },
  ...{ counts: IMAGE, truth: IMAGE, image: IMAGE },
  theme: oneOf("light", "dark"),
  axes: oneOf("auto", "sexagesimal", "degrees", "pixels", "offset"),
  colorScale: oneOf("own", "shared"),
  format: oneOf("apng", "gif"),
  residuals: oneOf("truth", "first", "none"),
  xScale: oneOf("linear", "log"),
  yScale: oneOf("linear", "log"),
  limits: [
    "a number, or two",
    (value) => isNumber(value) || (listOf(isNumber)(value) && (value as unknown[]).length === 2),
  ],
  scaleBar: ["true, false or a number > 0", (value) => typeof value === "boolean" || isPositive(value)],
  markers: ["a list of {x, y}", listOf((one) => isObject(one) && isNumber(one.x) && isNumber(one.y))],
  regions: ["shapes of parseDs9Regions", listOf((one) => isObject(one) && Array.isArray(one.terms))],
  contours: ["a list of numbers", listOf(isNumber)],
  contoursOf: ["{image}, with wcs or without", (value) => isObject(value) && isImage(value.image)],
  wcs: [
    "a list of cards {keyword, value}",
    listOf((one) => isObject(one) && typeof one.keyword === "string"),
  ],
  names: ["a list of columns", listOf((one) => typeof one === "string")],
  groups: ["lists of numbers of chains", listOf(listOf(Number.isInteger))],
  levels: ["a list of numbers", listOf(isNumber)],
};

/**
 * Check the options of a figure.
 *
 * @param where name of the function
 * @param names of its options
 * @param own rules of options that mean something else in other figures
 * @throws InvalidInputError about one that it does not have, and about one that is something else than it must be
 */
export function checkFigureOptions(
  where: string,
  options: object,
  names: Readonly<Record<string, true>>,
  own: Readonly<Record<string, Rule>> = {},
): void {
  const given: Readonly<Record<string, unknown>> = isObject(options) ? options : {};
  checkNames(where, given, Object.keys(names));
  if (
    "document" in names &&
    !(isObject(given.document) && typeof given.document.createElementNS === "function")
  ) {
    throw new InvalidInputError(
      `${where}: document must be a DOM document, got ${isObject(given.document) ? "something else" : shownValue(given.document)}; ` +
        'in Node make one by figureDocument of "tslira/node"',
    );
  }
  for (const [name, value] of Object.entries(given)) {
    const rule = own[name] ?? RULES[name];
    if (value === undefined || rule === undefined || rule[1](value)) continue;
    throw new InvalidInputError(
      `${where}: ${name} must be ${rule[0]}, got ${shownValue(value)}; leave it out for the default`,
      { fields: { [name]: value } },
    );
  }
}
