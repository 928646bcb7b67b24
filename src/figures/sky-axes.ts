import { longNames, shortNames } from "../data/sky/sky-angle.js";
import { pixelToSky, skyToPixel } from "../data/sky/sky-position.js";
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

/**
 * Choose ticks at round sky coordinates for the lower and left edge.
 *
 * The lower edge shows longitude unless the image is turned so far that latitude changes faster along it.
 *
 * @returns undefined when an edge has no room for a label or lies off the sky; use pixels then
 */
export function skyAxes(wcs: SkyWcs, box: ImageBox, notation: SkyNotation): SkyAxes | undefined {
  const { nx, ny, width, height } = box;
  const turned = isTurned(wcs, box);
  const along = turned ? (["lat", "lon"] as const) : (["lon", "lat"] as const);
  const edges: readonly SkyEdge[] = [
    {
      ...edge(wcs, along[0], (t) => [-0.5 + t * nx, -0.5]),
      range: [-0.5, nx - 0.5],
      length: width,
      horizontal: true,
    },
    {
      ...edge(wcs, along[1], (t) => [-0.5, -0.5 + t * ny]),
      range: [-0.5, ny - 0.5],
      length: height,
      horizontal: false,
    },
  ];
  const ticks = edges.map((one) => skyTicks(one, angleStyle(wcs, one.quantity, notation)));
  const [x, y] = ticks;
  if (x === undefined || y === undefined) return undefined;
  const steps = turned ? { lon: y.step, lat: x.step } : { lon: x.step, lat: y.step };
  const name = (quantity: "lon" | "lat", length: number) => {
    const index = quantity === "lon" ? 0 : 1;
    const long = longNames(wcs)[index];
    const names = [long, long.replace(/ \(.*\)$/, ""), shortNames(wcs)[index]];
    return names.find((text) => textWidth(text, FONT_SIZE.label) <= length + 12) ?? names[2];
  };
  return {
    x: { ticks: x, label: name(along[0], width) },
    y: { ticks: y, label: name(along[1], height) },
    gridPath: gridPath(wcs, box, steps),
  };
}

/** Whether latitude changes faster than longitude along the rows of the image. */
function isTurned(wcs: SkyWcs, { nx, ny }: ImageBox): boolean {
  const [x, y] = [(nx - 1) / 2, (ny - 1) / 2];
  const [from, to] = [pixelToSky(wcs, x - 0.5, y), pixelToSky(wcs, x + 0.5, y)];
  const across = wrapped(to.lon - from.lon) * Math.cos((from.lat * Math.PI) / 180);
  return Math.abs(to.lat - from.lat) > Math.abs(across);
}

/** A difference of longitudes in [-180, 180]. */
function wrapped(degrees: number): number {
  return degrees - 360 * Math.round(degrees / 360);
}

function edge(
  wcs: SkyWcs,
  quantity: "lon" | "lat",
  at: (t: number) => readonly [number, number],
): Pick<SkyEdge, "quantity" | "degrees"> {
  const degrees = new Float64Array(EDGE_SAMPLES);
  let before = Number.NaN;
  for (let index = 0; index < EDGE_SAMPLES; index++) {
    const [x, y] = at(index / (EDGE_SAMPLES - 1));
    let value = pixelToSky(wcs, x, y)[quantity];
    if (quantity === "lon" && !Number.isNaN(before)) value = before + wrapped(value - before);
    degrees[index] = value;
    if (!Number.isNaN(value)) before = value;
  }
  return { quantity, degrees };
}

/** Lines of equal longitude and latitude at multiples of the steps, as far as the image reaches. */
function gridPath(wcs: SkyWcs, box: ImageBox, steps: { lon: number; lat: number }): string {
  const reach = skyReach(wcs, box);
  if (reach === undefined) return "";
  const { lon, lat } = reach;
  let path = "";
  for (let k = Math.ceil(lon[0] / steps.lon); k * steps.lon <= lon[1]; k++)
    path += curve(wcs, box, (t) => ({ lon: k * steps.lon, lat: lat[0] + t * (lat[1] - lat[0]) }));
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
  const pole = [90, -90].some((lat) => {
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
  const lon = pole
    ? [middle.lon - 180, middle.lon + 180]
    : [middle.lon + west - sideways, middle.lon + east + sideways];
  const lat = pole
    ? [middle.lat > 0 ? south : -90, middle.lat > 0 ? 90 : north]
    : [Math.max(south - upwards, -90), Math.min(north + upwards, 90)];
  return { lon: lon as [number, number], lat: lat as [number, number] };
}

function curve(wcs: SkyWcs, { nx, ny, width, height }: ImageBox, at: (t: number) => SkyPosition): string {
  let path = "";
  let last: { x: number; y: number } | undefined;
  for (let index = 0; index < CURVE_SAMPLES; index++) {
    const { lon, lat } = at(index / (CURVE_SAMPLES - 1));
    const pixel = skyToPixel(wcs, lon, lat);
    if (Number.isNaN(pixel.x)) {
      last = undefined;
      continue;
    }
    const x = Math.round(((pixel.x + 0.5) * width * 10) / nx) / 10;
    const y = Math.round((height - ((pixel.y + 0.5) * height) / ny) * 10) / 10;
    // A jump across the box is the seam of a map of the whole sky.
    const joined =
      last !== undefined && Math.abs(x - last.x) < width / 2 && Math.abs(y - last.y) < height / 2;
    path += `${joined ? "L" : "M"}${x},${y}`;
    last = { x, y };
  }
  return path;
}
