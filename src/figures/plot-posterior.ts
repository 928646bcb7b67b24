import type { SkyImage } from "../image.js";
import type { LiraResult } from "../posterior/result.js";
import type { Stretch } from "./color-scale.js";
import type { FigureOptions } from "./figure.js";
import type { Marker } from "./marker.js";
import { type Panel, plotPanels } from "./plot-panels.js";

/** The parts of a result that `plotPosterior` shows; every `LiraResult` has them. */
export type PosteriorImages = Pick<LiraResult, "mean" | "std"> & {
  readonly diagnostics: Pick<LiraResult["diagnostics"], "rhat">;
  readonly unit?: string;
  readonly name?: string;
};

/** Options of `plotPosterior`. */
export interface PlotPosteriorOptions extends FigureOptions {
  /** Observed counts `[ny, nx]`, shown first when given. */
  readonly counts?: SkyImage;
  /** Stretch of counts, mean and std; default `"sqrt"`. */
  readonly stretch?: Stretch;
  /** Markers on every panel. */
  readonly markers?: readonly Marker[];
  /** Panels a row; default 3 with counts, else 2. */
  readonly columns?: number;
  /** Longer side of each picture in px; default 224. */
  readonly size?: number;
}

/** R-hat at which its colours end at least: small departures from 1 should look small. */
const RHAT_TOP = 1.1;

/**
 * Draw a posterior in one figure: counts (when given), mean, standard deviation, signal to noise (mean / std) and R-hat.
 *
 * @returns an SVG document; its heading is `options.title`, by default the name of the result
 * @throws InvalidInputError when an image or option is not valid
 */
export function plotPosterior(result: PosteriorImages, options: PlotPosteriorOptions): string {
  const { counts, stretch = "sqrt", markers = [], columns = counts ? 3 : 2, ...figure } = options;
  const { mean, std } = result;
  const unit = result.unit === undefined ? {} : { unit: result.unit };
  const flux = { label: "flux", ...unit, stretch, markers };
  // Below 1 R-hat only scatters: shown as 1.
  const rhat = mapImage(result.diagnostics.rhat, (value) => (value < 1 ? 1 : value));
  const rhatTop = rhat.data.reduce(
    (top, value) => (value > top && Number.isFinite(value) ? value : top),
    RHAT_TOP,
  );
  const panels: Panel[] = [
    { image: mean, title: "Posterior mean", ...flux },
    { image: std, title: "Posterior standard deviation", ...flux, colormap: "viridis" },
    { image: ratio(mean, std), title: "Signal to noise", label: "mean / std", colormap: "magma", markers },
    {
      image: rhat,
      title: "Convergence",
      label: "R\u0302",
      colormap: "cividis",
      limits: [1, rhatTop],
      markers,
    },
  ];
  if (counts) panels.unshift({ image: counts, title: "Counts", label: "counts", stretch, markers });
  const title = options.title ?? result.name;
  return plotPanels(panels, { ...figure, columns, ...(title !== undefined && { title }) });
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
