/** The samplers that the slow tests put to the test, all behind the face of a textbook chain. */
import type { Observation } from "../../src/data/observation/observation.js";
import type { SkyImage } from "../../src/image.js";
import { compileKernels, type Kernels } from "../../src/kernels.js";
import {
  type ChainSettings,
  createLiraChain,
  type LiraChain,
  type LiraChainOptions,
  type LiraChainSettings,
} from "../../src/samplers/lira.js";
import { createSampledPsfChain, isUncertain } from "../../src/samplers/sampled-psf.js";
import { MAX_BATCH } from "../../src/samplers/sampler.js";
import type { RunChains } from "../oracles/acceptance.js";
import type { AdaptiveSettings } from "../oracles/textbook-adaptive.js";
import { type ChainView, createTextbookChain } from "../oracles/textbook-lira.js";
import { perLevel, type TextbookSettings, textbookTreeShapes } from "../oracles/textbook-prior.js";

/** Start a chain of some sampler. */
export type StartChain = (
  observations: readonly Observation[],
  settings: TextbookSettings | AdaptiveSettings,
  options: { readonly seed: number; readonly chain: number; readonly fluxInit?: SkyImage },
) => ChainView;

/** The textbook sampler. */
export const startTextbookChain: StartChain = (observations, settings, { seed, ...options }) =>
  createTextbookChain(observations, settings, seed, options);

/** Compiled once: thousands of chains then share the code that the engine has optimised. */
const KERNELS = await compileKernels();

/** The sampler of the package, with as many pair transfers as the settings ask for. */
export const startLiraChain: StartChain = (observations, settings, options) =>
  startChainOf({ pairTransfers: settings.pairTransfers ?? 0 }, observations, settings, options);

/** As `startLiraChain`, leaving out all that is dark. */
export const startDarkChain: StartChain = (observations, settings, options) =>
  startChainOf({ pairTransfers: settings.pairTransfers ?? 0 }, observations, settings, {
    ...options,
    darkSky: "always",
  });

/** As `startLiraChain`, with other moves or shifts. */
export function startChainOf(
  changes: Pick<LiraChainSettings, "pairTransfers"> & Partial<LiraChainSettings>,
  observations: readonly Observation[],
  settings: TextbookSettings | AdaptiveSettings,
  options: LiraChainOptions,
): ChainView & { readonly kernels: Kernels } {
  const levels = textbookTreeShapes(observations[0].counts.shape).length - 1;
  const create = observations.some(isUncertain) ? createSampledPsfChain : createLiraChain;
  const running = create(
    observations,
    {
      ...settings,
      ...("alphaInit" in settings ? { alphaInit: [...perLevel(settings.alphaInit, levels)] } : {}),
      backgroundScalePrior: settings.backgroundScalePrior ?? { shape: 0.001, rate: 0 },
      ...changes,
    } as ChainSettings,
    { ...options, module: KERNELS },
  );
  // What draws its psfs is a chain around one that knows them.
  const chain = ("inner" in running ? running.inner : running) as LiraChain &
    Pick<ChainView, "states" | "transitions">;
  const rowAt = chain.columns.indexOf("cycleSpinRow");
  const colAt = chain.columns.indexOf("cycleSpinCol");
  let cycleSpin = { row: 0, col: 0 };
  return {
    shape: chain.shape,
    levels: chain.levels,
    kernels: chain.kernels,
    ...("chosen" in running && { chosen: running.chosen }),
    sweep(count) {
      for (let left = count; left > 0; left -= MAX_BATCH) {
        const batch = Math.min(left, MAX_BATCH);
        const trace = running.sweep(batch);
        const last = (batch - 1) * running.columns.length;
        cycleSpin = { row: trace[last + rowAt], col: trace[last + colAt] };
      }
    },
    get cycleSpin() {
      return cycleSpin;
    },
    get flux() {
      return chain.flux;
    },
    get alpha() {
      return chain.alpha;
    },
    get states() {
      return chain.states;
    },
    get transitions() {
      return chain.transitions;
    },
    get totalCounts() {
      return chain.totalCounts;
    },
    get backgroundScale() {
      return chain.backgroundScale;
    },
    get logLikelihood() {
      return chain.logLikelihood;
    },
    get logPrior() {
      return chain.logPrior;
    },
    get sweeps() {
      return chain.sweeps;
    },
  };
}

/** Run chains of a sampler on a reference case, from the reference's own start. */
export function runChainsOf(start: StartChain): RunChains {
  return ({ observation, settings, fluxInit }, { chains, iterations, seed, onDraw }) => {
    for (let chain = 0; chain < chains; chain++) {
      const running = start([observation], settings, { seed, chain, fluxInit });
      for (let iteration = 0; iteration < iterations; iteration++) {
        running.sweep(1);
        onDraw(chain, iteration, running);
      }
    }
  };
}
