/** Settings of the samplers as the library takes them, from flags or a job file. */

import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import type { ChainRunOptions, PriorChoice } from "../runs/prepare-run.js";
import type { SAMPLERS } from "../settings/methods.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import { libraryOffsets } from "./place-observations.js";

/** A method that draws from a posterior. */
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * Settings of a sampler. The model of `nuts` knows of offsets; observations of the others were displaced before.
 *
 * @param prior of `gibbs` and `nuts`
 * @param start flux `[ny, nx]` where every chain begins
 */
export function samplerOptions(
  { options, offsets }: Pick<DeconvolveSettings, "options" | "offsets">,
  method: SamplerName,
  prior: PriorChoice | undefined,
  start?: SkyImage,
): ChainRunOptions {
  const { prior: _text, method: _named, ...own } = options;
  const begun = given({ fluxInit: start });
  if (method === "lira" || prior === undefined) return { ...own, ...begun };
  if (method === "gibbs") return { ...own, ...begun, method, prior };
  return { ...own, method, prior, ...given({ start, offsets: libraryOffsets(offsets) }) };
}
