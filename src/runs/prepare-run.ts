/** From data and settings to chains of any sampler that can be run, and what is said of them afterwards. */

import { DEFAULT_BACKGROUND_SCALE_PRIOR } from "../data/law/prior-parameters.js";
import {
  type CheckedObservation,
  checkObservations,
  observationList,
} from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { pointingOffsets } from "../data/sky/pointing-offsets.js";
import { InvalidInputError } from "../errors.js";
import { givenOptions } from "../given.js";
import type { Shape, SkyImage } from "../image.js";
import { firstFlux } from "../methods/map.js";
import { alignObservations } from "../model/align-observations.js";
import { createForwardModel, type ForwardModel, type ForwardModelOptions } from "../model/forward-model.js";
import { expectedSourceCounts, ledgerEntry, skyLedgers } from "../model/ledger.js";
import { frameOf, frameShape, type SkyGrid, skyGrid, startOnSky } from "../model/sky-grid.js";
import { resolveMargin } from "../model/sky-margin.js";
import { skyObservations } from "../model/sky-observation.js";
import { psfColumns, withMeanPsfs } from "../posterior/drawn-psf.js";
import type { CountsLedger, GibbsConfig, LiraConfig, NutsConfig, OwnConfig } from "../posterior/result.js";
import type { ParameterSource } from "../posterior/trace.js";
import type { FluxPrior } from "../priors/flux-prior.js";
import { priorFromData } from "../priors/prior-data.js";
import { chainColumns } from "../samplers/lira.js";
import { nutsColumns } from "../samplers/nuts-sampler.js";
import type { ChainLaw, OwnLaw } from "../samplers/open-chain.js";
import { checkSeen, type GibbsOptions, planGibbs } from "./gibbs-options.js";
import {
  type LiraDeconvolverOptions,
  planLength,
  planRun,
  type RunPlan,
  startingFluxes,
  usualMargin,
} from "./lira-options.js";
import { type NutsOptions, planNuts, warmUpOf } from "./nuts-options.js";

/** Where observations lie relative to the first. */
export interface Pointing {
  /**
   * Position of the pixel (0, 0) of each observation on the sky, in detector pixels, parts of a pixel allowed; or `"wcs"`: from their
   * sky coordinates, see `pointingOffsets`. Default: all share the pixels of the first. Detector pixels beyond the sky are not used.
   */
  readonly offsets?: "wcs" | NonNullable<ForwardModelOptions["offsets"]>;
}

/** Settings of one of the samplers, by its method. A prior may be given as a function of the model. */
export type ChainRunOptions = Pointing &
  (
    | (LiraDeconvolverOptions & { readonly method?: "lira" })
    | (Omit<GibbsOptions, "prior"> & { readonly method: "gibbs"; readonly prior: PriorChoice })
    | (Omit<NutsOptions, "prior" | "offsets"> & { readonly method: "nuts"; readonly prior: PriorChoice })
    | (OwnSamplerOptions & { readonly method: "own" })
  );

/** A sampler of one's own, and the length of its run: see `Sampler`. Its flux has the pixels of the counts. */
export interface OwnSamplerOptions
  extends Pick<
    LiraDeconvolverOptions,
    | "iterations"
    | "burnIn"
    | "until"
    | "maxIterations"
    | "chains"
    | "seed"
    | "boundary"
    | "trace"
    | "fluxInit"
  > {
  /**
   * Sets up a chain: a function, run on the calling thread; or a module that workers load, for Node by its `file:` URL, the function
   * that it exports, and what that is given besides, plain data.
   */
  readonly sampler: OwnLaw["sampler"];
  /** Names of the numbers that a sweep writes into its row. */
  readonly columns: readonly string[];
  /** What is sampled, for results; default `"own"`. */
  readonly name?: string;
}

/** A prior, or how to make one for a model. */
export type PriorChoice = FluxPrior | ((model: ForwardModel) => FluxPrior);

/** Where the counts of one observation went, from its draws. */
export interface LedgerParts {
  /** Expected counts in the pixels in use for unit flux of each pixel of the frame `ny * nx`. */
  readonly detected: Float64Array;
  /** Of the mean of the whole sky. */
  readonly entry: (flux: SkyImage, scale: number, sourceStd: number) => CountsLedger;
}

/** A run whose chains can be opened. */
export interface PreparedRun {
  readonly plan: RunPlan;
  /** Checked. */
  readonly observations: readonly CheckedObservation[];
  /** The same before they were checked, on the pixels of the sky where a sampler knows no offsets: what is kept to continue a run. */
  readonly given: readonly Observation[];
  /** What chains are given: those of the gradient sampler check them by themselves. */
  readonly inputs: readonly Observation[];
  /** What chains sample. */
  readonly law: ChainLaw;
  /** Columns of the trace. */
  readonly names: readonly string[];
  /** How the sky lies over the detector: chains have its pixels. */
  readonly grid: SkyGrid;
  /** `[ny, nx]` of the frame: of draws and results. */
  readonly shape: Shape;
  /** Starting flux of each chain, where one was given. */
  readonly starts: readonly (SkyImage | undefined)[];
  /** Reference exposure. */
  readonly reference: number;
  /**
   * Ledgers of the observations, as they are to be asked for images.
   *
   * @param parameters what the chains drew: psfs that are not known exactly are seen as the mean of those drawn
   */
  readonly ledgersOf: (parameters: ParameterSource) => readonly LedgerParts[];
}

/**
 * The plan of a run, the data checked for it, and its chains.
 *
 * @param onWarning told what is legal but probably not meant
 * @throws InvalidInputError for data or settings that break a rule
 */
export function prepareRun(
  data: Observation | readonly Observation[],
  settings: ChainRunOptions,
  onWarning: (warning: string) => void = () => undefined,
): PreparedRun {
  const list = observationList(data);
  if (settings.method === "nuts") {
    const { margin = usualMargin("nuts") } = settings;
    const { model, warnings } = placedModel(list, { ...settings, margin });
    for (const warning of [...warnings, ...model.warnings]) onWarning(warning);
    const prior = priorOf(settings.prior, () => model);
    const { offsets: _given, ...options } = settings;
    return gradientRun(list, planNuts(model, { ...options, prior }), model, prior, settings.start);
  }
  const { offsets } = settings;
  const { boundary, upsampling = 1 } = withoutData(settings);
  const aligned = offsets && alignObservations(list, offsets, { boundary });
  const given = aligned?.observations ?? list;
  const { observations, warnings } = checkObservations(given, { boundary });
  const unexpected = warnings.filter((warning) => !aligned?.expected.includes(warning));
  for (const warning of [...(aligned?.warnings ?? []), ...unexpected]) onWarning(warning);
  const { shape } = observations[0].counts;
  if (settings.method === "own") {
    const { sampler, columns, name: prior = "own" } = settings;
    const { config: length, ...rest } = planLength(settings, "own", {
      iterations: 1_000,
      burnIn: (iterations) => Math.floor(iterations / 2),
    });
    const config: OwnConfig = {
      ...{ method: "own", prior, ...length, boundary, fitBackgroundScale: false },
      backgroundScalePrior: DEFAULT_BACKGROUND_SCALE_PRIOR,
    };
    const starts = startingFluxes(settings.fluxInit, skyGrid(shape, boundary), config.chains, "own");
    const own = { sampler, columns, burnIn: config.burnIn };
    return onCounts(given, observations, { ...rest, config, own }, starts);
  }
  const { method = "lira" } = settings;
  const { margin: asked = usualMargin(method) } = settings;
  const margin = resolveMargin(observations, { boundary, upsampling, margin: asked });
  const grid = skyGrid(shape, boundary, { upsampling, margin }, method);
  const model = () => createForwardModel(given, { boundary, upsampling, margin });
  const plan =
    settings.method === "gibbs"
      ? planGibbs({ ...settings, margin, prior: priorOf(settings.prior, model) }, shape)
      : planRun({ ...settings, margin }, shape);
  const starts = startingFluxes(settings.fluxInit, grid, plan.config.chains, method);
  return onCounts(given, observations, plan, starts);
}

/** What shapes the sky, from the settings alone. */
function withoutData(settings: Exclude<ChainRunOptions, { readonly method: "nuts" }>): {
  readonly boundary: "spill" | "wrap";
  readonly upsampling?: number;
} {
  if (settings.method === undefined || settings.method === "lira") return planRun(settings).config;
  const { boundary = "spill" } = settings;
  const { upsampling = 1 } = settings.method === "gibbs" ? settings : {};
  return { boundary, upsampling };
}

const priorOf = (choice: PriorChoice, model: () => ForwardModel): FluxPrior =>
  typeof choice === "function" ? choice(model()) : choice;

/** The forward model of a method that knows of offsets, and what the search for them found worth saying. */
export function placedModel(
  list: readonly Observation[],
  { offsets, ...options }: Omit<ForwardModelOptions, "offsets"> & Pointing,
): { readonly model: ForwardModel; readonly warnings: readonly string[] } {
  const places = offsets === "wcs" ? pointingOffsets(list) : { offsets, warnings: [] };
  return {
    model: createForwardModel(list, modelOptions({ ...options, offsets: places.offsets }, list)),
    warnings: places.warnings,
  };
}

/** What of the options shapes the model of these observations. */
export function modelOptions(
  {
    offsets,
    ...options
  }: Omit<ForwardModelOptions, "offsets"> & { readonly offsets?: Pointing["offsets"] | undefined },
  list: readonly Observation[],
): ForwardModelOptions {
  const places = offsets === "wcs" ? pointingOffsets(list).offsets : offsets;
  return givenOptions({ ...options, offsets: places }, [
    ...(["boundary", "upsampling", "margin", "psfPixels", "backgroundScale", "offsets"] as const),
  ]);
}

/**
 * The same from a plan that was kept.
 *
 * @param prior of the gradient sampler, where its plan does not know it as data
 * @throws InvalidInputError when that is missing
 */
export async function prepareAgain(
  data: readonly Observation[],
  plan: RunPlan,
  starts: readonly (SkyImage | undefined)[],
  given?: FluxPrior,
): Promise<PreparedRun> {
  const { config, gradient } = plan;
  if (config.method !== "nuts") {
    const { observations } = checkObservations(data, { boundary: config.boundary });
    return onCounts(data, observations, plan as CountsPlan, starts);
  }
  const prior = given ?? (gradient?.prior && (await priorFromData(gradient.prior)));
  if (prior === undefined) {
    throw new InvalidInputError(
      `nuts: a run under a prior of functions must be continued with that prior, ${config.prior}, got none; ` +
        "give it as the option prior, or make it by importPrior",
    );
  }
  const model = createForwardModel(data, gradient?.model);
  return gradientRun(data, plan as RunPlan<NutsConfig>, model, prior, starts[0]);
}

type CountsPlan = RunPlan<LiraConfig | GibbsConfig | OwnConfig>;

/** A run of a sampler that is given observations on the pixels of the counts. */
function onCounts(
  given: readonly Observation[],
  observations: readonly CheckedObservation[],
  plan: CountsPlan,
  starts: readonly (SkyImage | undefined)[],
): PreparedRun {
  const { config } = plan;
  const { boundary } = config;
  const grid = skyGrid(observations[0].counts.shape, boundary, config);
  const seen = skyObservations(observations, grid, boundary);
  if (config.method === "gibbs") checkSeen(config, seen.total.data, grid.shape);
  return {
    plan,
    observations,
    given,
    inputs: observations,
    ...lawOf(plan, grid.shape, observations),
    grid,
    shape: frameShape(grid),
    starts,
    reference: seen.reference,
    ledgersOf(parameters) {
      const drawn = withMeanPsfs(observations, parameters);
      const alike = drawn.every((one, index) => one === observations[index]);
      const through = alike ? seen : skyObservations(drawn, grid, boundary);
      return observations.map((observation, index) => {
        const { detected, exposure, background } = through.observations[index];
        const backgroundCounts = expectedSourceCounts(background.data, detected);
        return {
          detected: frameOf(detected.data, grid),
          entry: (flux, scale, sourceStd) =>
            ledgerEntry(observation, { flux, detected, exposure, backgroundCounts, grid, scale, sourceStd }),
        };
      });
    },
  };
}

/** What chains of such a sampler sample. @throws InvalidInputError for an own sampler of functions that is continued */
function lawOf(
  { config, own }: CountsPlan,
  shape: Shape,
  observations: readonly CheckedObservation[],
): Pick<PreparedRun, "law" | "names"> {
  if (config.method !== "own") {
    const names = [...chainColumns(config, shape, observations.length), ...psfColumns(observations)];
    return { law: config, names };
  }
  if (own?.sampler === undefined) {
    throw new InvalidInputError(
      `own: a run of a sampler that is a function must end in the program that began it, got ${config.prior} without it; ` +
        "give the sampler as a module",
    );
  }
  return { law: { method: "own", sampler: own.sampler, burnIn: own.burnIn }, names: own.columns };
}

function gradientRun(
  inputs: readonly Observation[],
  plan: RunPlan<NutsConfig>,
  model: ForwardModel,
  prior: FluxPrior,
  given: SkyImage | undefined,
): PreparedRun {
  const { config } = plan;
  const { grid } = model;
  const start = given && startOnSky(given, grid, "nuts: start");
  const { start: flux, level } = firstFlux("nuts", model, start);
  const own = prior.parameters?.(model.shape).length ?? 0;
  return {
    plan,
    observations: model.observations,
    given: inputs,
    inputs,
    law: {
      ...config,
      model: model.options,
      prior: prior.data ?? prior,
      warmUp: warmUpOf(plan),
      start: { flux, ...(given === undefined && { level }) },
    },
    names: nutsColumns(own, prior.parameterName, model.observations.length),
    grid,
    shape: frameShape(grid),
    starts: Array.from({ length: config.chains }, () => given),
    reference: model.reference,
    ledgersOf: () => skyLedgers(model),
  };
}
