import type { WcsCard } from "../data/observation/observation.js";
import type { SkyImage } from "../image.js";

/** One of several images that add up to the sky. */
export interface EstimatedComponent {
  readonly name: string;
  /** Name of its prior. */
  readonly prior: string;
  /** Expected counts a sky pixel for unit exposure `[ny, nx]`, >= 0. */
  readonly flux: SkyImage;
  /** Log prior density of `flux`, up to a constant. */
  readonly logPrior: number;
}

/** One image in place of a posterior: what maximum likelihood and maximum a posteriori methods return. */
export interface PointEstimate {
  /** Word by which `deconvolve` knows the method. */
  readonly method: string;
  /** Expected counts a sky pixel for unit exposure `[ny, nx]`, >= 0. */
  readonly flux: SkyImage;
  /** The whole sky `[ny, nx]`, margin included, where `flux` and all other images are of the frame: the sky over the detector. */
  readonly sky?: SkyImage;
  /** The images that add up to `flux`, when the sky was fitted as a sum. */
  readonly components?: readonly EstimatedComponent[];
  /** Estimated standard deviation of `flux` `[ny, nx]`, where the method was asked for one. */
  readonly std?: SkyImage;
  /** Lower and upper end of the 68 % interval of every pixel, from bootstrap replicates. */
  readonly interval?: readonly [lower: SkyImage, upper: SkyImage];
  /** Expected counts of each observation `[ny, nx]` of the detector. */
  readonly predicted: readonly SkyImage[];
  /** Scale of each observation's background. */
  readonly backgroundScale: readonly number[];
  /** Cash statistic of `flux`: minus twice the log-likelihood, up to a constant of the data. */
  readonly cash: number;
  /** Log prior density of `flux`, up to a constant; undefined without a prior. */
  readonly logPrior?: number;
  /** Fitted parameters of the prior, for example alpha of each level. */
  readonly priorParameters?: readonly number[];
  /** Factor of the prior's log density, where it was chosen by photons held out. */
  readonly priorStrength?: number;
  readonly iterations: number;
  /** What the method minimised, at the start of each iteration: the Cash statistic, minus twice the log prior if there is one. */
  readonly objective: readonly number[];
  /** Whether the method's own rule was met, rather than its limit of iterations. */
  readonly converged: boolean;
  /** False when the caller ended the method, or its bootstrap, early. */
  readonly complete: boolean;
  /** One sentence: why it stopped. */
  readonly stopped: string;
  /** Sky pixels a detector pixel, and detector pixels of the sky beyond each edge. */
  readonly upsampling: number;
  readonly margin: number;
  readonly warnings: readonly string[];
  /** Sky coordinates of the counts image, if the first observation had any. */
  readonly wcs?: readonly WcsCard[];
  /** Wall-clock seconds. */
  readonly seconds: number;
}
