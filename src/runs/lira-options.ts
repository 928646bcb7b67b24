import { checkAdaptivePrior, DEFAULT_ADAPTIVE_PRIOR } from "../data/law/adaptive-prior.js";
import { type Law, PRESETS, type Preset } from "../data/law/presets.js";
import type { AdaptivePrior } from "../data/law/prior-parameters.js";
import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import type { ForwardModelOptions } from "../model/forward-model.js";
import { type SkyGrid, skyGrid, startOnSky } from "../model/sky-grid.js";
import type { Margin } from "../model/sky-margin.js";
import type { ChainConfig, LevelConfig, LiraConfig, SamplerConfig, TreeConfig } from "../posterior/result.js";
import type { PriorData } from "../priors/flux-prior.js";
import { startingAlpha } from "../priors/multiscale.js";
import type { OwnLaw } from "../samplers/open-chain.js";
import { settingOf } from "../settings/by-method.js";
import { SETTINGS } from "../settings/list.js";
import type { Method } from "../settings/methods.js";
import { givenValue, gpuRule, type SettingValues, wordOf } from "../settings/setting.js";
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
    Omit<
      TreeConfig & LevelConfig,
      "method" | "burnIn" | "traceEvery" | "adaptivePrior" | "alphaInit" | "margin" | "device"
    >
  > {
  /** A law by name, whose settings are the defaults of the others; default `"adaptive"`. See `PRESETS`. */
  readonly preset?: Preset;
  /** States of the blocks and transitions between them; default eight alphas from 0.02 to 60. */
  readonly adaptivePrior?: AdaptivePrior | undefined;
  /** Starting smoothing parameter: one number, or one a level (finest first), > 0; default 0.1. */
  readonly alphaInit?: number | readonly number[];
  /**
   * Detector pixels by which the sky goes beyond the frame on every side, whole >= 0; default `"auto"`: the psf's reach when the counts
   * along the frame are more than the inside explains, else 0 (`automaticMargin`). Results are of the frame.
   */
  readonly margin?: Margin;
  /**
   * Where the chains run: `"cpu"`, the default; `"gpu"`, by WebGPU; or `"auto"`, where a few sweeps on each say that all chains take less
   * time. The configuration of the result holds the device that was used.
   */
  readonly device?: "cpu" | "gpu" | "auto";
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
  /**
   * Starting flux `[ny, nx]` of the frame (or with the margin), > 0, for all chains or one for each; default separated starts made from
   * the data.
   */
  readonly fluxInit?: SkyImage | readonly SkyImage[];
}

/** How long a run is, of any sampler. */
export interface RunLength {
  readonly autoBurnIn: boolean;
  readonly target?: Target;
  readonly maxIterations: number;
  /** Most kept draws a chain; undefined when the caller fixed `trace.every`. */
  readonly keep?: number;
}

/** What a run is asked to do: the law to sample, and when to stop. Plain data; part of a checkpoint. */
export interface RunPlan<Config extends SamplerConfig = SamplerConfig> extends RunLength {
  /** `burnIn` is 0 while it is to be found out (`autoBurnIn`). */
  readonly config: Config;
  /** How the device was chosen, in a sentence, where the settings left it open. */
  readonly chosenDevice?: string;
  /** Of the gradient sampler: its model, and its prior where that is known as data. */
  readonly gradient?: { readonly model: ForwardModelOptions; readonly prior?: PriorData };
  /** Of a sampler of one's own; the sampler itself is lost in JSON when it is a function. */
  readonly own?: Omit<OwnLaw, "method"> & { readonly columns: readonly string[] };
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

/** The default of a setting that is a number. */
const usual = (key: string) => settingOf(key).default as number;

/** The margin of a method when none is given. */
export function usualMargin(method: Method): Margin {
  return settingOf("margin", method).default as Margin;
}

/**
 * Check how long a run is to be.
 *
 * @param first iterations where none are given, and the burn-in of so many
 * @throws InvalidInputError naming the first setting that breaks its rule
 */
export function planLength(
  options: Pick<
    LiraDeconvolverOptions,
    "iterations" | "burnIn" | "chains" | "seed" | "trace" | "until" | "maxIterations"
  >,
  where: string,
  first: { readonly iterations: number; burnIn(iterations: number): number },
): RunLength & {
  readonly config: Pick<ChainConfig, "iterations" | "burnIn" | "chains" | "seed" | "traceEvery">;
} {
  const {
    iterations = first.iterations,
    burnIn = first.burnIn(iterations),
    chains = usual("chains"),
    seed = usual("seed"),
    trace = {},
    until,
    maxIterations = until === undefined ? iterations : 10 * iterations,
  } = options;
  const check = (name: string, value: number, least: number, most?: number) =>
    checkWhole(name, value, least, most, where);
  check("iterations", iterations, 2, 1e9);
  if (burnIn !== "auto") check("burnIn", burnIn, 0, iterations - 2);
  check("chains", chains, 1, 10_000);
  check("seed", seed, 0);
  check("maxIterations", maxIterations, iterations, 1e9);
  const { keep = usual("trace.keep"), every } = trace;
  check("trace.keep", keep, 2);
  const sampled = iterations - (burnIn === "auto" ? Math.floor(iterations / 2) : burnIn);
  if (every !== undefined) check("trace.every", every, 1, Math.floor(sampled / 2));
  const fixed = burnIn === "auto" ? 0 : burnIn;
  return {
    config: {
      iterations,
      burnIn: fixed,
      chains,
      seed,
      traceEvery: every ?? spacingOf(iterations - fixed, keep),
    },
    autoBurnIn: burnIn === "auto",
    maxIterations,
    ...(until === undefined ? {} : { target: parseTarget(until, where) }),
    ...(every === undefined ? { keep } : {}),
  };
}

/** How messages call these options. */
const WHERE = "lira";

/**
 * Fill in defaults and check every setting.
 *
 * @param shape `[ny, nx]` of the data; without it, what depends on the shape is not checked. A margin that the data decide
 *   (`"auto"`) is taken as 0: `prepareRun` puts in what they say
 * @returns for the device `"auto"` the plan on the CPU; `prepareOnDevice` chooses
 * @throws InvalidInputError naming the first setting that breaks its rule
 */
export function planRun(options: LiraDeconvolverOptions, shape?: Shape): RunPlan<LiraConfig> {
  const { preset = "adaptive" } = options;
  checkValue(settingOf("preset"), preset, WHERE);
  const law = PRESETS[preset];
  const { told, sky } = settleOnSky("lira", options, shape, { ...law });
  const onDevice = told.device === "auto" ? { ...told, device: "cpu" } : told;
  const { adaptivePrior, alphaInit, fitAlpha, smoothingPrior, ...tree } = lawOf(onDevice) as unknown as Omit<
    LevelConfig,
    "adaptivePrior"
  > & {
    readonly adaptivePrior?: AdaptivePrior;
  };
  const { cycleSpin, device } = tree;
  const { pairTransfers: wanted = 0 } = options;
  if (device === "gpu") checkOnGpu({ ...law, ...options } as SettingValues);
  if (cycleSpin === "random" && wanted > 0) {
    throw new InvalidInputError(
      `${WHERE}: pairTransfers must be 0 with cycleSpin "random", whose law belongs to LIRA's own steps and would change with ` +
        `others, got ${wanted}; choose cycleSpin "none", "sampled" or "ensemble"`,
      { fields: { pairTransfers: wanted } },
    );
  }
  const { config, ...length } = planLength(options, WHERE, {
    iterations: usual("iterations"),
    burnIn: (iterations) => Math.floor(iterations / 10),
  });
  const pairTransfers = cycleSpin === "random" ? 0 : tree.pairTransfers;
  if (isAdaptive(options, law)) {
    const prior = adaptivePrior ?? structuredClone(DEFAULT_ADAPTIVE_PRIOR);
    checkAdaptivePrior(prior, WHERE);
    return { ...length, config: { adaptivePrior: prior, ...config, ...tree, pairTransfers } };
  }
  const starts =
    sky !== undefined || typeof alphaInit === "number" ? startingAlpha(alphaInit, sky ?? [2, 2]) : alphaInit;
  return {
    ...length,
    config: { alphaInit: starts, fitAlpha, smoothingPrior, ...config, ...tree, pairTransfers },
  };
}

/**
 * Settings of a sampler of the counts, checked, on their sky. A margin that the data decide (`"auto"`) is taken as 0.
 *
 * @returns the settings by their words, and `[ny, nx]` of the sky where that of the data is given
 */
export function settleOnSky(
  method: "lira" | "gibbs",
  options: Omit<LiraDeconvolverOptions, "fluxInit">,
  shape: Shape | undefined,
  defaults: SettingValues = {},
): { readonly told: SettingValues; readonly sky: Shape | undefined } {
  const told = settle(method, options as SettingValues, method, defaults);
  const { boundary, upsampling, margin } = told as unknown as Required<
    Pick<LiraDeconvolverOptions, "boundary" | "upsampling" | "margin">
  >;
  const width = margin === "auto" ? 0 : margin;
  const grid = skyGrid(shape ?? [1, 1], boundary, { upsampling, margin: width }, method);
  const sky = shape && grid.shape;
  const { pairTransfers = sky === undefined ? 0 : defaultPairTransfers(sky) } = told;
  return { told: { ...told, pairTransfers, margin: width }, sky };
}

/**
 * What of settings is about the law that is sampled, by their words: all but how long chains run and what is kept of them, and what is
 * understood where nothing is said.
 */
export function lawOf(settled: SettingValues): SettingValues {
  const unsaid = new Map(SETTINGS.map((setting) => [wordOf(setting), setting.absent]));
  return Object.fromEntries(
    Object.entries(settled).filter(([word, value]) => !NO_LAW.has(word) && value !== unsaid.get(word)),
  );
}

const NO_LAW: ReadonlySet<string> = new Set([
  ...["iterations", "burnIn", "until", "maxIterations", "chains", "seed", "preset"],
  ...["traceEvery", "traceKeep"],
]);

/** Check that chains on the GPU can do what they are told. @throws InvalidInputError naming the first setting that they refuse */
function checkOnGpu(values: SettingValues): void {
  for (const setting of SETTINGS) {
    const value = givenValue(setting, values);
    const rule = gpuRule(setting, value);
    if (rule === undefined) continue;
    throw new InvalidInputError(
      `${WHERE}: ${setting.key} must be ${rule} with device "gpu", got ${value}; change it or choose device "cpu"`,
      { fields: { [setting.key]: value } },
    );
  }
}

/** Settings of LIRA's prior that the adaptive one has no use for. */
const LEVEL_SETTINGS = ["alphaInit", "fitAlpha", "smoothingPrior"] as const;

/** Whether every block has its own smoothing. @throws InvalidInputError when settings of both priors are given */
function isAdaptive(options: LiraDeconvolverOptions, law: Law): boolean {
  const level = LEVEL_SETTINGS.filter((name) => options[name] !== undefined);
  const { adaptivePrior } = options;
  const clash =
    adaptivePrior !== undefined ? "adaptivePrior" : options.preset === "adaptive" ? "preset" : undefined;
  if (level.length > 0 && clash !== undefined) {
    throw new InvalidInputError(
      `${WHERE}: ${level[0]} must not stand beside ${clash === "preset" ? 'preset "adaptive"' : clash}, since it is about one alpha a ` +
        "level, got both; leave one of them out",
    );
  }
  return level.length === 0 && (adaptivePrior ?? law.adaptivePrior) !== undefined;
}

/**
 * Starting images of all chains on the sky, checked; `undefined` where the chain makes its own.
 *
 * @throws InvalidInputError for another shape or number of images, or values that are not > 0
 */
export function startingFluxes(
  fluxInit: LiraDeconvolverOptions["fluxInit"],
  grid: SkyGrid,
  chains: number,
  where = "lira",
): readonly (SkyImage | undefined)[] {
  if (fluxInit === undefined) return new Array<undefined>(chains).fill(undefined);
  const images: readonly SkyImage[] =
    "data" in fluxInit ? new Array<SkyImage>(chains).fill(fluxInit) : fluxInit;
  if (images.length !== chains) {
    throw new InvalidInputError(
      `${where}: fluxInit must be one image or one for each of the ${chains} chains, got ${images.length}; give one for all`,
    );
  }
  return images.map((image) => {
    const { data, shape } = image;
    if (data.length !== shape[0] * shape[1]) {
      throw new InvalidInputError(
        `${where}: fluxInit must hold ny * nx = ${shape[0] * shape[1]} values, got ${data.length}; check its shape [ny, nx]`,
      );
    }
    const bad = data.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
    if (bad >= 0) {
      throw new InvalidInputError(
        `${where}: fluxInit must be finite and > 0, got ${data[bad]} at ` +
          `[${Math.floor(bad / shape[1])}, ${bad % shape[1]}]; add a small constant`,
      );
    }
    return startOnSky(image, grid, `${where}: fluxInit`);
  });
}
