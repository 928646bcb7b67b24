/** Priors as text: `total-variation:strength=1,smoothing=0.1+gamma:shape=2,rate=1`. */

import type { PatchMixture } from "../data/law/patch-mixture.js";
import { InvalidInputError } from "../errors.js";
import type { ForwardModel } from "../model/forward-model.js";
import { nearestWord } from "../nearest-word.js";
import { type FluxPrior, productPrior } from "../priors/flux-prior.js";
import { multiscalePrior } from "../priors/multiscale-prior.js";
import {
  gradientTikhonovPrior,
  markovPrior,
  smoothnessPrior,
  totalVariationPrior,
} from "../priors/neighbour-priors.js";
import { patchPrior } from "../priors/patch-prior.js";
import {
  entropyPrior,
  exponentialPrior,
  gammaPrior,
  inverseGammaPrior,
  tikhonovPrior,
  uniformPrior,
} from "../priors/pixel-priors.js";

/** Reads the patches of a file that a prior names. */
export type ReadPatches = (file: string) => Promise<PatchMixture>;

type Values = Readonly<Record<string, string>>;
type Make = (
  number: (key: string, fallback?: number) => number,
  values: Values,
  readPatches: ReadPatches | undefined,
) => ((model: ForwardModel) => FluxPrior) | Promise<(model: ForwardModel) => FluxPrior>;

const always = (prior: FluxPrior) => () => prior;

/** Names, the keys each takes, and how it is made. */
const PRIORS: Readonly<Record<string, { readonly keys: readonly string[]; readonly make: Make }>> = {
  uniform: { keys: [], make: () => always(uniformPrior()) },
  exponential: { keys: ["rate"], make: (number) => always(exponentialPrior({ rate: number("rate") })) },
  gamma: {
    keys: ["shape", "rate"],
    make: (number) => always(gammaPrior({ shape: number("shape"), rate: number("rate") })),
  },
  "inverse-gamma": {
    keys: ["shape", "scale"],
    make: (number) => always(inverseGammaPrior({ shape: number("shape"), scale: number("scale") })),
  },
  tikhonov: {
    keys: ["strength", "reference"],
    make: (number) =>
      always(tikhonovPrior({ strength: number("strength"), reference: number("reference", 0) })),
  },
  "gradient-tikhonov": {
    keys: ["strength"],
    make: (number) => always(gradientTikhonovPrior({ strength: number("strength") })),
  },
  smoothness: {
    keys: ["strength", "sigma"],
    make: (number) => always(smoothnessPrior({ strength: number("strength"), sigma: number("sigma") })),
  },
  "total-variation": {
    keys: ["strength", "smoothing"],
    make: (number) =>
      always(totalVariationPrior({ strength: number("strength"), smoothing: number("smoothing") })),
  },
  markov: { keys: ["strength"], make: (number) => always(markovPrior({ strength: number("strength") })) },
  entropy: {
    keys: ["strength", "reference"],
    make: (number) => always(entropyPrior({ strength: number("strength"), reference: number("reference") })),
  },
  multiscale: {
    keys: ["alpha"],
    make: (number) => {
      const alpha = number("alpha", 0.1);
      return ({ reference }) => multiscalePrior({ alpha, referenceExposure: reference });
    },
  },
  patches: {
    keys: ["file", "strength", "stride"],
    async make(number, { file, stride }, readPatches) {
      if (file === undefined)
        throw new InvalidInputError("prior: patches must name a file, got none; add file=gmm.fits");
      if (readPatches === undefined)
        throw new InvalidInputError(
          `prior: patches must come from a file that can be read here, got ${file}; use patchPrior`,
        );
      const mixture = await readPatches(file);
      const spacing = stride === undefined ? {} : { stride: number("stride") };
      return always(patchPrior(mixture, { strength: number("strength", 1), ...spacing }));
    },
  },
};

/**
 * Turn text into a prior, as `--prior` of the command line does: a name, its numbers as `key=value` after a colon, priors that are
 * multiplied with `+` between them.
 *
 * @param text for example `gamma:shape=2,rate=1`; numbers in the units of the functions of these priors
 * @param readPatches for the prior `patches`, which is refused without
 * @returns the prior for a model, as `deconvolve` takes it
 * @throws InvalidInputError for unknown names or keys, missing values, or text that is not a number
 */
export async function parsePrior(
  text: string,
  readPatches?: ReadPatches,
): Promise<(model: ForwardModel) => FluxPrior> {
  const parts = await Promise.all(text.split("+").map((part) => parsePart(part, readPatches)));
  return parts.length === 1 ? parts[0] : (model) => productPrior(...parts.map((part) => part(model)));
}

async function parsePart(
  text: string,
  readPatches: ReadPatches | undefined,
): Promise<(model: ForwardModel) => FluxPrior> {
  const [name, ...rest] = text.trim().split(":");
  const known = Object.hasOwn(PRIORS, name) ? PRIORS[name] : undefined;
  if (known === undefined) {
    throw new InvalidInputError(
      `prior: must be one of ${Object.keys(PRIORS).join(", ")}, got ${JSON.stringify(name)}; ` +
        `did you mean ${nearestWord(name, Object.keys(PRIORS))}?`,
    );
  }
  const values: Record<string, string> = {};
  for (const pair of rest
    .join(":")
    .split(",")
    .filter((one) => one !== "")) {
    const [key, ...value] = pair.split("=");
    if (!known.keys.includes(key) || value.length === 0) {
      throw new InvalidInputError(
        `prior: ${name} must be followed by ${known.keys.map((one) => `${one}=...`).join(",") || "nothing"}, ` +
          `got ${JSON.stringify(pair)}; correct it`,
      );
    }
    values[key] = value.join("=");
  }
  const number = (key: string, fallback?: number): number => {
    const given = values[key];
    if (given === undefined && fallback !== undefined) return fallback;
    const value = Number(given);
    if (given === undefined || given === "" || Number.isNaN(value)) {
      throw new InvalidInputError(
        `prior: ${name} must be given a number ${key}, got ${given ?? "none"}; write ${name}:${key}=1`,
      );
    }
    return value;
  };
  return known.make(number, values, readPatches);
}
