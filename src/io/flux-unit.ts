/** Units of exposure, and of the flux that goes with each. */

import type { WcsCard } from "../data/observation/observation.js";
import { pixelSizeAt } from "../data/sky/pixel-size.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";
import { measures, parseUnit } from "./unit.js";

/**
 * Square arc seconds in a pixel in the middle of an image, to nine digits: sines differ in the last one from one machine to the next, and
 * files must not. NaN without sky coordinates.
 */
export function pixelArea(cards: readonly WcsCard[], [ny, nx]: Shape): number {
  const { wcs } = parseWcs(cards);
  if (wcs === undefined) return Number.NaN;
  return Number(((3600 * pixelSizeAt(wcs, (nx - 1) / 2, (ny - 1) / 2)) ** 2).toPrecision(9));
}

/** Area and time of a unit of exposure, as in `cm2 s`, `cm^2 s`, `s cm**2 count/photon`, `m2*s`, `s`; undefined for others. */
export function exposureParts(unit: string): { readonly area?: string; readonly time: string } | undefined {
  const parsed = parseUnit(unit);
  // A share of photons that become counts has no unit.
  if (!measures(parsed, { time: 1 }) && !measures(parsed, { time: 1, length: 2 })) return undefined;
  const part = (measure: "time" | "length", power: number) =>
    parsed.words.find((word) => word.measure === measure && word.power === power)?.name;
  const [time, side] = [part("time", 1), part("length", 2)];
  return time === undefined ? undefined : { ...(side !== undefined && { area: `${side}2` }), time };
}

/** Whether a unit is one of exposure: a time, or an area times a time. */
export function isExposureUnit(unit: string | undefined): boolean {
  return unit !== undefined && exposureParts(unit) !== undefined;
}

/** Whether a unit is one of events, and not of exposure or flux. */
export function isCountUnit(unit: string | undefined): boolean {
  const parsed = parseUnit(unit ?? "");
  return measures(parsed, { count: 1 }) || measures(parsed, { count: 1, pixel: -1 });
}

/** Whether a unit is one of flux or of a rate, also with words that are not known: something for a time, where an exposure is a time. */
export function isRateUnit(unit: string | undefined): boolean {
  const { time, length } = parseUnit(unit ?? "").powers;
  // Of `ph/cm2 s` the time is meant to be below the line too.
  return time < 0 || (time > 0 && length < 0);
}

/**
 * The unit of flux in words of the FITS standard, for `BUNIT`: `count` without an exposure, `count / (s pixel)` for one in seconds,
 * `photon / (cm2 s pixel)` for one in cm2 s. Counts of an area are photons, since the area is the effective one.
 *
 * @param exposure BUNIT of the exposure; `undefined` when there is no exposure, empty when its file does not say
 * @returns undefined where the exposure does not say
 */
export function fluxUnit(exposure: string | undefined): string | undefined {
  if (exposure === undefined) return "count";
  if (exposure.trim() === "") return undefined;
  const parts = exposureParts(exposure);
  if (parts === undefined) return `count / (${exposure.trim()})`;
  const { area, time } = parts;
  return area === undefined ? `count / (${time} pixel)` : `photon / (${area} ${time} pixel)`;
}
