/** Angles as people write them. */

import { pixelSize } from "./pixel-size.js";
import type { SkyPosition, SkyWcs } from "./sky-wcs.js";

/** `"degrees"`: 266.4168°. `"hms"`: hours, minutes and seconds of time. `"dms"`: degrees, minutes and seconds of arc. */
export type AngleStyle = "degrees" | "hms" | "dms";

/** Marks behind the parts of an angle. */
const MARKS = { hms: ["ʰ", "ᵐ", "ˢ"], dms: ["°", "′", "″"] } as const;

/** The parts of an angle in base 60, rounded as a whole so that no part reads 60. */
export interface SexagesimalParts {
  readonly negative: boolean;
  /** Hours or degrees. */
  readonly whole: number;
  readonly minutes: number;
  /** Seconds with the decimals asked for. */
  readonly seconds: string;
}

/**
 * Split an angle in base 60.
 *
 * @param degrees finite
 * @param style hours from 0 to 24 for `"hms"`, signed degrees for `"dms"`
 * @param decimals of the seconds, 0 to 9
 */
export function sexagesimal(degrees: number, style: "hms" | "dms", decimals: number): SexagesimalParts {
  const power = 10 ** decimals;
  const value = style === "hms" ? (degrees - 360 * Math.floor(degrees / 360)) / 15 : Math.abs(degrees);
  let ticks = Math.round(value * 3600 * power);
  if (style === "hms") ticks %= 24 * 3600 * power;
  const whole = Math.floor(ticks / (3600 * power));
  const minutes = Math.floor(ticks / (60 * power)) - 60 * whole;
  const seconds = (ticks - (whole * 60 + minutes) * 60 * power) / power;
  return {
    negative: style === "dms" && degrees < 0 && ticks > 0,
    whole,
    minutes,
    seconds: seconds.toFixed(decimals).padStart(decimals === 0 ? 2 : decimals + 3, "0"),
  };
}

/**
 * Write an angle: `266.4168°`, `17ʰ45ᵐ40.04ˢ` or `−29°00′28.1″`.
 *
 * @param degrees the angle; anything that is not finite becomes `–`
 * @param decimals of the degrees or seconds, 0 to 9
 */
export function formatAngle(degrees: number, style: AngleStyle, decimals: number): string {
  if (!Number.isFinite(degrees)) return "–";
  if (style === "degrees") {
    const text = Math.abs(degrees).toFixed(decimals);
    return `${degrees < 0 && Number(text) > 0 ? "−" : ""}${text}°`;
  }
  const { negative, whole, minutes, seconds } = sexagesimal(degrees, style, decimals);
  const [wholeMark, minuteMark, secondMark] = MARKS[style];
  const two = (value: number) => String(value).padStart(2, "0");
  const sign = negative ? "−" : style === "dms" ? "+" : "";
  return `${sign}${two(whole)}${wholeMark}${two(minutes)}${minuteMark}${seconds}${secondMark}`;
}

/** Options of `formatSkyPosition`. */
export interface FormatSkyPositionOptions {
  /** Default: base 60 for equatorial coordinates, degrees for others. */
  readonly style?: "sexagesimal" | "degrees";
  /** Size in degrees that the last digit should resolve; default a tenth of a pixel. */
  readonly resolution?: number;
}

/**
 * Write a sky position with the names of its coordinates: `RA 17ʰ45ᵐ40.04ˢ, Dec −29°00′28.1″` or `l 359.944°, b −0.046°`.
 *
 * @param wcs of the image, for names and precision
 * @param position degrees, from `pixelToSky`; outside of the sky it becomes `–`
 */
export function formatSkyPosition(
  wcs: SkyWcs,
  { lon, lat }: SkyPosition,
  {
    style = isEquatorial(wcs) ? "sexagesimal" : "degrees",
    resolution = pixelSize(wcs) / 10,
  }: FormatSkyPositionOptions = {},
): string {
  if (!Number.isFinite(lon) || !Number.isFinite(lat)) return "–";
  const decimals = (unit: number) =>
    Math.min(Math.max(Math.ceil(-Math.log10(resolution / unit) - 1e-9), 0), 9);
  const [lonName, latName] = shortNames(wcs);
  if (style === "degrees") {
    const digits = decimals(1);
    return `${lonName} ${formatAngle(lon, "degrees", digits)}, ${latName} ${formatAngle(lat, "degrees", digits)}`;
  }
  const hours = isEquatorial(wcs);
  // A second of time is 15 seconds of arc.
  const lonText = formatAngle(lon, hours ? "hms" : "dms", decimals((hours ? 15 : 1) / 3600));
  return `${lonName} ${lonText}, ${latName} ${formatAngle(lat, "dms", decimals(1 / 3600))}`;
}

/** Whether longitude is right ascension. */
export function isEquatorial({ system }: SkyWcs): boolean {
  return system === "ICRS" || system === "FK5" || system === "FK4" || system === "equatorial";
}

/** Symbols of longitude and latitude: RA and Dec, l and b, λ and β, SGL and SGB. */
export function shortNames(wcs: SkyWcs): [lon: string, lat: string] {
  if (isEquatorial(wcs)) return ["RA", "Dec"];
  if (wcs.system === "galactic") return ["l", "b"];
  if (wcs.system === "ecliptic") return ["λ", "β"];
  return wcs.system === "supergalactic" ? ["SGL", "SGB"] : ["lon", "lat"];
}

/** Names of longitude and latitude for axes, with the frame where there are several: `Right ascension (ICRS)`. */
export function longNames(wcs: SkyWcs): [lon: string, lat: string] {
  const { system, equinox } = wcs;
  if (isEquatorial(wcs)) {
    const year = equinox === undefined ? "" : `${system === "FK4" ? "B" : "J"}${equinox}`;
    const frame = system === "equatorial" ? year : [system, year].filter((part) => part !== "").join(" ");
    return [frame === "" ? "Right ascension" : `Right ascension (${frame})`, "Declination"];
  }
  if (system === "other") return ["Longitude", "Latitude"];
  const name = `${system[0].toUpperCase()}${system.slice(1)}`;
  return [`${name} longitude`, `${name} latitude`];
}
