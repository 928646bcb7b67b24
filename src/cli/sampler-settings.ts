/** Settings of the samplers as the library takes them, from flags or a job file. */

import type { ChainRunOptions, PriorChoice } from "../runs/prepare-run.js";
import type { SAMPLERS } from "../settings/methods.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import { given } from "./given.js";
import { libraryOffsets } from "./place-observations.js";

/** A method that draws from a posterior. */
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * Settings of a sampler. The model of `nuts` knows of offsets; observations of the others were displaced before.
 *
 * @param prior of `gibbs` and `nuts`
 */
export function samplerOptions(
  { options, offsets }: Pick<DeconvolveSettings, "options" | "offsets">,
  method: SamplerName,
  prior: PriorChoice | undefined,
): ChainRunOptions {
  const { prior: _text, method: _named, ...own } = options;
  if (method === "lira" || prior === undefined) return own;
  if (method === "gibbs") return { ...own, method, prior };
  return { ...own, method, prior, ...given({ offsets: libraryOffsets(offsets) }) };
}
