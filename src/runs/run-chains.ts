import { type CheckedObservation, checkObservations } from "../data/check-observation.js";
import type { Observation } from "../data/observation.js";
import { type SkyGrid, skyGrid } from "../model/sky-grid.js";
import { resolveMargin } from "../model/sky-margin.js";
import { skyObservations } from "../model/sky-observation.js";
import type { GibbsConfig, LiraConfig, LiraResult, PosteriorResult } from "../posterior/result.js";
import { checkSeen, type GibbsOptions, planGibbs } from "./gibbs-options.js";
import { type LiraDeconvolverOptions, planRun, type RunPlan, startingFluxes } from "./lira-options.js";
import { type RunCheckpoints, takeUp } from "./run-checkpoints.js";
import { memoryStore } from "./run-store.js";
import { type SamplingOptions, sampleRun } from "./sample-run.js";
import { summariseRun } from "./summarise-run.js";

/** How to run, and what to write into the result about it; none of these changes the draws. */
export interface RunOptions extends SamplingOptions {
  /** The command or call behind the run, for the result's provenance. */
  readonly command?: string;
  /** Name and SHA-256 of input files, for the result's provenance. */
  readonly inputs?: LiraResult["provenance"]["inputs"];
  /** Unit of the flux for headers and figures; default none. */
  readonly unit?: string;
  /**
   * Where the run keeps what it needs to be continued, in this program or a later one, with the same result in the end.
   * Runs with files keep theirs in a folder (`deconvolveToFile` of `tslira/node`). Default: nowhere.
   */
  readonly checkpoints?: RunCheckpoints;
  /** Seconds between checkpoints; default 30. */
  readonly checkpointSeconds?: number;
}

/** Settings of one of the two Gibbs samplers: that of independent pixels says so by its method. */
export type ChainRunOptions =
  | (LiraDeconvolverOptions & { readonly method?: "lira" })
  | (GibbsOptions & { readonly method: "gibbs" });

/**
 * The plan of a run, and the data checked for it.
 *
 * @throws InvalidInputError for data or settings that break a rule
 */
export function prepareRun(
  data: Observation | readonly Observation[],
  settings: ChainRunOptions,
  onWarning?: (warning: string) => void,
): {
  readonly plan: RunPlan;
  readonly observations: readonly CheckedObservation[];
  readonly grid: SkyGrid;
} {
  const list: readonly Observation[] = "counts" in data ? [data] : data;
  const { boundary, upsampling = 1 } =
    settings.method === "gibbs" ? planGibbs(settings).config : planRun(settings).config;
  const { observations, warnings } = checkObservations(list, { boundary });
  for (const warning of warnings) onWarning?.(warning);
  const { margin: asked = "auto" } = settings;
  const margin = resolveMargin(observations, { boundary, upsampling, margin: asked });
  const { shape } = observations[0].counts;
  const grid = skyGrid(shape, boundary, { upsampling, margin });
  if (settings.method !== "gibbs")
    return { plan: planRun({ ...settings, margin }, shape), observations, grid };
  const plan = planGibbs({ ...settings, margin }, shape);
  if (plan.config.pixelPrior.rate === 0) {
    checkSeen(plan.config, skyObservations(observations, grid, boundary).total.data, grid.shape);
  }
  return { plan, observations, grid };
}

/** Run all chains of a Gibbs sampler and summarise them. */
export async function runChains(
  data: Observation | readonly Observation[],
  settings: ChainRunOptions,
  options: RunOptions = {},
): Promise<PosteriorResult<LiraConfig | GibbsConfig>> {
  const { plan, observations, grid } = prepareRun(data, settings, options.onWarning);
  const starts = startingFluxes(settings.fluxInit, grid, plan.config.chains);
  const { checkpoints, checkpointSeconds } = options;
  const kept = checkpoints && (await takeUp(checkpoints, plan, observations, starts, checkpointSeconds));
  const { store, started, secondsBefore } = kept ?? {
    store: memoryStore(plan.config.chains),
    started: new Date(),
    secondsBefore: 0,
  };
  const run = await sampleRun(observations, plan, starts, store, options, kept?.decisions, (decisions) =>
    kept?.remember({ decisions }),
  );
  await kept?.remember({ seconds: secondsBefore + run.seconds });
  const traces = store.open(run.extent);
  const summary = await summariseRun(observations, plan, run, traces, { ...options, started, secondsBefore });
  return { ...summary, trace: store.traces(run.extent) };
}
