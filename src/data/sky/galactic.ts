import type { SkyPosition } from "./sky-wcs.js";

/**
 * Rotation from ICRS to Galactic coordinates (The Hipparcos and Tycho Catalogues, ESA SP-1200, vol. 1, equation 1.5.11):
 * Galactic pole at 192.85948 deg, 27.12825 deg, ascending node at l = 32.93192 deg.
 */
const ICRS_TO_GALACTIC: readonly (readonly [number, number, number])[] = [
  [-0.0548755604, -0.8734370902, -0.4838350155],
  [0.4941094279, -0.44482963, 0.7469822445],
  [-0.867666149, -0.1980763734, 0.4559837762],
];

/** Galactic coordinates of an ICRS position; degrees. The frame is defined by the rotation, other definitions differ by 0.03″. */
export function icrsToGalactic({ lon, lat }: SkyPosition): SkyPosition {
  return rotate(lon, lat, (row, col) => ICRS_TO_GALACTIC[row][col]);
}

/** ICRS position of Galactic coordinates, the inverse of `icrsToGalactic`; degrees. */
export function galacticToIcrs({ lon, lat }: SkyPosition): SkyPosition {
  return rotate(lon, lat, (row, col) => ICRS_TO_GALACTIC[col][row]);
}

/** From ICRS or Galactic coordinates to one of them. */
export function galacticTurn(
  fromGalactic: boolean,
  toGalactic: boolean,
): (position: SkyPosition) => SkyPosition {
  if (fromGalactic === toGalactic) return (position) => position;
  return toGalactic ? icrsToGalactic : galacticToIcrs;
}

function rotate(lon: number, lat: number, element: (row: number, col: number) => number): SkyPosition {
  const [a, d] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180];
  const from = [Math.cos(a) * Math.cos(d), Math.sin(a) * Math.cos(d), Math.sin(d)];
  const [x, y, z] = [0, 1, 2].map((row) =>
    from.reduce((sum, value, col) => sum + element(row, col) * value, 0),
  ) as [number, number, number];
  const turned = (Math.atan2(y, x) * 180) / Math.PI;
  return { lon: turned < 0 ? turned + 360 : turned, lat: (Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI };
}
