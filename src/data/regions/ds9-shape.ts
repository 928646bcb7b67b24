/** Single shapes of region files, from their words and numbers. */

import { FormatError } from "../../errors.js";
import type { PixelPosition } from "../sky/sky-wcs.js";
import type { RegionFrame, RegionSystem } from "./region-frame.js";
import { type RegionShape, shapeBounds } from "./region-shape.js";

/** A shape as it stands in a file: its name, small letters, and the words in its brackets. */
export interface WrittenShape {
  readonly kind: string;
  readonly values: readonly string[];
}

/** Names of shapes that have an area. */
export const AREA_KINDS: ReadonlySet<string> = new Set(
  "circle ellipse box rotbox polygon annulus point field rectangle pie sector panda epanda bpanda".split(" "),
);

/** What the parts of the three kinds of panda are cut from. */
const PANDAS: Readonly<Record<string, "circle" | "ellipse" | "box">> = {
  ...{ panda: "circle", epanda: "ellipse", bpanda: "box" },
};

/** Sides in pixels of what stands for all of an image: more than any has. */
const EVERYTHING = 2 ** 24;

/**
 * Place a written shape on the image.
 *
 * @param system of numbers without a unit
 * @param frameOf how the coordinates of a system lie on the image
 * @param where file and line, for messages
 * @returns one shape, or a ring each of an annulus of several radii
 * @throws FormatError when the numbers do not make the shape, or lie where the image has no sky
 */
export function placeShape(
  { kind, values }: WrittenShape,
  system: RegionSystem,
  frameOf: (system: RegionSystem) => RegionFrame,
  where: string,
): RegionShape[] {
  const frame = frameOf(system);
  const fail = (rule: string): never => {
    throw new FormatError(`${where}: ${kind} must ${rule}, got (${values.join(",")}); correct it`, {
      fields: { shape: kind, values },
    });
  };
  /** The position of which a value is the first, in pixels of the image and in the coordinates of the shape. */
  const positionAt = (at: number): PixelPosition & { readonly written: readonly [number, number] } => {
    const words = [values[at] ?? "", values[at + 1] ?? ""];
    const pixels = (["image", "physical"] as const).find((one) =>
      words.every((word) => word.slice(-1).toLowerCase() === one[0]),
    );
    const [first, second] = words.map((word, axis) =>
      readCoordinate(pixels === undefined ? word : word.slice(0, -1), axis as 0 | 1, pixels ?? system),
    ) as [number, number];
    if (!Number.isFinite(first + second))
      fail("have positions such as 10.5, or 13:29:52.7 and 202.5d on the sky");
    const { x, y } = frameOf(pixels ?? system).position(first, second);
    if (!Number.isFinite(x + y)) fail("lie where the image has sky");
    return { x, y, written: pixels === undefined ? [first, second] : frame.written(x, y) };
  };
  if (kind === "field") {
    if (values.length > 0) fail("have no numbers");
    return [{ kind: "box", x: 0, y: 0, along: EVERYTHING, across: EVERYTHING, angle: 0 }];
  }
  if (kind === "rectangle") {
    if (values.length !== 4 && values.length !== 5) fail("have two corners, and perhaps an angle");
    const [low, high] = [positionAt(0), positionAt(2)];
    const [along, across] = [Math.abs(high.x - low.x), Math.abs(high.y - low.y)];
    const angle = values[4] === undefined ? 0 : angleOf(values[4]);
    return [{ kind: "box", x: (low.x + high.x) / 2, y: (low.y + high.y) / 2, along, across, angle }];
  }
  if (kind === "polygon") {
    if (values.length < 6 || values.length % 2 !== 0) fail("have at least three pairs of coordinates");
    const vertices = Array.from({ length: values.length / 2 }, (_, corner) => {
      const { x, y } = positionAt(2 * corner);
      return { x, y };
    });
    return [{ kind: "polygon", vertices }];
  }

  const { x, y, written: here } = positionAt(0);
  if (kind === "point") return [{ kind: "point", x, y }];
  const { scale, degree, turn } = frame.local(...here);
  const length = (text: string | undefined): number => {
    const [, digits, suffix = ""] = LENGTH.exec(text ?? "") ?? [];
    const unit = suffix.toLowerCase();
    const pixels =
      unit === "" ? scale : unit === "i" ? 1 : unit === "p" ? frameOf("physical").local(0, 0).scale : degree;
    const value = digits === undefined ? Number.NaN : Number(digits) * (DEGREES[unit] ?? 1) * pixels;
    return value >= 0 && value < Number.POSITIVE_INFINITY
      ? value
      : fail('have sizes >= 0 such as 3, or 2.5" and 0.1d on the sky');
  };
  const { sizes, parts } = takeParts(values.slice(2));
  if (!(parts >= 1)) fail("have a whole number n >= 1 of parts");
  const rings = (shapes: readonly RegionShape[]): RegionShape[] =>
    shapes.length === 1
      ? [...shapes]
      : shapes.slice(1).map((outer, ring) => ({ kind: "annulus", inner: shapes[ring], outer }));
  const rising = (lengths: readonly number[]) => {
    if (lengths.some((value, ring) => ring > 0 && !(value > lengths[ring - 1]))) fail("have sizes that rise");
  };

  const split = (low: number, high: number, number: number) =>
    Array.from({ length: number + 1 }, (_, at) => low + ((high - low) * at) / number);
  if (kind === "circle" || kind === "annulus") {
    if (kind === "circle" ? sizes.length !== 1 : sizes.length < 2) {
      fail(kind === "circle" ? "have one radius" : "have two radii or more");
    }
    if (parts > 1 && sizes.length !== 2) fail("have two radii before n=");
    const given = sizes.map(length);
    const radii = parts > 1 ? split(given[0], given[1], parts) : given;
    rising(radii);
    return rings(radii.map((radius) => ({ kind: "circle", x, y, radius })));
  }
  if (kind === "sector" || kind === "pie") {
    const angles = sizes.slice(-2).map((text) => angleOf(text) + turn);
    if (sizes.length !== (kind === "pie" ? 4 : 2) || angles.length !== 2)
      fail(kind === "pie" ? "have two radii and two angles" : "have two angles");
    const radii = kind === "pie" ? sizes.slice(0, 2).map(length) : [0, EVERYTHING];
    rising(radii);
    return inWedge(ringOf("circle", radii[0], radii[0], radii[1], radii[1], 0), angles[0], angles[1]);
  }
  const form = PANDAS[kind];
  if (form !== undefined) {
    const round = form === "circle";
    if (round ? sizes.length !== 6 : sizes.length !== 8 && sizes.length !== 9) {
      const what = round ? "two radii and their number" : "four sizes, their number and perhaps an angle";
      fail(`have two angles, their number, ${what}`);
    }
    const angle = round || sizes[8] === undefined ? 0 : angleOf(sizes[8]);
    const given = sizes.slice(3, round ? 5 : 7).map(length);
    const [along, across, moreAlong, moreAcross] = round ? [given[0], given[0], given[1], given[1]] : given;
    rising([along, moreAlong]);
    rising([across, moreAcross]);
    const number = countOf(sizes[round ? 5 : 7]);
    const [ones, others] = [split(along, moreAlong, number), split(across, moreAcross, number)];
    return wedges(sizes, angle).flatMap(([from, to]) =>
      ones.slice(1).flatMap((outer, ring) => {
        const made = ringOf(form, ones[ring], others[ring], outer, others[ring + 1], angle + turn);
        return inWedge(made, from, to);
      }),
    );
  }
  // Ellipse and box: pairs of sizes, several of them for an annulus, and perhaps an angle.
  if (sizes.length < 2) fail("have two sizes");
  const turnedBy = sizes.length % 2 === 1 ? angleOf(sizes.at(-1)!) : 0;
  const written = Array.from({ length: Math.floor(sizes.length / 2) }, (_, pair) => [
    length(sizes[2 * pair]),
    length(sizes[2 * pair + 1]),
  ]) as [number, number][];
  if (parts > 1 && written.length !== 2) fail("have two pairs of sizes before n=");
  const pairs =
    parts === 1
      ? written
      : split(written[0][0], written[1][0], parts).map((along, at): [number, number] => [
          along,
          split(written[0][1], written[1][1], parts)[at],
        ]);
  rising(pairs.map(([along]) => along));
  const oval = kind === "ellipse" ? "ellipse" : "box";
  return rings(pairs.map(([along, across]) => ({ kind: oval, x, y, along, across, angle: turnedBy + turn })));

  function angleOf(text: string): number {
    const value = readAngle(text);
    return Number.isFinite(value) ? value : fail("have angles in degrees");
  }
  function countOf(text: string): number {
    const value = Number(text);
    return Number.isInteger(value) && value >= 1 ? value : fail("have whole numbers >= 1 of parts");
  }
  /** Angles between which the parts of a panda lie. */
  function wedges([start, stop, number]: readonly string[], angle: number): [from: number, to: number][] {
    const from = angleOf(start!);
    const to = angleOf(stop!);
    const borders = split(from, to > from ? to : to + 360, countOf(number!)).map((one) => one + angle + turn);
    return borders.slice(1).map((border, part) => [borders[part], border]);
  }
  /** What lies between two forms around the middle. */
  function ringOf(
    form: "circle" | "ellipse" | "box",
    along: number,
    across: number,
    outerAlong: number,
    outerAcross: number,
    angle: number,
  ): RegionShape {
    const one = (a: number, b: number): RegionShape =>
      form === "circle" ? { kind: form, x, y, radius: a } : { kind: form, x, y, along: a, across: b, angle };
    const outer = one(outerAlong, outerAcross);
    return along > 0 && across > 0 ? { kind: "annulus", inner: one(along, across), outer } : outer;
  }
  /** The part of a shape between two angles in degrees, by taking away the rest of the circle. */
  function inWedge(shape: RegionShape, from: number, to: number): RegionShape[] {
    const span = (((to - from) % 360) + 360) % 360;
    if (span === 0) return [shape];
    const bounds = shapeBounds(shape);
    const reach = 4 * Math.max(bounds.x[1] - bounds.x[0], bounds.y[1] - bounds.y[0]) + 4;
    const steps = Math.ceil((360 - span) / 60);
    const rim = split(to, from + 360 * Math.ceil((to - from) / 360), steps).map((angle) => {
      const radians = (angle * Math.PI) / 180;
      return { x: x + reach * Math.cos(radians), y: y + reach * Math.sin(radians) };
    });
    return [{ kind: "annulus", inner: { kind: "polygon", vertices: [{ x, y }, ...rim] }, outer: shape }];
  }
}

/** `n=3` among the sizes of a shape: how many parts it has. */
function takeParts(values: readonly string[]): { sizes: string[]; parts: number } {
  const found = values.find((value) => /^n=/i.test(value));
  const parts = found === undefined ? 1 : Number(found.slice(2));
  return { sizes: values.filter((value) => value !== found), parts: Number.isInteger(parts) ? parts : 0 };
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const LENGTH = /^((?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(["'drip]?)$/i;
/** Degrees of the units of angles. */
const DEGREES: Readonly<Record<string, number>> = { '"': 1 / 3600, "'": 1 / 60, d: 1, r: 180 / Math.PI };
/** A position that only the sky has: base 60, or degrees or radians with their letter. */
const SKY_POSITION = /^[+-]?\d+([:hd])\d+[:m]\d+(\.\d*)?s?$|^[+-]?[\d.]+[dr]$/i;

/**
 * The coordinates of a shape of a file that names none: the sky where its position is in base 60 or has the letter of degrees or
 * radians, or where its sizes are angles and its numbers lie on the image as degrees but not as pixels; else physical.
 *
 * @param holds whether a position of a system lies on the image
 */
export function impliedSystem(
  { values }: WrittenShape,
  holds: (system: RegionSystem, first: number, second: number) => boolean,
): RegionSystem {
  const [first = "", second = "", ...sizes] = values;
  if (SKY_POSITION.test(first) && SKY_POSITION.test(second)) return "fk5";
  if (!sizes.some((size) => /["']$/.test(size))) return "physical";
  const [x, y] = [Number(first), Number(second)];
  return holds("fk5", x, y) && !holds("physical", x, y) ? "fk5" : "physical";
}

const onSky = (system: RegionSystem) => system !== "image" && system !== "physical";

/** An angle in degrees, of a number of them or with `d`, or of radians with `r`; NaN when it is none of these. */
function readAngle(text: string): number {
  const [number, unit] = /[dr]$/i.test(text)
    ? [text.slice(0, -1), text.slice(-1).toLowerCase()]
    : [text, "d"];
  return NUMBER.test(number) ? Number(number) * DEGREES[unit] : Number.NaN;
}

/**
 * A coordinate: a number, and on the sky also degrees with `d`, radians with `r`, or base 60 with `:` or letters, the first equatorial one
 * in hours. NaN when it is none of these, or has more than 60 minutes or seconds.
 */
export function readCoordinate(text: string, axis: 0 | 1, system: RegionSystem): number {
  if (NUMBER.test(text)) return Number(text);
  if (!onSky(system)) return Number.NaN;
  const angle = readAngle(text);
  if (!Number.isNaN(angle)) return angle;
  const [, sign, whole, unit, minutes, seconds] =
    /^([+-]?)(\d+)([:hd])(\d+)[:m](\d+(?:\.\d*)?)s?$/i.exec(text) ?? [];
  // 60 comes of rounding.
  if (whole === undefined || Number(minutes) > 60 || Number(seconds) > 60) return Number.NaN;
  const value = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
  const hours = unit!.toLowerCase() === "h" || (unit === ":" && axis === 0 && system !== "galactic");
  return (sign === "-" ? -1 : 1) * value * (hours ? 15 : 1);
}
