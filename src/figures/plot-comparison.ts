import type { WcsCard } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { type SkyImage, sameShape } from "../image.js";
import { colorScale, type Stretch } from "./color-scale.js";
import type { Colormap } from "./colormap.js";
import { composeFigure, type FigureOptions } from "./figure.js";
import { imagePanel, type SkyPanelOptions } from "./image-panel.js";
import { formatNumber } from "./ticks.js";

/** One of the images that `plotComparison` puts side by side. */
export interface ComparedImage {
  /** Name of the result. */
  readonly title: string;
  /** `[ny, nx]`, all in the same unit. */
  readonly image: SkyImage;
}

/** Options of `plotComparison`. */
export interface PlotComparisonOptions extends FigureOptions, SkyPanelOptions {
  /** The truth `[ny, nx]`; shown first, and subtracted from every image. */
  readonly truth?: SkyImage;
  /**
   * What the second row shows: `"truth"` (default with a truth): each image minus the truth; `"first"` (default
   * without): each image minus the first; `"none"`: no second row.
   */
  readonly residuals?: "truth" | "first" | "none";
  /** Default `"sqrt"`. */
  readonly stretch?: Stretch;
  /** Default `"inferno"`. */
  readonly colormap?: Colormap;
  /** What the values are; default `"flux"`. */
  readonly label?: string;
  /** Unit of the values, in FITS notation; default none. */
  readonly unit?: string;
  /** Sky coordinates of the images. */
  readonly wcs?: readonly WcsCard[];
  /** Longer side of each picture in px; default 200. */
  readonly size?: number;
}

/**
 * Draw several images side by side on one colour scale, and below each what it differs by from the truth or from the first,
 * with zero in the middle of one scale for all.
 *
 * @param images in order, at least one; all of the same shape
 * @returns an SVG document
 * @throws InvalidInputError when there is no image, shapes differ, or residuals to a truth are asked for without one
 */
export function plotComparison(images: readonly ComparedImage[], options: PlotComparisonOptions): string {
  const { document, theme = "light", title, truth, stretch = "sqrt", size = 200, ...rest } = options;
  const { residuals = truth ? "truth" : "first", colormap, label = "flux", ...common } = rest;
  checkImages(images, truth, residuals);
  const reference = residuals === "truth" ? { title: "truth", image: truth! } : images[0]!;
  const top = truth ? [{ title: "Truth", image: truth }, ...images] : images;
  const scale = colorScale(
    top.map(({ image }) => image),
    { stretch, ...(colormap !== undefined && { colormap }) },
  );
  const differences = top.map(({ image }) =>
    residuals === "none" || image === reference.image ? undefined : subtract(image, reference.image),
  );
  const drawn = differences.filter((image) => image !== undefined);
  const below = drawn.length > 0;
  const layout = { document, theme, size };
  const cells = top.map(({ title: name, image }, index) =>
    imagePanel(
      image,
      { ...common, label },
      {
        ...layout,
        ...{ scale, title: name, colorBar: index === top.length - 1 },
        // A picture without a residual below has the labels of its column.
        xLabels: differences[index] === undefined,
        yLabels: index === 0,
      },
    ),
  );
  if (!below) return composeFigure(cells, top.length, { theme, ...(title !== undefined && { title }) });
  const differenceScale = colorScale(drawn, { colormap: "RdBu" });
  const lastDrawn = differences.findLastIndex((image) => image !== undefined);
  const residualCells = differences.map((image, index) => {
    if (image === undefined) return undefined;
    return imagePanel(
      image,
      { ...common, label: `${label} − ${reference.title}` },
      {
        ...layout,
        ...{ scale: differenceScale, colorBar: index === lastDrawn },
        // Those of the row above hold, unless this row begins the figure's first column.
        yLabels: index === 0,
        title: `rms difference ${formatNumber(rms(image), 2)}`,
      },
    );
  });
  return composeFigure([...cells, ...residualCells], top.length, {
    theme,
    ...(title !== undefined && { title }),
  });
}

function checkImages(images: readonly ComparedImage[], truth: SkyImage | undefined, residuals: string): void {
  const [first] = images;
  if (first === undefined) {
    throw new InvalidInputError("plotComparison: need at least one image, got none; give each a title", {});
  }
  if (residuals === "truth" && truth === undefined) {
    throw new InvalidInputError(
      'plotComparison: residuals "truth" need the option truth, got none; give it or use "first"',
      {},
    );
  }
  for (const image of [...images.map((one) => one.image), ...(truth ? [truth] : [])]) {
    if (!sameShape(image, first.image)) {
      throw new InvalidInputError(
        `plotComparison: all images must have the shape [${first.image.shape.join(", ")}] of the first, got [${image.shape.join(", ")}]; cut or bin them alike`,
        { fields: { shape: image.shape, expected: first.image.shape } },
      );
    }
  }
}

function subtract(image: SkyImage, { data }: SkyImage): SkyImage {
  return { data: image.data.map((value, index) => value - data[index]!), shape: image.shape };
}

/** Root mean square of the finite pixels. */
function rms({ data }: SkyImage): number {
  let [sum, pixels] = [0, 0];
  for (const value of data) {
    if (!Number.isFinite(value)) continue;
    sum += value * value;
    pixels++;
  }
  return Math.sqrt(sum / pixels);
}
