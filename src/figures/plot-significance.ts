import * as Plot from "@observablehq/plot";
import type { WcsCard } from "../data/observation/observation.js";
import { quantileOfSorted } from "../data/random/sorted-quantile.js";
import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import { chartPanel } from "./chart-panel.js";
import { outline, stepBand } from "./distribution-panel.js";
import { type FigureOptions, frameOf, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE, SKY } from "./figure-options.js";
import { type SkyPanelOptions, skyOf } from "./image-panel.js";
import { type Panel, plotPanels } from "./plot-panels.js";
import { theme as themeColors } from "./theme.js";
import { linearTicks, logTicks } from "./ticks.js";

/** A region as `plotSignificance` shows it; those of `estimateSignificance` are. */
export interface PlottedSignificance {
  readonly name: string;
  readonly gamma: number;
  readonly tailValue: number;
  readonly test: number;
  readonly bound: number;
  readonly boundError: number;
  /** Shares of the draws in bins of log10 of xi. */
  readonly distribution: {
    readonly low: number;
    readonly high: number;
    readonly observed: readonly number[];
    readonly pooled: readonly number[];
    readonly nulls: readonly (readonly number[])[];
  };
}

/** Options of `plotSignificance`. */
export interface PlotSignificanceOptions extends FigureOptions {
  /** Panels a row; default 2. */
  readonly columns?: number;
}

const TESTS: NamesOf<PlotSignificanceOptions> = { ...FIGURE, columns: true };

/** Height of a panel in peaks; single nulls that are higher are cut off. */
const HEADROOM = 1.5;

/**
 * Draw the test of Stein et al. (2015): for each region the distribution of the logarithm of `xi`, the share of the source, in all null
 * replicates together (black), between which single ones lie (grey: 68 and 95 % of them in each bin), and in the observation (blue), with the tail value `c` (broken line). A
 * source is real when the blue curve lies to the right of the line. The observation is drawn relative to its own peak, the nulls to
 * that of all of them.
 *
 * @param regions at least one
 * @returns an SVG document
 * @throws InvalidInputError without a region
 */
export function plotSignificance(
  regions: readonly PlottedSignificance[],
  options: PlotSignificanceOptions,
): string {
  checkFigureOptions("plotSignificance", options, TESTS);
  const { document, theme = "light", columns = Math.min(2, regions.length) } = options;
  if (regions.length === 0) {
    throw new InvalidInputError(
      "plotSignificance: must have a region at least, got none; give those of an estimate",
    );
  }
  const colors = themeColors(theme);
  const [blue, red] = [colors.series[0], colors.series[1]];
  const size = regions.length === 1 ? { width: 420, height: 210 } : { width: 300, height: 165 };
  const panel = (
    { name, tailValue, test, bound, boundError, distribution }: PlottedSignificance,
    index: number,
    zoom: number,
    across: number,
  ) => {
    const { low, high, observed, pooled, nulls } = distribution;
    const [width, height] = [size.width * zoom, Math.max(100, size.height * zoom)];
    const domain = [low, high] as const;
    // A bright source is one narrow peak: each of the two kinds of curves has a scale of its own.
    const relative = (shares: readonly number[], to: readonly number[]) => {
      const peak = Math.max(...to, 1e-9);
      return shares.map((share) => share / peak);
    };
    const each = nulls.map((shares) => relative(shares, pooled));
    const between = (probability: number) =>
      pooled.map((_, bin) =>
        quantileOfSorted(Float64Array.from(each, (shares) => shares[bin]).sort(), probability),
      );
    const bands = BANDS.map(({ low: lower, high: upper, ...style }) =>
      stepBand(between(lower), between(upper), domain, { fill: colors.muted, ...style }),
    );
    return chartPanel({
      ...{ document, colors, width, height },
      title: name,
      note: `T = ${test === 0 ? "0" : test.toFixed(test < 0.01 ? 4 : 2)}, p ≤ ${boundText(bound, boundError)}`,
      x: {
        domain,
        ticks: logTicks(low, high, Math.floor(width / 40)),
        label: "ξ = source / (source + baseline)",
      },
      y: {
        domain: [0, HEADROOM],
        ticks: linearTicks(0, HEADROOM, 3),
        ...(index % across === 0 && { label: "density / peak" }),
      },
      marks: [
        ...(nulls.length > 1 ? bands : []),
        outline(relative(pooled, pooled), domain, colors.ink, 1.4),
        outline(relative(observed, observed), domain, blue, 1.6),
        Plot.ruleX([Math.log10(tailValue)], { stroke: red, strokeDasharray: "5,3", strokeWidth: 1.3 }),
      ],
    });
  };
  return layoutFigure(options, columns, (zoom, across) => ({
    cells: regions.map((region, index) => panel(region, index, zoom, across)),
    columns: across,
    legend: [
      { label: "observation", color: blue, kind: "line" },
      { label: "all nulls", color: colors.ink, kind: "line" },
      ...BANDS.toReversed().map(
        ({ label, seen }) => ({ label, color: colors.muted, kind: "box", opacity: seen }) as const,
      ),
      { label: `c, above which γ = ${regions[0].gamma} of the nulls lie`, color: red, kind: "dashed" },
    ],
  }));
}

/** Central parts of the nulls in each bin, the wider first, with their opacity and that of what lies on one another. */
const BANDS = [
  { low: 0.025, high: 0.975, fillOpacity: 0.18, seen: 0.18, label: "95 % of them" },
  { low: 0.16, high: 0.84, fillOpacity: 0.25, seen: 0.38, label: "68 %" },
] as const;

/** A bound with its error, which is given to one digit: `0.005 ± 0.001`. */
function boundText(bound: number, error: number): string {
  if (bound >= 1 || !(error > 0)) return bound >= 1 ? "1" : String(Number(bound.toPrecision(2)));
  const digits = Math.min(8, Math.max(2, Math.ceil(-Math.log10(error))));
  return `${bound.toFixed(digits)} ± ${error.toFixed(digits)}`;
}

/** Maps of `plotLocalSignificance`; those of the scan of `estimateSignificance` are. */
export interface PlottedScan {
  readonly radius: number;
  readonly excess: SkyImage;
  readonly bound: SkyImage;
  readonly global: SkyImage;
  readonly peak: { readonly x: number; readonly y: number; readonly excess: number; readonly global: number };
}

/** Options of `plotLocalSignificance`. */
export interface PlotLocalSignificanceOptions extends FigureOptions, SkyPanelOptions {
  /** Header cards of the sky coordinates; default pixels. */
  readonly wcs?: readonly WcsCard[];
  /** Also show this image `[ny, nx]` first, for example the counts. */
  readonly counts?: SkyImage;
}

const SCAN: NamesOf<PlotLocalSignificanceOptions> = { ...FIGURE, ...SKY, wcs: true, counts: true };

/**
 * Draw a scan: the excess of the share of the source over the nulls in standard deviations, minus log10 of the local bound on the
 * p-value, and minus log10 of the p-value for all places together, with the most significant aperture marked.
 *
 * @returns an SVG document
 */
export function plotLocalSignificance(scan: PlottedScan, options: PlotLocalSignificanceOptions): string {
  checkFigureOptions("plotLocalSignificance", options, SCAN);
  const { counts, document, wcs } = options;
  const minusLog = ({ data, shape }: { data: Float64Array; shape: Shape }): SkyImage => ({
    data: data.map((value) => Math.max(0, -Math.log10(value))),
    shape,
  });
  const { x, y } = scan.peak;
  const shown = {
    ...skyOf(options),
    ...(wcs !== undefined && { wcs }),
    markers: [{ x, y, radius: scan.radius }],
  };
  const panels: Panel[] = [
    { image: scan.excess, title: "Local excess", label: "σ of the nulls", ...shown },
    {
      image: minusLog(scan.bound),
      title: "Bound on the local p-value",
      label: "−log₁₀ p",
      vmin: 0,
      ...shown,
    },
    {
      ...{
        image: minusLog(scan.global),
        title: "p-value for all places together",
        label: "−log₁₀ p",
        vmin: 0,
      },
      ...shown,
    },
  ];
  if (counts !== undefined)
    panels.unshift({ image: counts, title: "Counts", label: "counts", stretch: "asinh", ...shown });
  return plotPanels(panels, { document, columns: panels.length === 4 ? 2 : 3, ...frameOf(options) });
}
