import * as Plot from "@observablehq/plot";
import type { WcsCard } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { type SkyImage, sameShape } from "../image.js";
import type { NamesOf } from "../known-names.js";
import { chartPanel } from "./chart-panel.js";
import { type ColorScale, colorScale, type StretchOptions, stretchOf } from "./color-scale.js";
import type { Colormap } from "./colormap.js";
import { steps } from "./distribution-panel.js";
import { type Cell, type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE, SKY, STRETCH } from "./figure-options.js";
import { imagePanel, type SkyPanelOptions, skyOf } from "./image-panel.js";
import { type Theme, theme as themeColors } from "./theme.js";
import { colorBarTicks, formatNumber, linearTicks } from "./ticks.js";

/** One of the images that `plotComparison` puts side by side. */
export interface ComparedImage {
  /** Name of the result. */
  readonly title: string;
  /** `[ny, nx]`, all in the same unit. */
  readonly image: SkyImage;
}

/** Options of `plotComparison`. */
export interface PlotComparisonOptions extends FigureOptions, SkyPanelOptions, StretchOptions {
  /** The truth `[ny, nx]`; shown first, and subtracted from every image. */
  readonly truth?: SkyImage;
  /**
   * What stands below the images: `"truth"` (default with a truth): each image minus the truth; `"first"` (default
   * without): each image minus the first; `"none"`: nothing.
   */
  readonly residuals?: "truth" | "first" | "none";
  /** Default `"inferno"`. */
  readonly colormap?: Colormap;
  /** What the values are; default `"flux"`. */
  readonly label?: string;
  /** Unit of the values, in FITS notation; default none. */
  readonly unit?: string;
  /** Sky coordinates of the images. */
  readonly wcs?: readonly WcsCard[];
  /** Images a row; default up to 5. */
  readonly columns?: number;
  /** Longer side of each picture in px; default 200. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotComparisonOptions> = {
  ...{ ...FIGURE, ...SKY, ...STRETCH },
  truth: true,
  residuals: true,
  colormap: true,
  label: true,
  unit: true,
  wcs: true,
  columns: true,
  size: true,
};

/**
 * Draw several images side by side on one colour scale, and below each what it differs by from the truth or from the first,
 * with zero in the middle of one scale for all. Below the one that the others are compared with stands a cut through its brightest pixel:
 * the values of all images along that row, on the scale of the colours.
 *
 * @param images in order, at least one; all of the same shape
 * @returns an SVG document
 * @throws InvalidInputError when there is no image, shapes differ, or residuals to a truth are asked for without one
 */
export function plotComparison(images: readonly ComparedImage[], options: PlotComparisonOptions): string {
  checkFigureOptions("plotComparison", options, NAMES);
  const { document, theme = "light", truth, size = 200, colormap, label = "flux", unit, wcs } = options;
  const { residuals = truth ? "truth" : "first" } = options;
  checkImages(images, truth, residuals);
  const reference = residuals === "truth" ? { title: "truth", image: truth! } : images[0];
  const all = truth ? [{ title: "Truth", image: truth }, ...images] : images;
  const { columns = Math.min(5, all.length) } = options;
  const stretch = stretchOf(options);
  const scale = colorScale(
    all.map(({ image }) => image),
    { ...stretch, ...(colormap !== undefined && { colormap }) },
  );
  const differences = all.map(({ image }) =>
    residuals === "none" || image === reference.image ? undefined : subtract(image, reference.image),
  );
  const drawn = differences.filter((image) => image !== undefined);
  // Small differences beside large ones are what is to be seen.
  const differenceScale = colorScale(drawn, { colormap: "RdBu", stretch: "asinh" });
  const colors = themeColors(theme);
  const shown = {
    ...skyOf(options),
    ...(unit !== undefined && { unit }),
    ...(wcs !== undefined && { wcs }),
  };
  const cut = drawn.length > 0;
  return layoutFigure(options, columns, (zoom, across) => {
    const layout = { document, theme, size: size * zoom, exact: zoom !== 1 };
    const rows = Array.from({ length: Math.ceil(all.length / across) }, (_, row) =>
      [...all.keys()].slice(row * across, (row + 1) * across),
    );
    const cells = rows.flatMap((row): (Cell | undefined)[] => {
      const ends = (index: number) => ({
        colorBar: row.length === across && index === row.at(-1),
        yLabels: index === row[0],
      });
      const above = row.map((index) =>
        imagePanel(
          all[index].image,
          { ...shown, label },
          { ...layout, scale, title: all[index].title, xLabels: !cut, ...ends(index) },
        ),
      );
      const empty = Array.from({ length: across - row.length }, () => undefined);
      if (!cut) return [...above, ...empty];
      const below = row.map((index) => {
        const image = differences[index];
        if (image === undefined)
          return cutPanel(all, reference.image, scale, above[0], { document, colors, label });
        return imagePanel(
          image,
          {
            ...shown,
            label: `${label} − ${reference.title}`,
            ...(shown.contours && { contoursOf: shown.contoursOf ?? { image: all[index].image } }),
          },
          {
            ...layout,
            scale: differenceScale,
            title: `rms difference ${formatNumber(rms(image), 2)}`,
            ...ends(index),
          },
        );
      });
      return [...above, ...empty, ...below, ...empty];
    });
    return {
      cells,
      columns: across,
      legend: cut
        ? all.map(({ title }, index) => ({
            label: title,
            color: cutColor(index, colors),
            kind: isDashed(index, colors) ? ("dashed" as const) : ("line" as const),
          }))
        : [],
    };
  });
}

/** Values along the row of the brightest pixel of the reference, on the scale of the colours. */
function cutPanel(
  all: readonly ComparedImage[],
  reference: SkyImage,
  scale: ColorScale,
  { width, height }: Cell,
  {
    document,
    colors,
    label,
  }: { readonly document: Document; readonly colors: Theme; readonly label: string },
): Cell {
  const nx = reference.shape[1];
  const brightest = reference.data.reduce(
    (best, value, pixel) => (value > reference.data[best] ? pixel : best),
    0,
  );
  const y = Math.floor(brightest / nx);
  const ticks = colorBarTicks(scale, height);
  return chartPanel({
    ...{ document, colors, width, height },
    title: `Cut at y = ${y}`,
    x: {
      domain: [-0.5, nx - 0.5],
      ticks: linearTicks(0, nx - 1 || 0.4, Math.max(2, Math.min(7, Math.floor(width / 42))), true),
      label: "x (pixel)",
    },
    y: { domain: [0, 1.04], ticks, label },
    marks: all.map(({ image }, index) =>
      Plot.line(steps(Array.from(image.data.subarray(y * nx, (y + 1) * nx), scale.place), [-0.5, nx - 0.5]), {
        ...{ x: "0", y: "1", stroke: cutColor(index, colors), strokeWidth: 1.2 },
        ...(isDashed(index, colors) && { strokeDasharray: "4,3" }),
      }),
    ),
  });
}

/** The first line is that of the ink; the others have the colours of series, broken when these come round again. */
const cutColor = (index: number, { ink, series }: Theme) =>
  index === 0 ? ink : series[(index - 1) % series.length];
const isDashed = (index: number, { series }: Theme) => index > series.length;

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
  checkSameShape("plotComparison", [...images.map((one) => one.image), ...(truth ? [truth] : [])]);
}

/** @throws InvalidInputError when an image has not the shape of the first */
export function checkSameShape(where: string, [first, ...others]: readonly SkyImage[]): void {
  const other = others.find((image) => !sameShape(image, first));
  if (other === undefined) return;
  throw new InvalidInputError(
    `${where}: all images must have the shape [${first.shape.join(", ")}] of the first, got [${other.shape.join(", ")}]; cut or bin them alike`,
    { fields: { shape: other.shape, expected: first.shape } },
  );
}

function subtract(image: SkyImage, { data }: SkyImage): SkyImage {
  return { data: image.data.map((value, index) => value - data[index]), shape: image.shape };
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
