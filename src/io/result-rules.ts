/** What numbers of a result must be: files that were edited or damaged are refused where they are read. */

import { checkAdaptivePrior } from "../data/law/adaptive-prior.js";
import type { AdaptivePrior } from "../data/law/prior-parameters.js";
import { FormatError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { SamplerConfig } from "../posterior/result.js";
import { recordedSettings } from "../settings/by-method.js";
import { wordOf } from "../settings/setting.js";
import { checkValue } from "../settings/value.js";

/** Something in a result that cannot be. */
export function damaged(where: string, text: string): FormatError {
  return new FormatError(`${where}: ${text}; the file is damaged or no result, write it again`);
}

/** A rule in words, and whether a number obeys it. */
export interface NumberRule {
  readonly words: string;
  readonly holds: (value: number) => boolean;
}

/** Fluxes and counts. */
export const AMOUNT: NumberRule = {
  words: "finite and >= 0",
  holds: (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
};
/** What something is multiplied or divided by. */
export const POSITIVE: NumberRule = {
  words: "finite and > 0",
  holds: (value) => AMOUNT.holds(value) && value > 0,
};
/** How many there are of something. */
export const WHOLE: NumberRule = {
  words: "whole and >= 0",
  holds: (value) => Number.isSafeInteger(value) && value >= 0,
};
/** Errors and figures of convergence, which are NaN where they are undefined. */
export const FIGURE: NumberRule = { words: ">= 0 or NaN", holds: (value) => !(value < 0) };
/** Anything that is known. */
export const KNOWN: NumberRule = { words: "finite", holds: Number.isFinite };

/** The same numbers. @throws FormatError naming the first number that breaks a rule */
export function checkNumbers<Numbers extends ArrayLike<number>>(
  where: string,
  values: Numbers,
  { words, holds }: NumberRule,
): Numbers {
  for (let index = 0; index < values.length; index++) {
    if (!holds(values[index]))
      throw damaged(where, `must hold numbers that are ${words}, got ${values[index]} at ${index}`);
  }
  return values;
}

/**
 * The same image.
 *
 * @param options `rule`: what its numbers obey; `alike`: an image that has its shape, and what that is
 * @throws FormatError unless it is so
 */
export function checkedImage(
  where: string,
  image: SkyImage,
  {
    rule,
    alike: [name, { shape }] = ["image", image],
  }: { readonly rule?: NumberRule; readonly alike?: readonly [name: string, other: SkyImage] },
): SkyImage {
  const [wanted, got] = [shape, image.shape].map((one) => `[${one.join(", ")}]`);
  if (got !== wanted) throw damaged(where, `must have the shape ${wanted} of the ${name}, got ${got}`);
  if (rule !== undefined) checkNumbers(where, image.data, rule);
  return image;
}

/** A number of a result. @throws FormatError unless it obeys its rule */
export function checkedNumber(
  where: string,
  name: string,
  value: number,
  { words, holds }: NumberRule,
): number {
  if (holds(value)) return value;
  throw damaged(where, `${name} must be ${words}, got ${value}`);
}

/** @throws FormatError unless probabilities rise between 0 and 1, and every pixel with them */
export function checkQuantiles(
  where: string,
  probabilities: readonly number[],
  images: readonly SkyImage[],
): void {
  if (!probabilities.every((value, index) => value > (probabilities[index - 1] ?? 0) && value < 1))
    throw damaged(where, `PROB1, PROB2 ... must rise between 0 and 1, got ${probabilities.join(", ")}`);
  for (const [index, { data }] of images.slice(1).entries()) {
    const pixel = data.findIndex((value, at) => value < images[index].data[at]);
    if (pixel >= 0)
      throw damaged(where, `must rise from plane to plane, got less in plane ${index + 2} at ${pixel}`);
  }
}

/** Lengths of the chains of a result. */
export interface ChainLengths {
  /** Sweeps, burn-in included. */
  readonly sweeps: readonly number[];
  /** Draws behind mean and errors. */
  readonly draws: readonly number[];
  /** Draws that the file holds. */
  readonly kept: readonly number[];
}

/**
 * Check the settings of a result by the rules that they are given by, and against the lengths of its chains.
 *
 * @throws FormatError naming the first that cannot be
 */
export function checkConfig(
  where: string,
  config: SamplerConfig,
  { sweeps, draws, kept }: ChainLengths,
): void {
  const values = config as unknown as Readonly<Record<string, unknown>>;
  try {
    for (const setting of recordedSettings(config.method ?? "lira")) {
      const value = values[wordOf(setting)];
      if (value !== undefined) checkValue(setting, value, where);
    }
    if (values.adaptivePrior !== undefined) checkAdaptivePrior(values.adaptivePrior as AdaptivePrior, where);
  } catch (cause) {
    const rule = (cause as Error).message.slice(`${where}: `.length).replace(/; [^;]*$/, "");
    throw damaged(where, rule);
  }
  const { chains, iterations, burnIn } = config;
  if ([sweeps, draws, kept].some(({ length }) => length !== chains)) {
    const found = [draws, kept, sweeps].map(({ length }) => length);
    throw damaged(
      where,
      `must say draws, kept draws and sweeps of each of ${chains} chains, got ${found[0]}, ${found[1]} and ${found[2]}`,
    );
  }
  if (burnIn >= iterations)
    throw damaged(where, `burn-in must be below the ${iterations} iterations, got ${burnIn}`);
  // Of a run that was stopped the traces end with the shortest chain, and means do not: there may be more draws than sweeps.
  for (const [chain, length] of sweeps.entries()) {
    if (kept[chain] <= draws[chain] && Math.max(draws[chain], length) <= iterations) continue;
    throw damaged(
      where,
      `chain ${chain + 1} must have no more kept draws than draws, draws and sweeps than iterations, got ` +
        `${kept[chain]}, ${draws[chain]}, ${length} and ${iterations}`,
    );
  }
}
