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
 * The first key that an object of valid JSON has twice, of which `JSON.parse` takes the last.
 *
 * @param text JSON that was parsed
 */
export function repeatedKey(text: string): { readonly key: string; readonly line: number } | undefined {
  // Keys of the objects around, and undefined for a list.
  const around: (Set<string> | undefined)[] = [];
  for (let at = 0, isKey = false; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") {
      around.push(character === "{" ? new Set() : undefined);
      isKey = character === "{";
    } else if (character === "}" || character === "]") around.pop();
    else if (character === ",") isKey = around.at(-1) !== undefined;
    else if (character === '"') {
      const start = at;
      for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++;
      if (!isKey) continue;
      isKey = false;
      const key: string = JSON.parse(text.slice(start, at + 1));
      const keys = around.at(-1);
      if (keys?.has(key)) return { key, line: text.slice(0, start).split("\n").length };
      keys?.add(key);
    }
  }
  return undefined;
}

/**
 * Parse JSON of a file.
 *
 * @param where the file, for messages
 * @param remedy what to do when it is none
 * @param reviver as of `JSON.parse`
 * @throws FormatError when it is not JSON, nested more than 64 levels deep, or says the same key of an object twice
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
  let value: unknown;
  try {
    // Some editors put a byte order mark in front.
    value = JSON.parse(text.replace(/^\uFEFF/, ""), reviver);
  } catch (cause) {
    const reason = cause instanceof Error ? shownValue(cause.message, 120) : "something else";
    throw new FormatError(`${where}: must be JSON, got ${reason}; ${remedy}`, { cause });
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) {
    const { key, line } = repeated;
    throw new FormatError(
      `${where}: each key of an object must be there once, got ${shownValue(key, 60)} again in line ${line}; ${remedy}`,
      { fields: { key, line } },
    );
  }
  return value;
}
