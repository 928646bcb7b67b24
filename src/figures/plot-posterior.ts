import type { SkyImage } from "../image.js";
import type { LiraResult } from "../posterior/result.js";
import { colorScale, type Stretch } from "./color-scale.js";
import type { FigureOptions } from "./figure.js";
import type { SkyPanelOptions } from "./image-panel.js";
import { type Panel, plotPanels } from "./plot-panels.js";
import { formatNumber } from "./ticks.js";

/** The parts of a result that `plotPosterior` shows; every `LiraResult` has them. */
export type PosteriorImages = Pick<LiraResult, "mean" | "std"> &
  Partial<Pick<LiraResult, "quantiles" | "wcs">> & {
    readonly diagnostics: Pick<LiraResult["diagnostics"], "rhat"> &
      Partial<Pick<LiraResult["diagnostics"], "ess">>;
    readonly unit?: string;
    readonly name?: string;
  };

/** A panel of `plotPosterior`; `"quantiles"` are as many panels as the result has quantiles. */
export type PosteriorPanel = "counts" | "mean" | "std" | "quantiles" | "snr" | "rhat" | "ess";

/** Options of `plotPosterior`. */
export interface PlotPosteriorOptions extends FigureOptions, SkyPanelOptions {
  /** Observed counts `[ny, nx]`, shown first when given. */
  readonly counts?: SkyImage;
  /** Panels to draw, in order; default all that the result has, without quantiles. */
  readonly show?: readonly PosteriorPanel[];
  /** Stretch of counts, mean, std and quantiles; default `"sqrt"`. */
  readonly stretch?: Stretch;
  /** Panels a row; default 3 for more than 4 panels, else 2. */
  readonly columns?: number;
  /** Longer side of each picture in px; default 224. */
  readonly size?: number;
}

/** R-hat at which its colours end at least: small departures from 1 should look small. */
const RHAT_TOP = 1.1;

/**
 * Draw a posterior in one figure: counts (when given), mean, standard deviation, signal to noise (mean / std), R-hat, effective
 * sample size, and quantiles on demand. Axes show the sky coordinates of the result.
 *
 * @returns an SVG document; its heading is `options.title`, by default the name of the result
 * @throws InvalidInputError when an image or option is not valid, or nothing of what is asked for is there
 */
export function plotPosterior(result: PosteriorImages, options: PlotPosteriorOptions): string {
  const {
    counts,
    stretch = "sqrt",
    show,
    columns,
    document,
    theme,
    size,
    title = result.name,
    ...sky
  } = options;
  const available = posteriorPanels(result, counts, stretch, {
    ...sky,
    ...(result.wcs !== undefined && { wcs: result.wcs }),
  });
  const order = show ?? (["counts", "mean", "std", "snr", "rhat", "ess"] as const);
  const panels = order.flatMap((name) => available[name] ?? []);
  return plotPanels(panels, {
    document,
    columns: columns ?? (panels.length > 4 ? 3 : Math.min(2, Math.max(panels.length, 1))),
    ...(theme !== undefined && { theme }),
    ...(size !== undefined && { size }),
    ...(title !== undefined && { title }),
  });
}

/** The panels that a result can fill, by name. */
function posteriorPanels(
  result: PosteriorImages,
  counts: SkyImage | undefined,
  stretch: Stretch,
  sky: SkyPanelOptions & Pick<Panel, "wcs">,
): Readonly<Record<PosteriorPanel, readonly Panel[]>> {
  const { mean, std, quantiles, diagnostics } = result;
  const flux = { label: "flux", ...(result.unit !== undefined && { unit: result.unit }), stretch, ...sky };
  // Below 1 R-hat only scatters: shown as 1.
  const rhat = mapImage(diagnostics.rhat, (value) => (value < 1 ? 1 : value));
  const rhatTop = rhat.data.reduce(
    (top, value) => (value > top && Number.isFinite(value) ? value : top),
    RHAT_TOP,
  );
  // One scale for all quantiles, or the eye compares colours that mean different fluxes.
  const shared =
    quantiles && quantiles.images.length > 0 ? colorScale(quantiles.images, { stretch }).limits : undefined;
  return {
    counts: counts ? [{ image: counts, title: "Counts", label: "counts", stretch, ...sky }] : [],
    mean: [{ image: mean, title: "Posterior mean", ...flux }],
    std: [{ image: std, title: "Posterior standard deviation", ...flux, colormap: "viridis" }],
    quantiles: (quantiles?.images ?? []).map((image, index) => ({
      ...{ image, title: quantileName(quantiles!.probabilities[index]!), ...flux },
      ...(shared && { limits: shared }),
    })),
    snr: [
      {
        image: ratio(mean, std),
        title: "Signal to noise",
        label: "mean / std",
        stretch: "sqrt",
        colormap: "magma",
        ...sky,
      },
    ],
    rhat: [
      {
        image: rhat,
        title: "Convergence",
        label: "R\u0302",
        colormap: "cividis",
        limits: [1, rhatTop],
        ...sky,
      },
    ],
    ess: diagnostics.ess
      ? [
          {
            image: diagnostics.ess,
            title: "Effective sample size",
            label: "draws",
            colormap: "cividis",
            ...sky,
          },
        ]
      : [],
  };
}

function quantileName(probability: number): string {
  return probability === 0.5 ? "Median" : `Quantile ${formatNumber(100 * probability)} %`;
}

/** Quotient of two images, NaN where the divisor is not positive. */
function ratio(image: SkyImage, { data: divisor }: SkyImage): SkyImage {
  return mapImage(image, (value, index) => {
    const by = divisor[index] ?? Number.NaN;
    return by > 0 ? value / by : Number.NaN;
  });
}

function mapImage({ data, shape }: SkyImage, of: (value: number, index: number) => number): SkyImage {
  return { data: data.map(of), shape };
}
