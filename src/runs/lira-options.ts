import { checkAdaptivePrior, DEFAULT_ADAPTIVE_PRIOR } from "../data/adaptive-prior.js";
import type { Boundary } from "../data/boundary.js";
import { CYCLE_SPINS, type CycleSpin } from "../data/cycle-spin.js";
import { type Law, PRESET_NAMES, PRESETS, type Preset } from "../data/presets.js";
import {
  type AdaptivePrior,
  type BackgroundScalePrior,
  DEFAULT_BACKGROUND_SCALE_PRIOR,
  DEFAULT_SMOOTHING_PRIOR,
  type SmoothingPrior,
  type TotalCountsPrior,
} from "../data/prior-parameters.js";
import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import type { ForwardModelOptions } from "../model/forward-model.js";
import { type SkyGrid, skyGrid, startOnSky } from "../model/sky-grid.js";
import type { Margin } from "../model/sky-margin.js";
import type {
  AdaptiveConfig,
  ChainConfig,
  LevelConfig,
  LiraConfig,
  SamplerConfig,
  TreeConfig,
} from "../posterior/result.js";
import type { PriorData } from "../priors/flux-prior.js";
import { checkPriors, startingAlpha } from "../priors/multiscale.js";
import type { OwnLaw } from "../samplers/open-chain.js";
import { parseTarget, type Target } from "./target.js";

/**
 * Settings of `LiraDeconvolver`; every one has a default.
 *
 * `alphaInit`, `fitAlpha` and `smoothingPrior` are about one alpha a level: giving any of them chooses LIRA's prior in place of the
 * adaptive one.
 */
export interface LiraDeconvolverOptions {
  /** A law by name, whose settings are the defaults of the others; default `"adaptive"`. See `PRESETS`. */
  readonly preset?: Preset;
  /** States of the blocks and transitions between them; default eight alphas from 0.02 to 60. */
  readonly adaptivePrior?: AdaptivePrior | undefined;
  /** Starting smoothing parameter: one number, or one a level (finest first), > 0; default 0.1. */
  readonly alphaInit?: number | readonly number[];
  /**
   * Sky pixels a detector pixel on each axis: 1 (default), 2 or 3. The psf is interpolated. The prior is that of the finer image: its
   * tree has more pixels.
   */
  readonly upsampling?: number;
  /**
   * Detector pixels by which the sky goes beyond the frame on every side, whole >= 0; default `"auto"`: the psf's reach when the counts
   * along the frame are more than the inside explains, else 0 (`automaticMargin`). Results are of the frame.
   */
  readonly margin?: Margin;
  /** Sample the smoothing parameters; default true. */
  readonly fitAlpha?: boolean;
  /** Sweeps a chain, burn-in included; default 5,000. With `until`, the sweeps before the target is first looked at. */
  readonly iterations?: number;
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
  /** Chains, from separated starting images; default 4. */
  readonly chains?: number;
  /** Whole number in [0, 2^53); default 0. The same seed and inputs give the same bytes on every machine. */
  readonly seed?: number;
  /** Photons beyond the edge are lost (`"spill"`, default) or periodic (`"wrap"`, LIRA and pylira). */
  readonly boundary?: Boundary;
  /**
   * How the multiscale tree is shifted; default `"ensemble"`, the best of the four in error, coverage and speed on simulated
   * skies (docs/exactness.md). `"random"` is LIRA's.
   */
  readonly cycleSpin?: CycleSpin;
  /**
   * Transfers of flux between neighbouring pixels to try a sweep, with the photons integrated out: sources move and pixels
   * switch on and off within a few sweeps. Fewer take place where few pixels hold most of the flux: none begins more than
   * four on average. 0 turns them off. Default by the size of the image (`defaultPairTransfers`); with
   * `cycleSpin: "random"` 0, which is then the only choice, since LIRA's law belongs to LIRA's own steps.
   */
  readonly pairTransfers?: number;
  /** Fit a scale of the background for each observation; default false. */
  readonly fitBackgroundScale?: boolean;
  /** Default shape 1, rate 0: flat. */
  readonly totalCountsPrior?: TotalCountsPrior;
  /** Default power 1, rate 1000, exponent 3: the chain that pylira runs with its defaults. */
  readonly smoothingPrior?: SmoothingPrior;
  /** Default shape 0.001, rate 0. */
  readonly backgroundScalePrior?: BackgroundScalePrior;
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
  /** Of the gradient sampler: its model, and its prior where that is known as data. */
  readonly gradient?: { readonly model: ForwardModelOptions; readonly prior?: PriorData };
  /** Of a sampler of one's own; the sampler itself is lost in JSON when it is a function. */
  readonly own?: Omit<OwnLaw, "method"> & { readonly columns: readonly string[] };
}

const DEFAULT_ALPHA_INIT = 0.1;
const DEFAULT_ITERATIONS = 5_000;
const DEFAULT_KEPT_DRAWS = 1_000;

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

function checkChoice(where: string, name: string, value: unknown, choices: readonly unknown[]): void {
  if (!choices.includes(value)) {
    const list = choices.map((choice) => JSON.stringify(choice)).join(" or ");
    throw new InvalidInputError(
      `${where}: ${name} must be ${list}, got ${JSON.stringify(value)}; choose one`,
      {
        fields: { [name]: value },
      },
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
 * Check how long a run is to be.
 *
 * @param usual iterations where none are given, and the burn-in of so many
 * @throws InvalidInputError naming the first setting that breaks its rule
 */
export function planLength(
  options: Pick<
    LiraDeconvolverOptions,
    "iterations" | "burnIn" | "chains" | "seed" | "trace" | "until" | "maxIterations"
  >,
  where: string,
  usual: { readonly iterations: number; burnIn(iterations: number): number },
): RunLength & {
  readonly config: Pick<ChainConfig, "iterations" | "burnIn" | "chains" | "seed" | "traceEvery">;
} {
  const {
    iterations = usual.iterations,
    burnIn = usual.burnIn(iterations),
    chains = 4,
    seed = 0,
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
  const { keep = DEFAULT_KEPT_DRAWS, every } = trace;
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

/**
 * Fill in defaults and check every setting.
 *
 * @param shape `[ny, nx]` of the data; without it, what depends on the shape is not checked. A margin that the data decide
 *   (`"auto"`) is taken as 0: `prepareRun` puts in what they say
 * @param where beginning of messages
 * @throws InvalidInputError naming the first setting that breaks its rule
 */
export function planRun(options: LiraDeconvolverOptions, shape?: Shape, where = "lira"): RunPlan<LiraConfig> {
  const { preset = "adaptive" } = options;
  checkChoice(where, "preset", preset, PRESET_NAMES);
  const law = PRESETS[preset];
  const {
    boundary = law.boundary,
    cycleSpin = law.cycleSpin,
    upsampling = 1,
    margin = "auto",
    fitBackgroundScale = false,
    totalCountsPrior = law.totalCountsPrior,
    backgroundScalePrior = DEFAULT_BACKGROUND_SCALE_PRIOR,
  } = options;
  const { config, ...length } = planLength(options, where, {
    iterations: DEFAULT_ITERATIONS,
    burnIn: (iterations) => Math.floor(iterations / 10),
  });
  checkChoice(where, "boundary", boundary, ["spill", "wrap"]);
  checkChoice(where, "cycleSpin", cycleSpin, CYCLE_SPINS);
  // What the data decide is not known yet, or they want none.
  const width = margin === "auto" ? 0 : margin;
  const grid = skyGrid(shape ?? [1, 1], boundary, { upsampling, margin: width }, where);
  const sky = shape === undefined ? undefined : grid.shape;
  const { pairTransfers = cycleSpin === "random" || sky === undefined ? 0 : defaultPairTransfers(sky) } =
    options;
  checkWhole("pairTransfers", pairTransfers, 0, 1e6, where);
  if (cycleSpin === "random" && pairTransfers > 0) {
    throw new InvalidInputError(
      `${where}: pairTransfers must be 0 with cycleSpin "random", whose law belongs to LIRA's own steps and would change with ` +
        `others, got ${pairTransfers}; choose cycleSpin "none", "sampled" or "ensemble"`,
      { fields: { pairTransfers } },
    );
  }
  const smoothing = planSmoothing(options, law, sky, where);
  checkPriors({ totalCountsPrior, backgroundScalePrior }, where);
  return {
    ...length,
    config: {
      ...smoothing,
      ...config,
      boundary,
      cycleSpin,
      pairTransfers,
      fitBackgroundScale,
      totalCountsPrior: { ...totalCountsPrior },
      backgroundScalePrior: { ...backgroundScalePrior },
      ...(upsampling === 1 ? {} : { upsampling }),
      ...(width === 0 ? {} : { margin: width }),
    },
  };
}

/** Settings of LIRA's prior that the adaptive one has no use for. */
const LEVEL_SETTINGS = ["alphaInit", "fitAlpha", "smoothingPrior"] as const;

/** The part of a law that says how smooth the blocks are. */
function planSmoothing(
  options: LiraDeconvolverOptions,
  law: Law,
  shape: Shape | undefined,
  where: string,
): Pick<AdaptiveConfig, "adaptivePrior"> | Omit<LevelConfig, keyof TreeConfig> {
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
  if (level.length === 0 && (adaptivePrior ?? law.adaptivePrior) !== undefined) {
    const prior = adaptivePrior ?? DEFAULT_ADAPTIVE_PRIOR;
    checkAdaptivePrior(prior, where);
    return { adaptivePrior: structuredClone(prior) };
  }
  const { alphaInit = DEFAULT_ALPHA_INIT, fitAlpha = true } = options;
  const { smoothingPrior = law.smoothingPrior ?? DEFAULT_SMOOTHING_PRIOR } = options;
  checkPriors({ smoothingPrior });
  return {
    alphaInit:
      shape !== undefined || typeof alphaInit === "number"
        ? startingAlpha(alphaInit, shape ?? [2, 2])
        : alphaInit,
    fitAlpha,
    smoothingPrior: { ...smoothingPrior },
  };
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
