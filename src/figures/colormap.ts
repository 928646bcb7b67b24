import {
  interpolateCividis,
  interpolateInferno,
  interpolateMagma,
  interpolateRdBu,
  interpolateViridis,
} from "d3-scale-chromatic";

/** Name of a colour map. `RdBu` runs from blue (below zero) over white (zero) to red (above zero). */
export type Colormap = "inferno" | "magma" | "viridis" | "cividis" | "gray" | "RdBu";

/** Palette index of pixels without a value (NaN); the colours of values occupy the indices below it. */
export const NAN_INDEX = 255;

const INTERPOLATORS: Readonly<Record<Colormap, (t: number) => string>> = {
  inferno: interpolateInferno,
  magma: interpolateMagma,
  viridis: interpolateViridis,
  cividis: interpolateCividis,
  gray: linearGray,
  RdBu: (t) => interpolateRdBu(1 - t),
};

/** Names of the colour maps. */
export const COLORMAPS = Object.keys(INTERPOLATORS) as readonly Colormap[];

/** Neutral colour of NaN pixels; a cool one where the map itself is made of grays. */
const NAN_COLOR: readonly number[] = [176, 176, 176];
const NAN_COLOR_ON_GRAY: readonly number[] = [122, 160, 196];

/**
 * The colours of a map as PNG palette.
 *
 * @returns 256 triples red, green, blue in 0..255: entries 0..254 from the lowest to the highest value, entry
 *   `NAN_INDEX` for pixels without a value
 */
export function palette(name: Colormap): Uint8Array {
  const interpolate = INTERPOLATORS[name];
  const colors = new Uint8Array(256 * 3);
  for (let index = 0; index < NAN_INDEX; index++)
    colors.set(parseColor(interpolate(index / (NAN_INDEX - 1))), index * 3);
  colors.set(name === "gray" ? NAN_COLOR_ON_GRAY : NAN_COLOR, NAN_INDEX * 3);
  return colors;
}

/** Whether a colour map has a neutral middle and so calls for limits that are symmetric about zero. */
export function isDiverging(name: Colormap): boolean {
  return name === "RdBu";
}

function linearGray(t: number): string {
  const level = Math.round(255 * t);
  return `rgb(${level}, ${level}, ${level})`;
}

/** Colours come as `#rrggbb` (tabulated maps) or `rgb(r, g, b)` (computed ones). */
function parseColor(color: string): number[] {
  if (color.startsWith("#")) {
    const value = Number.parseInt(color.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }
  return (color.match(/\d+/g) ?? []).slice(0, 3).map(Number);
}
