/** Units of exposure, and of the flux that goes with each. */

import type { WcsCard } from "../data/observation/observation.js";
import { pixelSize } from "../data/sky/sky-angle.js";
import { parseWcs } from "../data/sky/sky-wcs.js";

/** Square arc seconds in a pixel at the reference position; NaN without sky coordinates. */
export function pixelArea(cards: readonly WcsCard[] = []): number {
  const { wcs } = parseWcs(cards);
  return wcs === undefined ? Number.NaN : (3600 * pixelSize(wcs)) ** 2;
}

/** Words of times, and their names in the FITS standard. */
export const TIMES: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/^[kM]?s$/, "$&"],
  [/^ks(?:ec(?:s|onds?)?)?$/i, "ks"],
  [/^Ms(?:ec(?:s|onds?)?)?$/, "Ms"],
  [/^s(?:ec(?:s|onds?)?)?$/i, "s"],
  [/^(?:min|minutes?)$/i, "min"],
  [/^(?:h|hrs?|hours?)$/i, "h"],
  [/^(?:d|days?)$/i, "d"],
];
const AREA = /^[cdkm]?m2$/;

/** Area and time of a unit of exposure, as in `cm2 s`, `cm^2 s`, `s cm**2 count/photon`, `m2*s`, `s`; undefined for others. */
export function exposureParts(unit: string): { readonly area?: string; readonly time: string } | undefined {
  const words = unit
    .replace(/[[\]()]/g, " ")
    // A share of photons that become counts has no unit.
    .replace(/\b(?:counts?|ct)\s*\/\s*(?:photons?|ph)\b/i, " ")
    .replace(/\*\*|\^/g, "")
    .replace(/\b(?:counts?|ct)[\s*.]+(?:photons?|ph)-1|\b(?:photons?|ph)-1[\s*.]+(?:counts?|ct)\b/i, " ")
    .split(/[\s*.]+/)
    .filter((word) => word !== "");
  const areas = words.filter((word) => AREA.test(word));
  const times = words.flatMap((word) => {
    const known = TIMES.find(([pattern]) => pattern.test(word));
    return known === undefined ? [] : [word.replace(...known)];
  });
  if (times.length !== 1 || areas.length > 1 || areas.length + times.length !== words.length)
    return undefined;
  return { ...(areas[0] !== undefined && { area: areas[0] }), time: times[0] };
}

/** Whether a unit is one of exposure: a time, or an area times a time. */
export function isExposureUnit(unit: string | undefined): boolean {
  return unit !== undefined && exposureParts(unit) !== undefined;
}

/** Whether a unit is one of events, and not of exposure or flux. */
export function isCountUnit(unit: string | undefined): boolean {
  return /^\s*(counts?|cts?|photons?|ph|events?)\s*(\/\s*pix(els?)?\s*)?$/i.test(unit ?? "");
}

/** Whether a unit is one of flux or of a rate: something for a time, where an exposure is a time. */
export function isRateUnit(unit: string | undefined): boolean {
  const plain = (unit ?? "").replace(/\*\*|\^|[()]/g, "");
  return /\b[kM]?s(?:ec)?-1\b|\/\s*(?:[cdkm]?m2[\s*./]+)?[kM]?s(?:ec)?\b/.test(plain);
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
