import {
  DEFAULT_SMOOTHING_PRIOR,
  DEFAULT_TOTAL_COUNTS_PRIOR,
  type SmoothingPrior,
  type TotalCountsPrior,
} from "../data/law/prior-parameters.js";
import { exponential, naturalLog } from "../data/random/exponential.js";
import { digamma, logGamma } from "../data/random/log-gamma.js";
import type { Shape } from "../image.js";
import { checkPositiveOption, type FluxPrior, priorWithData } from "./flux-prior.js";
import { checkPriors, startingAlpha } from "./multiscale.js";
import { childCount, fillTree, type MultiscaleTree, multiscaleTree, parentIndex } from "./multiscale-tree.js";

/** Options of `multiscalePrior`. */
export interface MultiscalePriorOptions {
  /** Smoothing parameter, or one a level (finest first), > 0: fixed, or where the fit starts; default 0.1. */
  readonly alpha?: number | readonly number[];
  /** Let alpha be fitted, with `smoothingPrior` on it; default false. */
  readonly fitAlpha?: boolean;
  /** Default power 1, rate 1000, exponent 3. */
  readonly smoothingPrior?: SmoothingPrior;
  /** Prior of the total in counts at the reference exposure; default shape 1, rate 0: flat. */
  readonly totalCountsPrior?: TotalCountsPrior;
  /** E0 > 0: the prior acts on `E0 flux`, see `ForwardModel.reference`; default 1. */
  readonly referenceExposure?: number;
}

/**
 * LIRA's multiscale prior (Esch et al. 2004, section 3) on one fixed tree: fractions of every 2 x 2 block are Dirichlet(alpha of
 * the level), the total is Gamma. Its density is infinite at flux 0 for alpha below 1; that of the logarithm is not, so `map`
 * takes the mode of the latter, as `em-multiscale` does.
 *
 * With `fitAlpha` the parameters are the logarithms of alpha, finest level first, and their density is that of the logarithm.
 *
 * @throws InvalidInputError when an option breaks its rule
 */
export function multiscalePrior({
  alpha = 0.1,
  fitAlpha = false,
  smoothingPrior = DEFAULT_SMOOTHING_PRIOR,
  totalCountsPrior = DEFAULT_TOTAL_COUNTS_PRIOR,
  referenceExposure = 1,
}: MultiscalePriorOptions = {}): FluxPrior {
  checkPriors({ totalCountsPrior, smoothingPrior });
  checkPositiveOption("multiscalePrior", "referenceExposure", referenceExposure);
  const alphas = (shape: Shape, parameters: Float64Array | undefined) =>
    fitAlpha && parameters !== undefined ? Array.from(parameters, exponential) : startingAlpha(alpha, shape);
  const filled = (data: Float64Array, shape: Shape): MultiscaleTree => {
    const tree = multiscaleTree(shape);
    fillTree(tree, data);
    return tree;
  };
  const { shape: totalShape, rate: totalRate } = totalCountsPrior;
  const { power, rate, exponent } = smoothingPrior;
  return priorWithData(
    {
      name: "multiscale prior",
      parameterName: "smoothingParam",
      measure: "log-flux",
      logDensity({ data, shape }, parameters) {
        const tree = filled(data, shape);
        const values = alphas(shape, parameters);
        const total = referenceExposure * tree.values[tree.values.length - 1][0];
        let sum = totalShape * naturalLog(total) - totalRate * total;
        for (const [level, a] of values.entries()) {
          const { logFractions, blocks } = levelSums(tree, level);
          sum += a * logFractions;
          for (const [children, count] of blocks) {
            if (children > 1) sum += count * (logGamma(children * a) - children * logGamma(a));
          }
          if (fitAlpha) sum += (power + 1) * naturalLog(a) - rate * exponential(exponent * naturalLog(a));
        }
        // From the density of logarithms to that of the flux.
        for (let index = 0; index < data.length; index++) sum -= naturalLog(data[index]);
        return sum;
      },
      gradient({ data, shape }, out, parameters, outParameters) {
        const tree = filled(data, shape);
        const values = alphas(shape, parameters);
        const top = tree.values.length - 1;
        let above = Float64Array.of(totalShape / tree.values[top][0] - totalRate * referenceExposure);
        for (let level = top - 1; level >= 0; level--) {
          const masses = tree.values[level];
          const parents = tree.values[level + 1];
          const a = values[level];
          const here = new Float64Array(masses.length);
          for (let index = 0; index < masses.length; index++) {
            const parent = parentIndex(index, tree.shapes[level]);
            const children = childCount(parent, tree.shapes[level]);
            here[index] =
              above[parent] + (children > 1 ? a / masses[index] - (children * a) / parents[parent] : 0);
          }
          above = here;
        }
        for (let index = 0; index < data.length; index++) out[index] = above[index] - 1 / data[index];
        if (!fitAlpha || outParameters === undefined) return;
        for (const [level, a] of values.entries()) {
          const { logFractions, blocks } = levelSums(tree, level);
          let slope = logFractions;
          for (const [children, count] of blocks) {
            if (children > 1) slope += count * children * (digamma(children * a) - digamma(a));
          }
          outParameters[level] =
            a * slope + power + 1 - exponent * rate * exponential(exponent * naturalLog(a));
        }
      },
      ...(fitAlpha
        ? { parameters: (shape: Shape) => Float64Array.from(startingAlpha(alpha, shape), naturalLog) }
        : {}),
      checkShape(shape) {
        startingAlpha(alpha, shape);
      },
    },
    {
      make: "multiscalePrior",
      with: [{ alpha, fitAlpha, smoothingPrior, totalCountsPrior, referenceExposure }],
    },
  );
}

/** Sum of the logarithms of all fractions of a level, and how many blocks have 1, 2 or 4 children. */
export function levelSums(
  { shapes, values }: MultiscaleTree,
  level: number,
): { readonly logFractions: number; readonly blocks: ReadonlyMap<number, number> } {
  const masses = values[level];
  const parents = values[level + 1];
  const blocks = new Map<number, number>();
  let logFractions = 0;
  for (let parent = 0; parent < parents.length; parent++) {
    const children = childCount(parent, shapes[level]);
    blocks.set(children, (blocks.get(children) ?? 0) + 1);
    if (children > 1) logFractions -= children * naturalLog(parents[parent]);
  }
  for (let index = 0; index < masses.length; index++) {
    const parent = parentIndex(index, shapes[level]);
    if (childCount(parent, shapes[level]) > 1) logFractions += naturalLog(masses[index]);
  }
  return { logFractions, blocks };
}
