import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import type { PosteriorResult } from "../posterior/result.js";
import {
  type ColorScaleOptions,
  colorScale,
  noiseOf,
  type StretchOptions,
  stretchOf,
} from "./color-scale.js";
import { type FigureOptions, figureTitle, frameOf } from "./figure.js";
import { checkFigureOptions, FIGURE, SKY, STRETCH, someOf } from "./figure-options.js";
import { type SkyPanelOptions, skyOf } from "./image-panel.js";
import { type Panel, plotPanels } from "./plot-panels.js";
import { formatNumber } from "./ticks.js";

/** The parts of a result that `plotPosterior` shows; every `PosteriorResult` has them. */
export type PosteriorImages = Pick<PosteriorResult, "mean" | "std"> &
  Partial<Pick<PosteriorResult, "quantiles" | "wcs">> & {
    readonly diagnostics: Pick<PosteriorResult["diagnostics"], "rhat"> &
      Partial<Pick<PosteriorResult["diagnostics"], "ess">>;
    readonly unit?: string;
    readonly name?: string;
  };

/** A panel of `plotPosterior`; `"quantiles"` are as many panels as the result has quantiles. */
export type PosteriorPanel = "counts" | "mean" | "std" | "quantiles" | "snr" | "rhat" | "ess";

/** Options of `plotPosterior`. */
export interface PlotPosteriorOptions extends FigureOptions, SkyPanelOptions, StretchOptions {
  /** Observed counts `[ny, nx]`, shown first when given. */
  readonly counts?: SkyImage;
  /**
   * Panels to draw, in order; default counts, mean, std and signal to noise, and where a pixel has an R-hat above 1.01, R-hat and, beside
   * counts, effective sample sizes.
   */
  readonly show?: readonly PosteriorPanel[];
  /** Panels a row; default 2 for four panels, else up to 3. */
  readonly columns?: number;
  /** Longer side of each picture in px; default 224. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotPosteriorOptions> = {
  ...{ ...FIGURE, ...SKY, ...STRETCH },
  counts: true,
  show: true,
  columns: true,
  size: true,
};

const PANELS: NamesOf<Record<PosteriorPanel, true>> = {
  ...{ counts: true, mean: true, std: true, quantiles: true, snr: true, rhat: true, ess: true },
};

/** R-hat at which its colours begin, and end at least: what is below calls for no attention, and small departures should look small. */
export const RHAT_COLORS = [1.01, 1.1] as const;

/**
 * Draw a posterior in one figure: counts (when given), mean, standard deviation, signal to noise (mean / std), R-hat, effective
 * sample size, and quantiles on demand. Axes show the sky coordinates of the result.
 *
 * `stretch`, `vmin`, `vmax`, `limits` and `softening` (default the median of std) are those of mean and quantiles; counts and std follow the
 * stretch.
 *
 * @returns an SVG document; its heading is `options.title`, by default the object of the header cards, or the name of the result
 * @throws InvalidInputError when an image or option is not valid, or nothing of what is asked for is there
 */
export function plotPosterior(result: PosteriorImages, options: PlotPosteriorOptions): string {
  checkFigureOptions("plotPosterior", options, NAMES, { show: someOf(...Object.keys(PANELS)) });
  const { counts, show, columns, document, size } = options;
  const softening = noiseOf(result.std);
  const scale = stretchOf({ ...given({ softening }), ...options });
  const available = posteriorPanels(result, counts, scale, {
    ...(options.contours && { contoursOf: { image: result.mean } }),
    ...skyOf(options),
    ...given({ wcs: result.wcs }),
  });
  const doubtful = result.diagnostics.rhat.data.some((rhat) => rhat > RHAT_COLORS[0]);
  const order = show ?? [
    ...(["counts", "mean", "std", "snr"] as const),
    ...(doubtful ? (["rhat", ...(counts ? (["ess"] as const) : [])] as const) : []),
  ];
  const panels = order.flatMap((name) => available[name] ?? []);
  const title = figureTitle(result);
  return plotPanels(panels, {
    document,
    columns: columns ?? (panels.length === 4 ? 2 : Math.min(3, Math.max(panels.length, 1))),
    ...given({ size, title }),
    ...frameOf(options),
  });
}

/** The panels that a result can fill, by name. */
function posteriorPanels(
  result: PosteriorImages,
  counts: SkyImage | undefined,
  scale: ReturnType<typeof stretchOf>,
  sky: SkyPanelOptions & Pick<Panel, "wcs">,
): Readonly<Record<PosteriorPanel, readonly Panel[]>> {
  const { mean, std, quantiles, diagnostics } = result;
  const { stretch, softening } = scale;
  const unit = { label: "flux", ...given({ unit: result.unit }), ...sky };
  const flux = { ...unit, ...scale };
  // One scale for all quantiles, or the eye compares colours that mean different fluxes.
  const shared =
    quantiles && quantiles.images.length > 0 ? colorScale(quantiles.images, scale).limits : undefined;
  return {
    counts: counts ? [{ image: counts, title: "Counts", label: "counts", stretch, ...sky }] : [],
    mean: [{ image: mean, title: "Posterior mean", ...flux }],
    std: [
      {
        ...{ image: std, title: "Standard deviation", ...unit, stretch, colormap: "viridis" },
        ...given({ softening }),
      },
    ],
    quantiles: (quantiles?.images ?? []).map((image, index) => ({
      ...{ image, title: quantileName(quantiles!.probabilities[index]), ...flux },
      ...(shared && { vmin: shared[0], vmax: shared[1] }),
    })),
    snr: [
      {
        image: ratio(mean, std),
        title: "Signal to noise",
        label: "mean / std",
        stretch: "asinh",
        softening: 0.5,
        colormap: "magma",
        ...sky,
      },
    ],
    rhat: [
      {
        image: diagnostics.rhat,
        title: "Convergence",
        label: "R\u0302",
        ...rhatColors(diagnostics.rhat),
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

/** The colours of R-hat. */
export function rhatColors({ data }: SkyImage): Pick<ColorScaleOptions, "colormap" | "vmin" | "vmax"> {
  const [vmin, least] = RHAT_COLORS;
  const vmax = data.reduce((top, value) => (value > top && Number.isFinite(value) ? value : top), least);
  return { colormap: "cividis", vmin, vmax };
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
