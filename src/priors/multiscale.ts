import type { BackgroundScalePrior, SmoothingPrior, TotalCountsPrior } from "../data/law/prior-parameters.js";
import { multiscaleLevels } from "../data/observation/multiscale-decomposition.js";
import { InvalidInputError } from "../errors.js";
import type { Shape } from "../image.js";

/**
 * The multiscale prior of LIRA (Esch et al. 2004, section 3) on images of any shape.
 *
 * Level 0 is the image; level `l + 1` sums level `l` in 2 x 2 blocks, each axis halved and rounded up, until a single
 * number, the total T, is left. A block's fractions are `Dirichlet(alpha_l, ...)` with one component a child (4, or 2
 * at an edge; a block of one child has none), and `T ~ Gamma(shape, rate)`.
 */

function checkNumber(name: string, value: number, ok: boolean, rule: string, where = "lira"): void {
  if (ok && Number.isFinite(value)) return;
  throw new InvalidInputError(
    `${where}: ${name} must be ${rule}, got ${value}; see docs/glossary.md for its meaning`,
    { fields: { [name]: value } },
  );
}

/** Check the parameters of the priors that are given. @throws InvalidInputError naming the first that breaks its rule */
export function checkPriors(
  {
    totalCountsPrior: total,
    smoothingPrior: smoothing,
    backgroundScalePrior: backgroundScale,
  }: {
    readonly totalCountsPrior?: TotalCountsPrior;
    readonly smoothingPrior?: SmoothingPrior;
    readonly backgroundScalePrior?: BackgroundScalePrior;
  },
  where = "lira",
): void {
  if (total !== undefined) {
    checkNumber("totalCountsPrior.shape", total.shape, total.shape > 0, "> 0");
    checkNumber("totalCountsPrior.rate", total.rate, total.rate >= 0, ">= 0");
  }
  if (smoothing !== undefined) {
    checkNumber("smoothingPrior.power", smoothing.power, smoothing.power > -1, "> -1");
    checkNumber("smoothingPrior.rate", smoothing.rate, smoothing.rate > 0, "> 0");
    checkNumber("smoothingPrior.exponent", smoothing.exponent, smoothing.exponent > 0, "> 0");
  }
  if (backgroundScale !== undefined) {
    const { shape, rate } = backgroundScale;
    checkNumber("backgroundScalePrior.shape", shape, shape > 0, "> 0", where);
    checkNumber("backgroundScalePrior.rate", rate, rate >= 0, ">= 0", where);
  }
}

/**
 * Smoothing parameters to start from, one a level.
 *
 * @param alphaInit one number for all levels, or one for each level, finest first; all > 0
 * @throws InvalidInputError when the number of values is not the number of levels, or one is not > 0
 */
export function startingAlpha(alphaInit: number | readonly number[], shape: Shape): number[] {
  const levels = multiscaleLevels(shape);
  const alpha = typeof alphaInit === "number" ? new Array<number>(levels).fill(alphaInit) : [...alphaInit];
  if (alpha.length !== levels) {
    throw new InvalidInputError(
      `lira: alphaInit must be one number or one for each of the ${levels} levels of a ${shape[0]} x ${shape[1]} image, ` +
        `got ${alpha.length} values; give a single number to use it for all levels`,
      { fields: { levels, length: alpha.length } },
    );
  }
  for (const [level, value] of alpha.entries()) {
    checkNumber(`alphaInit[${level}]`, value, value > 0, "> 0");
  }
  return alpha;
}
