/** Big-endian numbers, as FITS stores them, to and from typed arrays; in bulk, for files of hundreds of megabytes. */

import { FormatError } from "../errors.js";
import type { FitsHeader } from "./fits-header.js";
import type { Bitpix } from "./hdu.js";

/** Codes of the number types that FITS stores, by the letters of binary tables. */
export type FitsNumberCode = "B" | "I" | "J" | "K" | "E" | "D";

/** The arrays of stored numbers, by their codes. */
export const STORED_ARRAYS = {
  ...{ B: Uint8Array, I: Int16Array, J: Int32Array, K: BigInt64Array },
  ...{ E: Float32Array, D: Float64Array },
} as const;
/** Typed arrays that hold FITS numbers as stored. */
export type StoredArray =
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** Codes of the pixels of images. */
export const BITPIX_CODES: Readonly<Record<Bitpix, FitsNumberCode>> = {
  ...{ 8: "B", 16: "I", 32: "J", 64: "K" },
  ...{ [-32]: "E", [-64]: "D" },
};

/** BITPIX of an image, or ZBITPIX of one that is compressed. @throws FormatError unless it is one that there is */
export function readBitpix(where: string, header: FitsHeader, keyword: "BITPIX" | "ZBITPIX"): Bitpix {
  const bitpix = header.get(keyword);
  if (typeof bitpix === "number" && bitpix in BITPIX_CODES) return bitpix as Bitpix;
  throw new FormatError(
    `${where}: ${keyword} must be 8, 16, 32, 64, -32 or -64, got ${String(bitpix)}; the file is damaged`,
    { fields: { bitpix: String(bitpix) } },
  );
}

/** Bytes of one number. */
export const NUMBER_BYTES: Readonly<Record<FitsNumberCode, number>> = { B: 1, I: 2, J: 4, K: 8, E: 4, D: 8 };

const HOST_IS_BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

/**
 * Reverse the bytes of every number in place.
 *
 * @param buffer changed; `offset` must be a multiple of 8
 * @param size bytes of one number: 1, 2, 4 or 8
 */
export function swapBytes(buffer: ArrayBuffer, offset: number, length: number, size: number): void {
  if (size === 1 || HOST_IS_BIG_ENDIAN) return;
  const words = new Uint32Array(buffer, offset, length >> 2);
  if (size === 2) {
    for (let index = 0; index < words.length; index++) {
      const word = words[index];
      words[index] = ((word & 0x00ff00ff) << 8) | ((word >>> 8) & 0x00ff00ff);
    }
    if ((length & 2) !== 0) {
      const last = new Uint16Array(buffer, offset + length - 2, 1);
      last[0] = (last[0] << 8) | (last[0] >>> 8);
    }
    return;
  }
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    words[index] = (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
  }
  if (size === 8) {
    for (let index = 0; index + 1 < words.length; index += 2) {
      const word = words[index];
      words[index] = words[index + 1];
      words[index + 1] = word;
    }
  }
}

/** Read big-endian numbers into a new typed array; `bytes` must hold a whole number of them and stays untouched. */
export function decodeNumbers(bytes: Uint8Array, code: FitsNumberCode): StoredArray {
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  swapBytes(buffer, 0, bytes.length, NUMBER_BYTES[code]);
  return new STORED_ARRAYS[code](buffer);
}

/** As `decodeNumbers`, but takes over `bytes`, whose buffer must hold nothing else. */
export function decodeNumbersInPlace(bytes: Uint8Array<ArrayBuffer>, code: FitsNumberCode): StoredArray {
  swapBytes(bytes.buffer, 0, bytes.length, NUMBER_BYTES[code]);
  return new STORED_ARRAYS[code](bytes.buffer);
}

/** Numbers as big-endian bytes, in a new array. */
export function encodeNumbers(
  numbers: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(numbers.byteLength);
  bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  swapBytes(bytes.buffer, 0, bytes.length, numbers.BYTES_PER_ELEMENT);
  return bytes;
}

/**
 * Flip the top bit of every big-endian number in place: the FITS convention for the other signedness
 * (unsigned 16, 32 and 64 bits, signed 8 bits).
 *
 * @param bytes changed
 */
export function flipTopBits(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes[at] = bytes[at] ^ 0x80;
}
