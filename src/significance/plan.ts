/** From what somebody asks for to a run whose tasks can be done anywhere. */

import { checkObservations, observationList } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import type { RegionPixels } from "../photometry/region-meter.js";
import { type Region, regionPixels } from "../posterior/region.js";
import type { NutsConfig } from "../posterior/result.js";
import type { LiraDeconvolverOptions } from "../runs/lira-options.js";
import type { NutsOptions } from "../runs/nuts-options.js";
import { checkOptionNames } from "../runs/option-names.js";
import { type ChainRunOptions, type PriorChoice, prepareRun } from "../runs/prepare-run.js";
import { fitNull, NULL_KINDS, type NullKind, nullBaselines } from "./null-model.js";
import { regionsMask, type SignificanceRun } from "./task.js";

/** What to test and how; every entry has a default. The settings of the sampler are those of `deconvolve`. */
export interface SignificanceSettings
  extends Omit<LiraDeconvolverOptions, "until" | "maxIterations" | "fluxInit" | "burnIn" | "chains">,
    Pick<NutsOptions, "targetAcceptance" | "maxDepth"> {
  /** Sampler of the observation and of each replicate; default `"lira"`. */
  readonly method?: "lira" | "gibbs" | "nuts";
  /** For `"gibbs"` and `"nuts"`. One of your own must be made by `importPrior`, so that every task can have it. */
  readonly prior?: PriorChoice;
  /** Sweeps at the start of each chain that no statistic uses; default a tenth of `iterations`. */
  readonly burnIn?: number;
  /** Chains of the observation and of each replicate; default 2, which share a tree and can be compared. */
  readonly chains?: number;
  /** Null replicates; default 50. */
  readonly replicates?: number;
  /**
   * Tail probability of the test, in (0, 0.5], stated before the data are looked at; default 0.005. Of a list the first is the
   * one that is stated; the others are shown beside it, with a warning.
   */
  readonly gamma?: number | readonly number[];
  /** What is there without the source in question; default `"background"`. */
  readonly null?: NullKind;
  /** Of a Gaussian null: two widths and a correlation instead of one width; default false. */
  readonly elliptical?: boolean;
  /** Of the null `"point"` or `"point+gaussian"`: where the point is, `{ x, y }` in pixels from 0; default fitted. */
  readonly nullAt?: PixelPosition;
  /** Draw the parameters of a fitted null anew for each replicate, within their errors; default true. */
  readonly propagate?: boolean;
  /** Fit a fitted null to each replicate too, as it was to the observation; default true. */
  readonly refit?: boolean;
  /** Leave the pixels of all regions out of these fits; default false. */
  readonly fitOutside?: boolean;
  /** Also make a map of local significance over circular apertures. */
  readonly scan?: {
    /** Pixels, > 0. */
    readonly radius: number;
    /** Pixels between the centres of apertures; default a third of the radius, at least 1. */
    readonly step?: number;
  };
  /** Unit of the flux for tables, when known. */
  readonly unit?: string;
}

const DEFAULT_REPLICATES = 50;
const DEFAULT_CHAINS = 2;
const DEFAULT_GAMMA = 0.005;
const LARGEST_GAMMA = 0.5;

function wrong(rule: string, got: unknown, remedy: string): InvalidInputError {
  return new InvalidInputError(`significance: ${rule}, got ${JSON.stringify(got)}; ${remedy}`, {
    fields: { got },
  });
}

/** Settings of a test beside those of the sampler. */
const TEST_NAMES: Readonly<
  Record<
    Exclude<keyof SignificanceSettings, keyof LiraDeconvolverOptions | keyof NutsOptions | "method">,
    true
  >
> = {
  replicates: true,
  gamma: true,
  null: true,
  elliptical: true,
  nullAt: true,
  propagate: true,
  refit: true,
  fitOutside: true,
  ...{ scan: true, "scan.radius": true, "scan.step": true },
  unit: true,
};

/**
 * Plan a significance run: check everything and fit the null hypothesis to the observation.
 *
 * @param data one observation, or several of the same sky pixels; `alignObservations` makes such of displaced ones
 * @param regions to test, at least one unless there is a scan; weights in [0, 1]
 * @returns plain data: with the observations, all that the tasks need
 * @throws InvalidInputError when data, regions or settings break a rule, among them a region whose baseline is 0
 */
export function planSignificance(
  data: Observation | readonly Observation[],
  regions: readonly Region[],
  settings: SignificanceSettings = {},
): SignificanceRun {
  const {
    replicates = DEFAULT_REPLICATES,
    gamma = DEFAULT_GAMMA,
    null: kind = "background",
    elliptical = false,
    nullAt: at,
    propagate = true,
    refit = true,
    fitOutside = false,
    scan,
    unit,
    ...sampler
  } = settings;
  if ("maxIterations" in sampler) {
    throw wrong("all data sets must have the same number of sweeps", "maxIterations", "leave it out");
  }
  checkOptionNames("significance", sampler.method ?? "lira", { ...sampler, scan }, Object.keys(TEST_NAMES));
  const { boundary = "spill" } = sampler;
  const list = observationList(data);
  const { observations } = checkObservations(list, { boundary });
  const { shape } = observations[0].counts;
  if (!Number.isInteger(replicates) || replicates < 1 || replicates > 1e6) {
    throw wrong("replicates must be a whole number from 1 to 1e6", replicates, "try 50");
  }
  const gammas: readonly number[] = typeof gamma === "number" ? [gamma] : gamma;
  for (const value of gammas.length === 0 ? [Number.NaN] : gammas) {
    if (!(Number.isFinite(value) && value > 0 && value <= LARGEST_GAMMA))
      throw wrong("gamma must lie in (0, 0.5]", value, "the default is 0.005");
  }
  if (!NULL_KINDS.includes(kind))
    throw wrong(`null must be one of ${NULL_KINDS.join(", ")}`, kind, "choose one");
  if (at !== undefined && !kind.startsWith("point"))
    throw wrong(
      'nullAt must be left out unless the null is "point" or "point+gaussian"',
      kind,
      "choose one of these",
    );
  if (at !== undefined && !(at.x >= 0 && at.x <= shape[1] - 1 && at.y >= 0 && at.y <= shape[0] - 1))
    throw wrong("nullAt must lie on the image", at, "give x and y in pixels from 0");
  if (elliptical && kind !== "gaussian" && kind !== "point+gaussian")
    throw wrong("elliptical must be left out unless the null has a Gaussian", kind, 'choose "gaussian"');
  if (scan !== undefined && !(Number.isFinite(scan.radius) && scan.radius > 0)) {
    throw wrong("scan.radius must be > 0", scan.radius, "give pixels");
  }
  const step = scan?.step ?? Math.max(1, Math.floor((scan?.radius ?? 3) / 3));
  if (!Number.isInteger(step) || step < 1)
    throw wrong("scan.step must be a whole number >= 1", step, "give pixels");
  if (regions.length === 0 && scan === undefined)
    throw wrong("regions must name at least one", [], "add --circle 16,16,2, --regions or --scan 2");
  const names = new Set<string>();
  const sparse = regions.map((region): RegionPixels => {
    if (names.has(region.name))
      throw wrong("regions must have names of their own", region.name, "rename one");
    names.add(region.name);
    const { pixels, weights } = regionPixels(region, shape);
    const values = Array.from(weights);
    const bad = values.find((weight) => !(weight > 0 && weight <= 1));
    if (bad !== undefined)
      throw wrong(`weights of region ${region.name} must lie in [0, 1]`, bad, "use 1 inside");
    return {
      name: region.name,
      pixels: Array.from(pixels),
      ...(values.every((weight) => weight === 1) ? {} : { weights: values }),
    };
  });
  const fitted = fitNull(observations, {
    kind,
    elliptical,
    ...(at && { at }),
    boundary,
    ...(fitOutside && sparse.length > 0 ? { without: regionsMask({ regions: sparse }, shape) } : {}),
  });
  const baselines = nullBaselines(observations, fitted);
  // What the null explains along the rim is no light from outside.
  const analysed = observations.map((observation, m) => ({ ...observation, background: baselines[m] }));
  const { plan } = prepareRun(analysed, { chains: DEFAULT_CHAINS, ...sampler } as ChainRunOptions);
  const { config, gradient } = plan;
  if (plan.autoBurnIn || plan.target !== undefined) {
    const got = plan.autoBurnIn ? 'burnIn "auto"' : "until";
    throw wrong(
      "all data sets must have the same number of sweeps",
      got,
      "give iterations and burnIn as numbers",
    );
  }
  if (gradient !== undefined && gradient.prior === undefined) {
    const rule = "prior must be plain data that every task can have";
    throw wrong(rule, (config as NutsConfig).prior, "make it by importPrior");
  }
  const photons = (pixel: number) =>
    observations.reduce((sum, { exposure }, m) => sum + exposure.data[pixel] * baselines[m].data[pixel], 0);
  for (const { name, pixels } of sparse) {
    if (pixels.some((pixel) => photons(pixel) > 0)) continue;
    throw new InvalidInputError(
      `significance: the null hypothesis must expect photons in region ${name}, got none there; without a background any ` +
        "photon is a source. Give a background, or fit a null (gaussian, beta)",
      { fields: { region: name } },
    );
  }
  return {
    config,
    ...(gradient && { gradient }),
    regions: sparse,
    gamma: gammas[0],
    otherGammas: gammas.slice(1),
    replicates,
    null: fitted,
    propagate,
    refit,
    fitOutside,
    ...(scan === undefined ? {} : { scan: { radius: scan.radius, step } }),
    shape,
    name: observations.map(({ name }) => name).join(", "),
    wcs: observations.find(({ wcs }) => wcs !== undefined)?.wcs ?? [],
    ...(unit === undefined ? {} : { unit }),
  };
}
