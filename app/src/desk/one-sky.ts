/** Observations of one sky: with a file of its own, so that code fetched later does not carry that of all files along. */

import type { Boundary, Observation } from "tslira";
import { alignObservations } from "tslira/sky";
import type { Composition } from "./observation-view.js";

/** The observations on the pixels of one sky, and what is known of them therefore. */
export function onOneSky(
  {
    observations,
    composition: { offsets },
  }: { readonly observations: readonly Observation[]; readonly composition: Composition },
  boundary: Boundary | undefined,
): { readonly observations: readonly Observation[]; readonly expected: readonly string[] } {
  if (offsets !== "wcs") return { observations, expected: [] };
  return alignObservations(observations, offsets, boundary === undefined ? {} : { boundary });
}
