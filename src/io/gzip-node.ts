/** gzip by Node's zlib. */

import { constants } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import zlib from "node:zlib";
import {
  checkMaxBytes,
  DEFAULT_MAX_BYTES,
  damagedGzip,
  type GunzipOptions,
  neutralHeader,
  tooLarge,
} from "./gzip.js";

const gunzipAsync = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const gzipAsync = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip);

const CHUNK = 2 ** 20;

function asBytes({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * Decompress gzip off the main thread: one or several members, padded with zeros or not.
 *
 * @throws FormatError when the data are not gzip, damaged, or larger than `maxBytes`
 */
export async function gunzipNode(
  bytes: Uint8Array,
  { name = "gzip", maxBytes = DEFAULT_MAX_BYTES }: GunzipOptions = {},
): Promise<Uint8Array> {
  checkMaxBytes(maxBytes);
  const maxOutputLength = Math.min(Math.ceil(maxBytes), constants.MAX_LENGTH);
  try {
    return asBytes(await gunzipAsync(bytes, { maxOutputLength, chunkSize: CHUNK }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(name, maxOutputLength) : damagedGzip(name, error);
  }
}

/** Bytes of a file from its start. A stream of the handle would close it in the end. */
async function* fileBytes(handle: FileHandle): AsyncGenerator<Uint8Array, void> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(CHUNK), 0, CHUNK, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

/** Pieces of what a gzip file holds, in order. @throws FormatError when it is damaged */
async function* inflate(handle: FileHandle, name: string): AsyncGenerator<Uint8Array, void> {
  const source = Readable.from(fileBytes(handle), { objectMode: false });
  const pieces = zlib.createGunzip({ chunkSize: CHUNK });
  source.on("error", (error) => pieces.destroy(error));
  source.pipe(pieces);
  try {
    for await (const piece of pieces) yield asBytes(piece as Buffer);
  } catch (error) {
    throw /^Z_/.test((error as NodeJS.ErrnoException).code ?? "") ? damagedGzip(name, error) : error;
  } finally {
    source.destroy();
    pieces.destroy();
  }
}

/** Up to so many bytes a file is kept in memory once it has been decompressed: 64 MiB. */
const KEPT = 2 ** 26;

/** What a gzip file holds: all of it when that is little, else its length. */
export async function inflateLittle(
  handle: FileHandle,
  { name = "gzip", maxBytes = DEFAULT_MAX_BYTES }: GunzipOptions = {},
): Promise<{ readonly length: number; readonly bytes?: Uint8Array }> {
  checkMaxBytes(maxBytes);
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const piece of inflate(handle, name)) {
    length += piece.length;
    if (length > maxBytes) throw tooLarge(name, maxBytes);
    if (length <= KEPT) kept.push(piece);
    else kept.length = 0;
  }
  return length <= KEPT ? { length, bytes: asBytes(Buffer.concat(kept)) } : { length };
}

/** Bytes before the place of reading that can be read again without beginning anew. */
const BEHIND = 2 ** 18;

/**
 * Reads parts of what a gzip file holds, in the memory of the part: it goes forward, and begins anew for what lies before.
 *
 * @returns a function of position and length in bytes; fewer come back at the end
 */
export function openInflated(
  handle: FileHandle,
  name: string,
): (position: number, length: number) => Promise<Uint8Array> {
  let pieces: AsyncGenerator<Uint8Array, void> | undefined;
  let held = new Uint8Array(0);
  let start = 0;
  const read = async (position: number, length: number): Promise<Uint8Array> => {
    if (pieces === undefined || position < start) {
      await pieces?.return();
      pieces = inflate(handle, name);
      [held, start] = [new Uint8Array(0), 0];
    }
    const out = new Uint8Array(length);
    let done = 0;
    for (;;) {
      const from = position + done - start;
      const part = held.subarray(from, from + length - done);
      out.set(part, done);
      done += part.length;
      if (done === length) return out;
      const next = await pieces.next();
      if (next.done) return out.subarray(0, done);
      const behind = held.subarray(Math.max(0, held.length - BEHIND));
      start += held.length - behind.length;
      held = new Uint8Array(behind.length + next.value.length);
      held.set(behind);
      held.set(next.value, behind.length);
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return (position, length) => {
    const found = last.then(() => read(position, length));
    last = found.catch(() => {});
    return found;
  };
}

/** Compress to gzip off the main thread; the same input gives the same bytes. */
export async function gzipNode(bytes: Uint8Array): Promise<Uint8Array> {
  return neutralHeader(asBytes(await gzipAsync(bytes, { chunkSize: CHUNK })));
}
