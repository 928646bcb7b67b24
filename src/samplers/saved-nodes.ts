/** What of the tree belongs to a saved chain: a sweep begins with transfers, which are given the states of the nodes. */

import type { Kernels } from "../kernels.js";
import type { SavedArrays } from "./sampler.js";

/** States of all nodes of level 1, then of level 2, ...: a view; empty without the adaptive prior. */
export function nodeStates(kernels: Kernels): Uint8Array {
  const address = kernels.nodeStatesArray();
  return new Uint8Array(kernels.memory.buffer, address, address === 0 ? 0 : kernels.nodeStatesLength());
}

/** Masses of the nodes below which nothing is drawn (kernels/dark-layout.ts): a view, which the kernels fill when it is asked for. */
function darkMasses(kernels: Kernels): Float64Array {
  const count = kernels.hasDark.value ? Number(kernels.rootCount.value) : 0;
  return new Float64Array(kernels.memory.buffer, count === 0 ? 0 : kernels.darkMasses(), count);
}

/** States, once they are drawn, and the masses of what is left out, if anything is. */
export function savedNodes(kernels: Kernels): SavedArrays {
  const masses = darkMasses(kernels);
  return {
    ...(kernels.statesKnown.value && { nodeStates: nodeStates(kernels).slice() }),
    ...(masses.length > 0 && { darkMasses: masses.slice() }),
  };
}

/**
 * Put back what `savedNodes` gave.
 *
 * @param isWhole whether nothing is left out from now on
 * @returns whether all that transfers need is there; a chain that comes from the GPU has none of it
 */
export function restoreNodes(
  kernels: Kernels,
  { nodeStates: states, darkMasses: saved }: SavedArrays,
  isWhole: boolean,
): boolean {
  if (states === undefined) return false;
  nodeStates(kernels).set(states as Uint8Array);
  const masses = darkMasses(kernels);
  if (isWhole || masses.length === 0) return true;
  if (saved?.length !== masses.length) return false;
  masses.set(saved as Float64Array);
  return true;
}
