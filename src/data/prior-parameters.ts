/** Prior on the total T, in counts at the reference exposure: `T ~ Gamma(shape, rate)`. */
export interface TotalCountsPrior {
  /** a_T > 0; default 1. pylira's `ms_ttlcnt_pr`. */
  readonly shape: number;
  /** b_T >= 0; default 0.05. pylira's `ms_ttlcnt_exp`. */
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
