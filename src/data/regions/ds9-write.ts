/** Region files of SAOImage DS9, written. */

import { InvalidInputError } from "../../errors.js";
import type { Ds9RegionsOptions, ShapedRegion } from "./ds9-region.js";
import { type RegionFrame, type RegionSystem, regionFrame } from "./region-frame.js";
import type { RegionShape } from "./region-shape.js";

/** How regions are written. */
export interface FormatDs9RegionsOptions extends Pick<Ds9RegionsOptions, "wcs" | "origin"> {
  /** Coordinates of the file; default `"image"`, which every image has. */
  readonly system?: RegionSystem;
  /** Shapes to exclude from every region of the file. */
  readonly excluded?: readonly RegionShape[];
}

/** Decimals of a pixel: finer than the slack of borders, so that the same pixels come back. */
const PIXEL_DECIMALS = 10;
/** Decimals of a degree, 0.04 microarcseconds, and of an arcsecond. */
const DEGREE_DECIMALS = 11;
const ARCSECOND_DECIMALS = 7;

/**
 * Write regions as a region file of DS9, which `parseDs9Regions` reads back: the same pixels in image and physical coordinates, positions
 * within 1e-6 of a pixel in coordinates of the sky (between Galactic and equatorial ones within 1e-5 arcseconds).
 *
 * Regions of several terms are joined by `||`, `&` and `-` in one line; DS9 reads these in its own way and other programs may not.
 *
 * @param regions shapes in pixels from 0; line breaks in names become spaces
 * @returns content of the file, one region a line, its name as `text`
 * @throws InvalidInputError when the image lacks the coordinates, a shape lies where it has no sky, or an annulus is not of two like shapes
 */
export function formatDs9Regions(
  regions: readonly ShapedRegion[],
  { system = "image", wcs = [], origin = { x: 0, y: 0 }, excluded = [] }: FormatDs9RegionsOptions = {},
): string {
  const frame = regionFrame(system, wcs, origin);
  const lines = regions.map(({ name, terms }) => {
    const shapes = terms.map(({ operator, shape }, index) => {
      const sign = index === 0 ? "" : operator === "or" ? "||" : operator === "and" ? "&" : "-";
      // What is cut between two angles: the rest of the circle is taken away.
      if (index === 0 && shape.kind === "annulus" && shape.inner.kind === "polygon")
        return `${shapeText(shape.outer, frame, name)} -${shapeText(shape.inner, frame, name)}`;
      return `${sign}${shapeText(shape, frame, name)}`;
    });
    return `${shapes.join(" ")} # text=${quoted(name)}`;
  });
  const cut = excluded.map((shape) => `-${shapeText(shape, frame, "excluded")}`);
  return ["# Region file format: DS9", system, ...lines, ...cut, ""].join("\n");
}

/** A name in the delimiters that it does not hold itself. */
function quoted(name: string): string {
  const plain = name.replace(/\s+/g, " ");
  if (!plain.includes("}")) return `{${plain}}`;
  if (!plain.includes('"')) return `"${plain}"`;
  return plain.includes("'") ? `{${plain.replaceAll("}", ")")}}` : `'${plain}'`;
}

/** A number of at most so many decimals. */
function decimal(value: number, decimals: number): string {
  const text = value.toFixed(decimals).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}

function shapeText(shape: RegionShape, frame: RegionFrame, name: string): string {
  const onSky = frame.system !== "image" && frame.system !== "physical";
  const place = (x: number, y: number): [first: number, second: number] => {
    const [first, second] = frame.written(x, y);
    if (Number.isFinite(first + second)) return [first, second];
    throw new InvalidInputError(
      `region ${name}: must lie where the image has sky, got (x, y) = (${x}, ${y}); write it in image coordinates`,
      { fields: { region: name, x, y } },
    );
  };
  const position = (x: number, y: number) =>
    place(x, y)
      .map((value) => decimal(value, onSky ? DEGREE_DECIMALS : PIXEL_DECIMALS))
      .join(",");
  if (shape.kind === "polygon")
    return `polygon(${shape.vertices.map(({ x, y }) => position(x, y)).join(",")})`;
  if (shape.kind === "point") return `point(${position(shape.x, shape.y)})`;

  const rings = shape.kind === "annulus" ? [shape.inner, shape.outer] : [shape];
  const outer = rings.at(-1)!;
  if (outer.kind === "annulus" || outer.kind === "polygon" || outer.kind === "point") throw unlike(name);
  const { scale, turn } = frame.local(...place(outer.x, outer.y));
  const length = (pixels: number) =>
    onSky
      ? `${decimal((pixels / scale) * 3600, ARCSECOND_DECIMALS)}"`
      : decimal(pixels / scale, PIXEL_DECIMALS);
  const sizes = rings.map((ring) => {
    if (ring.kind !== outer.kind || !("x" in ring) || ring.x !== outer.x || ring.y !== outer.y)
      throw unlike(name);
    if (ring.kind === "circle") return length(ring.radius);
    if (outer.kind === "circle" || ring.angle !== outer.angle) throw unlike(name);
    return `${length(ring.along)},${length(ring.across)}`;
  });
  const kind = rings.length > 1 && outer.kind === "circle" ? "annulus" : outer.kind;
  const angle = outer.kind === "circle" ? "" : `,${decimal(outer.angle - turn, PIXEL_DECIMALS)}`;
  return `${kind}(${position(outer.x, outer.y)},${sizes.join(",")}${angle})`;
}

function unlike(name: string): InvalidInputError {
  return new InvalidInputError(
    `region ${name}: an annulus must be made of two circles, ellipses or boxes around one middle, got others; make it of terms`,
    { fields: { region: name } },
  );
}
