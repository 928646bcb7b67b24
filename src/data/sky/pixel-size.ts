/** How large a pixel is on the sky, at the reference position and elsewhere. */

import { pixelToSky } from "./sky-position.js";
import type { SkyWcs } from "./sky-wcs.js";

/** Side in degrees of the square with the area of a pixel at the reference position. */
export function pixelSize({ matrix, projection, parameters }: SkyWcs): number {
  // The others keep the area there; CEA stretches the equator by 1 / lambda.
  const area = projection === "CEA" ? parameters[0] : 1;
  return Math.sqrt(area * Math.abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]));
}

/**
 * The same at a pixel position: maps such as CAR and MER have other pixels far from their reference position.
 *
 * @param x column, 0-based
 * @param y row, 0-based
 * @returns the size at the reference position where there is no sky
 */
export function pixelSizeAt(wcs: SkyWcs, x: number, y: number): number {
  const direction = (dx: number, dy: number): [number, number, number] => {
    const { lon, lat } = pixelToSky(wcs, x + dx, y + dy);
    const [along, up] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180];
    return [Math.cos(up) * Math.cos(along), Math.cos(up) * Math.sin(along), Math.sin(up)];
  };
  const step = (dx: number, dy: number) => {
    const [before, after] = [direction(-dx / 2, -dy / 2), direction(dx / 2, dy / 2)];
    return after.map((value, axis) => value - before[axis]);
  };
  const [a, b] = [step(1, 0), step(0, 1)];
  const area = Math.hypot(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]);
  return area > 0 ? (Math.sqrt(area) * 180) / Math.PI : pixelSize(wcs);
}
