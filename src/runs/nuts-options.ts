import type { BackgroundScalePrior } from "../data/law/prior-parameters.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { ForwardModel, ForwardModelOptions } from "../model/forward-model.js";
import type { NutsConfig } from "../posterior/result.js";
import { type FluxPrior, priorName } from "../priors/flux-prior.js";
import { settingOf } from "../settings/by-method.js";
import type { SettingValues } from "../settings/setting.js";
import { settle } from "../settings/settle.js";
import { type LiraDeconvolverOptions, lawOf, planLength, type RunPlan } from "./lira-options.js";

/** Settings of the gradient sampler; all but the prior have a default. */
export interface NutsOptions
  extends Pick<
      ForwardModelOptions,
      "boundary" | "upsampling" | "margin" | "psfPixels" | "offsets" | "backgroundScale"
    >,
    Pick<LiraDeconvolverOptions, "until" | "maxIterations"> {
  /** Any with a gradient; its own parameters, if it has any, are sampled too. */
  readonly prior: FluxPrior;
  /** Transitions a chain, warm-up included; default 1,000. */
  readonly iterations?: number;
  /**
   * Transitions of the warm-up, in which step length and scales are adapted and which no statistic uses; default half. `"auto"`: they
   * are adapted for an eighth of `iterations`, and the first quarter or half of these over whose second half the chains agree is
   * left out.
   */
  readonly burnIn?: number | "auto";
  /** Default 4. */
  readonly chains?: number;
  /** Whole number in [0, 2^53); default 0. */
  readonly seed?: number;
  /** Acceptance at which the warm-up aims, in (0, 1); default 0.8. Higher: shorter steps, fewer divergences. */
  readonly targetAcceptance?: number;
  /** Most doublings of a trajectory, 1 to 20; default 10. */
  readonly maxDepth?: number;
  /**
   * `"cpu"` (default), or `"gpu"`: the likelihood of all chains is computed together on a GPU by WebGPU, in Node with the package `webgpu`
   * (docs/gpu.md). `"auto"`: the one on which a few sweeps, timed before the run, say that a gradient of all chains takes less time. The
   * configuration of the result holds the device that was used.
   */
  readonly device?: "cpu" | "gpu" | "auto";
  /** Fit a scale of the background for each observation that has one; default false. */
  readonly fitBackgroundScale?: boolean;
  /** Default shape 0.001, rate 0. */
  readonly backgroundScalePrior?: BackgroundScalePrior;
  /** Which draws of the image to keep after burn-in; default at most 1,000 a chain. */
  readonly trace?: { readonly every?: number; readonly keep?: number };
  /** Flux to start from `[ny, nx]` of the frame (or with the margin), > 0, the same for all chains; default separated starts made from the data. */
  readonly start?: SkyImage;
}

/** Transitions in which the chains of a plan adapt. */
export function warmUpOf({ config, autoBurnIn }: RunPlan<NutsConfig>): number {
  return autoBurnIn ? Math.floor(config.iterations / 8) : config.burnIn;
}

/**
 * Fill in defaults and check every setting.
 *
 * @returns for the device `"auto"` the plan on the CPU; `prepareOnDevice` chooses
 * @throws InvalidInputError naming the first that breaks its rule
 */
export function planNuts(
  { shape, grid, boundary, options: model }: Pick<ForwardModel, "shape" | "grid" | "boundary" | "options">,
  options: NutsOptions,
): RunPlan<NutsConfig> {
  const { prior, ...others } = options;
  checkPrior(prior);
  prior.checkShape?.(shape);
  const given = { ...others, boundary, upsampling: grid.upsampling, margin: grid.margin };
  const settled = settle("nuts", given as SettingValues, "nuts");
  const told = settled.device === "auto" ? { ...settled, device: "cpu" } : settled;
  const { config, ...length } = planLength(options, "nuts", {
    iterations: settingOf("iterations", "nuts").default as number,
    burnIn: (iterations) => Math.floor(iterations / 2),
  });
  return {
    ...length,
    config: {
      method: "nuts",
      prior: priorName(prior),
      ...config,
      ...(lawOf(told) as Omit<NutsConfig, "method" | "prior" | keyof typeof config>),
    },
    gradient: { model, ...(prior.data && { prior: prior.data }) },
  };
}

function checkPrior(prior: FluxPrior): void {
  if (typeof prior?.logDensity !== "function" || typeof prior.gradient !== "function") {
    throw new InvalidInputError(
      "nuts: prior must be an object with the functions logDensity and gradient, got " +
        `${prior === undefined ? "none" : typeof prior?.logDensity !== "function" ? "no logDensity" : "no gradient"}; ` +
        "add the derivatives of logDensity by every pixel, and see checkGradient and examples/own-prior.ts",
    );
  }
  if (prior.at !== undefined) {
    throw new InvalidInputError(
      `nuts: prior must be one density, got one with random shifts (${priorName(prior)}); choose cycleSpin "average" or "none"`,
    );
  }
}
