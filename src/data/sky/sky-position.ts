/** From pixels to the sky and back. */

import { PROJECTIONS } from "./projections.js";
import type { PixelPosition, SkyPosition, SkyWcs } from "./sky-wcs.js";

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
  const sinPole = Math.sin(pole.lat * radians);
  const cosPole = Math.cos(pole.lat * radians);
  const along = phi - pole.phi * radians;
  const [sinTheta, cosTheta] = [Math.sin(theta), Math.cos(theta)];
  const towards = sinTheta * cosPole - cosTheta * sinPole * Math.cos(along);
  const across = -cosTheta * Math.sin(along);
  const up = sinTheta * sinPole + cosTheta * cosPole * Math.cos(along);
  return {
    lon: turn(pole.lon + Math.atan2(across, towards) / radians),
    lat: Math.atan2(up, Math.hypot(towards, across)) / radians,
  };
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
    const sinPole = Math.sin(pole.lat * radians);
    const cosPole = Math.cos(pole.lat * radians);
    const along = (lon - pole.lon) * radians;
    const [sinLat, cosLat] = [Math.sin(lat * radians), Math.cos(lat * radians)];
    const towards = sinLat * cosPole - cosLat * sinPole * Math.cos(along);
    const across = -cosLat * Math.sin(along);
    const up = sinLat * sinPole + cosLat * cosPole * Math.cos(along);
    const phi = wrapped(pole.phi + Math.atan2(across, towards) / radians) * radians;
    const theta = Math.atan2(up, Math.hypot(towards, across));
    const [u, v] = PROJECTIONS[projection].toPlane(phi, theta, wcs.parameters);
    planeLon = u / radians;
    planeLat = v / radians;
  }
  if (planeDistortion !== undefined) {
    // Newton's method for the degrees that the polynomials turn into these.
    const [wantedLon, wantedLat] = [planeLon, planeLat];
    let step = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 50 && step > 1e-13; turn++) {
      const r = Math.hypot(planeLon, planeLat);
      const [values, slopes] = [
        [-wantedLon, -wantedLat],
        [0, 0, 0, 0],
      ];
      for (const [row, terms] of [planeDistortion.lon, planeDistortion.lat].entries()) {
        for (const [p, q, s, coefficient] of terms) {
          const [a, b] = [planeLon ** p, planeLat ** q];
          values[row] += coefficient * a * b * r ** s;
          if (p > 0) slopes[2 * row] += coefficient * p * planeLon ** (p - 1) * b * r ** s;
          if (q > 0) slopes[2 * row + 1] += coefficient * q * a * planeLat ** (q - 1) * r ** s;
          if (s > 0 && r > 0) {
            slopes[2 * row] += coefficient * a * b * s * r ** (s - 2) * planeLon;
            slopes[2 * row + 1] += coefficient * a * b * s * r ** (s - 2) * planeLat;
          }
        }
      }
      const jacobian = slopes[0] * slopes[3] - slopes[1] * slopes[2];
      const stepLon = (slopes[3] * values[0] - slopes[1] * values[1]) / jacobian;
      const stepLat = (slopes[0] * values[1] - slopes[2] * values[0]) / jacobian;
      planeLon -= stepLon;
      planeLat -= stepLat;
      step = Math.hypot(stepLon, stepLat);
    }
    if (!(step <= 1e-13 * (1 + Math.hypot(planeLon, planeLat)))) planeLon = Number.NaN;
  }
  const determinant = matrix[0] * matrix[3] - matrix[1] * matrix[2];
  let dx = (matrix[3] * planeLon - matrix[1] * planeLat) / determinant;
  let dy = (matrix[0] * planeLat - matrix[2] * planeLon) / determinant;
  if (distortion !== undefined) {
    // Newton's method for the distance that distortion turns into this one.
    const [wantedX, wantedY] = [dx, dy];
    let step = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 50 && step > 1e-10; turn++) {
      let [fx, fy, xu, xv, yu, yv] = [dx - wantedX, dy - wantedY, 1, 0, 0, 1];
      for (const [p, q, coefficient] of distortion.a) {
        fx += coefficient * dx ** p * dy ** q;
        if (p > 0) xu += coefficient * p * dx ** (p - 1) * dy ** q;
        if (q > 0) xv += coefficient * q * dx ** p * dy ** (q - 1);
      }
      for (const [p, q, coefficient] of distortion.b) {
        fy += coefficient * dx ** p * dy ** q;
        if (p > 0) yu += coefficient * p * dx ** (p - 1) * dy ** q;
        if (q > 0) yv += coefficient * q * dx ** p * dy ** (q - 1);
      }
      const jacobian = xu * yv - xv * yu;
      const [stepX, stepY] = [(yv * fx - xv * fy) / jacobian, (xu * fy - yu * fx) / jacobian];
      dx -= stepX;
      dy -= stepY;
      step = Math.hypot(stepX, stepY) / (1 + Math.hypot(dx, dy));
    }
    if (!(step <= 1e-10)) dx = Number.NaN;
  }
  const [x, y] = [referencePixel.x + dx, referencePixel.y + dy];
  return Number.isNaN(x + y) ? { x: Number.NaN, y: Number.NaN } : { x, y };
}
