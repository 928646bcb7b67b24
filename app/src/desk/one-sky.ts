/** Observations of one sky: with a file of its own, so that code fetched later does not carry that of all files along. */

import type { Boundary, Observation } from "tslira";
import { alignObservations } from "tslira/sky";
import type { Composed } from "./files.js";

/** The observations on the pixels of one sky, and what is known of them therefore. */
export function onOneSky(
  { observations, composition: { offsets } }: Pick<Composed, "observations" | "composition">,
  boundary: Boundary | undefined,
): { readonly observations: readonly Observation[]; readonly expected: readonly string[] } {
  if (offsets !== "wcs") return { observations, expected: [] };
  return alignObservations(observations, offsets, boundary === undefined ? {} : { boundary });
}
