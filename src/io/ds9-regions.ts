/** Regions as SAOImage DS9 and CIAO write them. */

import { galacticToIcrs, icrsToGalactic } from "../data/galactic.js";
import type { WcsCard } from "../data/observation.js";
import { isEquatorial } from "../data/sky-angle.js";
import { pixelToSky, skyToPixel } from "../data/sky-position.js";
import { type PixelPosition, parseWcs, type SkyPosition, type SkyWcs } from "../data/sky-wcs.js";
import { FormatError } from "../errors.js";
import { constantImage, type Shape } from "../image.js";
import type { Region } from "../posterior/region.js";
import { type RegionShape, shapeMask } from "../posterior/region-shape.js";

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

type System = "image" | "physical" | "fk5" | "icrs" | "galactic";

const SYSTEMS: Readonly<Record<string, System>> = {
  image: "image",
  physical: "physical",
  fk5: "fk5",
  j2000: "fk5",
  icrs: "icrs",
  galactic: "galactic",
};
/** Systems that are not read; a file that needs them is refused rather than misplaced. */
const REFUSED = new Set(["fk4", "b1950", "ecliptic", "linear", "amplifier", "detector", "tile", "wcs"]);
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

/** How coordinates of a system become pixels. */
interface Frame {
  readonly position: (first: string, second: string) => PixelPosition;
  /** A length at a position, in pixels. */
  readonly length: (text: string, at: PixelPosition) => number;
  /** An angle of the file at a position, as one from the x axis of the image. */
  readonly angle: (degrees: number, at: PixelPosition) => number;
}

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
  for (const mask of masks) for (const out of cut) out.forEach((value, pixel) => value && (mask[pixel] = 0));
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
    for (const mask of masks) mask.forEach((value, pixel) => value && (all[pixel] = 1));
    return { regions: [toRegion(included.map((region) => region.name).join(" + "), all)], warnings };
  }
  return { regions: included.map((region, index) => toRegion(region.name, masks[index]!)), warnings };
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

function angleOf(where: string, text: string): number {
  const value = Number(text.replace(/d$/, ""));
  if (Number.isFinite(value)) return value;
  throw new FormatError(`${where}: angle must be a number of degrees, got ${JSON.stringify(text)}`);
}

/** Degrees of an angle as DS9 writes it: decimal, `12:30:00`, `12h30m0s`, `-45d30m0s`. */
function coordinate(where: string, text: string, hours: boolean): number {
  const fail = () =>
    new FormatError(
      `${where}: coordinate must be degrees or base 60 such as 17:45:40.0, got ${JSON.stringify(text)}`,
    );
  const parts = /^([-+]?)(\d+(?:\.\d*)?)(?:[:hd](\d+(?:\.\d*)?))(?:[:m](\d+(?:\.\d*)?)s?)?m?$/i.exec(text);
  if (parts !== null) {
    const value = Number(parts[2]) + Number(parts[3] ?? 0) / 60 + Number(parts[4] ?? 0) / 3600;
    return (parts[1] === "-" ? -1 : 1) * value * (hours || /h/i.test(text) ? 15 : 1);
  }
  const number = /^([-+]?[\d.]+(?:e[-+]?\d+)?)([dr]?)$/i.exec(text);
  const value = number === null ? Number.NaN : Number(number[1]);
  if (!Number.isFinite(value)) throw fail();
  return number![2]!.toLowerCase() === "r" ? (value * 180) / Math.PI : value;
}

/** Image pixels (from 1) a physical unit, and the image pixel of physical 0, for each axis. */
function physicalScale(wcs: readonly WcsCard[]) {
  const values = new Map(wcs.map(({ keyword, value }) => [keyword, value]));
  const number = (keyword: string) => {
    const value = values.get(keyword);
    return typeof value === "number" ? value : undefined;
  };
  return ([1, 2] as const).map((axis) => {
    const scale = number(`LTM${axis}_${axis}`);
    const origin = number(`LTV${axis}`);
    if (scale !== undefined || origin !== undefined) return { scale: scale ?? 1, zero: origin ?? 0 };
    const step = number(`CDELT${axis}P`);
    if (step === undefined || step === 0) return { scale: 1, zero: 0 };
    const reference = number(`CRPIX${axis}P`) ?? 0;
    return { scale: 1 / step, zero: reference - (number(`CRVAL${axis}P`) ?? 0) / step };
  });
}

const ARCSECOND = 1 / 3600;

/** Frames of the systems, made when they are asked for. */
function frameMaker(name: string, cards: readonly WcsCard[], origin: PixelPosition) {
  const parsed = parseWcs(cards);
  const [physicalX, physicalY] = physicalScale(cards) as [
    { scale: number; zero: number },
    { scale: number; zero: number },
  ];

  /** Scale and direction of north of the image at a pixel. */
  const local = (wcs: SkyWcs, at: PixelPosition) => {
    const sky = pixelToSky(wcs, at.x, at.y);
    const north = skyToPixel(wcs, sky.lon, sky.lat + ARCSECOND);
    const [dx, dy] = [north.x - at.x, north.y - at.y];
    return { scale: Math.hypot(dx, dy) / ARCSECOND, north: (Math.atan2(dy, dx) * 180) / Math.PI };
  };
  const lengthIn =
    (where: string, bare: (value: number, at: PixelPosition) => number) =>
    (text: string, at: PixelPosition) => {
      const match = /^(\d*\.?\d*(?:e[-+]?\d+)?)(["'dripn]?)$/i.exec(text);
      const value = match === null || match[1] === "" ? Number.NaN : Number(match[1]);
      if (!Number.isFinite(value)) {
        throw new FormatError(
          `${where}: length must be a number >= 0 with or without a unit, got ${JSON.stringify(text)}`,
        );
      }
      const sky = (degrees: number) => {
        if (parsed.wcs === undefined) {
          throw new FormatError(
            `${where}: lengths in angles need sky coordinates of the image, got none; save the regions in image`,
          );
        }
        return degrees * local(parsed.wcs, at).scale;
      };
      switch (match![2]!.toLowerCase()) {
        case '"':
          return sky(value / 3600);
        case "'":
          return sky(value / 60);
        case "d":
          return sky(value);
        case "r":
          return sky((value * 180) / Math.PI);
        case "p":
          return value * Math.abs(physicalX.scale);
        case "i":
          return value;
        default:
          return bare(value, at);
      }
    };

  return (system: System, where: string): Frame => {
    const pixels = (text: string) => {
      const value = Number(text);
      if (Number.isFinite(value)) return value;
      throw new FormatError(
        `${where}: coordinate must be a number in ${system} coordinates, got ${JSON.stringify(text)}`,
      );
    };
    if (system === "image") {
      return {
        position: (x, y) => ({ x: pixels(x) - 1 - origin.x, y: pixels(y) - 1 - origin.y }),
        length: lengthIn(where, (value) => value),
        angle: (degrees) => degrees,
      };
    }
    if (system === "physical") {
      return {
        position: (x, y) => ({
          x: physicalX.scale * pixels(x) + physicalX.zero - 1,
          y: physicalY.scale * pixels(y) + physicalY.zero - 1,
        }),
        length: lengthIn(where, (value) => value * Math.abs(physicalX.scale)),
        angle: (degrees) => degrees,
      };
    }
    const { wcs } = parsed;
    if (wcs === undefined) {
      throw new FormatError(
        `${where}: ${system} coordinates need sky coordinates of the image, got none; save the regions of ${name} in image coordinates`,
      );
    }
    const equatorial =
      isEquatorial(wcs) && wcs.system !== "FK4" && (wcs.equinox === undefined || wcs.equinox === 2000);
    if (!equatorial && wcs.system !== "galactic") {
      throw new FormatError(
        `${where}: the image must have ICRS, FK5 (J2000) or galactic coordinates for regions in ${system}, got ${wcs.system}; ` +
          "save the regions in image coordinates",
      );
    }
    const wanted = system === "galactic" ? "galactic" : "equatorial";
    const toImage = (sky: SkyPosition): SkyPosition => {
      if ((wcs.system === "galactic") === (wanted === "galactic")) return sky;
      return wcs.system === "galactic" ? icrsToGalactic(sky) : galacticToIcrs(sky);
    };
    const fromImage = (sky: SkyPosition): SkyPosition => {
      if ((wcs.system === "galactic") === (wanted === "galactic")) return sky;
      return wcs.system === "galactic" ? galacticToIcrs(sky) : icrsToGalactic(sky);
    };
    /** Direction of the system's own north at a pixel, and pixels a degree along it. */
    const north = (at: PixelPosition) => {
      const own = fromImage(pixelToSky(wcs, at.x, at.y));
      const moved = toImage({ lon: own.lon, lat: own.lat + ARCSECOND });
      const to = skyToPixel(wcs, moved.lon, moved.lat);
      const [dx, dy] = [to.x - at.x, to.y - at.y];
      return { scale: Math.hypot(dx, dy) / ARCSECOND, angle: (Math.atan2(dy, dx) * 180) / Math.PI };
    };
    return {
      position(first, second) {
        const base60 = first.includes(":");
        const sky = {
          lon: coordinate(where, first, base60 && wanted === "equatorial"),
          lat: coordinate(where, second, false),
        };
        const { lon, lat } = toImage(sky);
        return skyToPixel(wcs, lon, lat);
      },
      length: lengthIn(where, (value, at) => value * north(at).scale),
      angle: (degrees, at) => degrees + north(at).angle - 90,
    };
  };
}
