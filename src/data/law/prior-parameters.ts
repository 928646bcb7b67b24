/** Prior on the total T, in counts at the reference exposure: `T ~ Gamma(shape, rate)`. */
export interface TotalCountsPrior {
  /** a_T > 0; default 1. pylira's `ms_ttlcnt_pr`. */
  readonly shape: number;
  /** b_T >= 0; default 0, LIRA's 0.05. pylira's `ms_ttlcnt_exp`. */
  readonly rate: number;
}

/** Hyperprior on the smoothing parameter of each level, `p(alpha) ~ alpha^power * exp(-rate * alpha^exponent)`. */
export interface SmoothingPrior {
  /** > -1; default 1. pylira's `ms_al_kap1` is `power - 1`: its chain carries one factor alpha more than documented. */
  readonly power: number;
  /** > 0; default 1000; pylira's `ms_al_kap2`. */
  readonly rate: number;
  /** > 0; default 3; pylira's `ms_al_kap3`. */
  readonly exponent: number;
}

/**
 * The adaptive multiscale prior, a hidden Markov tree of smoothing: every node of the tree above the image is in one of K states, each
 * state has Dirichlet parameters for the fractions of the node's block, and the state of a node depends on that of its parent through
 * one matrix of transition probabilities for the whole tree, which is fitted. The state of the root is uniform.
 */
export interface AdaptivePrior {
  /**
   * Alpha of each state, > 0: one number for all children of a block, or one each (upper left, upper right, lower left, lower right).
   * 2 to 32 states.
   */
  readonly alphas: readonly (number | readonly [number, number, number, number])[];
  /** `[K][K]`, > 0: Dirichlet parameters of each row of the transition matrix, from the parent's state to the node's. */
  readonly transitions: readonly (readonly number[])[];
}

/** Prior on the scale of each background, `Gamma(shape, rate)`; the default is flat in log scale but for a hair. */
export interface BackgroundScalePrior {
  /** > 0; default 0.001. */
  readonly shape: number;
  /** >= 0; default 0. */
  readonly rate: number;
}

/** Gamma prior of the flux of every pixel, independent of the others: density `~ flux^(shape - 1) exp(-rate flux)`. */
export interface PixelPrior {
  /** > 0; 1 is the exponential prior. */
  readonly shape: number;
  /** >= 0, in one over the unit of the flux. */
  readonly rate: number;
}

/** Flat in the total: improper, but its posterior is proper as soon as something was exposed. */
export const DEFAULT_TOTAL_COUNTS_PRIOR: TotalCountsPrior = { shape: 1, rate: 0 };
/** LIRA's and pylira's default. */
export const DEFAULT_SMOOTHING_PRIOR: SmoothingPrior = { power: 1, rate: 1000, exponent: 3 };
/** Flat in the logarithm of the scale but for a hair. */
export const DEFAULT_BACKGROUND_SCALE_PRIOR: BackgroundScalePrior = { shape: 0.001, rate: 0 };
