/** gzip by Node's zlib. */

import { constants } from "node:buffer";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { FormatError } from "../errors.js";
import { checkMaxBytes, DEFAULT_MAX_BYTES, type GunzipOptions, neutralHeader, tooLarge } from "./gzip.js";

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
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(name, maxOutputLength);
    throw new FormatError(
      `${name}: gzip data must be whole and intact, got "${message}"; fetch the file again`,
      {
        cause: error,
      },
    );
  }
}

/** Compress to gzip off the main thread; the same input gives the same bytes. */
export async function gzipNode(bytes: Uint8Array): Promise<Uint8Array> {
  return neutralHeader(asBytes(await gzipAsync(bytes, { chunkSize: CHUNK })));
}
