/** From pixels to the sky and back. */

import { PROJECTIONS } from "./projections.js";
import type { PixelPosition, PlaneDistortion, SipDistortion, SkyPosition, SkyWcs } from "./sky-wcs.js";

/**
 * Sky position of a pixel position (Calabretta & Greisen 2002, sections 2 and 5).
 *
 * @param x column, 0-based; whole numbers are pixel centres
 * @param y row, 0-based
 * @returns degrees; NaN where the projection has no sky
 */
export function pixelToSky(wcs: SkyWcs, x: number, y: number): SkyPosition {
  const radians = Math.PI / 180;
  const { matrix, referencePixel, reference, pole, projection, distortion, planeDistortion } = wcs;
  let dx = x - referencePixel.x;
  let dy = y - referencePixel.y;
  if (distortion !== undefined) {
    const [u, v] = [dx, dy];
    for (const [p, q, coefficient] of distortion.a) dx += coefficient * u ** p * v ** q;
    for (const [p, q, coefficient] of distortion.b) dy += coefficient * u ** p * v ** q;
  }
  let planeLon = matrix[0] * dx + matrix[1] * dy;
  let planeLat = matrix[2] * dx + matrix[3] * dy;
  if (planeDistortion !== undefined) {
    const [a, b, r] = [planeLon, planeLat, Math.hypot(planeLon, planeLat)];
    const sum = (terms: typeof planeDistortion.lon) =>
      terms.reduce((total, [p, q, s, coefficient]) => total + coefficient * a ** p * b ** q * r ** s, 0);
    planeLon = sum(planeDistortion.lon);
    planeLat = sum(planeDistortion.lat);
  }
  const turn = (degrees: number) => {
    const lon = degrees - 360 * Math.floor(degrees / 360);
    return lon >= 360 ? 0 : lon;
  };
  if (projection === "linear") return { lon: turn(reference.lon + planeLon), lat: reference.lat + planeLat };

  const [phi, theta] = PROJECTIONS[projection].toSphere(
    planeLon * radians,
    planeLat * radians,
    wcs.parameters,
  );
  const [lon, lat] = aboutPole(phi - pole.phi * radians, theta, pole.lat * radians);
  return { lon: turn(pole.lon + lon / radians), lat: lat / radians };
}

/**
 * From native coordinates to those of the sky, and back (Calabretta & Greisen 2002, equations 2 and 5, which are one): a longitude from the
 * pole of the other system and a latitude there become the same in the other. All in radians.
 */
function aboutPole(along: number, latitude: number, poleLatitude: number): [along: number, latitude: number] {
  const [sinPole, cosPole] = [Math.sin(poleLatitude), Math.cos(poleLatitude)];
  const [sine, cosine] = [Math.sin(latitude), Math.cos(latitude)];
  const towards = sine * cosPole - cosine * sinPole * Math.cos(along);
  const across = -cosine * Math.sin(along);
  const up = sine * sinPole + cosine * cosPole * Math.cos(along);
  return [Math.atan2(across, towards), Math.atan2(up, Math.hypot(towards, across))];
}

/** Two functions and their slopes at a place: f, g, df/dx, df/dy, dg/dx, dg/dy. */
type Slopes = [number, number, number, number, number, number];

/** Newton's method for the place where two functions are 0, by what `look` says of a place; NaN where it does not get there. */
function zeroOf(
  start: readonly [x: number, y: number],
  tolerance: number,
  look: (x: number, y: number) => Slopes,
): readonly [x: number, y: number] {
  let [x, y] = start;
  let step = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 50 && step > tolerance; turn++) {
    const [f, g, fx, fy, gx, gy] = look(x, y);
    const jacobian = fx * gy - fy * gx;
    const [stepX, stepY] = [(gy * f - fy * g) / jacobian, (fx * g - gx * f) / jacobian];
    x -= stepX;
    y -= stepY;
    step = Math.hypot(stepX, stepY) / (1 + Math.hypot(x, y));
  }
  return step <= tolerance ? [x, y] : [Number.NaN, y];
}

/** The degrees of the plane that TPV turns into these. */
function withoutPlaneDistortion({ lon, lat }: PlaneDistortion, wanted: readonly [number, number]) {
  return zeroOf(wanted, 1e-13, (x, y) => {
    const r = Math.hypot(x, y);
    const found: Slopes = [-wanted[0], -wanted[1], 0, 0, 0, 0];
    for (const [row, terms] of [lon, lat].entries()) {
      const slope = 2 + 2 * row;
      for (const [p, q, s, coefficient] of terms) {
        const [a, b] = [x ** p, y ** q];
        found[row] += coefficient * a * b * r ** s;
        if (p > 0) found[slope] += coefficient * p * x ** (p - 1) * b * r ** s;
        if (q > 0) found[slope + 1] += coefficient * q * a * y ** (q - 1) * r ** s;
        if (s > 0 && r > 0) {
          found[slope] += coefficient * a * b * s * r ** (s - 2) * x;
          found[slope + 1] += coefficient * a * b * s * r ** (s - 2) * y;
        }
      }
    }
    return found;
  });
}

/** The distance from the reference pixel that SIP turns into this one. */
function withoutDistortion({ a, b }: SipDistortion, wanted: readonly [number, number]) {
  return zeroOf(wanted, 1e-10, (x, y) => {
    const found: Slopes = [x - wanted[0], y - wanted[1], 1, 0, 0, 1];
    for (const [row, terms] of [a, b].entries()) {
      const slope = 2 + 2 * row;
      for (const [p, q, coefficient] of terms) {
        found[row] += coefficient * x ** p * y ** q;
        if (p > 0) found[slope] += coefficient * p * x ** (p - 1) * y ** q;
        if (q > 0) found[slope + 1] += coefficient * q * x ** p * y ** (q - 1);
      }
    }
    return found;
  });
}

/** Degrees to the east and north from one pixel position to another close by. */
export function skyStep(wcs: SkyWcs, from: PixelPosition, to: PixelPosition): [east: number, north: number] {
  const [before, after] = [pixelToSky(wcs, from.x, from.y), pixelToSky(wcs, to.x, to.y)];
  const around = wrapped(after.lon - before.lon);
  return [around * Math.cos((((before.lat + after.lat) / 2) * Math.PI) / 180), after.lat - before.lat];
}

/** A difference of longitudes in [-180, 180]. */
export function wrapped(degrees: number): number {
  return degrees - 360 * Math.round(degrees / 360);
}

/**
 * Pixel position of a sky position, the inverse of `pixelToSky`.
 *
 * @param lon longitude in degrees, any multiple of 360 added
 * @param lat latitude in degrees
 * @returns column and row, 0-based; NaN where the projection, or the inverse of its distortion, does not reach
 */
export function skyToPixel(wcs: SkyWcs, lon: number, lat: number): PixelPosition {
  const radians = Math.PI / 180;
  const { matrix, referencePixel, reference, pole, projection, distortion, planeDistortion } = wcs;
  let planeLon = wrapped(lon - reference.lon);
  let planeLat = lat - reference.lat;
  if (projection !== "linear") {
    const [turned, theta] = aboutPole((lon - pole.lon) * radians, lat * radians, pole.lat * radians);
    const phi = wrapped(pole.phi + turned / radians) * radians;
    const [u, v] = PROJECTIONS[projection].toPlane(phi, theta, wcs.parameters);
    planeLon = u / radians;
    planeLat = v / radians;
  }
  if (planeDistortion !== undefined)
    [planeLon, planeLat] = withoutPlaneDistortion(planeDistortion, [planeLon, planeLat]);
  const determinant = matrix[0] * matrix[3] - matrix[1] * matrix[2];
  let dx = (matrix[3] * planeLon - matrix[1] * planeLat) / determinant;
  let dy = (matrix[0] * planeLat - matrix[2] * planeLon) / determinant;
  if (distortion !== undefined) [dx, dy] = withoutDistortion(distortion, [dx, dy]);
  const [x, y] = [referencePixel.x + dx, referencePixel.y + dy];
  return Number.isNaN(x + y) ? { x: Number.NaN, y: Number.NaN } : { x, y };
}
