/** How quantities of an image of the sky are coloured. */

import { type ColorScale, type ColorScaleOptions, colorScale, type Stretch } from "../figures/color-scale.js";
import type { Colormap } from "../figures/colormap.js";
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
  | "ess";

/** What the reader has chosen for all panels. */
export interface Style {
  readonly stretch: Stretch;
  /** `"auto"`: each kind of quantity its own. */
  readonly colormap: Colormap | "auto";
  /** Percentage of the pixels within the limits; the rest is clipped at the upper end. */
  readonly percent: number;
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
};

/** R-hat at which its colours end at least: small departures from 1 should look small. */
const RHAT_TOP = 1.1;
/** Residual in standard deviations at which its colours end at least. */
const RESIDUAL_TOP = 3;

/** Quantities that follow the stretch that was chosen. */
const STRETCHED: ReadonlySet<Quantity> = new Set(["flux", "std", "counts", "predicted", "psf"]);

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
  const colormap = kind === "residual" || style.colormap === "auto" ? COLORMAPS[kind] : style.colormap;
  const options: ColorScaleOptions = { colormap, percentiles: [0, style.percent] };
  if (kind === "rhat") {
    return colorScale(like, { ...options, limits: [1, Math.max(RHAT_TOP, largest(image))] });
  }
  if (kind === "residual") {
    const reach = Math.max(RESIDUAL_TOP, Math.min(5, Math.ceil(largest(image))));
    return colorScale(like, { ...options, limits: [-reach, reach] });
  }
  return colorScale(like, STRETCHED.has(kind) ? { ...options, stretch: style.stretch } : options);
}

function largest({ data }: SkyImage): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    const size = Math.abs(value);
    if (size > most && Number.isFinite(size)) most = size;
  }
  return most;
}
