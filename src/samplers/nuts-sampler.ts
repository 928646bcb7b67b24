import { exponential, naturalLog } from "../data/random/exponential.js";
import { normalStream } from "../data/random/normal.js";
import { splitMix64, xoshiro256pp } from "../data/random/random.js";
import { answeredHere, type Inquiry } from "../inquiry.js";
import type { ForwardModel, ForwardModelOptions } from "../model/forward-model.js";
import type { NutsConfig } from "../posterior/result.js";
import { TRANSITION_COLUMNS } from "../posterior/transitions.js";
import type { FluxPrior, PriorData } from "../priors/flux-prior.js";
import { type LogFluxPosterior, logFluxPosterior, type SkyQuestion } from "./log-flux-posterior.js";
import { createNutsChain } from "./nuts.js";
import type { Sampler, SavedArrays } from "./sampler.js";
import { warmUp } from "./warm-up.js";

/** Settings of a chain of the gradient sampler. */
export interface NutsSettings
  extends Pick<
    NutsConfig,
    "seed" | "targetAcceptance" | "maxDepth" | "fitBackgroundScale" | "backgroundScalePrior"
  > {
  /** Transitions at the start in which step length and scales are adapted. */
  readonly warmUp: number;
}

/** Where the chains of the gradient sampler start: about one image. */
export interface NutsStart {
  /** Flux `[ny, nx]` of the sky, > 0. */
  readonly flux: Float64Array;
  /** Flux of a flat image, from which every other chain starts; undefined: all start from `flux` exactly. */
  readonly level?: number;
}

/** What a chain of the gradient sampler samples. */
export interface NutsLaw extends NutsSettings {
  readonly method: "nuts";
  readonly model: ForwardModelOptions;
  /** As data, which any worker can make a prior of; or the prior itself, for the calling thread alone. */
  readonly prior: PriorData | FluxPrior;
  readonly start: NutsStart;
  /** Where the likelihood is computed; absent: `"cpu"`. */
  readonly device?: NutsConfig["device"];
}

/** Spread of the starts about one image, in ln flux. */
const START_SPREAD = 1;
const OWN_START_SPREAD = 0.3;
/** Kept apart from the seeds of other samplers and of simulated data. */
const DOMAIN = 0x6e757473n; // "nuts" in ASCII

function posteriorOf(
  model: ForwardModel,
  prior: FluxPrior,
  {
    fitBackgroundScale,
    backgroundScalePrior,
  }: Pick<NutsSettings, "fitBackgroundScale" | "backgroundScalePrior">,
): LogFluxPosterior {
  return logFluxPosterior(model, prior, fitBackgroundScale ? backgroundScalePrior : undefined);
}

/** Columns of the trace of the gradient sampler. */
export function nutsColumns(
  ownParameters: number,
  parameterName = "priorParam",
  observations = 1,
): readonly string[] {
  const numbered = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${name}${index}`);
  return [
    "logPost",
    ...numbered(parameterName, ownParameters),
    "expectedMSCounts",
    ...(observations === 1 ? ["bkgScale"] : numbered("bkgScale", observations)),
    "logLikelihood",
    "logPrior",
    ...TRANSITION_COLUMNS,
  ];
}

/** A chain of the gradient sampler whose sweeps ask for the likelihood wherever they come. */
export interface AskingNuts extends Omit<Sampler, "sweep"> {
  /** As the sampler's; throws a NumericsError when the density is not finite at the start, or no step length keeps the energy. */
  sweep(row: Float64Array): Inquiry<SkyQuestion, void>;
}

/**
 * A chain of the no-U-turn sampler on ln flux under any differentiable prior; see `logFluxPosterior` for the density and its Jacobian.
 *
 * @param model its background scales are changed when they are sampled
 * @param chain number of the chain, from 0: selects its random numbers and where it starts
 */
export function nutsSampler(
  model: ForwardModel,
  prior: FluxPrior,
  settings: NutsSettings,
  start: NutsStart,
  chain: number,
): Sampler {
  const asking = askingNuts(model, prior, settings, start, chain);
  return { ...asking, sweep: (row) => answeredHere(asking.sweep(row)) };
}

/** The same, its likelihood to be computed by whoever runs it. */
export function askingNuts(
  model: ForwardModel,
  prior: FluxPrior,
  settings: NutsSettings,
  { flux: start, level }: NutsStart,
  chain: number,
): AskingNuts {
  const posterior = posteriorOf(model, prior, settings);
  const { pixels, ownParameters, scaled } = posterior;
  const { reference } = model;
  const scales = [...model.backgroundScale];
  const [first] = splitMix64(BigInt(settings.seed) ^ DOMAIN, 1);
  const stream = xoshiro256pp(splitMix64(first ^ (BigInt(chain) * 0x9e3779b97f4a7c15n), 4));
  const place = posterior.place(start);
  if (level !== undefined) {
    const normal = normalStream(stream);
    const flat = naturalLog(level);
    for (let index = 0; index < place.length; index++) {
      if (index < pixels && chain % 2 === 1) place[index] = flat;
      place[index] += (index < pixels ? START_SPREAD : OWN_START_SPREAD) * normal();
    }
  }
  const walk = createNutsChain(posterior, place, stream, settings.maxDepth);
  const warm = warmUp(walk, settings.warmUp, settings.targetAcceptance);
  const flux = new Float64Array(pixels);
  // Sweeps that were done with the likelihood on the GPU, of a chain that came from there.
  let before: SavedArrays = {};
  posterior.flux(walk.position, flux);
  return {
    shape: model.shape,
    columns: nutsColumns(ownParameters, prior.parameterName, model.observations.length),
    flux,
    *sweep(row) {
      yield* warm.begin();
      const transition = yield* walk.transition();
      const { position, potential } = walk;
      posterior.flux(position, flux);
      let total = 0;
      for (let pixel = 0; pixel < pixels; pixel++) total += flux[pixel];
      const logPrior = posterior.logPrior(position);
      let at = 0;
      row[at++] = -potential;
      for (let own = 0; own < ownParameters; own++) row[at++] = exponential(position[pixels + own]);
      row[at++] = reference * total;
      for (const [index, scale] of scales.entries()) {
        const fitted = scaled.indexOf(index);
        row[at++] = fitted < 0 ? scale : exponential(position[pixels + ownParameters + fitted]);
      }
      row[at++] = -potential - logPrior;
      row[at++] = logPrior;
      row[at++] = walk.stepSize;
      row[at++] = transition.depth;
      row[at++] = transition.gradients;
      row[at++] = transition.acceptance;
      row[at++] = Number(transition.divergent);
      yield* warm.adapt(transition);
    },
    save: () => ({ ...walk.save(), ...warm.save(), ...before }),
    restore(saved) {
      before = saved.gpuSweeps ? { gpuSweeps: saved.gpuSweeps } : {};
      walk.restore(saved);
      warm.restore(saved);
      posterior.flux(walk.position, flux);
    },
  };
}
