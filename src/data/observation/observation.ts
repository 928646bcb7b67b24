import type { SkyImage } from "../../image.js";
import type { Psf } from "./psf-set.js";

/**
 * One header card of a sky coordinate system (WCS), carried from the input to the result.
 * The fields are those of a FITS card; `io/fits` reads and writes them.
 */
export interface WcsCard {
  readonly keyword: string;
  readonly value: string | number | boolean;
  readonly comment?: string;
}

/**
 * What was observed: counts, and everything that lies between sky and detector.
 *
 * The model of the counts (Connors et al. 2011) is
 *
 *     lambda[i] = sum_j psf[i - j + c] * exposure[j] * (flux[j] + scale * background[j])
 *     counts[i] ~ Poisson(lambda[i])
 *
 * with `c = floor(n / 2)` on each axis of the psf. All images but the psf share the shape `[ny, nx]`.
 */
export interface Observation {
  /** Counts a pixel `[ny, nx]`: whole numbers >= 0. */
  readonly counts: SkyImage;
  /**
   * Point spread function, any shape, values >= 0; normalised to sum 1 before use. One that varies over the field is made by
   * `psfSet`; then psf in the formula is that of sky pixel j.
   */
  readonly psf: Psf;
  /** Exposure `[ny, nx]`, >= 0, in any unit (1, s, cm2 s ...); default 1 everywhere. */
  readonly exposure?: SkyImage;
  /**
   * Background ("baseline") `[ny, nx]`, >= 0, *before* the psf, in the unit of flux: expected counts a pixel
   * for unit exposure; default 0 everywhere.
   */
  readonly background?: SkyImage;
  /** Detector pixels to use `[ny, nx]`: 1 = use, 0 = ignore (chip gaps, bright neighbours); default 1 everywhere. */
  readonly mask?: SkyImage;
  /** Sky coordinates of the counts image, as header cards; copied to the result. */
  readonly wcs?: readonly WcsCard[];
  /** Name for messages, figures and the result; default "observation". */
  readonly name?: string;
}

/** A simulated observation together with what it was simulated from. */
export interface SimulatedObservation extends Observation {
  /** The true flux `[ny, nx]`, expected counts a pixel for unit exposure. */
  readonly flux: SkyImage;
}
