/** Single shapes of region files, from their words and numbers. */

import { FormatError } from "../errors.js";
import type { RegionFrame, RegionSystem } from "./region-frame.js";
import type { RegionShape } from "./region-shape.js";

/** A shape as it stands in a file: its name, small letters, and the words in its brackets. */
export interface WrittenShape {
  readonly kind: string;
  readonly values: readonly string[];
}

/** Names of shapes that have an area. */
export const AREA_KINDS: ReadonlySet<string> = new Set([
  "circle",
  "ellipse",
  "box",
  "rotbox",
  "polygon",
  "annulus",
  "point",
]);

/**
 * Place a written shape on the image.
 *
 * @param where file and line, for messages
 * @returns one shape, or a ring each of an annulus of several radii
 * @throws FormatError when the numbers do not make the shape, or lie where the image has no sky
 */
export function placeShape({ kind, values }: WrittenShape, frame: RegionFrame, where: string): RegionShape[] {
  const fail = (rule: string): never => {
    throw new FormatError(`${where}: ${kind} must ${rule}, got (${values.join(",")}); correct it`, {
      fields: { shape: kind, values },
    });
  };
  const coordinate = (axis: 0 | 1, text: string | undefined): number => {
    const value = text === undefined ? Number.NaN : readCoordinate(text, axis, frame.system);
    return Number.isFinite(value)
      ? value
      : fail("have positions such as 10.5, or 13:29:52.7 and 202.5d on the sky");
  };
  const onImage = (first: number, second: number) => {
    const position = frame.position(first, second);
    return Number.isFinite(position.x + position.y) ? position : fail("lie where the image has sky");
  };
  if (kind === "polygon") {
    if (values.length < 6 || values.length % 2 !== 0) fail("have at least three pairs of coordinates");
    const vertices = Array.from({ length: values.length / 2 }, (_, corner) =>
      onImage(coordinate(0, values[2 * corner]), coordinate(1, values[2 * corner + 1])),
    );
    return [{ kind: "polygon", vertices }];
  }

  const [first, second] = [coordinate(0, values[0]), coordinate(1, values[1])];
  const { x, y } = onImage(first, second);
  if (kind === "point") return [{ kind: "point", x, y }];
  const { scale, turn } = frame.local(first, second);
  const length = (text: string): number => {
    const value = readLength(text, frame.system, scale);
    return value >= 0 && value < Number.POSITIVE_INFINITY
      ? value
      : fail('have sizes >= 0 such as 3, or 2.5" and 0.1d on the sky');
  };
  const sizes = values.slice(2);
  const rings = (shapes: readonly RegionShape[]): RegionShape[] =>
    shapes.length === 1
      ? [...shapes]
      : shapes.slice(1).map((outer, ring) => ({ kind: "annulus", inner: shapes[ring]!, outer }));
  const rising = (lengths: readonly number[]) => {
    if (lengths.some((value, ring) => ring > 0 && !(value > lengths[ring - 1]!)))
      fail("have sizes that rise");
  };

  if (kind === "circle" || kind === "annulus") {
    if (kind === "circle" ? sizes.length !== 1 : sizes.length < 2) {
      fail(kind === "circle" ? "have one radius" : "have two radii or more");
    }
    const radii = sizes.map(length);
    rising(radii);
    return rings(radii.map((radius) => ({ kind: "circle", x, y, radius })));
  }
  // Ellipse and box: pairs of sizes, several of them for an annulus, and perhaps an angle.
  if (sizes.length < 2) fail("have two sizes");
  const turnedBy = sizes.length % 2 === 1 ? Number(sizes.at(-1)?.replace(/d$/, "")) : 0;
  if (!Number.isFinite(turnedBy)) fail("have an angle in degrees");
  const pairs = Array.from({ length: Math.floor(sizes.length / 2) }, (_, pair) => [
    length(sizes[2 * pair]!),
    length(sizes[2 * pair + 1]!),
  ]) as [number, number][];
  rising(pairs.map(([along]) => along));
  const form = kind === "ellipse" ? "ellipse" : "box";
  return rings(pairs.map(([along, across]) => ({ kind: form, x, y, along, across, angle: turnedBy + turn })));
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const onSky = (system: RegionSystem) => system !== "image" && system !== "physical";

/**
 * A coordinate: a number, and on the sky also degrees with `d`, or base 60 with `:` or letters, the first equatorial one in hours.
 * NaN when it is none of these.
 */
function readCoordinate(text: string, axis: 0 | 1, system: RegionSystem): number {
  if (NUMBER.test(text)) return Number(text);
  if (!onSky(system)) return Number.NaN;
  if (/d$/i.test(text) && NUMBER.test(text.slice(0, -1))) return Number(text.slice(0, -1));
  const [, sign, whole, unit, minutes, seconds] =
    /^([+-]?)(\d+)([:hd])(\d+)[:m](\d+(?:\.\d*)?)s?$/i.exec(text) ?? [];
  if (whole === undefined) return Number.NaN;
  const value = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
  const hours = unit!.toLowerCase() === "h" || (unit === ":" && axis === 0 && system !== "galactic");
  return (sign === "-" ? -1 : 1) * value * (hours ? 15 : 1);
}

/** Degrees of the units of lengths on the sky. */
const DEGREES: Readonly<Record<string, number>> = { '"': 1 / 3600, "'": 1 / 60, d: 1, r: 180 / Math.PI };

/** A length in pixels; NaN when it cannot be read. @param scale pixels a unit of the system at the shape */
function readLength(text: string, system: RegionSystem, scale: number): number {
  const [, digits, suffix = ""] = /^((?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(["'drip]?)$/i.exec(text) ?? [];
  if (digits === undefined) return Number.NaN;
  const value = Number(digits);
  const unit = suffix.toLowerCase();
  if (unit === "") return value * scale;
  if (unit === "i") return value;
  if (unit === "p") return system === "physical" ? value * scale : Number.NaN;
  return onSky(system) ? value * DEGREES[unit]! * scale : Number.NaN;
}
