import type { AdaptivePrior, SmoothingPrior } from "../data/law/prior-parameters.js";
import type { Observation } from "../data/observation/observation.js";
import { AbortedError, InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage } from "../image.js";
import { checkNames, type NamesOf } from "../known-names.js";
import type { LiraConfig, LiraResult, LiraSummary, WithError } from "../posterior/result.js";
import { pixelsThatMatter } from "../posterior/verdict.js";
import { shownValue } from "../shown-value.js";
import { LiraDeconvolver } from "./lira-deconvolver.js";
import { type LiraDeconvolverOptions, planRun } from "./lira-options.js";
import { checkOptionNames } from "./option-names.js";
import type { RunProgress, SamplingOptions } from "./sample-run.js";

/** Options of `priorSensitivity`. */
export interface PriorSensitivityOptions extends Pick<SamplingOptions, "workers" | "signal"> {
  /**
   * Factors of all alphas of the adaptive prior, or of the rate of LIRA's smoothing prior, > 0, one run each; default 1/4 and 4.
   */
  readonly factors?: readonly number[];
  /** The run with the prior as it is, of the same data and settings; sampled first when left out. */
  readonly baseline?: Pick<LiraSummary, "mean" | "std" | "total" | "diagnostics">;
  /** Number of the run (0 the baseline), how many there are, and how far this one has come. */
  readonly onProgress?: (run: number, runs: number, progress: RunProgress) => void;
}

/** What says how smooth the image is: one of the two priors. */
export type ChangedPrior =
  | { readonly adaptivePrior: AdaptivePrior }
  | { readonly smoothingPrior: SmoothingPrior };

/** A pixel whose flux follows the prior. */
export interface SensitivePixel {
  readonly x: number;
  readonly y: number;
  /** Posterior mean of the baseline run, and of the run with the other prior. */
  readonly baseline: number;
  readonly changed: number;
  /** Their difference in posterior standard deviations of the baseline run. */
  readonly change: number;
}

/** What a change of the prior does. */
export interface PriorChange {
  readonly factor: number;
  /** The prior of this run. */
  readonly prior: ChangedPrior;
  /** Posterior mean `[ny, nx]`. */
  readonly mean: SkyImage;
  /** `(mean - baseline mean) / baseline std` `[ny, nx]`; NaN where the baseline never changes. */
  readonly change: SkyImage;
  /**
   * Monte Carlo standard error of `change` `[ny, nx]`, `sqrt(1 / ESS + (std / baseline std)^2 / ESS')`; smaller changes mean
   * nothing. NaN where an effective sample size is undefined.
   */
  readonly error: SkyImage;
  /** Root mean square of `change` over the pixels that matter (`pixelsThatMatter` of the baseline). */
  readonly rms: number;
  /** Part of the pixels that matter where |change| is above 1 and above three times its error. */
  readonly sensitive: number;
  /** Pixels that matter with the largest |change|, at most five. */
  readonly largest: readonly SensitivePixel[];
  /** Flux of the whole image. */
  readonly total: WithError;
  /** Whether the chains of this run agree. */
  readonly verdict: LiraSummary["diagnostics"]["verdict"];
}

/** Which features come from the prior? */
export interface PriorSensitivity {
  readonly baseline: Pick<LiraSummary, "mean" | "std" | "total" | "diagnostics">;
  /** In the order of the factors. */
  readonly changes: readonly PriorChange[];
  /** The outcome in words. */
  readonly sentence: string;
}

const NAMES: NamesOf<PriorSensitivityOptions> = {
  ...{ factors: true, baseline: true, onProgress: true, workers: true, signal: true },
};
const DEFAULT_FACTORS: readonly number[] = [0.25, 4];
const LARGEST_LISTED = 5;

/**
 * Deconvolve again with the prior of the smoothing changed, and map how far the posterior mean moves in units of its
 * standard deviation: what moves by more than about 1 is said by the prior as much as by the data.
 *
 * Of the adaptive prior all alphas are multiplied; larger ones want a smoother image. LIRA's prior is
 * `alpha^power exp(-rate alpha^exponent)`; a larger rate wants smaller alphas, that is a more clumped image. Each factor costs a run as long as the baseline. Means use every sweep; effective sample sizes come from the kept draws, so the
 * errors of the changes are on the safe side.
 *
 * @param data one observation, or several of the same sky grid
 * @param settings as for `LiraDeconvolver`; the alphas must be fitted
 * @throws InvalidInputError for bad data, settings or factors, when the alphas are fixed, or when the baseline is of another shape
 * @throws AbortedError when `signal` fires before all runs are complete
 */
export async function priorSensitivity(
  data: Observation | readonly Observation[],
  settings: LiraDeconvolverOptions = {},
  options: PriorSensitivityOptions = {},
): Promise<PriorSensitivity> {
  checkNames("priorSensitivity", options, Object.keys(NAMES));
  checkOptionNames("priorSensitivity: settings", "lira", settings);
  const { factors = DEFAULT_FACTORS, workers, signal, onProgress } = options;
  const { config } = planRun(settings);
  checkFactors(factors);
  if (settings.fitAlpha === false) {
    throw new InvalidInputError(
      "priorSensitivity: alphas must be fitted, got fitAlpha: false, with which their prior has no effect; leave it out",
    );
  }
  const runs = factors.length + 1;
  const run = async (number: number, prior?: ChangedPrior): Promise<LiraResult> => {
    const result = await new LiraDeconvolver({ ...settings, ...prior }).run(data, {
      ...(workers === undefined ? {} : { workers }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) => onProgress?.(number, runs, progress),
    });
    if (result.complete) return result;
    throw new AbortedError(
      `priorSensitivity: all ${runs} runs must be complete, got a stop in run ${number + 1}; run it again`,
      { cause: signal?.reason },
    );
  };
  const baseline = options.baseline ?? (await run(0));
  const changes: PriorChange[] = [];
  for (const [index, factor] of factors.entries()) {
    const prior = changedPrior(config, factor);
    changes.push(changeOf(baseline, await run(index + 1, prior), factor, prior));
  }
  const { mean, std, total, diagnostics } = baseline;
  return { baseline: { mean, std, total, diagnostics }, changes, sentence: sentenceOf(changes) };
}

function changedPrior(config: LiraConfig, factor: number): ChangedPrior {
  if (config.adaptivePrior === undefined) {
    const { smoothingPrior } = config;
    return { smoothingPrior: { ...smoothingPrior, rate: smoothingPrior.rate * factor } };
  }
  const { alphas, transitions } = config.adaptivePrior;
  return {
    adaptivePrior: {
      alphas: alphas.map((alpha) =>
        typeof alpha === "number"
          ? alpha * factor
          : [alpha[0] * factor, alpha[1] * factor, alpha[2] * factor, alpha[3] * factor],
      ),
      transitions,
    },
  };
}

function checkFactors(factors: readonly number[]): void {
  const list: readonly unknown[] = Array.isArray(factors) ? factors : [factors];
  const bad = list.find((factor) => !(Number.isFinite(factor) && (factor as number) > 0));
  if (Array.isArray(factors) && list.length > 0 && bad === undefined) return;
  throw new InvalidInputError(
    `priorSensitivity: factors must be a list of one or more numbers > 0, got ${shownValue(factors)}; try [0.25, 4]`,
    { fields: { factors } },
  );
}

function changeOf(
  baseline: NonNullable<PriorSensitivityOptions["baseline"]>,
  { mean, std, total, diagnostics }: Pick<LiraSummary, "mean" | "std" | "total" | "diagnostics">,
  factor: number,
  prior: ChangedPrior,
): PriorChange {
  const { shape } = mean;
  const nx = shape[1];
  if (baseline.mean.shape[0] !== shape[0] || baseline.mean.shape[1] !== nx) {
    throw new InvalidInputError(
      `priorSensitivity: baseline must be of the same data, [${shape.join(", ")}], got ` +
        `[${baseline.mean.shape.join(", ")}]; leave it out`,
    );
  }
  const change = constantImage(shape, Number.NaN);
  const error = constantImage(shape, Number.NaN);
  for (let pixel = 0; pixel < change.data.length; pixel++) {
    const unit = baseline.std.data[pixel];
    if (!(unit > 0)) continue;
    change.data[pixel] = (mean.data[pixel] - baseline.mean.data[pixel]) / unit;
    const ratio = std.data[pixel] / unit;
    error.data[pixel] = Math.sqrt(
      1 / baseline.diagnostics.ess.data[pixel] + (ratio * ratio) / diagnostics.ess.data[pixel],
    );
  }
  const judged = pixelsThatMatter(baseline.mean, baseline.std).filter(
    (pixel) => !Number.isNaN(change.data[pixel]),
  );
  const squares = judged.reduce((sum, pixel) => sum + change.data[pixel] ** 2, 0);
  const moved = judged.filter((pixel) => {
    const size = Math.abs(change.data[pixel]);
    return size > 1 && size > 3 * error.data[pixel];
  });
  const largest = [...judged]
    .sort((a, b) => Math.abs(change.data[b]) - Math.abs(change.data[a]) || a - b)
    .slice(0, LARGEST_LISTED)
    .map(
      (pixel): SensitivePixel => ({
        x: pixel % nx,
        y: Math.floor(pixel / nx),
        baseline: baseline.mean.data[pixel],
        changed: mean.data[pixel],
        change: change.data[pixel],
      }),
    );
  return {
    factor,
    prior,
    mean,
    change,
    error,
    rms: Math.sqrt(squares / judged.length),
    sensitive: judged.length === 0 ? Number.NaN : moved.length / judged.length,
    largest,
    total,
    verdict: diagnostics.verdict,
  };
}

function sentenceOf(changes: readonly PriorChange[]): string {
  const parts = changes.map(
    ({ factor, prior, rms, sensitive }) =>
      `${"adaptivePrior" in prior ? "alphas" : "rate"} x ${factor}: ${rms.toFixed(2)} sigma rms, ${(100 * sensitive).toFixed(0)} % of the pixels by more than 1 sigma`,
  );
  const worst = Math.max(...changes.map(({ sensitive }) => sensitive));
  const judgement =
    worst > 0.05
      ? "The prior shapes the image"
      : worst > 0
        ? "The prior shapes single pixels"
        : "The image hardly depends on the prior";
  const doubtful = changes.some(({ verdict }) => verdict.state === "disagree");
  return (
    `${judgement}: the posterior mean of the pixels that hold the flux moves by ${parts.join("; ")}.` +
    (doubtful ? " Chains of a run with the other prior disagree, so part of this is noise; run longer." : "")
  );
}
