/** JSON that comes with data is compared with a schema at the door, so that what is behind it can trust the types. */

import * as v from "valibot";
import { FormatError } from "../errors.js";
import { shownValue } from "../shown-value.js";

/**
 * Compare parsed JSON with a schema.
 *
 * @returns the value, entries that the schema does not know included where it is loose
 * @throws FormatError that names the first entry of another kind
 */
export function checkSchema<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  where: string,
  remedy: string,
): v.InferOutput<Schema> {
  const found = v.safeParse(schema, value, { abortEarly: true });
  if (found.success) return found.output;
  const [issue] = found.issues;
  const path = v.getDotPath(issue) ?? "the whole";
  throw new FormatError(
    `${where}: ${path} must be ${issue.expected ?? "of another kind"}, got ${shownValue(issue.input)}; ${remedy}`,
    { fields: { path } },
  );
}

/** A whole number in a range. */
export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

/** A SHA-256 in hexadecimal digits. */
export const sha256Text = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** Name and SHA-256 of input files. */
export const inputFiles = v.array(v.looseObject({ name: v.string(), sha256: v.string() }));
