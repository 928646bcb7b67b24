import type { SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import { type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE, IMAGE_PANEL } from "./figure-options.js";
import { type ImagePanelOptions, imagePanel } from "./image-panel.js";

/** Options of `plotImage`. */
export interface PlotImageOptions extends FigureOptions, ImagePanelOptions {
  /** Longer side of the picture in px, apart from labels; default 320, and near it where pixels come out whole. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotImageOptions> = { ...FIGURE, ...IMAGE_PANEL, size: true };

/**
 * Draw an image as heat map (row 0 at the bottom) with a colour bar and axes in sky coordinates, or in pixels without them.
 *
 * Pixels that are NaN are gray. A colour bar with a pointed end tells that values go on beyond it.
 *
 * @param image `[ny, nx]`, any unit
 * @returns an SVG document
 * @throws InvalidInputError when the image or an option is not valid
 */
export function plotImage(image: SkyImage, options: PlotImageOptions): string {
  checkFigureOptions("plotImage", options, NAMES);
  const { document, theme = "light", size = 320 } = options;
  return layoutFigure(options, 1, (zoom, columns) => ({
    cells: [imagePanel(image, options, { document, theme, size: size * zoom, exact: zoom !== 1 })],
    columns,
  }));
}
