/** Decompression of single tiles: Rice and PLIO (FITS standard 4.0, sections 10.4.1 and 10.4.3). HCOMPRESS: `fits-hcompress.ts`. */

import { FormatError } from "../errors.js";

/** Numbers of bits by bytes of a value: of the code of a block, and the code that means "not compressed". */
const RICE: Readonly<Record<number, readonly [bits: number, plain: number]>> = {
  1: [3, 6],
  2: [4, 14],
  4: [5, 25],
};

/** @throws FormatError that a tile is damaged */
export function damagedTile(where: string, reason: string): FormatError {
  return new FormatError(
    `${where}: compressed tile must be intact, got ${reason}; the file is damaged, fetch it again`,
  );
}

/** Bits of bytes, the most significant first. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  #at: number;
  #left = 0;
  #byte = 0;

  constructor(bytes: Uint8Array, start: number, where: string) {
    this.#bytes = bytes;
    this.#at = start;
    this.#where = where;
  }

  /** Begin the next byte. */
  #next(): void {
    if (this.#at >= this.#bytes.length) throw damagedTile(this.#where, "too few bytes");
    this.#byte = this.#bytes[this.#at++];
    this.#left = 8;
  }

  /** The next bit. */
  bit(): number {
    if (this.#left === 0) this.#next();
    this.#left--;
    return (this.#byte >> this.#left) & 1;
  }

  /** The next bits as a number >= 0. @param count 0 to 32 */
  bits(count: number): number {
    let value = 0;
    for (let left = count; left > 0; ) {
      if (this.#left === 0) this.#next();
      const take = Math.min(left, this.#left);
      this.#left -= take;
      value = value * 2 ** take + ((this.#byte >> this.#left) & ((1 << take) - 1));
      left -= take;
    }
    return value;
  }

  /** Leave what is left of the byte that was begun. */
  align(): void {
    this.#left = 0;
  }
}

/**
 * Values that RICE_1 compressed: differences of neighbours in blocks, of each its low bits as they are and the others as so many zeros.
 *
 * @param size bytes of a value, 1 (unsigned), 2 or 4
 * @param out filled
 * @throws FormatError when the bytes end too early
 */
export function riceDecode(
  where: string,
  bytes: Uint8Array,
  { size, block }: { readonly size: number; readonly block: number },
  out: Int32Array,
): void {
  const parameters = RICE[size];
  if (parameters === undefined) throw damagedTile(where, `values of ${size} bytes`);
  const [codeBits, plain] = parameters;
  const reader = new BitReader(bytes, 0, where);
  const width = 8 * size;
  const wrap = (value: number) => (size === 1 ? value & 0xff : size === 2 ? (value << 16) >> 16 : value | 0);
  let last = wrap(reader.bits(width));
  for (let at = 0; at < out.length; ) {
    const end = Math.min(out.length, at + block);
    const low = reader.bits(codeBits) - 1;
    for (; at < end; at++) {
      let mapped = 0;
      if (low === plain) mapped = reader.bits(width);
      else if (low >= 0) {
        let zeros = 0;
        while (reader.bit() === 0) zeros++;
        mapped = zeros * 2 ** low + reader.bits(low);
      }
      // Even numbers are differences >= 0, odd ones < 0.
      const difference = mapped % 2 === 0 ? mapped / 2 : -(mapped + 1) / 2;
      last = wrap(last + difference);
      out[at] = last;
    }
  }
}

/** What the words of a line list do, by their high four bits. */
const PLIO = { zeros: 0, set: 1, raise: 2, lower: 3, high: 4, pixel: 5, raiseOne: 6, lowerOne: 7 } as const;

/**
 * Values that PLIO_1 compressed: runs of a value >= 0 and of zeros, as lists of IRAF.
 *
 * @param words of the list
 * @param out filled
 * @throws FormatError when the list is damaged
 */
export function plioDecode(where: string, words: Int16Array, out: Int32Array): void {
  out.fill(0);
  if (words.length === 0) return;
  // The old form has its length in the third word.
  const old = (words[2] ?? 0) > 0;
  const length = old ? words[2] : (words[3] ?? 0) + (words[4] ?? 0) * 2 ** 15;
  const first = old ? 3 : (words[1] ?? 0);
  if (first < 0 || length > words.length) throw damagedTile(where, `a list of ${length} words`);
  let value = 1;
  let at = 0;
  for (let index = first; index < length; index++) {
    const word = words[index] & 0xffff;
    const [code, data] = [word >> 12, word & 0xfff];
    switch (code) {
      case PLIO.zeros:
        at += data;
        break;
      case PLIO.high:
        out.fill(value, at, at + data);
        at += data;
        break;
      case PLIO.pixel:
        at += data;
        if (at >= 1 && at <= out.length) out[at - 1] = value;
        break;
      case PLIO.set:
        index++;
        value = (words[index] ?? 0) * 2 ** 12 + data;
        break;
      case PLIO.raise:
      case PLIO.raiseOne:
      case PLIO.lower:
      case PLIO.lowerOne:
        value += code === PLIO.raise || code === PLIO.raiseOne ? data : -data;
        if (code === PLIO.raiseOne || code === PLIO.lowerOne) {
          if (at < out.length) out[at] = value;
          at++;
        }
        break;
      default:
        throw damagedTile(where, `an instruction ${code}`);
    }
  }
}
