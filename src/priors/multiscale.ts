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

/** Rates are per unit of flux, and exposures reach from 1e-28 to 1e28. */
const MOST_RATE = 1e40;

/** Beyond these draws would leave the range of their numbers. */
function checkGamma(
  name: string,
  { shape, rate }: { readonly shape: number; readonly rate: number },
  where: string,
): void {
  checkNumber(`${name}.shape`, shape, shape > 0 && shape <= 1e9, "> 0 and <= 1e9", where);
  checkNumber(`${name}.rate`, rate, rate >= 0 && rate <= MOST_RATE, ">= 0 and <= 1e40", where);
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
    checkGamma("totalCountsPrior", total, "lira");
  }
  if (smoothing !== undefined) {
    const { power, rate, exponent } = smoothing;
    checkNumber("smoothingPrior.power", power, power > -1 && power <= 1e9, "> -1 and <= 1e9");
    checkNumber("smoothingPrior.rate", rate, rate > 0 && rate <= MOST_RATE, "> 0 and <= 1e40");
    checkNumber("smoothingPrior.exponent", exponent, exponent > 0 && exponent <= 1e3, "> 0 and <= 1e3");
  }
  if (backgroundScale !== undefined) {
    checkGamma("backgroundScalePrior", backgroundScale, where);
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
