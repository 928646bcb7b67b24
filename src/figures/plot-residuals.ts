import type { WcsCard } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { type SkyImage, sameShape } from "../image.js";
import type { NamesOf } from "../known-names.js";
import { colorScale, type StretchOptions, stretchOf } from "./color-scale.js";
import { type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE, SKY, STRETCH } from "./figure-options.js";
import { type SkyPanelOptions, skyOf } from "./image-panel.js";
import { imageCells, type Panel } from "./plot-panels.js";
import {
  deviation,
  residualDistribution,
  residualDistributionPanel,
  residualLegend,
} from "./residual-distribution.js";
import { theme as themeColors } from "./theme.js";

/** What `plotResiduals` compares. */
export interface ResidualImages {
  /** Observed counts `[ny, nx]`. */
  readonly counts: SkyImage;
  /** Predicted counts `[ny, nx]`, as from `predictedCounts`. */
  readonly predicted: SkyImage;
  /** Detector pixels in use, 1 or 0 `[ny, nx]`; default all. */
  readonly mask?: SkyImage;
  /**
   * Residuals in standard deviations `[ny, nx]`, for example `residuals(...).sigma`; default the signed square root of the deviance
   * of each pixel, which is the same.
   */
  readonly sigma?: SkyImage;
  /** Sky coordinates of the images. */
  readonly wcs?: readonly WcsCard[];
}

/** Options of `plotResiduals`; `stretch`, `vmin`, `vmax`, `limits` and `softening` are those of counts and predicted counts. */
export interface PlotResidualsOptions extends FigureOptions, SkyPanelOptions, StretchOptions {
  /** Residual in standard deviations at which colours and histogram end; default the largest, between 3 and 5. */
  readonly reach?: number;
  /** Panels a row; default 2. */
  readonly columns?: number;
  /** Longer side of each picture in px; default 224. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotResidualsOptions> = {
  ...{ ...FIGURE, ...SKY, ...STRETCH },
  reach: true,
  columns: true,
  size: true,
};

/** Smallest height of the histogram in px. */
const LOWEST = 110;

/**
 * Draw counts and predicted counts on one colour scale, their residuals in standard deviations with zero in the middle,
 * and the distribution of the residuals.
 *
 * At low counts residuals are not normal even for a perfect model: the distribution is drawn against the unit normal and against
 * the one that Poisson counts of this prediction have.
 *
 * @returns an SVG document
 * @throws InvalidInputError when shapes differ or an option is not valid
 */
export function plotResiduals(images: ResidualImages, options: PlotResidualsOptions): string {
  checkFigureOptions("plotResiduals", options, NAMES);
  const { document, theme = "light", columns = 2, size = 224, reach } = options;
  const { counts, predicted, mask } = images;
  for (const [name, image] of Object.entries({ predicted, mask, sigma: images.sigma })) {
    if (image !== undefined && !sameShape(image, counts)) {
      throw new InvalidInputError(
        `plotResiduals: ${name} must have the shape [${counts.shape.join(", ")}] of the counts, got [${image.shape.join(", ")}]; cut it alike`,
        { fields: { shape: image.shape, expected: counts.shape } },
      );
    }
  }
  const used = (value: (index: number) => number): SkyImage => ({
    data: counts.data.map((_, index) => (mask?.data[index] === 0 ? Number.NaN : value(index))),
    shape: counts.shape,
  });
  const sigma = used(
    (index) => images.sigma?.data[index] ?? deviation(counts.data[index], predicted.data[index]),
  );
  const largest = sigma.data.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  const end = reach ?? Math.min(Math.max(Math.ceil(largest), 3), 5);
  const shown = used((index) => counts.data[index]);
  const given = stretchOf(options);
  const { limits, softening } = colorScale([shown, predicted], given);
  const scale = { ...given, vmin: limits[0], vmax: limits[1], softening };
  const shared = { ...skyOf(options), ...(images.wcs !== undefined && { wcs: images.wcs }) };
  const panels: Panel[] = [
    { image: shown, title: "Counts", label: "counts", ...scale, ...shared },
    { image: predicted, title: "Predicted counts", label: "counts", ...scale, ...shared },
    {
      image: sigma,
      title: "Residuals",
      label: "residual (σ)",
      colormap: "RdBu",
      vmin: -end,
      vmax: end,
      ...shared,
    },
  ];
  const colors = themeColors(theme);
  const distribution = residualDistribution(sigma, predicted, end);
  return layoutFigure(options, columns, (zoom, across) => {
    const cells = imageCells(panels, {
      ...{ document, theme, size, zoom, columns: across, colorScale: "own" },
      ...(across === 2 && { places: 4 }),
    });
    const { width, height } = cells[2];
    const chart = residualDistributionPanel(distribution, {
      ...{ document, colors, title: "Distribution" },
      width: Math.max(width, LOWEST * zoom),
      height: Math.max(height, LOWEST * zoom),
    });
    return { cells: [...cells, chart], columns: across, legend: residualLegend(colors) };
  });
}
