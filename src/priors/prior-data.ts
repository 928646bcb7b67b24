/** Priors from plain data: in workers, on other machines, and where a run is continued. */

import { InvalidInputError } from "../errors.js";
import { type FluxPrior, type PriorData, priorWithData, productPrior, scaledPrior } from "./flux-prior.js";
import { multiscalePrior } from "./multiscale-prior.js";
import * as neighbourPriors from "./neighbour-priors.js";
import { patchPrior } from "./patch-prior.js";
import * as pixelPriors from "./pixel-priors.js";

type Make = (...given: never[]) => FluxPrior;

const MAKERS: Readonly<Record<string, Make>> = {
  ...pixelPriors,
  ...neighbourPriors,
  multiscalePrior,
  patchPrior,
};

/**
 * Make a prior from what its `data` says.
 *
 * @throws InvalidInputError when there is no such function, or a module does not hold it
 */
export async function priorFromData({ make, with: given, module }: PriorData): Promise<FluxPrior> {
  if (module !== undefined) return importPrior(module, make, ...given);
  if (make === "productPrior") {
    return productPrior(...(await Promise.all(given.map((one) => priorFromData(one as PriorData)))));
  }
  if (make === "scaledPrior") {
    const [prior, factor] = given as [PriorData, number];
    return scaledPrior(await priorFromData(prior), factor);
  }
  return priorMaker(make)(...given);
}

/** A function of tslira that makes priors. @throws InvalidInputError when there is none of this name */
export function priorMaker(name: string): (...given: readonly unknown[]) => FluxPrior {
  if (!Object.hasOwn(MAKERS, name)) {
    throw new InvalidInputError(
      `prior: must be made by one of ${Object.keys(MAKERS).join(", ")}, got ${JSON.stringify(name)}; give its module too`,
    );
  }
  return MAKERS[name] as (...given: readonly unknown[]) => FluxPrior;
}

/**
 * A prior of one's own, from a JavaScript module that workers, other machines and continued runs can load too. A prior that is given
 * as an object of functions can be sampled in the calling thread alone.
 *
 * ```ts
 * const prior = await importPrior(new URL("./my-prior.js", import.meta.url), "myPrior", { strength: 2 });
 * ```
 *
 * @param module address of the module, for Node a `file:` URL
 * @param make name of the function it exports, which returns the prior; default `"default"`
 * @param given arguments of that function, plain data
 * @throws InvalidInputError when the module cannot be loaded, or holds no such function
 */
export async function importPrior(
  module: string | URL,
  make = "default",
  ...given: readonly unknown[]
): Promise<FluxPrior> {
  const address = String(module);
  const found: Record<string, unknown> = await import(/* @vite-ignore */ address).catch((cause: unknown) => {
    throw new InvalidInputError(
      `prior: module must be one that can be loaded, got ${address} (${String(cause)}); give its address, for Node a file: URL`,
      { fields: { module: address }, cause },
    );
  });
  const prior = typeof found[make] === "function" ? found[make](...given) : undefined;
  if (typeof prior?.logDensity !== "function") {
    throw new InvalidInputError(
      `prior: ${address} must export a function ${make} that returns a prior, got ${Object.keys(found).join(", ") || "nothing"}; ` +
        "see FluxPrior and examples/own-prior.ts",
      { fields: { module: address } },
    );
  }
  return priorWithData(prior, { make, with: given, module: address });
}
