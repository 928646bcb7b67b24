/** Priors as text: `total-variation:strength=1,smoothing=0.1+gamma:shape=2,rate=1`. */

import type { PatchMixture } from "../data/law/patch-mixture.js";
import { InvalidInputError } from "../errors.js";
import type { ForwardModel } from "../model/forward-model.js";
import { nearestWord } from "../nearest-word.js";
import { type FluxPrior, productPrior } from "../priors/flux-prior.js";
import { patchPrior } from "../priors/patch-prior.js";
import { priorMaker } from "../priors/prior-data.js";
import { PRIOR_KINDS, type PriorKind } from "../priors/prior-kinds.js";

/** Reads the patches of a file that a prior names. */
export type ReadPatches = (file: string) => Promise<PatchMixture>;

/** Those of the list, and patches, whose mixture is in a file. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(PRIOR_KINDS.map(({ id, parameters }) => [id, parameters.map(({ key }) => key)])),
  patches: ["file", "strength", "stride"],
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
  const parts: ((model: ForwardModel) => FluxPrior)[] = [];
  for (const part of text.split("+")) parts.push(await parsePart(part, readPatches));
  return parts.length === 1 ? parts[0] : (model) => productPrior(...parts.map((part) => part(model)));
}

async function parsePart(
  text: string,
  readPatches: ReadPatches | undefined,
): Promise<(model: ForwardModel) => FluxPrior> {
  const [name, ...rest] = text.trim().split(":");
  if (!Object.hasOwn(KEYS, name)) {
    throw new InvalidInputError(
      `prior: must be one of ${Object.keys(KEYS).join(", ")}, got ${JSON.stringify(name)}; ` +
        `did you mean ${nearestWord(name, Object.keys(KEYS))}?`,
    );
  }
  const keys = KEYS[name];
  const values: Record<string, string> = {};
  for (const pair of rest
    .join(":")
    .split(",")
    .filter((one) => one !== "")) {
    const [key, ...value] = pair.split("=");
    if (!keys.includes(key) || value.length === 0) {
      throw new InvalidInputError(
        `prior: ${name} must be followed by ${keys.map((one) => `${one}=...`).join(",") || "nothing"}, ` +
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
  const kind = PRIOR_KINDS.find(({ id }) => id === name);
  return kind === undefined ? patches(values, number, readPatches) : named(kind, number);
}

type ReadNumber = (key: string, fallback?: number) => number;

async function named(
  { call, parameters, followsExposure }: PriorKind,
  number: ReadNumber,
): Promise<(model: ForwardModel) => FluxPrior> {
  const numbers = Object.fromEntries(parameters.map(({ key, fallback }) => [key, number(key, fallback)]));
  const maker = priorMaker(call);
  return followsExposure
    ? ({ reference }) => maker({ ...numbers, referenceExposure: reference })
    : constant(maker(numbers));
}

async function patches(
  { file, stride }: Readonly<Record<string, string>>,
  number: ReadNumber,
  readPatches: ReadPatches | undefined,
): Promise<(model: ForwardModel) => FluxPrior> {
  if (file === undefined) {
    throw new InvalidInputError("prior: patches must name a file, got none; add file=gmm.fits");
  }
  if (readPatches === undefined) {
    throw new InvalidInputError(
      `prior: patches must come from a file that can be read here, got ${file}; use patchPrior`,
    );
  }
  const mixture = await readPatches(file);
  const spacing = stride === undefined ? {} : { stride: number("stride") };
  return constant(patchPrior(mixture, { strength: number("strength", 1), ...spacing }));
}

const constant = (prior: FluxPrior) => () => prior;
