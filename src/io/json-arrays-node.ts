/** Arrays of numbers in JSON, to the last bit: as base64 of their bytes in the order of the machine (little-endian everywhere). */

/** Replacer for `JSON.stringify`. */
export function arraysToJson(_key: string, value: unknown): unknown {
  if (!(value instanceof Float64Array)) return value;
  return { float64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
}

/** Reviver for `JSON.parse`. */
export function arraysFromJson(_key: string, value: unknown): unknown {
  const text = (value as { readonly float64?: unknown } | null)?.float64;
  return typeof text === "string"
    ? new Float64Array(Uint8Array.from(Buffer.from(text, "base64")).buffer)
    : value;
}
