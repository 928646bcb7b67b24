/** Settings of a method as options of the library's `deconvolve`. For workers: what makes priors stays off the page. */

import { type DeconvolveOptions, parsePrior } from "tslira";
import type { MethodSettings } from "../settings/method-fields.js";
import { priorText } from "../settings/prior-fields.js";

/** Options of `deconvolve`. */
export async function deconvolveOptions({
  method,
  prior,
  options,
}: MethodSettings): Promise<DeconvolveOptions> {
  return {
    ...options,
    ...(prior && { prior: await parsePrior(priorText(prior)) }),
    method,
  } as DeconvolveOptions;
}
