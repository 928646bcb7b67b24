import { InvalidInputError } from "./errors.js";

/**
 * Check that a word is one of those that there are.
 *
 * @param what start of the message, and what the word is
 * @throws InvalidInputError otherwise
 */
export function checkChoice(
  what: string,
  word: unknown,
  choices: readonly string[],
  remedy = "choose one",
): void {
  if (choices.includes(word as string)) return;
  const quoted = choices.map((choice) => JSON.stringify(choice));
  const all = `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
  throw new InvalidInputError(`${what} must be ${all}, got ${JSON.stringify(word)}; ${remedy}`, {
    fields: { got: word },
  });
}
