import type { CycleSpin } from "../data/law/cycle-spin.js";
import type {
  AdaptivePrior,
  BackgroundScalePrior,
  PixelPrior,
  SmoothingPrior,
  TotalCountsPrior,
} from "../data/law/prior-parameters.js";
import type { Boundary } from "../data/observation/boundary.js";
import type { CountsLedger } from "../data/observation/counts-ledger.js";
import type { WcsCard } from "../data/observation/observation.js";
import type { SkyImage } from "../image.js";
import type { ImageTrace, ParameterTrace } from "./trace.js";

export type { CountsLedger };

/**
 * Where chains run, in the end; absent: `"cpu"`. Same seed, same bytes on the same GPU; other devices draw others of the same law.
 */
export type ChainDevice = "cpu" | "gpu";

/** Settings that the chains of every sampler have. */
export interface ChainConfig {
  /** Sweeps a chain, burn-in included; default 5,000. With `until`, the sweeps before the target is first looked at. */
  readonly iterations: number;
  /** Sweeps at the start of each chain that no statistic uses. */
  readonly burnIn: number;
  /** Chains, from separated starting images; default 4. */
  readonly chains: number;
  /** Whole number in [0, 2^53); default 0. The same seed and inputs give the same bytes on every machine. */
  readonly seed: number;
  /** Photons beyond the edge are lost (`"spill"`, default) or periodic (`"wrap"`, LIRA and pylira). */
  readonly boundary: Boundary;
  /** Fit a scale of the background for each observation; otherwise, the default, it stays at 1. */
  readonly fitBackgroundScale: boolean;
  /** Default shape 0.001, rate 0. */
  readonly backgroundScalePrior: BackgroundScalePrior;
  /** Sweeps between kept draws of the image, >= 1. */
  readonly traceEvery: number;
  /**
   * Sky pixels a detector pixel on each axis: 1 (default, and meant where there is none), 2 or 3. The psf is interpolated. The prior is
   * that of the finer image: its tree has more pixels.
   */
  readonly upsampling?: number;
  /** Detector pixels of sky beyond each edge of the frame; absent: 0. */
  readonly margin?: number;
}

/** Settings of the multiscale sampler, whatever says how smooth the blocks are. */
export interface TreeConfig extends ChainConfig {
  /** Absent: the multiscale sampler. */
  readonly method?: undefined;
  /**
   * How the multiscale tree is shifted; default `"ensemble"`, the best of the four in error, coverage and speed on simulated
   * skies (docs/exactness.md). `"random"` is LIRA's.
   */
  readonly cycleSpin: CycleSpin;
  /**
   * Transfers of flux between neighbouring pixels to try a sweep, with the photons integrated out: sources move and pixels
   * switch on and off within a few sweeps. Fewer take place where few pixels hold most of the flux: none begins more than
   * four on average. 0 turns them off. Default by the size of the image (`defaultPairTransfers`); with
   * `cycleSpin: "random"` 0, which is then the only choice, since LIRA's law belongs to LIRA's own steps.
   */
  readonly pairTransfers: number;
  /** Default shape 1, rate 0: flat. */
  readonly totalCountsPrior: TotalCountsPrior;
  readonly device?: ChainDevice;
}

/** The adaptive law: every block has its own smoothing. */
export interface AdaptiveConfig extends TreeConfig {
  readonly adaptivePrior: AdaptivePrior;
}

/** LIRA's law: all blocks of a level have the same smoothing. */
export interface LevelConfig extends TreeConfig {
  readonly adaptivePrior?: undefined;
  /** Starting value of the smoothing parameter of each level, finest first; length = number of levels, > 0. */
  readonly alphaInit: readonly number[];
  /** Sample the smoothing parameters (true, default) or keep them at `alphaInit`. */
  readonly fitAlpha: boolean;
  /** Default power 1, rate 1000, exponent 3: the chain that pylira runs with its defaults. */
  readonly smoothingPrior: SmoothingPrior;
}

/** Every setting of a multiscale run that shapes the draws; the same values and inputs always give the same bytes. */
export type LiraConfig = AdaptiveConfig | LevelConfig;

/** Settings of the Gibbs sampler for pixels of independent Gamma priors. */
export interface GibbsConfig extends ChainConfig {
  readonly method: "gibbs";
  /** Name of the prior. */
  readonly prior: string;
  /** Gamma prior of the flux of every pixel: density `~ flux^(shape - 1) exp(-rate flux)`. */
  readonly pixelPrior: PixelPrior;
  /** Transfers of flux between neighbouring pixels a sweep, photons integrated out. */
  readonly pairTransfers: number;
}

/** Settings of the gradient sampler. The prior itself is a function, of which only the name is kept. */
export interface NutsConfig extends ChainConfig {
  readonly method: "nuts";
  /** Name of the prior. */
  readonly prior: string;
  /** Acceptance at which the warm-up aims, in (0, 1). */
  readonly targetAcceptance: number;
  /** Most doublings of a trajectory. */
  readonly maxDepth: number;
  readonly device?: ChainDevice;
}

/** Settings of a sampler of somebody's own, of which only the names are kept. */
export interface OwnConfig extends ChainConfig {
  readonly method: "own";
  /** What it samples. */
  readonly prior: string;
}

/** Settings of any sampler, told apart by `method`. */
export type SamplerConfig = LiraConfig | GibbsConfig | NutsConfig | OwnConfig;

/** Mean and standard deviation over the sweeps after burn-in of one chain (or of all of them pooled). */
export interface Moments {
  /** Flux `[ny, nx]`, expected counts a pixel for unit exposure. */
  readonly mean: SkyImage;
  /** Posterior standard deviation of the flux `[ny, nx]` (divisor n - 1), same unit. */
  readonly std: SkyImage;
  /** Number of sweeps behind the two images. */
  readonly draws: number;
}

/** Convergence figures of one scalar quantity. */
export interface Convergence {
  readonly name: string;
  readonly mean: number;
  readonly std: number;
  /** Rank-normalised split R-hat (Vehtari et al. 2021); NaN when it is undefined, for example for a constant. */
  readonly rhat: number;
  /** Bulk effective sample size over all chains; NaN when undefined. */
  readonly ess: number;
  /** Monte Carlo standard error of the mean, `std / sqrt(ESS of the untransformed mean)`; NaN when undefined. */
  readonly mcse: number;
}

/** What the chains say about their own reliability. */
export interface Diagnostics {
  /** One row for every parameter of the trace that varies, bookkeeping columns left out. */
  readonly parameters: readonly Convergence[];
  /** R-hat `[ny, nx]` of the flux, from the kept draws; NaN where undefined. */
  readonly rhat: SkyImage;
  /** Bulk ESS `[ny, nx]` of the flux over all chains, from the kept draws; NaN where undefined. */
  readonly ess: SkyImage;
  readonly verdict: Verdict;
}

/** Do the chains agree? In one word, one sentence, and what to do if not. */
export interface Verdict {
  /**
   * Looks at all varying parameters and at the pixels that hold the flux (`pixelsThatMatter`).
   * `"agree"`: every R-hat is below 1.05 and every ESS at least 100 a chain; `"disagree"`: an R-hat of 1.1 or above,
   * the chains sample different things; `"weak"`: anything between, not contradicted but short of evidence;
   * `"unknown"`: fewer than two chains, or fewer than 20 draws of each.
   */
  readonly state: "agree" | "weak" | "disagree" | "unknown";
  readonly sentence: string;
  /** What to do next; empty when nothing is needed. */
  readonly remedy: string;
  /** The quantities behind the verdict, worst first, at most five. */
  readonly worst: readonly Convergence[];
}

/** Where a result comes from. */
export interface Provenance {
  /** Version of tslira. */
  readonly version: string;
  /** Command line or call that made it, when known. */
  readonly command?: string;
  /** ISO 8601 time of start and end, UTC. */
  readonly started: string;
  readonly finished: string;
  /** Wall-clock seconds of sampling. */
  readonly seconds: number;
  /** How the device was chosen, and what a sweep costs on each, where the settings left it open; and where chains changed it. */
  readonly device?: string;
  /** SHA-256 of each input file, by the name the user gave. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
}

/** A number with its posterior standard deviation. */
export interface WithError {
  readonly mean: number;
  /** Divisor n - 1, from the kept draws; NaN for fewer than two. */
  readonly std: number;
}

/** How good the chains should be before a run may end, and whether they got there. */
export interface RunTarget {
  /** For example `"rhat<1.01,ess>400"`. */
  readonly until: string;
  readonly maxIterations: number;
  readonly reached: boolean;
}

/** How the gradient sampler fared after its warm-up. */
export interface TransitionReport {
  /** Transitions of all chains after burn-in. */
  readonly transitions: number;
  /** How many of them left the region where the step is short enough: the draws may then miss a part of the posterior. */
  readonly divergences: number;
  /** How many were cut short by `maxDepth`: no error, but slow. */
  readonly cutShort: number;
  /** Mean gradients a transition. */
  readonly gradients: number;
  /** Step length of each chain. */
  readonly stepSizes: readonly number[];
}

/** What a run of a sampler found, without the draws themselves. Plain data. */
export interface PosteriorSummary<Config extends SamplerConfig = SamplerConfig> {
  /** Pooled over all chains. */
  readonly mean: SkyImage;
  readonly std: SkyImage;
  /** Pixel quantiles of the kept draws of all chains. */
  readonly quantiles: { readonly probabilities: readonly number[]; readonly images: readonly SkyImage[] };
  /** Mean and standard deviation of each chain. */
  readonly chains: readonly Moments[];
  /**
   * Where the data call for points and where for diffuse light, under the adaptive prior: for each level, finest first, the posterior mean
   * of ln alpha of the block above each pixel, `[ny, nx]`. Level 0 is about blocks of 2 x 2 pixels. Small (-3): light sits in one child
   * of the block; large (3): it is spread evenly.
   */
  readonly smoothness?: readonly SkyImage[];
  /**
   * Posterior mean of the whole sky `[ny, nx]`, margin included; present where there is one. All other images, draws and `total` are of
   * the frame: the sky over the detector.
   */
  readonly sky?: SkyImage;
  /** Flux of the whole image (the frame); its error cannot be had from `std`, because neighbouring pixels are anticorrelated. */
  readonly total: WithError;
  readonly diagnostics: Diagnostics;
  readonly ledger: readonly CountsLedger[];
  readonly config: Config;
  /** Reference exposure E0 of the prior; pylira's image is `flux * referenceExposure`. */
  readonly referenceExposure: number;
  /** Whether every chain ran to `config.iterations`; false after an interruption. */
  readonly complete: boolean;
  /** Header cards of the sky coordinates, from the first observation that has them. */
  readonly wcs: readonly WcsCard[];
  /** Unit of `mean` and `std` for a header, when known. */
  readonly unit?: string;
  readonly name: string;
  readonly provenance: Provenance;
  /** Present when the run had a target. */
  readonly target?: RunTarget;
  /** Present for the gradient sampler. */
  readonly transitions?: TransitionReport;
}

/** What a run of the LIRA sampler found, without the draws themselves. */
export type LiraSummary = PosteriorSummary<LiraConfig>;

/** The posterior that a sampler found. Plain data: figures and files are made by other modules. */
export interface PosteriorResult<Config extends SamplerConfig = SamplerConfig>
  extends PosteriorSummary<Config> {
  readonly trace: { readonly parameters: ParameterTrace; readonly images: ImageTrace };
}

/** The posterior that a run of the LIRA sampler found. */
export type LiraResult = PosteriorResult<LiraConfig>;
