/** Settings of the samplers as the library takes them, from flags or a job file. */

import type { ChainRunOptions, PriorChoice } from "../node.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import { given } from "./given.js";
import { libraryOffsets } from "./place-observations.js";

/** Words for the methods that draw from a posterior. */
export const SAMPLERS = ["lira", "gibbs", "nuts"] as const;

/** One of them. */
export type SamplerName = (typeof SAMPLERS)[number];

/** What the gradient sampler alone takes. */
export interface GradientFlags {
  readonly targetAcceptance?: number | undefined;
  readonly maxDepth?: number | undefined;
}

/**
 * Settings of a sampler. The model of `nuts` knows of offsets; observations of the others were displaced before.
 *
 * @param prior of `gibbs` and `nuts`
 */
export function samplerOptions(
  { options, offsets }: Pick<DeconvolveSettings, "options" | "offsets">,
  method: SamplerName,
  prior: PriorChoice | undefined,
  { targetAcceptance, maxDepth }: GradientFlags,
): ChainRunOptions {
  if (method === "lira" || prior === undefined) return options;
  if (method === "gibbs") return { ...options, method, prior };
  const own = { targetAcceptance, maxDepth, offsets: libraryOffsets(offsets) };
  return { ...options, method, prior, ...given(own) };
}
