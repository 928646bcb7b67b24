/** Chains that began on the GPU and go on on the CPU. */

import { naturalLog } from "../data/random/exponential.js";
import type { ChainState } from "./sampler.js";

/** Numbers of chains are below this, and sweeps below 2^33: both fit into one number of a stream. */
const CHAINS = 2n ** 20n;

/** Sweeps that a chain has done on the GPU, of a chain on the CPU; undefined where it began there. */
export function gpuSweepsOf({ arrays }: ChainState): number | undefined {
  return arrays.gpuSweeps?.[0];
}

/** Whether a chain on the GPU saved a state: there masses are kept, in counts at the reference exposure. */
export function isFromGpu({ arrays }: ChainState): boolean {
  return arrays.mass !== undefined;
}

/**
 * Number of the stream of random numbers from which a chain draws that came from the GPU after so many sweeps: no other chain, and
 * none that began on the CPU, has it.
 */
export function movedStream(chain: number, sweeps: number): bigint {
  return BigInt(chain) + CHAINS * BigInt(sweeps + 1);
}

/**
 * What a chain on the GPU saved (`save` in gpu-chain.ts), as a chain of the same law on the CPU saves it. The moments, the total, alpha,
 * the transition matrix, the shift and the scales stay as they are; lambda and the states of the nodes are drawn or computed anew by the
 * next sweep, on either device.
 *
 * @param referenceExposure factor from flux to mass
 * @param random state of the CPU's generator, 32 bytes
 * @param levels of the tree
 */
export function movedState(
  { sweeps, moments, arrays }: ChainState,
  referenceExposure: number,
  random: Uint8Array,
  levels: number,
): ChainState {
  const { mass, scalars, ...rest } = arrays;
  const onCpu = Float64Array.from(scalars);
  // Behind the alphas: where the search for the mode of each begins.
  for (let level = 0; level < levels; level++) onCpu[levels + level] = naturalLog(onCpu[level]);
  return {
    sweeps,
    moments,
    arrays: {
      ...rest,
      random,
      scalars: onCpu,
      flux: Float64Array.from(mass, (value) => value / referenceExposure),
      gpuSweeps: Float64Array.of(sweeps),
    },
  };
}
