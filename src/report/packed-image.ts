/**
 * Images as bytes that compress well: single precision, rounded to a number of significant bits, the four bytes of all
 * pixels side by side (first all highest bytes, then all second ones, ...). The page that reads them is in `page/`.
 */

/** Significant bits of single precision, beyond which nothing is rounded. */
export const ALL_BITS = 24;

/**
 * Turn pixel values into bytes.
 *
 * @param values any length; NaN and infinities are kept
 * @param bits significant bits kept, 2 to 24: the relative error is at most `2 ** -bits + 2 ** -24`
 * @returns `4 * values.length` bytes, `unpackValues` is the inverse
 */
export function packValues(values: ArrayLike<number>, bits: number): Uint8Array {
  const singles = Float32Array.from(values);
  const words = new Uint32Array(singles.buffer);
  const count = words.length;
  const bytes = new Uint8Array(4 * count);
  const dropped = ALL_BITS - bits;
  const half = dropped > 0 ? 2 ** (dropped - 1) : 0;
  const keep = ~(2 ** dropped - 1);
  for (let index = 0; index < count; index++) {
    // A carry out of the mantissa rounds up to the next power of two, as it should.
    const word = Number.isFinite(singles[index]) ? (words[index] + half) & keep : words[index];
    bytes[index] = word >>> 24;
    bytes[count + index] = word >>> 16;
    bytes[2 * count + index] = word >>> 8;
    bytes[3 * count + index] = word;
  }
  return bytes;
}

/** Values from the bytes of `packValues`. */
export function unpackValues(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const count = bytes.length / 4;
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    words[index] =
      (bytes[index] << 24) |
      (bytes[count + index] << 16) |
      (bytes[2 * count + index] << 8) |
      bytes[3 * count + index];
  }
  return new Float32Array(words.buffer);
}
