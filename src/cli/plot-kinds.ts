/** The figures that `tslira plot` knows. A new figure is a new row of `PLOT_KINDS`. */

import { checkModel } from "../checks/model-check.js";
import { predictiveCheck } from "../checks/predictive-check.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { animateDraws } from "../figures/animate-draws-node.js";
import type { Stretch } from "../figures/color-scale.js";
import type { Colormap } from "../figures/colormap.js";
import { drawPlayerPage } from "../figures/draw-player.js";
import type { FigureOptions } from "../figures/figure.js";
import type { SkyPanelOptions } from "../figures/image-panel.js";
import { plotAutocorrelation } from "../figures/plot-autocorrelation.js";
import { type ComparedImage, plotComparison } from "../figures/plot-comparison.js";
import { plotDataset } from "../figures/plot-dataset.js";
import { plotHyperprior } from "../figures/plot-hyperprior.js";
import { plotImage } from "../figures/plot-image.js";
import { plotMultiscale } from "../figures/plot-multiscale.js";
import {
  plotParameterDistributions,
  plotRegionDistribution,
} from "../figures/plot-parameter-distributions.js";
import { plotParameterTraces } from "../figures/plot-parameter-traces.js";
import { plotPixelTrace } from "../figures/plot-pixel-trace.js";
import { plotPixelTracesRegion } from "../figures/plot-pixel-traces-region.js";
import { plotPosterior } from "../figures/plot-posterior.js";
import { plotRadialProfile } from "../figures/plot-radial-profile.js";
import { plotRank } from "../figures/plot-rank.js";
import { plotResiduals } from "../figures/plot-residuals.js";
import { plotSmoothness } from "../figures/plot-smoothness.js";
import type { SkyImage } from "../image.js";
import type { OpenResult } from "../io/open-result-node.js";
import { chainGroups } from "../posterior/chain-groups.js";
import { fittedSky } from "../posterior/fitted-sky.js";
import { given } from "./given.js";

/** Choices of the user that figures may heed. */
export interface PlotChoices {
  readonly figure: FigureOptions;
  /** A pixel, `[x, y]`. */
  readonly at?: readonly [x: number, y: number];
  readonly radius?: number;
  /** Columns of the parameter trace. */
  readonly names?: readonly string[];
  /** Number of the one chain to show, from 0; the open result holds it alone. */
  readonly chain?: number;
  readonly stretch?: Stretch;
  readonly colormap?: Colormap;
  readonly frames?: number;
  readonly framesPerSecond?: number;
  /** How sky coordinates are shown on images. */
  readonly sky: SkyPanelOptions;
  /** Find the observations of the result. @throws InvalidInputError when they are not at hand */
  readonly observations: () => Promise<readonly Observation[]>;
  /** Number of the observation to show, from 0. */
  readonly observation: number;
  /** Results, the first included, that a comparison shows. */
  readonly compared: readonly ComparedImage[];
  /** True flux, where it is known. */
  readonly truth?: SkyImage;
}

/** A kind of figure. */
export interface PlotKind {
  readonly summary: string;
  /** The figure as SVG. */
  readonly svg?: (open: OpenResult, choices: PlotChoices) => string | Promise<string>;
  /** A moving figure, for files with the ending `.apng`, `.gif` or `.html`. */
  readonly moving?: (
    open: OpenResult,
    choices: PlotChoices,
    format: "apng" | "gif" | "html",
  ) => string | Uint8Array | Promise<string | Uint8Array>;
  /** The image itself, for terminals that have no more than blocks of colour. */
  readonly image?: (open: OpenResult) => SkyImage;
}

/** All kinds, in the order in which the help lists them. */
export const PLOT_KINDS: Readonly<Record<string, PlotKind>> = {
  posterior: {
    summary: "mean, standard deviation, signal to noise and R-hat",
    svg: ({ result }, { figure, stretch, sky }) =>
      plotPosterior(result, { ...figure, ...sky, ...given({ stretch }) }),
    image: ({ result }) => result.mean,
  },
  mean: imageKind("posterior mean of the flux", "Posterior mean", "flux", ({ result }) => result.mean),
  std: imageKind(
    "posterior standard deviation of the flux",
    "Posterior standard deviation",
    "flux",
    ({ result }) => result.std,
    { colormap: "viridis" },
  ),
  rhat: imageKind("R-hat of each pixel", "Convergence", "R\u0302", ({ result }) => result.diagnostics.rhat, {
    colormap: "cividis",
    stretch: "linear",
  }),
  ess: imageKind(
    "effective sample size of each pixel",
    "Effective sample size",
    "ESS",
    ({ result }) => result.diagnostics.ess,
    { colormap: "cividis", stretch: "linear" },
  ),
  dataset: {
    summary: "counts, psf, exposure and background (needs the observation); true flux with --truth",
    svg: async ({ result }, choices) => {
      const { figure, sky, stretch, truth } = choices;
      return plotDataset(
        { ...(await chosenObservation(choices)), ...given({ flux: truth }) },
        { title: result.name, ...figure, ...sky, ...given({ stretch, unit: result.unit }) },
      );
    },
  },
  residuals: {
    summary: "counts against the counts that the mean predicts, and their residuals (needs the observation)",
    svg: async ({ result, parameters }, choices) => {
      const { figure, sky, stretch } = choices;
      const checks = checkModel(result, parameters, await choices.observations());
      const { observation, predicted, sigma } = chosen(checks, choices.observation);
      const { counts, mask, wcs } = observation;
      return plotResiduals(
        { counts, predicted, sigma, ...given({ mask, wcs }) },
        { ...figure, ...sky, ...given({ stretch }) },
      );
    },
  },
  "radial-profile": {
    summary: "counts about --at x,y, with the band of replicated ones (needs the observation)",
    svg: async ({ result, parameters, images }, choices) => {
      const { figure, at } = choices;
      const observations = await choices.observations();
      const checks = await predictiveCheck(
        observations,
        { parameters, images },
        {
          ...PROFILE_DRAWS,
          ...fittedSky(result),
          seed: result.config.seed,
          ...(at && { centre: { x: at[0], y: at[1] } }),
        },
      );
      const { profile } = chosen(checks, choices.observation);
      return plotRadialProfile(profile, { ...figure, wcs: result.wcs });
    },
  },
  multiscale: {
    summary: "the mean taken apart: sums and fractions of every level",
    svg: ({ result }, { figure, stretch }) =>
      plotMultiscale(result.mean, { ...figure, ...given({ stretch, unit: result.unit }) }),
  },
  smoothness: {
    summary: "where the data call for points and where for diffuse light (adaptive prior)",
    svg: ({ result }, { figure, sky }) => plotSmoothness(result, { ...figure, ...sky }),
  },
  comparison: {
    summary: "several results on one scale, and what they differ by; from the truth with --truth",
    svg: ({ result }, { figure, sky, stretch, colormap, compared, truth }) =>
      plotComparison(compared, {
        ...figure,
        ...sky,
        wcs: result.wcs,
        ...given({ stretch, colormap, truth, unit: result.unit }),
      }),
  },
  "parameter-traces": {
    summary: "value of each parameter in every sweep",
    svg: ({ parameters, result }, { figure, names }) =>
      plotParameterTraces(parameters, result.diagnostics, { ...figure, ...given({ names }) }),
  },
  "parameter-distributions": {
    summary: "histogram of each parameter, by chain",
    svg: ({ parameters, result }, { figure, names }) =>
      plotParameterDistributions(parameters, { ...figure, ...comparable(result), ...given({ names }) }),
  },
  rank: {
    summary: "rank histograms, flat when the chains agree",
    svg: ({ parameters, result }, { figure, names }) =>
      plotRank(parameters, { ...figure, ...comparable(result), ...given({ names }) }),
  },
  autocorrelation: {
    summary: "autocorrelation of each parameter, by chain",
    svg: ({ parameters, result }, { figure, names }) =>
      plotAutocorrelation(parameters, { ...figure, ...comparable(result), ...given({ names }) }),
  },
  hyperprior: {
    summary: "smoothing parameter of each level against its prior",
    svg: ({ parameters, result }, { figure }) => plotHyperprior(parameters, smoothingPriorOf(result), figure),
  },
  "pixel-trace": {
    summary: "draws of the flux of a pixel, or of all within --radius of it (--at x,y)",
    svg: ({ images, result }, { figure, at, radius }) => {
      const [x, y] = pixel(at, result.mean);
      return plotPixelTrace(images, x, y, { ...figure, ...given({ radius, unit: result.unit }) });
    },
  },
  "pixel-region": {
    summary: "image with a circle, beside the draws of a pixel and its neighbours (--at x,y --radius r)",
    svg: ({ images, result }, { figure, at, radius, stretch }) => {
      const [x, y] = pixel(at, result.mean);
      return plotPixelTracesRegion(images, x, y, {
        ...figure,
        image: result.mean,
        ...given({ radius, stretch, unit: result.unit }),
      });
    },
  },
  "region-distribution": {
    summary: "histogram of the flux of a pixel, or of the sum within --radius (--at x,y)",
    svg: ({ images, result }, { figure, at, radius = 0 }) => {
      const [x, y] = pixel(at, result.mean);
      return plotRegionDistribution(
        images,
        { x, y, radius },
        { ...figure, ...comparable(result), ...given({ unit: result.unit }) },
      );
    },
  },
  animation: {
    summary: "draws and their mean, moving: -o x.apng, x.gif, or x.html to play with",
    moving: ({ images, result }, { figure, stretch, colormap, frames, framesPerSecond }, format) => {
      const options = { ...figure, ...given({ stretch, colormap, unit: result.unit }) };
      return format === "html"
        ? drawPlayerPage(images, { ...options, ...given({ draws: frames }) })
        : animateDraws(images, { ...options, format, ...given({ frames, framesPerSecond }) });
    },
  },
};

/** A kind that shows one image of the result. */
function imageKind(
  summary: string,
  heading: string,
  label: string,
  image: (open: OpenResult) => SkyImage,
  defaults: { readonly colormap?: Colormap; readonly stretch?: Stretch } = {},
): PlotKind {
  return {
    summary,
    image,
    svg: (
      open,
      { figure, sky, stretch = defaults.stretch ?? "sqrt", colormap = defaults.colormap, at, radius },
    ) =>
      plotImage(image(open), {
        ...figure,
        ...sky,
        wcs: open.result.wcs,
        label,
        stretch,
        title: figure.title ?? `${heading}: ${open.result.name}`,
        ...given({ colormap, unit: label === "flux" ? open.result.unit : undefined }),
        ...(at && { markers: [{ x: at[0], y: at[1], ...given({ radius }) }] }),
      }),
  };
}

/** @throws InvalidInputError when the result has no smoothing parameters */
function smoothingPriorOf({ config }: OpenResult["result"]) {
  if (config.method === undefined && config.adaptivePrior === undefined) return config.smoothingPrior;
  throw new InvalidInputError(
    "plot: hyperprior must be of a result with one alpha a level (preset lira), got one of " +
      `${config.method === undefined ? "the adaptive prior; choose smoothness" : `the method ${config.method}; choose parameter-distributions`}`,
  );
}

/** Chains of a result that may be compared, as an option of figures. */
const comparable = ({ config }: OpenResult["result"]) => given({ groups: chainGroups(config) });

/** Draws and replicates of each behind the bands of a radial profile. */
const PROFILE_DRAWS = { draws: 60, replicates: 10 } as const;

/** @throws InvalidInputError when there is no such observation */
function chosen<T>(all: readonly T[], index: number): T {
  const found = all[index];
  if (found !== undefined) return found;
  throw new InvalidInputError(
    `plot: --observation must be in 1 to ${all.length}, got ${index + 1}; they count from 1, in the order of the run`,
  );
}

async function chosenObservation({ observations, observation }: PlotChoices): Promise<Observation> {
  return chosen(await observations(), observation);
}

/** The pixel that was asked for; without one the brightest of the mean. */
function pixel(
  at: readonly [number, number] | undefined,
  { data, shape: [, nx] }: SkyImage,
): readonly [number, number] {
  if (at) return at;
  let brightest = 0;
  for (let index = 1; index < data.length; index++) if (data[index] > data[brightest]) brightest = index;
  return [brightest % nx, Math.floor(brightest / nx)];
}

/**
 * A result of which figures see one chain only.
 *
 * @param chain number of the chain, from 0
 * @throws InvalidInputError when there is no such chain
 */
export function oneChain(open: OpenResult, chain: number): OpenResult {
  const { parameters, images } = open;
  if (!Number.isInteger(chain) || chain < 0 || chain >= images.chains) {
    throw new InvalidInputError(
      `plot: --chain must be in 1 to ${images.chains}, got ${chain + 1}; chains count from 1, as in the figures`,
    );
  }
  // Other chains are empty, so that the number and the colour of the chosen one stay.
  return {
    ...open,
    parameters: { ...parameters, sweeps: (index) => (index === chain ? parameters.sweeps(index) : 0) },
    images: { ...images, draws: (index) => (index === chain ? images.draws(index) : 0) },
  };
}
