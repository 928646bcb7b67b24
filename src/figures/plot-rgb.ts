import type { WcsCard } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import type { NamesOf } from "../known-names.js";
import { colorScale, type StretchOptions, stretchOf } from "./color-scale.js";
import { type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE, SKY, STRETCH } from "./figure-options.js";
import { rgbPanel, type SkyPanelOptions, skyOf } from "./image-panel.js";
import { type ComparedImage, checkSameShape } from "./plot-comparison.js";

/** Options of `plotRgb`. */
export interface PlotRgbOptions extends FigureOptions, SkyPanelOptions, StretchOptions {
  /** Sky coordinates of the images. */
  readonly wcs?: readonly WcsCard[];
  /** Longer side of the picture in px; default 320. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotRgbOptions> = { ...{ ...FIGURE, ...SKY, ...STRETCH }, wcs: true, size: true };

/** Colours of the three images in the legend. */
const COLORS = ["#ff0000", "#00c000", "#0000ff"] as const;

/**
 * Draw three images as the red, green and blue of one picture, each on a colour scale of its own, by the same options. Where all three are
 * at the upper end the picture is white.
 *
 * @param images red, green, blue, for example of rising energy; of the same shape, in any units
 * @returns an SVG document
 * @throws InvalidInputError unless there are three images of one shape
 */
export function plotRgb(images: readonly ComparedImage[], options: PlotRgbOptions): string {
  checkFigureOptions("plotRgb", options, NAMES);
  const [red, green, blue] = images;
  if (images.length !== 3 || !red || !green || !blue) {
    throw new InvalidInputError(
      `plotRgb: images must be three, for red, green and blue, got ${images.length}; give three`,
      { fields: { images: images.length } },
    );
  }
  checkSameShape(
    "plotRgb",
    images.map(({ image }) => image),
  );
  const { document, theme = "light", size = 320, wcs } = options;
  const channels = images.map(({ image }) => ({ image, scale: colorScale([image], stretchOf(options)) }));
  const shown = { ...skyOf(options), ...(wcs !== undefined && { wcs }) };
  return layoutFigure(options, 1, (zoom, columns) => ({
    cells: [rgbPanel(channels, shown, { document, theme, size: size * zoom, exact: zoom !== 1 })],
    columns,
    legend: images.map(({ title }, index) => ({ label: title, color: COLORS[index], kind: "box" })),
  }));
}
