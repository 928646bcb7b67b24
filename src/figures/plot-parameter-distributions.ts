import type { ChainGroups } from "../posterior/chain-groups.js";
import type { DrawSource } from "../posterior/draw-source.js";
import type { Circle, Region } from "../posterior/region.js";
import type { ImageTrace } from "../posterior/trace.js";
import { convergenceNote, isDoubtful } from "./convergence-note.js";
import { distributionPanel } from "./distribution-panel.js";
import { composeFigure, type FigureOptions } from "./figure.js";
import { theme as themeColors } from "./theme.js";
import { traceLegend } from "./trace-panel.js";
import { comparedQuantities, regionQuantity, type TracedQuantities } from "./traced-quantity.js";

/** Options of the figures with one panel a quantity. */
export interface PlotQuantitiesOptions extends FigureOptions {
  /** Columns of a parameter trace to draw, in order; default all that vary, without bookkeeping. */
  readonly names?: readonly string[];
  /**
   * Chains that sample the same law, by number; default all. `chainGroups(result.config)` gives those of a result: in an
   * ensemble of shifts only chains of equal shift can be compared.
   */
  readonly groups?: ChainGroups;
  /** Panels a row; default 2 for up to four quantities, else 3. */
  readonly columns?: number;
}

/** Panels a row when the caller does not say. */
export function defaultColumns(panels: number): number {
  return panels <= 4 ? Math.min(2, panels) : 3;
}

/**
 * Draw the posterior distribution of each parameter: one panel a parameter, the draws of all chains filled and each chain as an
 * outline in its colour, R-hat and effective sample size above, median and central 68 % below.
 *
 * Positive quantities whose central 68 % spread over more than a factor of 3 have a logarithmic axis; their density is that of the
 * logarithm. The outermost 0.1 % of the draws on either side may lie outside the panel.
 *
 * @param trace parameters, of which sweeps after burn-in are used; or quantities, for example from `regionQuantity`
 * @returns an SVG document
 * @throws InvalidInputError when there is no draw, nothing that varies, or a name that is not in the trace
 */
export function plotParameterDistributions(trace: TracedQuantities, options: PlotQuantitiesOptions): string {
  const { document, theme = "light", title } = options;
  const quantities = comparedQuantities("plotParameterDistributions", trace, options.names, options.groups);
  const cells = quantities.map((quantity) =>
    distributionPanel(quantity, {
      document,
      theme,
      width: 196,
      height: 110,
      which: quantity.which,
      note: convergenceNote(quantity.convergence),
      warn: isDoubtful(quantity.convergence, quantity.chains.length),
    }),
  );
  const colors = themeColors(theme);
  return composeFigure(
    cells,
    options.columns ?? defaultColumns(cells.length),
    { theme, ...(title !== undefined && { title }) },
    [
      ...traceLegend(quantities[0]!.which, false, colors),
      { label: "median", color: colors.ink, kind: "line" },
      { label: "central 68 %", color: colors.shade, kind: "box" },
    ],
  );
}

/** Options of `plotRegionDistribution`. */
export interface PlotRegionDistributionOptions extends FigureOptions {
  /** Unit of the flux, in FITS notation; default none. */
  readonly unit?: string;
  /** As for `plotParameterDistributions`. */
  readonly groups?: ChainGroups;
}

/**
 * Draw the posterior distribution of the flux of a pixel, or of the sum over a region, from the kept draws. The error of a sum
 * cannot be had from the errors of its pixels, which are correlated; here it can be read off.
 *
 * @returns an SVG document
 * @param region a circle in pixels, or pixels with weights
 * @throws InvalidInputError when the region does not fit the image or no draws were kept
 */
export function plotRegionDistribution(
  images: ImageTrace | DrawSource,
  region: Circle | Region,
  options: PlotRegionDistributionOptions,
): string {
  const { document, theme = "light", title, unit } = options;
  const quantities = [regionQuantity(images, region, unit === undefined ? {} : { unit })];
  const [quantity] = comparedQuantities("plotRegionDistribution", quantities, undefined, options.groups);
  const { convergence, chains, which } = quantity!;
  const colors = themeColors(theme);
  const cell = distributionPanel(quantity!, {
    document,
    theme,
    width: 340,
    height: 180,
    which,
    note: convergenceNote(convergence),
    warn: isDoubtful(convergence, chains.length),
  });
  return composeFigure([cell], 1, { theme, ...(title !== undefined && { title }) }, [
    ...traceLegend(which, false, colors),
    { label: "median", color: colors.ink, kind: "line" },
    { label: "central 68 %", color: colors.shade, kind: "box" },
  ]);
}
