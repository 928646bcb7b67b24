/** Settings of a method as options of the library's `deconvolve`. For workers: what makes priors stays off the page. */

import {
  type DeconvolveOptions,
  entropyPrior,
  exponentialPrior,
  type FluxPrior,
  gammaPrior,
  gradientTikhonovPrior,
  inverseGammaPrior,
  markovPrior,
  multiscalePrior,
  type PriorChoice,
  smoothnessPrior,
  tikhonovPrior,
  totalVariationPrior,
  uniformPrior,
} from "tslira";
import type { MethodSettings } from "./method-fields.js";
import type { PriorSettings } from "./prior-fields.js";

type Make = (values: Readonly<Record<string, number>>) => FluxPrior;

const MAKE: Readonly<Record<string, Make>> = {
  uniform: () => uniformPrior(),
  exponential: ({ rate }) => exponentialPrior({ rate }),
  gamma: ({ shape, rate }) => gammaPrior({ shape, rate }),
  "inverse-gamma": ({ shape, scale }) => inverseGammaPrior({ shape, scale }),
  tikhonov: ({ strength, reference }) => tikhonovPrior({ strength, reference }),
  "gradient-tikhonov": ({ strength }) => gradientTikhonovPrior({ strength }),
  smoothness: ({ strength, sigma }) => smoothnessPrior({ strength, sigma }),
  "total-variation": ({ strength, smoothing }) => totalVariationPrior({ strength, smoothing }),
  markov: ({ strength }) => markovPrior({ strength }),
  entropy: ({ strength, reference }) => entropyPrior({ strength, reference }),
};

/** The prior that settings mean. */
export function makePrior({ id, values }: PriorSettings): PriorChoice {
  if (id === "multiscale")
    return ({ reference }) => multiscalePrior({ alpha: values.alpha, referenceExposure: reference });
  const make = MAKE[id];
  if (make === undefined)
    throw new Error(`studio: prior must be one of ${Object.keys(MAKE).join(", ")}, got ${id}; choose one`);
  return make(values);
}

/** Options of `deconvolve`. */
export function deconvolveOptions({ method, prior, options }: MethodSettings): DeconvolveOptions {
  return { ...options, ...(prior && { prior: makePrior(prior) }), method } as DeconvolveOptions;
}
