import { type Ds9RegionsOptions, parseDs9Regions } from "../data/regions/ds9-region.js";
import { type ShapeBounds, shapeContains } from "../data/regions/region-shape.js";
import { termsBounds, termsContain } from "../data/regions/region-terms.js";
import { InvalidInputError } from "../errors.js";
import { checkShape, constantImage, type Shape, type SkyImage } from "../image.js";
import type { Region } from "./region.js";

/** Regions of a file. */
export interface FileRegions {
  readonly regions: readonly Region[];
  /** What was left out, one sentence each. */
  readonly warnings: readonly string[];
}

/** How shapes become pixels. */
export interface FileRegionsOptions extends Ds9RegionsOptions {
  /**
   * Points along each side of a pixel that are looked at: 1 (default) takes the pixels whose centres are inside, with weight 1;
   * more, at most 32, give a pixel at the border the part that is inside as its weight. A point stays a whole pixel.
   */
  readonly subpixels?: number;
  /** Join all regions of the file into one of this name; default: each is one of its own. */
  readonly joined?: string;
}

const MOST_SUBPIXELS = 32;

/** A region before it is put on pixels. */
interface Outline {
  readonly name: string;
  readonly inside: (x: number, y: number) => boolean;
  readonly bounds: readonly ShapeBounds[];
}

/**
 * The regions of a DS9 region file on an image; see `parseDs9Regions` for what the file may hold.
 *
 * Excluded shapes (`-circle(...)`) are cut out of every region. A file of excluded shapes alone makes one region of all the rest.
 *
 * @param text content of the file
 * @param shape `[ny, nx]` of the image
 * @throws FormatError naming the line that cannot be read
 * @throws InvalidInputError when the image lacks the coordinates of the file, or a region holds no pixel
 */
export function regionsFromDs9(text: string, shape: Shape, options: FileRegionsOptions = {}): FileRegions {
  const { subpixels = 1, joined, name: file = "regions" } = options;
  checkShape("regionsFromDs9", shape);
  if (!Number.isInteger(subpixels) || subpixels < 1 || subpixels > MOST_SUBPIXELS) {
    throw new InvalidInputError(
      `regionsFromDs9: subpixels must be a whole number from 1 to ${MOST_SUBPIXELS}, got ${subpixels}; use 1 or 5`,
      { fields: { subpixels } },
    );
  }
  const { regions: shaped, excluded, warnings } = parseDs9Regions(text, { ...options, shape });
  const kept = (x: number, y: number) => !excluded.some((cut) => shapeContains(cut, x, y));
  const outlines = shaped.map(({ name, terms }): Outline => {
    return { name, bounds: termsBounds(terms), inside: (x, y) => termsContain(terms, x, y) && kept(x, y) };
  });
  return { regions: named(outlines).map((outline) => onPixels(outline, shape, subpixels)), warnings };

  function named(found: readonly Outline[]): readonly Outline[] {
    if (found.length === 0) {
      if (excluded.length > 0) return [{ name: joined ?? "not excluded", inside: kept, bounds: [ALL] }];
      throw new InvalidInputError(
        `${file}: must hold at least one region, got none; add a line such as circle(10,20,3)`,
      );
    }
    if (joined === undefined) return found;
    const inside = (x: number, y: number) => found.some((one) => one.inside(x, y));
    return [{ name: joined, inside, bounds: found.flatMap(({ bounds }) => bounds) }];
  }
}

const EVERYWHERE = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const ALL: ShapeBounds = { x: EVERYWHERE, y: EVERYWHERE };

function onPixels({ name, inside, bounds }: Outline, shape: Shape, subpixels: number): Region {
  const [ny, nx] = shape;
  // Not by arguments of a function, of which there may be too many.
  const range = (axis: "x" | "y", size: number): [first: number, last: number] => [
    Math.max(
      0,
      Math.floor(bounds.reduce((low, one) => Math.min(low, one[axis][0]), Number.POSITIVE_INFINITY)),
    ),
    Math.min(
      size - 1,
      Math.ceil(bounds.reduce((high, one) => Math.max(high, one[axis][1]), Number.NEGATIVE_INFINITY)),
    ),
  ];
  const [firstRow, lastRow] = range("y", ny);
  const [firstCol, lastCol] = range("x", nx);
  const places = Array.from({ length: subpixels }, (_, index) => (index + 0.5) / subpixels - 0.5);
  const weights = constantImage(shape, 0);
  let any = false;
  for (let row = firstRow; row <= lastRow; row++) {
    for (let col = firstCol; col <= lastCol; col++) {
      let count = 0;
      for (const dy of places) for (const dx of places) if (inside(col + dx, row + dy)) count++;
      weights.data[row * nx + col] = count / (subpixels * subpixels);
      any ||= count > 0;
    }
  }
  if (any) return { name, weights };
  throw new InvalidInputError(
    `region ${name}: must hold the centre of a pixel of the ${nx} x ${ny} image, got none; check its coordinates and what is excluded, move or enlarge it`,
    { fields: { region: name, shape } },
  );
}

/** Weights of all regions together: 1 GiB. */
const MOST_WEIGHTS = 2 ** 27;

/**
 * The regions of an image of labels: all pixels of one label > 0 make a region, named `label 1` and so on, in ascending order.
 *
 * @param labels whole numbers `[ny, nx]`; 0 and below belong to no region
 * @throws InvalidInputError when a label is not a whole number, none is > 0, or they are too many to hold an image each
 */
export function regionsFromLabels({ data, shape }: SkyImage): Region[] {
  const bad = data.findIndex((label) => !Number.isInteger(label));
  if (bad >= 0) {
    throw new InvalidInputError(
      `labels: must be whole numbers, got ${data[bad]} at [${Math.floor(bad / shape[1])}, ${bad % shape[1]}]; use 0 outside`,
      { fields: { value: data[bad] } },
    );
  }
  const labels = [...new Set(data)].filter((label) => label > 0).sort((a, b) => a - b);
  if (labels.length === 0) {
    throw new InvalidInputError("labels: must hold a label > 0, got none; number the regions from 1");
  }
  const most = Math.floor(MOST_WEIGHTS / data.length);
  if (labels.length > most) {
    throw new InvalidInputError(
      `labels: must be at most ${most} in an image of this size, got ${labels.length}; cut the image or use fewer`,
      { fields: { labels: labels.length, most } },
    );
  }
  return labels.map((label) => ({
    name: `label ${label}`,
    weights: { data: data.map((value) => (value === label ? 1 : 0)), shape },
  }));
}
