/** Coordinates of DS9 region files, and what they are in pixels. */

import { galacticToIcrs, icrsToGalactic } from "../data/galactic.js";
import type { WcsCard } from "../data/observation.js";
import { isEquatorial } from "../data/sky-angle.js";
import { pixelToSky, skyToPixel } from "../data/sky-position.js";
import { type PixelPosition, parseWcs, type SkyPosition, type SkyWcs } from "../data/sky-wcs.js";
import { FormatError } from "../errors.js";

/** Coordinate systems of regions. */
export type System = "image" | "physical" | "fk5" | "icrs" | "galactic";

/** Systems by the words that begin them. */
export const SYSTEMS: Readonly<Record<string, System>> = {
  image: "image",
  physical: "physical",
  fk5: "fk5",
  j2000: "fk5",
  icrs: "icrs",
  galactic: "galactic",
};
/** Systems that are not read; a file that needs them is refused rather than misplaced. */
export const REFUSED = new Set([
  "fk4",
  "b1950",
  "ecliptic",
  "linear",
  "amplifier",
  "detector",
  "tile",
  "wcs",
]);
/** How coordinates of a system become pixels. */
export interface Frame {
  readonly position: (first: string, second: string) => PixelPosition;
  /** A length at a position, in pixels. */
  readonly length: (text: string, at: PixelPosition) => number;
  /** An angle of the file at a position, as one from the x axis of the image. */
  readonly angle: (degrees: number, at: PixelPosition) => number;
}

/** Degrees of an angle in a file. @throws FormatError when it is no number */
export function angleOf(where: string, text: string): number {
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
export function frameMaker(name: string, cards: readonly WcsCard[], origin: PixelPosition) {
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
