/** Chains of the package with a mistake added, which calibration must notice. */
import { type ImageModel, shareOut } from "../oracles/pair-transfer.js";
import { referenceExposureOf, textbookObservation } from "../oracles/textbook-model.js";
import { textbookRandom } from "../oracles/textbook-random.js";
import { type StartChain, startLiraChain } from "./samplers-under-test.js";

/** Log density of the logit of a pair's share, right or wrong; the arguments are those of `logPairDensity`. */
export type PairDensity = (
  image: Float64Array,
  first: number,
  second: number,
  logitShare: number,
  model: ImageModel,
) => number;

/** The chain with one Metropolis move of a random pair after each sweep, under the given density of logit f. */
export function startWithPairMoves(logDensity: PairDensity): StartChain {
  return (observations, settings, options) => {
    const chain = startLiraChain(observations, settings, options);
    const random = textbookRandom(options.seed + 2, options.chain);
    const prepared = observations.map((observation) => textbookObservation(observation, settings.boundary));
    const referenceExposure = referenceExposureOf(observations);
    function movePair(): void {
      const { flux } = chain;
      const model: ImageModel = {
        shape: chain.shape,
        shift: [chain.cycleSpin.row, chain.cycleSpin.col],
        alpha: chain.alpha,
        totalCountsPrior: settings.totalCountsPrior,
        observations: prepared,
        backgroundScale: chain.backgroundScale,
        referenceExposure,
      };
      const image = Float64Array.from(flux, (value) => value * referenceExposure);
      const first = random.below(flux.length);
      const second = (first + 1 + random.below(flux.length - 1)) % flux.length;
      const z = Math.log(image[first]) - Math.log(image[second]);
      const proposed = z + 2 * random.normal();
      const logRatio =
        logDensity(image, first, second, proposed, model) - logDensity(image, first, second, z, model);
      if (!(Math.log(random.uniform()) < logRatio)) return;
      const shared = shareOut(image, first, second, proposed);
      // The flux is the chain's own memory: the next sweep starts from it.
      flux[first] = shared[first] / referenceExposure;
      flux[second] = shared[second] / referenceExposure;
    }
    return Object.create(chain, {
      sweep: {
        value(count: number) {
          for (let index = 0; index < count; index++) {
            chain.sweep(1);
            movePair();
          }
        },
      },
    });
  };
}

/** The chain with its shift shown backwards. */
export const startWithShiftBackwards: StartChain = (observations, settings, options) => {
  const chain = startLiraChain(observations, settings, options);
  const [ny, nx] = chain.shape;
  return Object.create(chain, {
    cycleSpin: {
      get: () => ({ row: (ny - chain.cycleSpin.row) % ny, col: (nx - chain.cycleSpin.col) % nx }),
    },
  });
};
