import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { noiseOf, type Stretch, type StretchOptions, stretchOf } from "./color-scale.js";
import { type FigureOptions, figureTitle, frameOf } from "./figure.js";
import { checkFigureOptions, FIGURE, SKY, STRETCH } from "./figure-options.js";
import { type SkyPanelOptions, skyOf } from "./image-panel.js";
import { type Panel, plotPanels } from "./plot-panels.js";

/** The parts of an image by a point method that `plotEstimate` shows; every `PointEstimate` has them. */
export type EstimatedImages = Pick<PointEstimate, "method" | "flux" | "predicted"> &
  Partial<Pick<PointEstimate, "std" | "wcs">> & { readonly unit?: string; readonly name?: string };

/** Options of `plotEstimate`; `stretch`, `vmin`, `vmax`, `limits` and `softening` are those of the flux. */
export interface PlotEstimateOptions extends FigureOptions, SkyPanelOptions, StretchOptions {
  /** Counts `[ny, nx]` of the first observation, shown first when given. */
  readonly counts?: SkyImage;
  /** Longer side of each picture in px; default 224. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotEstimateOptions> = {
  ...{ ...FIGURE, ...SKY, ...STRETCH },
  counts: true,
  size: true,
};

/**
 * Draw the image of a method that gives no posterior: counts (when given), flux, its standard deviation where there is one, and the counts
 * that it predicts.
 *
 * @returns an SVG document; its heading is `options.title`, by default the object of the header cards, or `name`
 * @throws InvalidInputError when an image or option is not valid
 */
export function plotEstimate(estimate: EstimatedImages, options: PlotEstimateOptions): string {
  checkFigureOptions("plotEstimate", options, NAMES);
  const { method, flux, std, predicted, wcs, unit } = estimate;
  const { document, counts, size } = options;
  const softening = std && noiseOf(std);
  const scale = stretchOf({ ...given({ softening }), ...options });
  const { stretch } = scale;
  const sky = {
    ...(options.contours && { contoursOf: { image: flux } }),
    ...skyOf(options),
    ...given({ wcs }),
  };
  const shown = { ...sky, label: "flux", ...given({ unit }) };
  const panels: Panel[] = [
    ...(counts ? [{ ...sky, image: counts, title: "Counts", label: "counts", stretch }] : []),
    { ...shown, ...scale, image: flux, title: `Flux by ${method}` },
    ...(std
      ? [{ ...shown, image: std, title: "Standard deviation", stretch, colormap: "viridis" as const }]
      : []),
    ...predicted.map((image, index, { length }) => ({
      ...{ ...given({ wcs }), image, stretch, label: "counts" },
      title: length > 1 ? `Predicted counts ${index + 1}` : "Predicted counts",
    })),
  ];
  const title = figureTitle(estimate);
  return plotPanels(panels, {
    ...{ document, columns: panels.length === 4 ? 2 : Math.min(3, panels.length) },
    ...given({ size, title }),
    ...frameOf(options),
  });
}

/**
 * Panels of an image by a point method beside the data: counts, flux, residuals and, where it has one, the standard deviation.
 *
 * @param sigma residuals in units of their deviations `[ny, nx]`
 */
export function residualPanels(
  counts: SkyImage,
  { flux, std }: Pick<PointEstimate, "flux"> & Partial<Pick<PointEstimate, "std">>,
  sigma: SkyImage,
  { stretch, ...unit }: { readonly stretch: Stretch; readonly unit?: string },
): Panel[] {
  const shown = { label: "flux", stretch, ...unit };
  return [
    { image: counts, title: "Counts", label: "counts", stretch },
    { image: flux, title: "Flux", ...shown },
    { image: sigma, title: "Residuals", label: "sigma", colormap: "RdBu", vmin: -4, vmax: 4 },
    ...(std
      ? [{ image: std, title: "Standard deviation", ...shown, colormap: "viridis" } satisfies Panel]
      : []),
  ];
}
