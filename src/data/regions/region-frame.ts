import { InvalidInputError } from "../../errors.js";
import type { WcsCard } from "../observation/observation.js";
import { cardReader } from "../sky/card-reader.js";
import { galacticTurn } from "../sky/galactic.js";
import { pixelSizeAt } from "../sky/pixel-size.js";
import { isEquatorial } from "../sky/sky-angle.js";
import { pixelToSky, skyToPixel } from "../sky/sky-position.js";
import { type PixelPosition, parseWcs, type SkyWcs } from "../sky/sky-wcs.js";

/** Coordinates in which region files give positions. */
export type RegionSystem = "image" | "physical" | "fk5" | "icrs" | "galactic";

/** How the coordinates of one system lie on an image. */
export interface RegionFrame {
  readonly system: RegionSystem;
  /** Pixels from 0 of a position: of the image or detector from 1, or on the sky in degrees. */
  readonly position: (first: number, second: number) => PixelPosition;
  /** The inverse of `position`; NaN where the image has no sky. */
  readonly written: (x: number, y: number) => [first: number, second: number];
  /**
   * Pixels a unit of length (a pixel, a physical pixel, a degree), pixels a degree (NaN where the image has no sky), and degrees to add
   * to angles, at a position.
   */
  readonly local: (
    first: number,
    second: number,
  ) => { readonly scale: number; readonly degree: number; readonly turn: number };
  /** Why positions may be off, such as a distortion that is not applied; one sentence each. */
  readonly warnings: readonly string[];
}

/** Step in degrees for the local scale of the sky. */
const STEP = 1 / 3600;

/**
 * The frame of a system on an image.
 *
 * FK5 (equinox 2000) and ICRS are taken as one, from which they differ by less than 0.03″. Lengths on the sky are those at the
 * position of the shape, as in DS9: circles stay circles.
 *
 * @param cards header cards of the image, as `wcsCards` returns them
 * @param origin pixel of the file, from 0, that is the first of the image where it was cut out; header cards have moved already
 * @throws InvalidInputError when the cards do not say where the system lies
 */
export function regionFrame(
  system: RegionSystem,
  cards: readonly WcsCard[] = [],
  origin: PixelPosition = { x: 0, y: 0 },
): RegionFrame {
  if (system === "image") return pixelFrame("image", cards, origin);
  return system === "physical" ? physicalFrame(cards, origin) : skyFrame(system, cards);
}

/** Pixels of the image file, from 1. */
function pixelFrame(
  system: "image" | "physical",
  cards: readonly WcsCard[],
  origin: PixelPosition,
): RegionFrame {
  const degree = pixelsADegree(cards);
  const position = (x: number, y: number) => ({ x: x - 1 - origin.x, y: y - 1 - origin.y });
  return {
    system,
    position,
    written: (x, y) => [x + 1 + origin.x, y + 1 + origin.y],
    local: (x, y) => ({ scale: 1, degree: degree(position(x, y)), turn: 0 }),
    warnings: [],
  };
}

/** Pixels a degree at a pixel position; NaN without sky coordinates. */
function pixelsADegree(cards: readonly WcsCard[]): (place: PixelPosition) => number {
  const { wcs } = parseWcs(cards);
  return ({ x, y }) => (wcs === undefined ? Number.NaN : 1 / pixelSizeAt(wcs, x, y));
}

/** IRAF's LTM and LTV (`image = LTM physical + LTV`), or the alternate coordinates P of Chandra's files; without both as image. */
function physicalFrame(cards: readonly WcsCard[], origin: PixelPosition): RegionFrame {
  if (!cards.some(({ keyword }) => /^(LTM[12]_[12]|LTV[12]|CRVAL[12]P|CDELT[12]P)$/.test(keyword))) {
    return pixelFrame("physical", cards, origin);
  }
  const { number: numberOf } = cardReader(cards);
  const axis = (number: 1 | 2): { factor: number; shift: number } => {
    const across = `LTM${number}_${number === 1 ? 2 : 1}`;
    if ((numberOf(across) ?? 0) !== 0) {
      throw new InvalidInputError(
        `regions: physical axes must run along those of the image, got ${across} = ${numberOf(across)}; use image coordinates`,
      );
    }
    const factor = numberOf(`LTM${number}_${number}`);
    const shift = numberOf(`LTV${number}`);
    if (factor !== undefined || shift !== undefined) return { factor: factor ?? 1, shift: shift ?? 0 };
    const inverse = 1 / (numberOf(`CDELT${number}P`) ?? 1);
    const value = numberOf(`CRVAL${number}P`) ?? 0;
    return { factor: inverse, shift: (numberOf(`CRPIX${number}P`) ?? 0) - value * inverse };
  };
  const [one, two] = [axis(1), axis(2)];
  const scale = Math.sqrt(Math.abs(one.factor * two.factor));
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) {
    throw new InvalidInputError(
      `regions: physical pixels must have a size, got factors ${one.factor} and ${two.factor}; use image coordinates`,
    );
  }
  const degree = pixelsADegree(cards);
  const position = (x: number, y: number) => ({
    x: one.factor * x + one.shift - 1,
    y: two.factor * y + two.shift - 1,
  });
  return {
    system: "physical",
    position,
    written: (x, y) => [(x + 1 - one.shift) / one.factor, (y + 1 - two.shift) / two.factor],
    local: (x, y) => ({ scale, degree: degree(position(x, y)), turn: 0 }),
    warnings: [],
  };
}

function skyFrame(system: "fk5" | "icrs" | "galactic", cards: readonly WcsCard[]): RegionFrame {
  const { wcs, warnings } = parseWcs(cards);
  if (wcs === undefined) {
    throw new InvalidInputError(
      `regions: the image must have sky coordinates for positions in ${system}, got ${warnings[0] ?? "none in its header"}; use image coordinates`,
      { fields: { system } },
    );
  }
  checkFrame(wcs);
  const [from, to] = [system === "galactic", wcs.system === "galactic"];
  const [turn, back] = [galacticTurn(from, to), galacticTurn(to, from)];
  const place = (lon: number, lat: number) => {
    const sky = turn({ lon, lat });
    return skyToPixel(wcs, sky.lon, sky.lat);
  };
  return {
    system,
    warnings,
    position: place,
    written(x, y) {
      const { lon, lat } = back(pixelToSky(wcs, x, y));
      return [lon, lat];
    },
    local(lon, lat) {
      // Towards the pole, or away from it where it is near.
      const sign = lat + STEP > 90 ? -1 : 1;
      const here = place(lon, lat);
      const north = place(lon, lat + sign * STEP);
      const east = place(lon + STEP / Math.cos((lat * Math.PI) / 180), lat);
      const [nx, ny] = [(sign * (north.x - here.x)) / STEP, (sign * (north.y - here.y)) / STEP];
      const [ex, ey] = [(east.x - here.x) / STEP, (east.y - here.y) / STEP];
      const scale = Math.sqrt(Math.abs(nx * ey - ny * ex));
      return { scale, degree: scale, turn: (Math.atan2(ny, nx) * 180) / Math.PI - 90 };
    },
  };
}

/** @throws InvalidInputError unless positions of regions can be turned into those of the image */
function checkFrame(wcs: SkyWcs): void {
  const { system, equinox } = wcs;
  const old = system === "FK4" || (equinox !== undefined && equinox !== 2000);
  if (system === "galactic" || (isEquatorial(wcs) && !old)) return;
  throw new InvalidInputError(
    `regions: sky coordinates of the image must be ICRS, FK5 of equinox 2000 or galactic, got ${system}` +
      `${equinox === undefined ? "" : ` ${equinox}`}; use image coordinates`,
    { fields: { system, equinox } },
  );
}
