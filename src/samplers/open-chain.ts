/** Chains from plain data: which sampler, under which law, is a matter of the settings. */

import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError, JobError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { createForwardModel } from "../model/forward-model.js";
import { priorFromData } from "../priors/prior-data.js";
import type { GpuChainSettings } from "./gpu-chain.js";
import type { GpuNutsLaw } from "./gpu-nuts.js";
import { type ChainSettings, createLiraChain } from "./lira.js";
import { type NutsLaw, nutsSampler } from "./nuts-sampler.js";
import { createSampledPsfChain, isUncertain } from "./sampled-psf.js";
import { type AwaitedChain, chainOf, type Sampler } from "./sampler.js";

/** What a sampler of one's own is given. */
export interface OwnSamplerInput {
  readonly observations: readonly Observation[];
  /** Whole number in [0, 2^53). */
  readonly seed: number;
  /** Number of the chain, from 0. */
  readonly chain: number;
  /** Sweeps at the start that no statistic uses. */
  readonly burnIn: number;
  /** Starting flux, where the run was given one. */
  readonly fluxInit?: SkyImage;
}

/** Sets up one chain of a sampler of one's own. */
export type MakeSampler = (input: OwnSamplerInput, ...given: readonly never[]) => Sampler | Promise<Sampler>;

/** A sampler of one's own: a function, for the calling thread alone; or what a module exports, for any. */
export interface OwnLaw {
  readonly method: "own";
  readonly sampler:
    | MakeSampler
    | { readonly module: string; readonly make: string; readonly with: readonly unknown[] };
  readonly burnIn: number;
}

/** What chains on the GPU sample. */
export type GpuLaw = GpuChainSettings | GpuNutsLaw;

/** What a chain samples, by which sampler: plain data, unless it holds functions. */
export type ChainLaw = ChainSettings | NutsLaw | OwnLaw | GpuLaw;

/** Whether chains of a law run on the GPU. */
export function isOnGpu(law: ChainLaw): law is GpuLaw {
  return "device" in law && law.device === "gpu";
}

/** Where a chain comes from. */
export interface OpenChainOptions {
  /** Whole number in [0, 2^53). */
  readonly seed: number;
  /** Number of the chain, from 0: selects its stream of random numbers and where it starts. */
  readonly chain: number;
  /** Starting flux `[ny, nx]`, > 0; default one of the sampler's. */
  readonly fluxInit?: SkyImage;
  /** Kernels compiled by `compileKernels`; compiled on the spot when left out. */
  readonly module?: WebAssembly.Module;
}

/** Whether a law is plain data and can be sent to workers. */
export function isPortable(law: ChainLaw): boolean {
  if ("model" in law) return !("logDensity" in law.prior);
  return !("sampler" in law && typeof law.sampler === "function");
}

/**
 * Set up a chain of any law.
 *
 * @throws InvalidInputError when observations or settings break a rule, or a module does not hold what it should
 * @throws NumericsError when the chain does not fit into memory, or cannot start
 * @throws JobError for a chain on the GPU, which does not run alone: see `openPoolOf`
 */
export async function openChain(
  observations: readonly Observation[],
  law: ChainLaw,
  options: OpenChainOptions,
): Promise<AwaitedChain> {
  if ("sampler" in law) {
    const { seed, chain, fluxInit } = options;
    const input = { observations, seed, chain, burnIn: law.burnIn, ...(fluxInit && { fluxInit }) };
    return chainOf(await ownSampler(law, input));
  }
  if (isOnGpu(law)) {
    throw new JobError(
      "chain: its sampler must be one of the CPU, got the GPU's, whose chains share a device; open a pool of them",
    );
  }
  if (!("model" in law)) {
    return (observations.some(isUncertain) ? createSampledPsfChain : createLiraChain)(
      observations,
      law,
      options,
    );
  }
  const prior = "logDensity" in law.prior ? law.prior : await priorFromData(law.prior);
  const model = createForwardModel(observations, law.model);
  return chainOf(nutsSampler(model, prior, { ...law, seed: options.seed }, law.start, options.chain));
}

async function ownSampler({ sampler }: OwnLaw, input: OwnSamplerInput): Promise<Sampler> {
  if (typeof sampler === "function") return sampler(input);
  const { module, make, with: given } = sampler;
  const found: Record<string, unknown> = await import(/* @vite-ignore */ module);
  if (typeof found[make] !== "function") {
    throw new InvalidInputError(
      `sampler: ${module} must export a function ${make}, got ${Object.keys(found).join(", ") || "nothing"}; see MakeSampler`,
      { fields: { module } },
    );
  }
  return found[make](input, ...given);
}
