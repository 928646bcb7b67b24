/** Where the directions of the sky point on an image. */

import { galacticTurn } from "./galactic.js";
import { pixelSize } from "./pixel-size.js";
import { isEquatorial, shortNames } from "./sky-angle.js";
import { pixelToSky, skyToPixel } from "./sky-position.js";
import type { SkyWcs } from "./sky-wcs.js";

/** A direction on an image: its name, and a unit vector in pixels, x to the right and y upwards. */
export interface SkyDirection {
  readonly name: string;
  readonly dx: number;
  readonly dy: number;
}

/**
 * North and east at a position.
 *
 * North and east are those of the equator (ICRS for Galactic coordinates). Coordinates that are neither have directions along which
 * latitude and longitude grow, with their symbols.
 *
 * @param x column, 0-based
 * @param y row, 0-based
 * @returns first north (or latitude), then east; undefined where the projection has no sky
 */
export function skyDirections(
  wcs: SkyWcs,
  x: number,
  y: number,
): readonly [north: SkyDirection, east: SkyDirection] | undefined {
  const { lon, lat } = pixelToSky(wcs, x, y);
  const small = pixelSize(wcs) / 4;
  const galactic = wcs.system === "galactic";
  const middle = galacticTurn(galactic, false)({ lon, lat });
  const north = middle.lat + small <= 90 ? 1 : -1;
  const eastwards = small / Math.max(Math.cos((middle.lat * Math.PI) / 180), 1e-6);
  const names = galactic || isEquatorial(wcs) ? (["N", "E"] as const) : shortNames(wcs).toReversed();
  const towards = (name: string, to: { readonly lon: number; readonly lat: number }, sign: number) => {
    const sky = galacticTurn(false, galactic)(to);
    const pixel = skyToPixel(wcs, sky.lon, sky.lat);
    const [dx, dy] = [(pixel.x - x) * sign, (pixel.y - y) * sign];
    const norm = Math.hypot(dx, dy);
    return { name, dx: dx / norm, dy: dy / norm };
  };
  const first = towards(names[0], { lon: middle.lon, lat: middle.lat + north * small }, north);
  const second = towards(names[1], { lon: middle.lon + eastwards, lat: middle.lat }, 1);
  return [first, second].every(({ dx, dy }) => Number.isFinite(dx) && Number.isFinite(dy))
    ? [first, second]
    : undefined;
}
