/** What commander finds wrong with a command line, in our words: what must hold, what was given, what to do. */

import type { CommanderError } from "@commander-js/extra-typings";
import { InvalidInputError } from "../errors.js";
import { oneLine } from "./exit.js";

/** What must hold and what to do, by commander's code and message; `$1` and so on are what was given. Lists of choices come first. */
const RULES: readonly (readonly [code: string, message: RegExp, rule: string, remedy: string])[] = [
  [
    "unknownOption",
    /option '(.*?)'(?: \(Did you mean (.*)\?\))?$/,
    "options must be those of its help, got $1",
    "did you mean $2?",
  ],
  [
    "unknownCommand",
    /command '(.*?)'(?: \(Did you mean (.*)\?\))?$/,
    "command must be one of tslira's, got $1",
    "did you mean $2?",
  ],
  [
    "excessArguments",
    /Expected (\d+) .* got (\d+)/,
    "arguments must be at most $1, got $2",
    "leave out the others",
  ],
  ["optionMissingArgument", /(--\S+) (<.*>)'/, "$1 must come with $2, got none", "add it"],
  ["missingMandatoryOptionValue", /(--\S+) (<.*>)'/, "$1 must be given, got none", "add $1 $2"],
  ["missingArgument", /'(.*)'/, "<$1> must be given, got none", "add it"],
  [
    "invalidArgument",
    /(--\S+)(?: <.*>)?' argument '(.*)' is invalid\. Allowed choices are (.*)\./,
    "$1 must be one of $3, got $2",
    "choose one",
  ],
  [
    "invalidArgument",
    /(--\S+)(?: <.*>)?' argument '(.*)' is invalid\. Give (.*?)\.?$/,
    "$1 must be as its help says, got $2",
    "give $3",
  ],
  [
    "invalidArgument",
    /value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\./,
    "<$2> must be one of $3, got $1",
    "choose one",
  ],
];

/**
 * The error of ours for one of commander's.
 *
 * @param command that was asked for, where there is one
 */
export function usageError(error: CommanderError, command: string | undefined): InvalidInputError {
  const message = oneLine(error.message.replace(/^error: /, ""));
  const where = command === undefined ? "" : `${command}: `;
  const help = `see tslira ${command === undefined ? "" : `${command} `}--help`;
  for (const [code, pattern, rule, remedy] of RULES) {
    const found = error.code === `commander.${code}` ? pattern.exec(message) : null;
    if (found === null) continue;
    const filled = (text: string) => text.replace(/\$(\d)/g, (_, index) => found[Number(index)]);
    // Where commander knows no word that was meant, the help is the remedy.
    const end = found.includes(undefined as never) ? help : `${filled(remedy)} (${help})`;
    return new InvalidInputError(`${where}${filled(rule)}; ${end}`);
  }
  return new InvalidInputError(`${where}${message}; ${help}`);
}
