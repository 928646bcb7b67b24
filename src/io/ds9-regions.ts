/** Regions as SAOImage DS9 and CIAO write them. */

import type { WcsCard } from "../data/observation.js";
import type { PixelPosition } from "../data/sky-wcs.js";
import { FormatError } from "../errors.js";
import { constantImage, type Shape } from "../image.js";
import type { Region } from "../posterior/region.js";
import { type RegionShape, shapeMask } from "../posterior/region-shape.js";
import { angleOf, type Frame, frameMaker, REFUSED, SYSTEMS, type System } from "./ds9-frame.js";

/** What the regions of a file are on. */
export interface RegionFileOptions {
  /** `[ny, nx]` of the image. */
  readonly shape: Shape;
  /** Its sky and physical coordinates, as header cards; default none. */
  readonly wcs?: readonly WcsCard[];
  /** Where the image begins in the one that `image` coordinates belong to, when it was cut out of it; default (0, 0). */
  readonly origin?: PixelPosition;
  /** Make one region of all that are included; default false: one of each. */
  readonly combine?: boolean;
  /** Name of the file for messages; default "regions". */
  readonly name?: string;
}

/** Regions of a file. */
export interface RegionFile {
  readonly regions: readonly Region[];
  /** Lines that were left out, one sentence each. */
  readonly warnings: readonly string[];
}

const AREAS = new Set(["circle", "ellipse", "box", "rotbox", "polygon", "annulus", "point", "pie"]);
const DRAWINGS = new Set([
  "line",
  "vector",
  "text",
  "ruler",
  "compass",
  "projection",
  "segment",
  "bpanda",
  "epanda",
  "panda",
]);

const POINT_KINDS = /^(circle|box|diamond|cross|x|arrow|boxcircle)\s+point\b/i;

/** A part of a region: included, or cut out of what is included. */
interface Term {
  readonly operator: "+" | "-" | "&";
  readonly shape: RegionShape;
}

/**
 * Read a region file of DS9 (or CIAO, which writes much the same).
 *
 * Read are circle, ellipse, box, polygon, annulus (of circles, ellipses and boxes) and point, in the systems image, physical, fk5,
 * icrs and galactic, with or without brackets, in degrees or base 60, with the units `"`, `'`, `d`, `r`, `p` and `i`. Each region
 * is named by its `text={...}`, else by its place in the file; regions of one name are one region. What has a minus sign in front is
 * cut out of all regions. Within a line, `+`, `-` and `&` (or `*`) add, cut out and intersect from left to right, and `||` at the
 * end joins a line to the next one.
 *
 * Lengths and angles on the sky are turned into pixels with the scale and the direction of north at the centre of the region.
 * Equatorial coordinates of FK5 (J2000) and ICRS are taken as the same; they differ by 0.02 arcseconds.
 *
 * @param text of the file
 * @returns regions with weights 1 and 0 by the centres of pixels
 * @throws FormatError when a line cannot be read, a coordinate system is not known, needs coordinates that the image lacks, or a
 *   region holds no pixel
 */
export function parseRegionFile(text: string, options: RegionFileOptions): RegionFile {
  const { shape, wcs = [], origin = { x: 0, y: 0 }, combine = false, name = "regions" } = options;
  const frames = frameMaker(name, wcs, origin);
  const warnings: string[] = [];
  const included: { readonly name: string; readonly terms: Term[] }[] = [];
  const excluded: RegionShape[] = [];
  let system: System = "physical";
  let joined: { readonly name: string; readonly terms: Term[] } | undefined;

  for (const [number, line] of text.split(/\r\n|\r|\n/).entries()) {
    const where = `${name}, line ${number + 1}`;
    for (const statement of statements(line)) {
      const { body, comment } = statement;
      if (body === "") continue;
      const words = body.toLowerCase();
      if (/^global\b/.test(words)) continue;
      if (SYSTEMS[words] !== undefined) {
        system = SYSTEMS[words];
        continue;
      }
      if (REFUSED.has(words) || /^wcs[a-z]$/.test(words)) {
        throw new FormatError(
          `${where}: coordinates must be image, physical, fk5, icrs or galactic, got ${words}; save the regions in one of them`,
        );
      }
      const parsed = parseLine(where, body, frames(system, where));
      if (parsed.skipped !== undefined) {
        warnings.push(`${where}: a region must have an area, got ${parsed.skipped}; it is left out`);
        continue;
      }
      for (const [part, { first, terms }] of parsed.parts.entries()) {
        if (first === "-") {
          excluded.push(...terms.map((term) => term.shape));
          continue;
        }
        const title = /\btext\s*=\s*(?:\{([^}]*)\}|"([^"]*)"|'([^']*)')/i.exec(comment);
        const base = (title?.[1] ?? title?.[2] ?? title?.[3] ?? "").trim() || `region ${included.length + 1}`;
        if (joined !== undefined) {
          joined.terms.push(...terms);
        } else {
          const label = parsed.parts.length > 1 && title !== null ? `${base} ${part + 1}` : base;
          const same = title === null ? undefined : included.find((other) => other.name === label);
          if (same === undefined) included.push({ name: label, terms: [...terms] });
          else same.terms.push(...terms);
          joined = same ?? included.at(-1);
        }
        if (!parsed.joins) joined = undefined;
      }
    }
  }
  if (included.length === 0) {
    throw new FormatError(`${name}: must hold a region that is included, got none; save one from DS9`);
  }
  const cut = excluded.map((region) => shapeMask(region, shape));
  const masks = included.map(({ terms }) => combineTerms(terms, shape));
  for (const mask of masks) for (const out of cut) setWhere(mask, out, 0);
  const toRegion = (title: string, mask: Uint8Array): Region => {
    const weights = constantImage(shape, 0);
    mask.forEach((value, pixel) => {
      weights.data[pixel] = value;
    });
    if (!weights.data.includes(1)) {
      throw new FormatError(
        `${name}: region ${title} must hold the centre of a pixel of the ${shape[1]} x ${shape[0]} image, got none; move or enlarge it`,
        { fields: { region: title } },
      );
    }
    return { name: title, weights };
  };
  if (combine) {
    const all = new Uint8Array(shape[0] * shape[1]);
    for (const mask of masks) setWhere(all, mask, 1);
    return { regions: [toRegion(included.map((region) => region.name).join(" + "), all)], warnings };
  }
  return { regions: included.map((region, index) => toRegion(region.name, masks[index]!)), warnings };
}

/** Set the pixels of a mask that another one holds. */
function setWhere(mask: Uint8Array, other: Uint8Array, value: 0 | 1): void {
  for (let pixel = 0; pixel < mask.length; pixel++) if (other[pixel] === 1) mask[pixel] = value;
}

/** Statements of a line, which semicolons divide, each with the comment of its line. */
function statements(line: string): { readonly body: string; readonly comment: string }[] {
  // A composite is written as a comment; its members follow on lines of their own.
  const hash = line.indexOf("#");
  const comment = hash < 0 ? "" : line.slice(hash + 1);
  const body = hash < 0 ? line : line.slice(0, hash);
  return body.split(";").map((part) => ({ body: part.trim(), comment }));
}

interface ParsedLine {
  readonly parts: readonly { readonly first: "+" | "-"; readonly terms: readonly Term[] }[];
  readonly joins: boolean;
  readonly skipped?: string;
}

function parseLine(where: string, line: string, frame: Frame): ParsedLine {
  const joins = /\|\|\s*$/.test(line);
  let rest = line.replace(/\|\|\s*$/, "").trim();
  const terms: { operator: Term["operator"]; shapes: readonly RegionShape[] }[] = [];
  let first: "+" | "-" = "+";
  while (rest !== "") {
    let operator: Term["operator"] = "+";
    const sign = /^(\|\||[-+&*|!])\s*/.exec(rest);
    if (sign !== null) {
      const mark = sign[1]!;
      operator = mark === "-" || mark === "!" ? "-" : mark === "&" || mark === "*" ? "&" : "+";
      if (terms.length === 0 && operator === "-") first = "-";
      rest = rest.slice(sign[0].length);
    }
    const point = POINT_KINDS.exec(rest);
    if (point !== null) rest = rest.slice(point[1]!.length).trim();
    const match = /^([a-z]+)\s*\(([^()]*)\)\s*/i.exec(rest) ?? /^([a-z]+)\s+([-+\d.][^()&|!*]*)$/i.exec(rest);
    if (match === null) {
      throw new FormatError(
        `${where}: must be a region such as circle(10,20,3), got ${JSON.stringify(rest)}; see the manual of DS9`,
      );
    }
    const kind = match[1]!.toLowerCase();
    if (DRAWINGS.has(kind) || kind === "pie") return { parts: [], joins, skipped: kind };
    if (!AREAS.has(kind)) {
      throw new FormatError(
        `${where}: must be a circle, ellipse, box, polygon, annulus or point, got ${kind}; draw it as one of them`,
      );
    }
    const values = match[2]!
      .trim()
      .split(/[\s,]+/)
      .filter((value) => value !== "");
    terms.push({ operator, shapes: shapesOf(where, kind, values, frame) });
    rest = rest.slice(match[0].length).trim();
  }
  if (terms.length === 1) {
    // Rings of several radii are regions of their own.
    return {
      parts: terms[0]!.shapes.map((shape) => ({ first, terms: [{ operator: "+" as const, shape }] })),
      joins,
    };
  }
  const all = terms.flatMap(({ operator, shapes }) => shapes.map((shape): Term => ({ operator, shape })));
  return { parts: [{ first, terms: all }], joins };
}

/** Apply terms from left to right. */
function combineTerms(terms: readonly Term[], shape: Shape): Uint8Array {
  const mask = new Uint8Array(shape[0] * shape[1]);
  for (const [index, { operator, shape: region }] of terms.entries()) {
    const other = shapeMask(region, shape);
    for (let pixel = 0; pixel < mask.length; pixel++) {
      if (index === 0 || operator === "+") mask[pixel] = mask[pixel]! | other[pixel]!;
      else if (operator === "-") mask[pixel] = other[pixel] === 1 ? 0 : mask[pixel]!;
      else mask[pixel] = mask[pixel]! & other[pixel]!;
    }
  }
  return mask;
}

function shapesOf(where: string, kind: string, values: readonly string[], frame: Frame): RegionShape[] {
  const fail = (needs: string) =>
    new FormatError(
      `${where}: ${kind} must have ${needs}, got ${values.length} numbers; see the manual of DS9`,
    );
  const checked = (shapes: readonly RegionShape[]) => {
    for (const shape of shapes) {
      const numbers = Object.values(shape.kind === "ring" ? shape.outer : shape).filter(
        (value) => typeof value === "number",
      );
      const points = shape.kind === "polygon" ? shape.points.flatMap(({ x, y }) => [x, y]) : [];
      if ([...numbers, ...points].every(Number.isFinite)) continue;
      throw new FormatError(
        `${where}: ${kind} must have numbers within the sky of the image, got ${values.join(", ")}`,
      );
    }
    return [...shapes];
  };
  if (kind === "polygon") {
    if (values.length < 6 || values.length % 2 === 1)
      throw fail("pairs of coordinates of three corners or more");
    const points: PixelPosition[] = [];
    for (let index = 0; index < values.length; index += 2)
      points.push(frame.position(values[index]!, values[index + 1]!));
    return checked([{ kind: "polygon", points }]);
  }
  if (values.length < 2) throw fail("a position");
  const at = frame.position(values[0]!, values[1]!);
  const { x, y } = at;
  const rest = values.slice(2);
  const lengths = (list: readonly string[]) => list.map((value) => frame.length(value, at));
  if (kind === "point") return checked([{ kind: "point", x, y }]);
  if (kind === "circle") {
    if (rest.length !== 1) throw fail("x, y and a radius");
    return checked([{ kind: "circle", x, y, radius: lengths(rest)[0]! }]);
  }
  if (kind === "annulus") {
    if (rest.length < 2) throw fail("x, y and two radii or more");
    return checked(rings(lengths(rest).map((radius): RegionShape => ({ kind: "circle", x, y, radius }))));
  }
  // Ellipse and box: pairs of sizes and an angle, which may be left out.
  if (rest.length < 2) throw fail("x, y, two sizes and an angle");
  const hasAngle = rest.length % 2 === 1;
  const angle = frame.angle(hasAngle ? angleOf(where, rest.at(-1)!) : 0, at);
  const sizes = lengths(hasAngle ? rest.slice(0, -1) : rest);
  const nested: RegionShape[] = [];
  for (let index = 0; index < sizes.length; index += 2) {
    const [first, second] = [sizes[index]!, sizes[index + 1]!];
    nested.push(
      kind === "ellipse"
        ? { kind: "ellipse", x, y, a: first, b: second, angle }
        : { kind: "box", x, y, width: first, height: second, angle },
    );
  }
  return checked(nested.length === 1 ? nested : rings(nested));
}

function rings(nested: readonly RegionShape[]): RegionShape[] {
  return nested.slice(1).map((outer, index) => ({ kind: "ring", outer, inner: nested[index]! }));
}
