/** JSON of config files, key by key. */

import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { InvalidInputError } from "../errors.js";
import { nearestWord } from "../nearest-word.js";
import { parseJson } from "../parse-json.js";
import { shownValue } from "../shown-value.js";

/** Turns a JSON value into a setting. @throws InvalidInputError that begins with `where` */
export type Reader = (value: unknown, where: string, folder: string) => unknown;

/** A value that breaks a rule. */
export function wrong(where: string, rule: string, value: unknown): InvalidInputError {
  return new InvalidInputError(
    `${where} must be ${rule}, got ${shownValue(value)}; correct the config file`,
    {
      fields: { value },
    },
  );
}

function ofType(type: "string" | "boolean" | "number", rule: string): Reader {
  return (value, where) => {
    if (typeof value !== type) throw wrong(where, rule, value);
    return value;
  };
}

/** Readers of single values. */
export const text = ofType("string", "text");
export const flag = ofType("boolean", "true or false");
export const number = ofType("number", "a number");

/** A path, relative to the folder of the config file. */
export const path: Reader = (value, where, folder) => {
  if (typeof value !== "string" || value === "") throw wrong(where, "a file name", value);
  return isAbsolute(value) || folder === "." ? value : join(folder, value);
};

/** One number or several. */
export const numberOrList: Reader = (value, where) => {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((one) => typeof one === "number"))
    throw wrong(where, "a number or a list of numbers", value);
  return value;
};

/** An object of numbers with exactly these keys, or some of them. */
export function numbers(keys: readonly string[], all: boolean): Reader {
  const readers = Object.fromEntries(keys.map((key) => [key, number]));
  return (value, where, folder) => {
    const found = readKeys(value, readers, where, folder);
    const missing = all ? keys.find((key) => !(key in found)) : undefined;
    if (missing !== undefined) throw wrong(`${where}.${missing}`, "a number", undefined);
    return found;
  };
}

/** Read the known keys of an object. @throws InvalidInputError for any other key, naming the nearest */
export function readKeys(
  value: unknown,
  readers: Readonly<Record<string, Reader>>,
  where: string,
  folder: string,
): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(where, "an object {...}", value);
  const found: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (!Object.hasOwn(readers, key)) {
      const known = Object.keys(readers);
      throw new InvalidInputError(
        `${where}: key must be a known one, got ${JSON.stringify(key)}; did you mean "${nearestWord(key, known)}"?`,
        { fields: { key, known } },
      );
    }
    found[key] = readers[key](inner, `${where}: ${key}`, folder);
  }
  return found;
}

/** The entries of an object that are among these keys. */
export function pick(
  from: Readonly<Record<string, unknown>>,
  keys: Readonly<Record<string, unknown>>,
): object {
  return Object.fromEntries(
    Object.entries(from).filter(([key, value]) => Object.hasOwn(keys, key) && value !== undefined),
  );
}

/** Read a text file that says what to do. @throws InvalidInputError when it cannot be read */
export async function readConfigText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new InvalidInputError(`${file}: config file must be readable, got ${code}; check the path`, {
      cause,
    });
  }
}

/** Read a file of JSON. @throws InvalidInputError when it cannot be read @throws FormatError when it is not JSON */
export async function readJsonFile(file: string): Promise<unknown> {
  return parseJson(await readConfigText(file), file, "correct the config file");
}
