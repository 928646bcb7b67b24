import * as Plot from "@observablehq/plot";
import type { SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import type { DrawSource } from "../posterior/draw-source.js";
import { circlePixels } from "../posterior/region.js";
import type { ImageTrace } from "../posterior/trace.js";
import { chartPanel } from "./chart-panel.js";
import { type StretchOptions, stretchOf } from "./color-scale.js";
import { extremes } from "./extremes.js";
import { type FigureOptions, type LegendEntry, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE, STRETCH } from "./figure-options.js";
import { imagePanel } from "./image-panel.js";
import { momentsAfter } from "./plot-pixel-trace.js";
import { stackCells } from "./stack-cells.js";
import { mixColors, type Theme, theme as themeColors } from "./theme.js";
import { formatLabel, formatNumber, linearTicks } from "./ticks.js";
import { decimate } from "./trace-panel.js";
import { drawSums, meanOfDraws, pixelIndex, plainPixels } from "./traced-quantity.js";

/** Options of `plotPixelTracesRegion`. */
export interface PlotPixelTracesRegionOptions extends FigureOptions, StretchOptions {
  /** Neighbours are pixels within this many pixels of the chosen one; default 2. */
  readonly radius?: number;
  /** Image at the left `[ny, nx]`; default the mean of the draws. */
  readonly image?: SkyImage;
  /** Heading of the image; default `"Posterior mean"`. */
  readonly imageTitle?: string;
  /** Unit of the flux, in FITS notation; default none. */
  readonly unit?: string;
  /** Sweeps before this one are burn-in: faded, and not counted; default none, since a trace holds draws after burn-in. */
  readonly burnIn?: number;
  /** Longer side of the picture in px; default 280. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotPixelTracesRegionOptions> = {
  ...FIGURE,
  ...STRETCH,
  radius: true,
  image: true,
  imageTitle: true,
  unit: true,
  burnIn: true,
  size: true,
};

/** Shades of the neighbours at most, from near to far. */
const SHADES = 4;
const TRACES = { width: 400, gap: 7, least: 52 } as const;

/**
 * Draw the traces of a pixel and of its neighbours beside the image: a circle on the image marks the region, and in one panel
 * a chain the pixel is drawn in colour over its neighbours, the nearer the darker. The line and the band behind are mean
 * and standard deviation of the pixel over all chains. Pixels that trade flux show as lines that mirror each other.
 *
 * @param images kept draws, in memory or elsewhere
 * @param x column, 0-based
 * @param y row, 0-based
 * @returns an SVG document
 * @throws InvalidInputError when the pixel is not in the image, the radius is negative, or no draws were kept
 */
export function plotPixelTracesRegion(
  images: ImageTrace | DrawSource,
  x: number,
  y: number,
  options: PlotPixelTracesRegionOptions,
): string {
  checkFigureOptions("plotPixelTracesRegion", options, NAMES);
  const { document, theme = "light", radius = 2, unit = "", size = 280 } = options;
  const { burnIn = images.first } = options;
  const where = "plotPixelTracesRegion";
  const colors = themeColors(theme);
  const nx = images.shape[1];
  pixelIndex(where, x, y, images.shape);
  const pixels = circlePixels({ x, y, radius }, images.shape);
  // Far neighbours first, so that near ones are drawn over them, and the pixel itself last.
  const far = (pixel: number) => Math.hypot((pixel % nx) - x, Math.floor(pixel / nx) - y);
  const ordered = pixels.toSorted((first, second) => far(second) - far(first));
  const series = drawSums(
    where,
    images,
    ordered.map((pixel) => plainPixels([pixel])),
  );
  const centre = series.at(-1)!;
  const moments = momentsAfter(centre, burnIn, images);

  const image = options.image ?? meanOfDraws(images);
  const drawn = centre.flatMap(({ length }, chain) => (length > 0 ? [chain] : []));
  const [low, high] = extremes(series.flat());
  const pad = 0.05 * (high - low) || Math.abs(high) * 0.1 || 1;
  const y2 = [low - (low > 0 && low < pad ? low : pad), high + pad] as const;
  const last = images.first + images.every * Math.max(...centre.map(({ length }) => length));
  const xDomain = [images.first, last] as const;
  const classes = shadeClasses(radius);
  const shadeOf = (pixel: number) =>
    shade(
      colors,
      classes.findIndex((edge) => far(pixel) <= edge + 1e-9),
      classes.length,
    );
  const trace = (row: number, width: number, height: number) => {
    const chain = drawn[row];
    const yTicks = linearTicks(y2[0], y2[1], Math.max(3, Math.floor(height / 14)));
    const bottom = row === drawn.length - 1;
    const marks: Plot.Markish[] = [];
    if (burnIn > images.first)
      marks.push(Plot.rect([0], { x1: images.first, x2: burnIn, y1: y2[0], y2: y2[1], fill: colors.shade }));
    const band = {
      x1: xDomain[0],
      x2: xDomain[1],
      y1: moments.mean - moments.std,
      y2: moments.mean + moments.std,
    };
    for (const [index, chains] of series.entries()) {
      const values = chains[chain];
      const isCentre = index === series.length - 1;
      if (isCentre) marks.push(Plot.rect([0], { ...band, fill: colors.series[0], fillOpacity: 0.2 }));
      // Neighbours are many: they are drawn at half of the resolution.
      const perValue = (width * images.every) / (last - images.first) / (isCentre ? 1 : 2);
      const split = Math.min(Math.max(Math.ceil((burnIn - images.first) / images.every), 0), values.length);
      for (const [from, to, faded] of [[0, split, true] as const, [split, values.length, false] as const]) {
        if (to > from)
          marks.push(
            Plot.line(decimate(values, from, to, perValue), {
              x: (draw: number) => images.first + draw * images.every,
              y: (draw: number) => values[draw],
              stroke: isCentre ? colors.series[0] : shadeOf(ordered[index]),
              strokeWidth: isCentre ? 1 : 0.6,
              strokeOpacity: faded ? 0.35 : 1,
            }),
          );
      }
    }
    marks.push(Plot.ruleY([moments.mean], { stroke: colors.ink, strokeWidth: 0.9, strokeDasharray: "4,2" }));
    return chartPanel({
      document,
      colors,
      width,
      height,
      title:
        row === 0
          ? formatLabel(`flux of pixel x = ${x}, y = ${y}`, unit, yTicks.exponent).join(" ").trim()
          : "",
      ...(row === 0 && { note: `mean ${formatNumber(moments.mean)}, std ${formatNumber(moments.std)}` }),
      x: {
        domain: xDomain,
        ticks: linearTicks(xDomain[0], xDomain[1], Math.max(2, Math.floor(width / 60)), true),
        unlabelled: !bottom,
        ...(bottom && { label: "sweep" }),
      },
      y: {
        domain: y2,
        ticks: yTicks,
        ...(drawn.length > 1 && height >= 40 && { label: `chain ${chain + 1}` }),
      },
      marks,
    });
  };
  const legend: LegendEntry[] = [
    { label: "pixel", color: colors.series[0], kind: "line" },
    ...(pixels.length > 1
      ? classes.map(
          (edge, index): LegendEntry => ({
            label: `within ${formatNumber(edge)} px`,
            color: shade(colors, index, classes.length),
            kind: "line",
          }),
        )
      : []),
    { label: "its mean", color: colors.ink, kind: "dashed" },
    { label: "mean ± std", color: mixColors(colors.background, colors.series[0], 0.2), kind: "box" },
    ...(burnIn > images.first ? [{ label: "burn-in", color: colors.shade, kind: "box" } as const] : []),
  ];
  return layoutFigure(options, 2, (zoom, columns) => {
    const picture = imagePanel(
      image,
      {
        ...{ label: "flux", unit, ...stretchOf(options) },
        markers: [{ x, y, radius: Math.max(radius, 0.5) }],
      },
      {
        document,
        theme,
        size: size * zoom,
        exact: zoom !== 1,
        title: options.imageTitle ?? "Posterior mean",
      },
    );
    const tall = (picture.height - TRACES.gap * (drawn.length - 1)) / drawn.length;
    const height = Math.max(TRACES.least, Math.round(tall));
    const traces = drawn.map((_, row) => trace(row, TRACES.width * zoom, height));
    return { cells: [picture, stackCells(traces, TRACES.gap)], columns, legend };
  });
}

/** Upper edges of the classes of distance in px: whole pixels while they are few. */
function shadeClasses(radius: number): number[] {
  const step = Math.max(1, radius / SHADES);
  const edges: number[] = [];
  for (let edge = step; edge < radius - 1e-9; edge += step) edges.push(edge);
  return radius >= 1 ? [...edges, radius] : [];
}

/** Colour of the neighbours in a class of distance: from near the ink to near the background. */
function shade(colors: Theme, index: number, classes: number): string {
  const part = classes <= 1 ? 0.3 : 0.1 + (0.5 * index) / (classes - 1);
  return mixColors(colors.muted, colors.background, part);
}
