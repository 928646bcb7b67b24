import { checkAdaptivePrior, DEFAULT_ADAPTIVE_PRIOR } from "../data/adaptive-prior.js";
import { type Law, PRESETS, type Preset } from "../data/presets.js";
import type { AdaptivePrior } from "../data/prior-parameters.js";
import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import type {
  AdaptiveConfig,
  ChainConfig,
  GibbsConfig,
  LevelConfig,
  LiraConfig,
  TreeConfig,
} from "../posterior/result.js";
import { startingAlpha } from "../priors/multiscale.js";
import { settingOf } from "../settings/by-method.js";
import type { SettingValues } from "../settings/setting.js";
import { settle } from "../settings/settle.js";
import { checkValue } from "../settings/value.js";
import { parseTarget, type Target } from "./target.js";

/**
 * Settings of `LiraDeconvolver`; every one has a default.
 *
 * `alphaInit`, `fitAlpha` and `smoothingPrior` are about one alpha a level: giving any of them chooses LIRA's prior in place of the
 * adaptive one.
 */
export interface LiraDeconvolverOptions
  extends Partial<
    Omit<TreeConfig & LevelConfig, "method" | "burnIn" | "traceEvery" | "adaptivePrior" | "alphaInit">
  > {
  /** A law by name, whose settings are the defaults of the others; default `"adaptive"`. See `PRESETS`. */
  readonly preset?: Preset;
  /** States of the blocks and transitions between them; default eight alphas from 0.02 to 60. */
  readonly adaptivePrior?: AdaptivePrior | undefined;
  /** Starting smoothing parameter: one number, or one a level (finest first), > 0; default 0.1. */
  readonly alphaInit?: number | readonly number[];
  /**
   * Sweeps at the start of each chain that no statistic uses; default a tenth of `iterations`. `"auto"`: the first of
   * 100, 200, 400, ... sweeps over whose second half the chains agree (R-hat < 1.1 of log-likelihood, total and the
   * smoothing of every level), at most half of `iterations`.
   */
  readonly burnIn?: number | "auto";
  /**
   * Extend all chains until this holds for every parameter and every pixel that matters, for example
   * `"rhat<1.01,ess>400"`; default: stop at `iterations`.
   */
  readonly until?: string;
  /** Where `until` gives up; default ten times `iterations`. */
  readonly maxIterations?: number;
  /** Which draws of the image to keep after burn-in. */
  readonly trace?: {
    /** Keep every n-th draw; default the smallest n that keeps at most `keep` draws a chain. */
    readonly every?: number;
    /** Most draws kept a chain; default 1,000. */
    readonly keep?: number;
  };
  /** Starting flux `[ny, nx]`, > 0, for all chains or one for each; default separated starts made from the data. */
  readonly fluxInit?: SkyImage | readonly SkyImage[];
}

/** What a run is asked to do: the law to sample, and when to stop. Plain data; part of a checkpoint. */
export interface RunPlan<Config extends LiraConfig | GibbsConfig = LiraConfig | GibbsConfig> {
  /** `burnIn` is 0 while it is to be found out (`autoBurnIn`). */
  readonly config: Config;
  readonly autoBurnIn: boolean;
  readonly target?: Target;
  readonly maxIterations: number;
  /** Most kept draws a chain; undefined when the caller fixed `trace.every`. */
  readonly keep?: number;
}

/** Check that a setting is a whole number in a range. */
export function checkWhole(
  name: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
  where = "lira",
): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidInputError(
      `${where}: ${name} must be a whole number from ${least} to ${most}, got ${value}; change it`,
      { fields: { [name]: value } },
    );
  }
}

/**
 * Pair transfers a sweep when none are asked for: 1.25 sqrt(pixels), 40 for 32 x 32 and 160 for 128 x 128. A sweep then takes
 * 1.3 to 2 times as long, and the gain is flat around this number (docs/exactness.md).
 *
 * @param shape `[ny, nx]`
 */
export function defaultPairTransfers([ny, nx]: Shape): number {
  return Math.ceil(1.25 * Math.sqrt(ny * nx));
}

/** Sweeps between kept draws so that at most `keep` remain. */
export function spacingOf(sweeps: number, keep: number): number {
  return Math.max(1, Math.ceil(sweeps / keep));
}

/**
 * Fill in defaults and check every setting.
 *
 * @param shape `[ny, nx]` of the data; without it, what depends on the shape is not checked
 * @param where beginning of messages
 * @throws InvalidInputError naming the first setting that breaks its rule
 */
export function planRun(options: LiraDeconvolverOptions, shape?: Shape, where = "lira"): RunPlan<LiraConfig> {
  const { preset = "adaptive" } = options;
  checkValue(settingOf("preset"), preset, where);
  const {
    adaptivePrior,
    alphaInit,
    fitAlpha,
    smoothingPrior,
    preset: _named,
    ...told
  } = settle("lira", options as SettingValues, where, {
    ...PRESETS[preset],
    pairTransfers: shape && defaultPairTransfers(shape),
  }) as unknown as Settled<TreeConfig> &
    Partial<AdaptiveConfig> &
    Omit<LevelConfig, "adaptivePrior"> & { readonly preset: Preset };
  const { cycleSpin } = told;
  const pairTransfers = told.pairTransfers ?? 0;
  if (cycleSpin === "random" && (options.pairTransfers ?? 0) > 0) {
    throw new InvalidInputError(
      `lira: pairTransfers must be 0 with cycleSpin "random", whose law belongs to LIRA's own steps and would change with ` +
        `others, got ${pairTransfers}; choose cycleSpin "none", "sampled" or "ensemble"`,
      { fields: { pairTransfers } },
    );
  }
  const smoothing = isAdaptive(options, PRESETS[preset], where)
    ? { adaptivePrior: adaptivePrior ?? structuredClone(DEFAULT_ADAPTIVE_PRIOR) }
    : {
        alphaInit:
          shape !== undefined || typeof alphaInit === "number"
            ? startingAlpha(alphaInit, shape ?? [2, 2])
            : alphaInit,
        fitAlpha,
        smoothingPrior,
      };
  if (smoothing.adaptivePrior !== undefined) checkAdaptivePrior(smoothing.adaptivePrior, where);
  const { config, ...plan } = planSweeps(told, options, 10, where);
  return {
    ...plan,
    config: {
      ...smoothing,
      ...config,
      pairTransfers: cycleSpin === "random" ? 0 : pairTransfers,
    } as LiraConfig,
  };
}

/** Settings of a sampler as `settle` returns them: those of the trace by one word, and those that no result holds. */
export type Settled<Config extends ChainConfig> = Omit<Config, "burnIn" | "traceEvery"> &
  Pick<LiraDeconvolverOptions, "burnIn" | "until" | "maxIterations"> & {
    readonly traceEvery?: number;
    readonly traceKeep: number;
  };

/**
 * How long chains run and which draws they keep: what settings say of it together.
 *
 * @param part of the sweeps that are burn-in when nothing is said
 */
export function planSweeps<Config extends ChainConfig>(
  settled: Settled<Config>,
  { trace = {} }: Pick<LiraDeconvolverOptions, "trace">,
  part: number,
  where: string,
): Omit<RunPlan<never>, "config"> & { readonly config: Config } {
  const { traceEvery: every, traceKeep: keep, until, maxIterations: most, burnIn: given, ...told } = settled;
  const { iterations } = told;
  const burnIn = given ?? Math.floor(iterations / part);
  if (burnIn !== "auto") checkWhole("burnIn", burnIn, 0, iterations - 2, where);
  const maxIterations = most ?? (until === undefined ? iterations : 10 * iterations);
  checkWhole("maxIterations", maxIterations, iterations, 1e9, where);
  const sampled = iterations - (burnIn === "auto" ? Math.floor(iterations / 2) : burnIn);
  if (every !== undefined) checkWhole("trace.every", every, 1, Math.floor(sampled / 2), where);
  const start = burnIn === "auto" ? 0 : burnIn;
  // In the order of the settings: JSON of a plan is the same whatever was given.
  const { chains, seed, ...others } = told;
  return {
    config: {
      ...{ iterations, burnIn: start, chains, seed },
      ...others,
      traceEvery: every ?? spacingOf(iterations - start, keep),
    } as unknown as Config,
    autoBurnIn: burnIn === "auto",
    maxIterations,
    ...(until === undefined ? {} : { target: parseTarget(until) }),
    ...(trace.every === undefined ? { keep } : {}),
  };
}

/** Settings of LIRA's prior that the adaptive one has no use for. */
const LEVEL_SETTINGS = ["alphaInit", "fitAlpha", "smoothingPrior"] as const;

/** Whether every block has its own smoothing. @throws InvalidInputError when settings of both priors are given */
function isAdaptive(options: LiraDeconvolverOptions, law: Law, where: string): boolean {
  const level = LEVEL_SETTINGS.filter((name) => options[name] !== undefined);
  const { adaptivePrior } = options;
  const clash =
    adaptivePrior !== undefined ? "adaptivePrior" : options.preset === "adaptive" ? "preset" : undefined;
  if (level.length > 0 && clash !== undefined) {
    throw new InvalidInputError(
      `${where}: ${level[0]} must not stand beside ${clash === "preset" ? 'preset "adaptive"' : clash}, since it is about one alpha a ` +
        "level, got both; leave one of them out",
    );
  }
  return level.length === 0 && (adaptivePrior ?? law.adaptivePrior) !== undefined;
}

/** Starting images of all chains, checked; `undefined` where the chain makes its own. */
export function startingFluxes(
  fluxInit: LiraDeconvolverOptions["fluxInit"],
  shape: Shape,
  chains: number,
): readonly (SkyImage | undefined)[] {
  if (fluxInit === undefined) return new Array<undefined>(chains).fill(undefined);
  const images: readonly SkyImage[] =
    "data" in fluxInit ? new Array<SkyImage>(chains).fill(fluxInit) : fluxInit;
  if (images.length !== chains) {
    throw new InvalidInputError(
      `lira: fluxInit must be one image or one for each of the ${chains} chains, got ${images.length}; give one for all`,
    );
  }
  for (const { data, shape: size } of images) {
    if (size[0] !== shape[0] || size[1] !== shape[1]) {
      throw new InvalidInputError(
        `lira: fluxInit must have the shape of the counts, [${shape.join(", ")}], got [${size.join(", ")}]; cut it out`,
      );
    }
    if (data.length !== shape[0] * shape[1]) {
      throw new InvalidInputError(
        `lira: fluxInit must hold ny * nx = ${shape[0] * shape[1]} values, got ${data.length}; check its shape [ny, nx]`,
      );
    }
    const bad = data.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
    if (bad >= 0) {
      throw new InvalidInputError(
        `lira: fluxInit must be finite and > 0, got ${data[bad]} at ` +
          `[${Math.floor(bad / shape[1])}, ${bad % shape[1]}]; add a small constant`,
      );
    }
  }
  return images;
}
