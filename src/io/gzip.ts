/**
 * gzip without Node, by fflate. Platforms disagree on files of several members and on files padded with zeros, and do not say
 * how far they have read, so their streams cannot be trusted with either.
 *
 * fflate checks no checksums: every member is held against the CRC-32 and length that close it (RFC 1952, section 2.3.1).
 */

import { Gunzip } from "fflate";
import { concatenated } from "../concatenated.js";
import { FormatError, InvalidInputError } from "../errors.js";

/** Limits on decompression. */
export interface GunzipOptions {
  /** Name of the file in error messages, default "gzip". */
  readonly name?: string;
  /**
   * Most bytes to decompress to, default `DEFAULT_MAX_BYTES`. A small file can claim to hold a thousand times its size:
   * the limit keeps such a file from filling the memory.
   */
  readonly maxBytes?: number;
}

/** Default of `maxBytes`: 2 GiB. */
export const DEFAULT_MAX_BYTES = 2 ** 31;

/** Whether bytes start as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** Continue a CRC-32; start with 0. */
export function crc32(bytes: Uint8Array, start = 0): number {
  let crc = ~start;
  for (let at = 0; at < bytes.length; at++) crc = CRC_TABLE[(crc ^ bytes[at]!) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** @throws FormatError that says data are damaged, with what found it */
export function damagedGzip(name: string, cause?: unknown): FormatError {
  const detail = cause instanceof Error && cause.message !== "" ? cause.message : "wrong checksum or length";
  return new FormatError(
    `${name}: gzip data must be whole and intact, got "${detail}"; fetch the file again`,
    { cause },
  );
}

/** @throws FormatError that says the limit was passed */
export function tooLarge(name: string, maxBytes: number): FormatError {
  return new FormatError(
    `${name}: must decompress to at most ${maxBytes} bytes, got more; raise maxBytes if you trust the file`,
    { fields: { maxBytes } },
  );
}

/** @throws InvalidInputError unless the limit is a positive number */
export function checkMaxBytes(maxBytes: number): void {
  if (maxBytes > 0) return;
  throw new InvalidInputError(
    `gzip: maxBytes must be > 0, got ${maxBytes}; leave it out for ${DEFAULT_MAX_BYTES}`,
    { fields: { maxBytes } },
  );
}

/** Output pieces with running checksum and length of the current member. */
class Collector {
  readonly #pieces: Uint8Array[] = [];
  readonly #name: string;
  readonly #maxBytes: number;
  #total = 0;
  #crc = 0;
  #length = 0;

  constructor(name: string, maxBytes: number) {
    this.#name = name;
    this.#maxBytes = maxBytes;
  }

  add(piece: Uint8Array): void {
    this.#total += piece.length;
    if (this.#total > this.#maxBytes) throw tooLarge(this.#name, this.#maxBytes);
    this.#crc = crc32(piece, this.#crc);
    this.#length += piece.length;
    if (piece.length > 0) this.#pieces.push(piece);
  }

  /** The eight bytes that must close the member: CRC-32 and length modulo 2^32, little-endian. */
  trailer(): Uint8Array {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#crc, true);
    view.setUint32(4, this.#length >>> 0, true);
    return bytes;
  }

  nextMember(): void {
    this.#crc = 0;
    this.#length = 0;
  }

  join(): Uint8Array {
    return concatenated(Uint8Array, this.#pieces);
  }
}

/** Whether `bytes` hold `trailer` at a position. */
function holdsAt(bytes: Uint8Array, trailer: Uint8Array, at: number): boolean {
  return at >= 0 && trailer.every((byte, index) => bytes[at + index] === byte);
}

/** Fewest bytes of a member before its trailer: header, and an empty block. */
const LEAST_MEMBER = 12;

/** Whether the member that begins at `start` closes with `trailer`, and nothing but zeros comes after it. */
function endsWith(bytes: Uint8Array, trailer: Uint8Array, start: number): boolean {
  // Of nothing, the trailer is zeros, and fflate takes zeros for blocks without end: the one block must be there, 03 00 or ... FF FF.
  if (trailer.every((byte) => byte === 0)) {
    const last = bytes.findLastIndex((byte) => byte !== 0);
    const end = bytes[last] === 0x03 ? last + 2 : bytes[last] === 0xff ? last + 1 : bytes.length;
    return last >= start + 10 && end + trailer.length <= bytes.length;
  }
  let at = start + LEAST_MEMBER;
  while (at + trailer.length <= bytes.length && !holdsAt(bytes, trailer, at)) at++;
  if (at + trailer.length > bytes.length) return false;
  return bytes.subarray(at + trailer.length).every((byte) => byte === 0);
}

/** Of an error of fflate: "invalid gzip data", where the header of a member should be. */
const NO_HEADER = 6;

/** Input is fed in steps of this many bytes, so that a bomb is noticed early. */
const STEP = 2 ** 14;

/**
 * Decompress gzip by fflate's stream: several members and zero padding are understood, checksums verified.
 *
 * @throws FormatError when the data are damaged or larger than `maxBytes`
 */
export function gunzipByStream(
  bytes: Uint8Array,
  { name = "gzip", maxBytes = DEFAULT_MAX_BYTES }: GunzipOptions = {},
): Uint8Array {
  const collector = new Collector(name, maxBytes);
  let intact = true;
  let start = 0;
  const stream = new Gunzip((piece) => collector.add(piece));
  stream.onmember = (offset) => {
    if (!holdsAt(bytes, collector.trailer(), offset - 8)) intact = false;
    collector.nextMember();
    start = offset;
  };
  let failure: unknown;
  try {
    for (let at = 0; at < bytes.length && intact; at += STEP) {
      // Never as the last piece: of that fflate would read one member only.
      stream.push(bytes.subarray(at, at + STEP), false);
    }
    // Tells a member that has no end.
    stream.push(new Uint8Array(0), true);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    // Zeros after the last member read as a broken header; what is behind its trailer tells whether they are.
    if ((error as { code?: number }).code !== NO_HEADER) throw damagedGzip(name, error);
    failure = error;
  }
  if (!intact || !endsWith(bytes, collector.trailer(), start)) throw damagedGzip(name, failure);
  return collector.join();
}

/**
 * Decompress gzip in memory: one or several members, padded with zeros or not.
 *
 * @throws FormatError when the data are not gzip, damaged, or larger than `maxBytes`
 */
export async function gunzip(
  bytes: Uint8Array,
  { name = "gzip", maxBytes = DEFAULT_MAX_BYTES }: GunzipOptions = {},
): Promise<Uint8Array> {
  checkMaxBytes(maxBytes);
  if (!isGzip(bytes)) throw damagedGzip(name, new Error("no gzip signature"));
  return gunzipByStream(bytes, { name, maxBytes });
}

/** Make gzip bytes the same on every platform: no time, operating system "unknown". Changes `bytes`. */
export function neutralHeader(bytes: Uint8Array): Uint8Array {
  bytes.fill(0, 4, 8);
  bytes[9] = 255;
  return bytes;
}
