/** The figures that `tslira plot` knows. A new figure is a new row of `PLOT_KINDS`. */

import { checkModel } from "../checks/model-check.js";
import { predictiveCheck } from "../checks/predictive-check.js";
import { brightestPixel, positionOf } from "../data/observation/brightest-pixel.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { animateDraws } from "../figures/animate-draws-node.js";
import { type ColorScaleOptions, noiseOf, type StretchOptions } from "../figures/color-scale.js";
import type { Colormap } from "../figures/colormap.js";
import { drawPlayerPage } from "../figures/draw-player.js";
import type { FigureOptions } from "../figures/figure.js";
import type { SkyPanelOptions } from "../figures/image-panel.js";
import { plotAutocorrelation } from "../figures/plot-autocorrelation.js";
import { type ComparedImage, plotComparison } from "../figures/plot-comparison.js";
import { plotDataset } from "../figures/plot-dataset.js";
import { plotEstimate } from "../figures/plot-estimate.js";
import { plotHyperprior } from "../figures/plot-hyperprior.js";
import { plotImage } from "../figures/plot-image.js";
import { plotMultiscale } from "../figures/plot-multiscale.js";
import { plotPanels } from "../figures/plot-panels.js";
import {
  plotParameterDistributions,
  plotRegionDistribution,
} from "../figures/plot-parameter-distributions.js";
import { plotParameterTraces } from "../figures/plot-parameter-traces.js";
import { plotPixelTrace } from "../figures/plot-pixel-trace.js";
import { plotPixelTracesRegion } from "../figures/plot-pixel-traces-region.js";
import { plotPosterior, rhatColors } from "../figures/plot-posterior.js";
import { plotRadialProfile } from "../figures/plot-radial-profile.js";
import { plotRank } from "../figures/plot-rank.js";
import { plotResiduals } from "../figures/plot-residuals.js";
import { plotRgb } from "../figures/plot-rgb.js";
import { plotSmoothness } from "../figures/plot-smoothness.js";
import { psfPanels } from "../figures/psf-panels.js";
import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import type { OpenResult } from "../io/open-result-node.js";
import { chainGroups } from "../posterior/chain-groups.js";
import { fittedSky } from "../posterior/fitted-sky.js";
import type { PosteriorSummary } from "../posterior/result.js";
import { type PlottedResult, withDraws } from "./plotted-result.js";

/** Choices of the user that figures may heed. */
export interface PlotChoices {
  readonly figure: FigureOptions;
  /** A pixel, `[x, y]`. */
  readonly at?: readonly [x: number, y: number];
  readonly radius?: number;
  /** Columns of the parameter trace. */
  readonly names?: readonly string[];
  /** How fluxes and counts are spread over the colours. */
  readonly scale: StretchOptions;
  readonly colormap?: Colormap;
  readonly frames?: number;
  readonly framesPerSecond?: number;
  /** How sky coordinates are shown on images, and what is drawn over them. */
  readonly sky: SkyPanelOptions;
  /** Find the observations of the result. @throws InvalidInputError when they are not at hand */
  readonly observations: () => Promise<readonly Observation[]>;
  /** Number of the observation to show, from 0. */
  readonly observation: number;
  /** Results, the first included, of kinds that show several. */
  readonly compared: readonly ComparedImage[];
  /** True flux, where it is known. */
  readonly truth?: SkyImage;
}

/** A kind of figure. */
export interface PlotKind {
  readonly summary: string;
  /** Whether it shows several results. */
  readonly several?: boolean;
  /** The figure as SVG. */
  readonly svg?: (result: PlottedResult, choices: PlotChoices) => string | Promise<string>;
  /** A moving figure, for files with the ending `.apng`, `.gif` or `.html`. */
  readonly moving?: (
    result: PlottedResult,
    choices: PlotChoices,
    format: "apng" | "gif" | "html",
  ) => string | Uint8Array | Promise<string | Uint8Array>;
  /** The image itself, for terminals that have no more than blocks of colour. */
  readonly image?: (result: PlottedResult) => SkyImage;
}

/** Figures of the draws of a result. */
const DRAW_KINDS: Readonly<
  Record<
    string,
    {
      readonly summary: string;
      readonly svg: (draws: OpenResult, choices: PlotChoices, open: PlottedResult) => string;
    }
  >
> = {
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
    svg: ({ images, result }, { figure, at, radius, scale }, open) => {
      const [x, y] = pixel(at, result.mean);
      return plotPixelTracesRegion(images, x, y, {
        ...{ ...figure, ...noiseScale(open), ...scale, image: result.mean },
        ...given({ radius, unit: result.unit }),
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
};

/** All kinds, in the order in which the help lists them. */
export const PLOT_KINDS: Readonly<Record<string, PlotKind>> = {
  posterior: {
    summary: "mean, standard deviation, signal to noise, and R-hat where it is above 1.01",
    svg: (open, { figure, scale, sky }) => {
      const { estimate, wcs, name, unit } = open;
      const heading = { wcs, name, ...given({ unit }) };
      return estimate
        ? plotEstimate({ ...estimate, ...heading }, { ...figure, ...sky, ...scale })
        : plotPosterior({ ...imagesOf("posterior", open), ...heading }, { ...figure, ...sky, ...scale });
    },
    image: ({ flux }) => flux,
  },
  mean: {
    summary: "posterior mean of the flux, or the image of another method",
    image: ({ flux }) => flux,
    svg: (open, choices) => fluxImage(open.flux, open.estimate?.method ?? "posterior mean", open, choices),
  },
  std: {
    summary: "standard deviation of the flux",
    image: standardDeviation,
    svg: (open, choices) =>
      fluxImage(standardDeviation(open), "standard deviation", open, { colormap: "viridis", ...choices }),
  },
  rhat: diagnosticKind(
    "rhat",
    "R-hat of each pixel, in colours from 1.01 on",
    "R\u0302",
    ({ diagnostics }) => diagnostics.rhat,
    rhatColors,
  ),
  ess: diagnosticKind(
    "ess",
    "effective sample size of each pixel",
    "effective draws",
    ({ diagnostics }) => diagnostics.ess,
    () => ({ colormap: "cividis" }),
  ),
  dataset: {
    summary: "counts, psf, exposure and background (needs the observation); true flux with --truth",
    svg: async ({ name, unit }, choices) => {
      const { figure, sky, scale, truth } = choices;
      return plotDataset(
        { ...(await chosenObservation(choices)), ...given({ flux: truth }) },
        { title: name, ...figure, ...sky, ...scale, ...given({ unit }) },
      );
    },
  },
  psf: {
    summary:
      "psf, the psfs of a set as they lie in the field, or members of an ensemble (needs the observation)",
    svg: async ({ name }, choices) => {
      const { psf } = await chosenObservation(choices);
      const columns = psf.members ? 3 : Math.min(new Set(psf.places?.map(({ x }) => x)).size || 1, 5);
      return plotPanels(psfPanels(psf, 200), { title: name, columns, size: 200, ...choices.figure });
    },
  },
  residuals: {
    summary: "counts against the counts that the image predicts, and their residuals (needs the observation)",
    svg: async ({ name, posterior, estimate, mosaic }, choices) => {
      const { figure, sky, scale } = choices;
      const options = { title: name, ...figure, ...sky, ...scale };
      if (posterior === undefined) {
        const { counts, mask, wcs } = await chosenObservation(choices);
        const views = mosaic?.residuals ?? estimate!.predicted.map((predicted) => ({ predicted }));
        return plotResiduals(
          { counts, ...chosen(views, choices.observation), ...given({ mask, wcs }) },
          options,
        );
      }
      const checks = checkModel(posterior.result, posterior.parameters, await choices.observations());
      const { observation, predicted, sigma } = chosen(checks, choices.observation);
      const { counts, mask, wcs } = observation;
      return plotResiduals({ counts, predicted, sigma, ...given({ mask, wcs }) }, options);
    },
  },
  "radial-profile": {
    summary: "counts about --at x,y, with the band of replicated ones (needs the observation)",
    svg: async (open, choices) => {
      const { result, parameters, images } = withDraws("radial-profile", open);
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
      return plotRadialProfile(profile, { title: open.name, ...figure, wcs: result.wcs });
    },
  },
  multiscale: {
    summary: "the image taken apart: sums and shares of blocks of every level",
    svg: ({ flux, unit }, { figure, scale: { stretch } }) =>
      plotMultiscale(flux, { ...figure, ...given({ stretch, unit }) }),
  },
  smoothness: {
    summary: "where the data call for points and where for diffuse light (adaptive prior)",
    svg: (open, { figure, sky }) => {
      const { wcs, name } = open;
      return plotSmoothness({ ...imagesOf("smoothness", open), wcs, name }, { ...figure, ...sky });
    },
  },
  comparison: {
    summary: "several results on one scale, and what they differ by; from the truth with --truth",
    several: true,
    svg: (open, { figure, sky, scale, colormap, compared, truth }) =>
      plotComparison(compared, { ...several(open, scale), ...figure, ...sky, ...given({ colormap, truth }) }),
  },
  grid: {
    summary: "several results on one scale",
    several: true,
    svg: (open, { figure, sky, scale, colormap, compared }) => {
      const shown = { ...several(open, scale), ...sky, ...given({ colormap }), label: "flux" };
      return plotPanels(
        compared.map(({ image, title }) => ({ image, title, ...shown })),
        { colorScale: "shared", ...figure },
      );
    },
  },
  rgb: {
    summary: "three results as red, green and blue, each on a scale of its own",
    several: true,
    svg: ({ wcs }, { figure, sky, scale, compared }) =>
      plotRgb(compared, { wcs, ...figure, ...sky, ...scale }),
  },
  ...Object.fromEntries(
    Object.entries(DRAW_KINDS).map(([kind, { summary, svg }]): [string, PlotKind] => [
      kind,
      { summary, svg: (open, choices) => svg(withDraws(kind, open), choices, open) },
    ]),
  ),
  animation: {
    summary: "draws and their mean, moving: -o x.apng, x.gif, or x.html to play with",
    moving: (open, { figure, scale, colormap, frames, framesPerSecond }, format) => {
      const { images, result } = withDraws("animation", open);
      const options = { ...figure, ...scale, ...given({ colormap, unit: result.unit }) };
      return format === "html"
        ? drawPlayerPage(images, { ...options, ...given({ draws: frames }) })
        : animateDraws(images, { ...options, format, ...given({ frames, framesPerSecond }) });
    },
  },
};

/** Where the colours of a flux turn from linear to logarithmic: at its median error, where it has one. */
function noiseScale({ std }: PlottedResult): StretchOptions {
  return given({ softening: std && noiseOf(std) });
}

/** Options of figures of several results, by the first of them. */
function several(open: PlottedResult, scale: StretchOptions) {
  return {
    stretch: "asinh" as const,
    ...noiseScale(open),
    ...scale,
    wcs: open.wcs,
    ...given({ unit: open.unit }),
  };
}

/** An image of the flux or its errors. */
function fluxImage(
  image: SkyImage,
  what: string,
  open: PlottedResult,
  { figure, sky, scale, colormap, at, radius }: PlotChoices,
): string {
  return plotImage(image, {
    ...{ title: `${open.name}: ${what}`, label: "flux", ...several(open, scale), ...sky, ...figure },
    ...given({ colormap }),
    ...(at && { markers: [{ x: at[0], y: at[1], ...given({ radius }) }] }),
  });
}

/** @throws InvalidInputError when the image has no errors */
function standardDeviation({ std, estimate }: PlottedResult): SkyImage {
  if (std !== undefined) return std;
  throw new InvalidInputError(
    `plot: std must be of a result with errors, got an image by ${estimate?.method} without; run it with --bootstrap 50`,
  );
}

/** Images that say what the draws were like: of a result with draws, and of a mosaic of tiles that had them. */
type PosteriorImages = Pick<PosteriorSummary, "mean" | "std" | "smoothness"> & {
  readonly diagnostics: Pick<PosteriorSummary["diagnostics"], "rhat" | "ess">;
};

/** @throws InvalidInputError when the result is an image of a method without draws */
function imagesOf(kind: string, open: PlottedResult): PosteriorImages {
  const { mosaic } = open;
  return mosaic === undefined ? withDraws(kind, open).result : { ...mosaic, diagnostics: mosaic };
}

/** A kind that shows a diagnostic of every pixel. */
function diagnosticKind(
  kind: string,
  summary: string,
  label: string,
  imageOf: (images: PosteriorImages) => SkyImage,
  colors: (image: SkyImage) => ColorScaleOptions,
): PlotKind {
  return {
    summary,
    image: (open) => imageOf(imagesOf(kind, open)),
    svg: (open, { figure, sky, scale, colormap }) => {
      const image = imageOf(imagesOf(kind, open));
      return plotImage(image, {
        ...{ title: `${open.name}: ${label}`, label, wcs: open.wcs, ...colors(image) },
        ...{ ...scale, ...sky, ...figure, ...given({ colormap }) },
      });
    },
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
function pixel(at: readonly [number, number] | undefined, mean: SkyImage): readonly [number, number] {
  if (at) return at;
  const { x, y } = positionOf(brightestPixel(mean), mean.shape);
  return [x, y];
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
