/** Step 5 of the textbook sampler under LIRA's prior: one smoothing parameter a level, by Metropolis-Hastings. */
import type { Shape } from "../../src/image.js";
import { logShiftProbabilities } from "./shift.js";
import {
  alphaDensity,
  type BlockAlphas,
  modeOfLogAlpha,
  type TextbookSettings,
  textbookBlocks,
} from "./textbook-prior.js";
import type { TextbookRandom } from "./textbook-random.js";

/** The smoothing of the tree: what LIRA's prior and the adaptive one do not share. */
export interface TextbookSmoothing {
  /** Current Dirichlet parameters of the children of a block. */
  readonly alphasOf: BlockAlphas;
  /** Log probability of every shift given the source photons and the current parameters, image integrated out. */
  logShiftProbabilities(sourcePhotons: Float64Array): Float64Array;
  /** Draw the parameters given the counts of the tree, image first, image integrated out. */
  draw(tree: readonly Float64Array[]): void;
  /** Log density of the current parameters, up to a constant. */
  logDensity(): number;
}

const PROPOSALS_PER_SWEEP = 10;

/**
 * LIRA's smoothing.
 *
 * @param alpha one a level, finest first: the start; changed in place
 * @param proposals counted in place
 */
export function levelSmoothing(
  shapes: readonly Shape[],
  { fitAlpha, smoothingPrior }: TextbookSettings,
  alpha: Float64Array,
  proposals: { made: number; accepted: number },
  random: TextbookRandom,
): TextbookSmoothing {
  const blocks = shapes.slice(0, -1).map((_, level) => textbookBlocks(shapes, level));

  /** Independence Metropolis-Hastings on log alpha, densities of log alpha on both sides. */
  function drawSmoothing(level: number, tree: readonly Float64Array[]): number {
    const density = alphaDensity(blocks[level], tree[level], tree[level + 1], smoothingPrior);
    const { mode, curvature } = modeOfLogAlpha(density);
    const spread = curvature < 0 ? 2 / Math.sqrt(-curvature) : 2;
    const logTarget = (u: number) => density.value(Math.exp(u)) + u;
    const logProposal = (u: number) => -0.5 * ((u - mode) / spread) ** 2;
    let current = Math.log(alpha[level]);
    let currentTarget = logTarget(current);
    for (let proposal = 0; proposal < PROPOSALS_PER_SWEEP; proposal++) {
      const proposed = mode + spread * random.normal();
      const proposedTarget = logTarget(proposed);
      const logRatio = proposedTarget - currentTarget + logProposal(current) - logProposal(proposed);
      proposals.made++;
      if (Math.log(random.uniform()) < logRatio) {
        current = proposed;
        currentTarget = proposedTarget;
        proposals.accepted++;
      }
    }
    return Math.exp(current);
  }

  return {
    alphasOf: (level, block) => blocks[level][block].map(() => alpha[level]),
    logShiftProbabilities: (sourcePhotons) => logShiftProbabilities(sourcePhotons, shapes[0], alpha),
    draw(tree) {
      if (!fitAlpha) return;
      for (let level = 0; level < alpha.length; level++) alpha[level] = drawSmoothing(level, tree);
    },
    logDensity() {
      const { power, rate, exponent } = smoothingPrior;
      return alpha.reduce((sum, a) => sum + power * Math.log(a) - rate * a ** exponent, 0);
    },
  };
}
