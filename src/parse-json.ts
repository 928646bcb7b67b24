import { FormatError } from "./errors.js";
import { shownValue } from "./shown-value.js";

/** Levels of brackets that JSON of ours may have: far more than any of it has, far less than a stack holds. */
const MAX_DEPTH = 64;

/** Whether brackets are nested more deeply than `MAX_DEPTH`, found without recursion. */
function isDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") {
      if (++depth > MAX_DEPTH) return true;
    } else if (character === "}" || character === "]") depth--;
  }
  return false;
}

/**
 * Parse JSON of a file.
 *
 * @param where the file, for messages
 * @param remedy what to do when it is none
 * @param reviver as of `JSON.parse`
 * @throws FormatError when it is not JSON, or nested more than 64 levels deep
 */
export function parseJson(
  text: string,
  where: string,
  remedy: string,
  reviver?: (key: string, value: unknown) => unknown,
): unknown {
  if (isDeep(text)) {
    throw new FormatError(
      `${where}: JSON must be nested at most ${MAX_DEPTH} levels deep, got more; ${remedy}`,
    );
  }
  try {
    return JSON.parse(text, reviver);
  } catch (cause) {
    const reason = cause instanceof Error ? shownValue(cause.message, 120) : "something else";
    throw new FormatError(`${where}: must be JSON, got ${reason}; ${remedy}`, { cause });
  }
}
