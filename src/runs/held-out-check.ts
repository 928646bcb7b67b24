import {
  checkPredictiveOptions,
  compareWithDraws,
  type PredictiveCheck,
  type PredictiveCheckOptions,
} from "../checks/predictive-check.js";
import {
  type CheckedObservation,
  checkObservations,
  observationList,
} from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { thinCounts } from "../data/observation/thin-counts.js";
import { AbortedError, InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import { checkNames, type NamesOf } from "../known-names.js";
import { fittedSky } from "../posterior/fitted-sky.js";
import type { LiraResult } from "../posterior/result.js";
import { LiraDeconvolver } from "./lira-deconvolver.js";
import { type LiraDeconvolverOptions, planRun } from "./lira-options.js";
import type { SamplingOptions } from "./sample-run.js";

/** Options of `heldOutCheck`. */
export interface HeldOutOptions
  extends Pick<SamplingOptions, "workers" | "onProgress" | "signal">,
    Omit<
      PredictiveCheckOptions,
      "boundary" | "upsampling" | "margin" | "sky" | "pointSource" | "workers" | "onProgress" | "signal"
    > {
  /** Part of the photons that is held out, in (0, 1); default 0.5. */
  readonly fraction?: number;
}

/** What a check on held-out photons found. */
export interface HeldOutCheck {
  /** One for each observation, `kind: "held-out"`. */
  readonly checks: readonly PredictiveCheck[];
  /** The posterior of the photons that were not held out. */
  readonly result: LiraResult;
  /** The photons held out, with the exposure that belongs to them. */
  readonly heldOut: readonly Observation[];
}

const NAMES: NamesOf<HeldOutOptions> = {
  ...{ fraction: true, workers: true, draws: true, replicates: true, seed: true, centre: true },
  ...{ ringWidth: true, ringRadius: true, patchSide: true, falseAlarmRate: true },
  ...{ onProgress: true, signal: true },
};

/** An observation of fewer photons: counts and exposure, and so everything expected, scaled by the same factor. */
function part(
  { counts: _all, ...rest }: CheckedObservation,
  counts: SkyImage,
  fraction: number,
): Observation {
  const { exposure } = rest;
  return {
    ...rest,
    counts,
    exposure: { data: exposure.data.map((value) => fraction * value), shape: exposure.shape },
  };
}

/**
 * Check the model on photons that the fit has not seen.
 *
 * The photons are divided at random (`thinCounts`): given the flux, the two parts are independent Poisson counts. One is
 * deconvolved, and the other compared with counts replicated from its posterior, about the mean prediction. Under the model the
 * other part is one more draw from the law of the replicates, whatever the number of counts; the p-values are therefore uniform
 * (up to ties and the Monte Carlo error of finitely many draws), which those of fitted counts are not (split predictive checks:
 * Li & Huggins 2024, Annals of Statistics 52, "Calibrated model criticism using split predictive checks"; thinning of Poisson
 * counts: Neufeld et al. 2024, Biostatistics 25, 270). Each discrepancy is flagged at the false-alarm rate over their number.
 *
 * It costs a run. The rate of the prior of the total is divided by the part that is deconvolved, so that the prior of the flux
 * stays what it was.
 *
 * @param data one observation, or several of the same sky grid
 * @param settings as for `LiraDeconvolver`
 * @throws InvalidInputError for bad data, settings or options, before anything runs
 * @throws AbortedError when `signal` fires before the end
 */
export async function heldOutCheck(
  data: Observation | readonly Observation[],
  settings: LiraDeconvolverOptions = {},
  options: HeldOutOptions = {},
): Promise<HeldOutCheck> {
  checkNames("heldOutCheck", options, Object.keys(NAMES));
  const { fraction = 0.5, workers, onProgress, signal, seed = 0, ...checking } = options;
  checkPredictiveOptions("heldOutCheck", checking);
  const { boundary, totalCountsPrior } = planRun(settings).config;
  if (!(fraction > 0 && fraction < 1)) {
    throw new InvalidInputError(`heldOutCheck: fraction must lie in (0, 1), got ${fraction}; try 0.5`, {
      fields: { fraction },
    });
  }
  const list = observationList(data);
  const { observations } = checkObservations(list, { boundary });
  const divided = observations.map((observation, index) => ({
    observation,
    parts: thinCounts(observation.counts, fraction, seed + index),
  }));
  const kept = 1 - fraction;
  const fitted = divided.map(({ observation, parts }) => part(observation, parts.rest, kept));
  const heldOut = divided.map(({ observation, parts }) => part(observation, parts.kept, fraction));
  const deconvolver = new LiraDeconvolver({
    ...settings,
    totalCountsPrior: { ...totalCountsPrior, rate: totalCountsPrior.rate / kept },
  });
  const result = await deconvolver.run(fitted, {
    ...given({ workers, onProgress, signal }),
  });
  if (!result.complete) {
    throw new AbortedError("heldOutCheck: run was stopped before it was complete; run it again");
  }
  const checks = await compareWithDraws(
    heldOut,
    result.trace,
    {
      ...checking,
      ...fittedSky(result),
      seed,
      ...given({ workers, signal }),
    },
    "mean",
  );
  return { checks, result, heldOut };
}
