/** How quantities of an image of the sky are coloured. */

import { type ColorScale, type ColorScaleOptions, colorScale, type Stretch } from "../figures/color-scale.js";
import { type Colormap, NAN_INDEX, palette } from "../figures/colormap.js";
import type { SkyImage } from "../image.js";

/** What an image holds. */
export type Quantity =
  | "flux"
  | "std"
  | "snr"
  | "counts"
  | "predicted"
  | "background"
  | "exposure"
  | "psf"
  | "residual"
  | "rhat"
  | "ess"
  | "smoothness";

/** What the reader has chosen for all panels. */
export interface Style {
  readonly stretch: Stretch;
  /** `"auto"`: each kind of quantity its own. */
  readonly colormap: Colormap | "auto";
  /** Percentage of the pixels within the limits; the rest is clipped at the upper end. */
  readonly percent: number;
  /** Values of the first and last colour, increasing; default from the image. Of a logarithmic stretch values <= 0 are not used. */
  readonly limits?: readonly [low: number, high: number];
  /** Colours from the other end; default false. */
  readonly inverted?: boolean;
  /** How steeply the colours follow the values, > 0; default 1. */
  readonly contrast?: number;
  /** Place on the colour bar, from 0 to 1, of the middle of the colours; default 0.5. */
  readonly bias?: number;
}

const COLORMAPS: Readonly<Record<Quantity, Colormap>> = {
  flux: "inferno",
  counts: "inferno",
  predicted: "inferno",
  background: "inferno",
  psf: "inferno",
  exposure: "cividis",
  std: "viridis",
  snr: "magma",
  rhat: "cividis",
  ess: "cividis",
  residual: "RdBu",
  smoothness: "RdBu",
};

/** R-hat at which its colours end at least: small departures from 1 should look small. */
const RHAT_TOP = 1.1;
/** Residual in standard deviations at which its colours end at least. */
const RESIDUAL_TOP = 3;
/** Mean of ln alpha at which the colours of smoothness end on both sides; the default states reach from -3.9 to 4.1. */
const SMOOTHNESS_TOP = 4;

/** Quantities with a neutral middle, whose colours stay as they are: red above it, blue below. */
const DIVERGING: ReadonlySet<Quantity> = new Set(["residual", "smoothness"]);

/** Quantities that follow the stretch that was chosen. */
const STRETCHED: ReadonlySet<Quantity> = new Set(["flux", "std", "snr", "counts", "predicted", "psf"]);
/** Quantities of which a percentage of the pixels may be clipped: the peaks of the others are what one looks for. */
const CLIPPED: ReadonlySet<Quantity> = new Set([
  "flux",
  "std",
  "counts",
  "predicted",
  "background",
  "exposure",
  "psf",
]);

/**
 * The colours of an image.
 *
 * @param like images that share its limits; default the image itself
 */
export function quantityScale(
  kind: Quantity,
  image: SkyImage,
  style: Style,
  like: readonly SkyImage[] = [image],
): ColorScale {
  const scale = plainScale(kind, image, style, like);
  const { contrast = 1, bias = 0.5 } = style;
  const inverted = style.inverted === true && !DIVERGING.has(kind);
  if (!inverted && contrast === 1 && bias === 0.5) return scale;
  return { ...scale, colors: adjustedColors(scale.colormap, { inverted, contrast, bias }) };
}

/** The colours of a map, inverted and squeezed around a middle, as the contrast and bias of DS9. */
function adjustedColors(
  colormap: Colormap,
  { inverted, contrast, bias }: Required<Pick<Style, "inverted" | "contrast" | "bias">>,
): Uint8Array {
  const plain = palette(colormap);
  const colors = plain.slice();
  const last = NAN_INDEX - 1;
  for (let index = 0; index <= last; index++) {
    const place = Math.min(Math.max((index / last - bias) * contrast + 0.5, 0), 1);
    const from = 3 * Math.round((inverted ? 1 - place : place) * last);
    colors.set(plain.subarray(from, from + 3), 3 * index);
  }
  return colors;
}

function plainScale(kind: Quantity, image: SkyImage, style: Style, like: readonly SkyImage[]): ColorScale {
  const colormap = DIVERGING.has(kind) || style.colormap === "auto" ? COLORMAPS[kind] : style.colormap;
  const options: ColorScaleOptions = { colormap, ...(CLIPPED.has(kind) && { limits: style.percent }) };
  const stretch = STRETCHED.has(kind) ? style.stretch : "linear";
  const { limits } = style;
  if (limits !== undefined && limits[0] < limits[1] && (stretch !== "log" || limits[0] > 0)) {
    return colorScale(like, { ...options, stretch, vmin: limits[0], vmax: limits[1] });
  }
  if (kind === "rhat") {
    return colorScale(like, { ...options, vmin: 1, vmax: Math.max(RHAT_TOP, largest(image)) });
  }
  if (kind === "residual") {
    const reach = Math.max(RESIDUAL_TOP, Math.min(5, Math.ceil(largest(image))));
    return colorScale(like, { ...options, vmin: -reach, vmax: reach });
  }
  if (kind === "smoothness")
    return colorScale(like, { ...options, vmin: -SMOOTHNESS_TOP, vmax: SMOOTHNESS_TOP });
  return colorScale(like, { ...options, stretch, ...(kind === "snr" && { softening: 0.5 }) });
}

function largest({ data }: SkyImage): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    const size = Math.abs(value);
    if (size > most && Number.isFinite(size)) most = size;
  }
  return most;
}
