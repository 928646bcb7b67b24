/** Names of options that a function has. */

import { InvalidInputError } from "./errors.js";
import { nearestWord } from "./nearest-word.js";
import { shownValue } from "./shown-value.js";

/** Every key of a type of options: one that is missing, or too much, does not compile. */
export type NamesOf<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuse options that are none of some names: a misspelled one would be ignored without a word.
 *
 * @param known names; parts of an option behind a point, as `trace.keep`
 * @throws InvalidInputError naming the nearest
 */
export function checkNames(where: string, options: object, known: readonly string[]): void {
  const stranger = unknownName(options, known);
  if (stranger !== undefined) refuseName(where, stranger, known);
}

/** @throws InvalidInputError about an option that is none of some names, with the nearest */
export function refuseName(where: string, stranger: string, known: readonly string[]): never {
  throw new InvalidInputError(
    `${where}: options must be known ones, got ${shownValue(stranger)}; did you mean "${nearestWord(stranger, known)}"?`,
    { fields: { option: stranger } },
  );
}

/** The first option with a value, or part of one, that is none of some names. */
export function unknownName(options: object, known: readonly string[]): string | undefined {
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const parts = known.filter((name) => name.startsWith(`${key}.`));
    if (parts.length === 0 && !known.includes(key)) return key;
    if (parts.length === 0 || typeof value !== "object" || value === null) continue;
    const part = Object.keys(value).find((name) => !parts.includes(`${key}.${name}`));
    if (part !== undefined) return `${key}.${part}`;
  }
  return undefined;
}
