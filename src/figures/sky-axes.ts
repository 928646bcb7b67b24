import { longNames, shortNames } from "../data/sky/sky-angle.js";
import { pixelToSky, skyStep, skyToPixel, wrapped } from "../data/sky/sky-position.js";
import type { SkyPosition, SkyWcs } from "../data/sky/sky-wcs.js";
import { angleStyle, type SkyEdge, type SkyNotation, skyTicks } from "./sky-ticks.js";
import { textWidth } from "./svg.js";
import { FONT_SIZE } from "./theme.js";
import type { Ticks } from "./ticks.js";

/** An image in its box on the figure. */
export interface ImageBox {
  readonly nx: number;
  readonly ny: number;
  /** Size of the box in px. */
  readonly width: number;
  readonly height: number;
}

/** Sky coordinates along the frame of an image, ready to draw. */
export interface SkyAxes {
  /** Ticks in pixel coordinates of the image, and name of the coordinate, for the lower and the left edge. */
  readonly x: { readonly ticks: Ticks; readonly label: string };
  readonly y: { readonly ticks: Ticks; readonly label: string };
  /** SVG path of lines of equal longitude and latitude through all ticks, in px of the box; may leave it. */
  readonly gridPath: string;
}

const EDGE_SAMPLES = 257;
const CURVE_SAMPLES = 65;
/** Degrees from a seam at which a line is on one side of it. */
const SEAM = 1e-6;

/**
 * Choose ticks at round sky coordinates for the lower and left edge.
 *
 * The lower edge shows longitude unless the image is turned so far that latitude changes faster along it. Where an edge lies off the sky,
 * as those of an oval map of the whole sky do, it shows the coordinates of the middle row or column, and its name says so.
 *
 * @returns undefined when there is no room for a label or the middle lies off the sky too; use pixels then
 */
export function skyAxes(wcs: SkyWcs, box: ImageBox, notation: SkyNotation): SkyAxes | undefined {
  const { nx, ny, width, height } = box;
  const turned = isTurned(wcs, box);
  const along = turned ? (["lat", "lon"] as const) : (["lon", "lat"] as const);
  const axis = (horizontal: boolean) => {
    const quantity = along[horizontal ? 0 : 1];
    const [pixels, length] = horizontal ? [nx, width] : [ny, height];
    const ticksAt = (across: number) => {
      const degrees = sampled(wcs, quantity, (t) =>
        horizontal ? [t * nx - 0.5, across * ny - 0.5] : [across * nx - 0.5, t * ny - 0.5],
      );
      const edge: SkyEdge = { quantity, degrees, range: [-0.5, pixels - 0.5], length, horizontal };
      return {
        ticks: skyTicks(edge, angleStyle(wcs, quantity, notation)),
        whole: !degrees.some(Number.isNaN),
      };
    };
    const edge = ticksAt(0);
    const inner = edge.ticks !== undefined || edge.whole ? undefined : ticksAt(0.5).ticks;
    const ticks = edge.ticks ?? inner;
    if (ticks === undefined) return undefined;
    const where = inner === undefined ? "" : ` (middle ${horizontal ? "row" : "column"})`;
    const index = quantity === "lon" ? 0 : 1;
    const long = longNames(wcs)[index];
    const short = shortNames(wcs)[index];
    const names = [long, long.replace(/ \(.*\)$/, ""), short].map((name) => `${name}${where}`);
    return {
      ticks,
      label: names.find((text) => textWidth(text, FONT_SIZE.label) <= length + 12) ?? short,
    };
  };
  const [x, y] = [axis(true), axis(false)];
  if (x === undefined || y === undefined) return undefined;
  const steps = { [along[0]]: x.ticks.step, [along[1]]: y.ticks.step } as { lon: number; lat: number };
  return { x, y, gridPath: gridPath(wcs, box, steps) };
}

/** Whether latitude changes faster than longitude along the rows of the image. */
function isTurned(wcs: SkyWcs, { nx, ny }: ImageBox): boolean {
  const [x, y] = [(nx - 1) / 2, (ny - 1) / 2];
  const [across, up] = skyStep(wcs, { x: x - 0.5, y }, { x: x + 0.5, y });
  return Math.abs(up) > Math.abs(across);
}

/** Longitudes without jumps, or latitudes, at places from t = 0 to 1. */
function sampled(
  wcs: SkyWcs,
  quantity: "lon" | "lat",
  at: (t: number) => readonly [number, number],
): Float64Array {
  const degrees = new Float64Array(EDGE_SAMPLES);
  let before = Number.NaN;
  for (let index = 0; index < EDGE_SAMPLES; index++) {
    const [x, y] = at(index / (EDGE_SAMPLES - 1));
    let value = pixelToSky(wcs, x, y)[quantity];
    if (quantity === "lon" && !Number.isNaN(before)) value = before + wrapped(value - before);
    degrees[index] = value;
    if (!Number.isNaN(value)) before = value;
  }
  return degrees;
}

/** Lines of equal longitude and latitude at multiples of the steps, as far as the image reaches. */
function gridPath(wcs: SkyWcs, box: ImageBox, steps: { lon: number; lat: number }): string {
  const reach = skyReach(wcs, box);
  if (reach === undefined) return "";
  const { lon, lat } = reach;
  let path = "";
  for (let k = Math.ceil(lon[0] / steps.lon); k * steps.lon <= lon[1]; k++) {
    // Both sides of the seam of a map of the whole sky.
    const at = Math.min(Math.max(k * steps.lon, lon[0] + SEAM), lon[1] - SEAM);
    path += curve(wcs, box, (t) => ({ lon: at, lat: lat[0] + t * (lat[1] - lat[0]) }));
  }
  for (let k = Math.ceil(lat[0] / steps.lat); k * steps.lat <= lat[1]; k++)
    path += curve(wcs, box, (t) => ({ lon: lon[0] + t * (lon[1] - lon[0]), lat: k * steps.lat }));
  return path;
}

/** Ranges of longitude (without jumps) and latitude of an image, a little beyond its frame. */
function skyReach(
  wcs: SkyWcs,
  { nx, ny }: ImageBox,
): { lon: readonly [number, number]; lat: readonly [number, number] } | undefined {
  const middle = pixelToSky(wcs, (nx - 1) / 2, (ny - 1) / 2);
  if (Number.isNaN(middle.lat)) return undefined;
  const [southPole, northPole] = [-90, 90].map((lat) => {
    const { x, y } = skyToPixel(wcs, middle.lon, lat);
    return x > -1 && x < nx && y > -1 && y < ny;
  });
  let [west, east, south, north] = [0, 0, middle.lat, middle.lat];
  for (let row = 0; row <= 16; row++) {
    for (let col = 0; col <= 16; col++) {
      const { lon, lat } = pixelToSky(wcs, -0.5 + (col / 16) * nx, -0.5 + (row / 16) * ny);
      if (Number.isNaN(lat)) continue;
      west = Math.min(west, wrapped(lon - middle.lon));
      east = Math.max(east, wrapped(lon - middle.lon));
      south = Math.min(south, lat);
      north = Math.max(north, lat);
    }
  }
  const [sideways, upwards] = [0.05 * (east - west), 0.05 * (north - south)];
  const lon =
    southPole || northPole
      ? [middle.lon - 180, middle.lon + 180]
      : [middle.lon + west - sideways, middle.lon + east + sideways];
  const lat = [
    southPole ? -90 : Math.max(south - upwards, -90),
    northPole ? 90 : Math.min(north + upwards, 90),
  ];
  return { lon: lon as [number, number], lat: lat as [number, number] };
}

/** Rounded to a tenth of a px. */
const tenth = (value: number) => Math.round(value * 10) / 10 + 0;

function curve(wcs: SkyWcs, { nx, ny, width, height }: ImageBox, at: (t: number) => SkyPosition): string {
  const place = (t: number) => {
    const { lon, lat } = at(t);
    const { x, y } = skyToPixel(wcs, lon, lat);
    return { x: ((x + 0.5) * width) / nx, y: height - ((y + 0.5) * height) / ny };
  };
  let path = "";
  let last = { x: Number.NaN, y: Number.NaN };
  for (let index = 0; index < CURVE_SAMPLES; index++) {
    const next = place(index / (CURVE_SAMPLES - 1));
    const { x, y } = next;
    if (!Number.isNaN(x)) {
      // Halfway lies between both, unless the seam of a map of the whole sky does.
      const half = place((index - 0.5) / (CURVE_SAMPLES - 1));
      const bend = Math.hypot(half.x - (x + last.x) / 2, half.y - (y + last.y) / 2);
      const joined = bend <= 0.5 + Math.hypot(x - last.x, y - last.y) / 4;
      path += `${joined ? "L" : "M"}${tenth(x)},${tenth(y)}`;
    }
    last = next;
  }
  return path;
}
