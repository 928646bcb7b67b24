import type { NamesOf } from "../known-names.js";
import type { ChainGroups } from "../posterior/chain-groups.js";
import type { DrawSource } from "../posterior/draw-source.js";
import { type Circle, type Region, regionFluxUnit } from "../posterior/region.js";
import type { ImageTrace } from "../posterior/trace.js";
import { convergenceNote, isDoubtful } from "./convergence-note.js";
import { distributionPanel } from "./distribution-panel.js";
import { type FigureOptions, type LegendEntry, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE } from "./figure-options.js";
import { type Theme, theme as themeColors } from "./theme.js";
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

/** Names of `PlotQuantitiesOptions`. */
export const QUANTITIES: NamesOf<PlotQuantitiesOptions> = {
  ...FIGURE,
  names: true,
  groups: true,
  columns: true,
};

/** Width in px of the panel of a quantity: the longest names, `mean ln α, 32 × 32`, and R-hat with ESS stand in one line. */
export const QUANTITY_WIDTH = 216;

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
  checkFigureOptions("plotParameterDistributions", options, QUANTITIES);
  const { document, theme = "light" } = options;
  const quantities = comparedQuantities("plotParameterDistributions", trace, options.names, options.groups);
  return layoutFigure(options, options.columns ?? defaultColumns(quantities.length), (zoom, columns) => ({
    cells: quantities.map((quantity) =>
      distributionPanel(quantity, {
        ...{
          document,
          theme,
          width: QUANTITY_WIDTH * zoom,
          height: Math.max(80, 110 * zoom),
          which: quantity.which,
        },
        note: convergenceNote(quantity.convergence),
        warn: isDoubtful(quantity.convergence, quantity.chains.length),
      }),
    ),
    columns,
    legend: distributionLegend(quantities[0].which, themeColors(theme)),
  }));
}

/** Options of `plotRegionDistribution`. */
export interface PlotRegionDistributionOptions extends FigureOptions {
  /** Unit of the flux, in FITS notation; default none. */
  readonly unit?: string;
  /** As for `plotParameterDistributions`. */
  readonly groups?: ChainGroups;
}

const REGION: NamesOf<PlotRegionDistributionOptions> = { ...FIGURE, unit: true, groups: true };

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
  checkFigureOptions("plotRegionDistribution", options, REGION);
  const { document, theme = "light" } = options;
  const unit = regionFluxUnit(options.unit);
  const quantities = [regionQuantity(images, region, unit === undefined ? {} : { unit })];
  const [quantity] = comparedQuantities("plotRegionDistribution", quantities, undefined, options.groups);
  const { convergence, chains, which } = quantity!;
  return layoutFigure(options, 1, (zoom, columns) => ({
    cells: [
      distributionPanel(quantity!, {
        ...{ document, theme, width: 340 * zoom, height: 180 * zoom, which },
        note: convergenceNote(convergence),
        warn: isDoubtful(convergence, chains.length),
      }),
    ],
    columns,
    legend: distributionLegend(which, themeColors(theme)),
  }));
}

function distributionLegend(which: readonly number[], colors: Theme): LegendEntry[] {
  return [
    ...traceLegend(which, false, colors),
    { label: "all chains", color: colors.muted, kind: "box", opacity: 0.3 },
    { label: "median", color: colors.ink, kind: "dashed" },
    { label: "central 68 %", color: colors.shade, kind: "box" },
  ];
}
