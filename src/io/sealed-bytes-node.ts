/** Bytes that tell whether they are as they were written. */

import { crc32 } from "node:zlib";
import { FormatError } from "../errors.js";

/** A CRC-32 as eight hexadecimal digits. */
export function crcText(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

/** Bytes with a last line of eight hexadecimal digits: their CRC-32. */
export function sealBytes(bytes: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(bytes.length + 9);
  sealed.set(bytes);
  sealed.set(new TextEncoder().encode(`${crcText(crc32(bytes))}\n`), bytes.length);
  return sealed;
}

/**
 * What `sealBytes` was given.
 *
 * @throws FormatError when a byte was changed or is missing
 */
export function openSealed(path: string, sealed: Uint8Array): Uint8Array {
  const bytes = sealed.subarray(0, Math.max(0, sealed.length - 9));
  const found = new TextDecoder().decode(sealed.subarray(bytes.length));
  const need = `${crcText(crc32(bytes))}\n`;
  if (found === need) return bytes;
  throw new FormatError(
    `${path}: file must have the checksum that it was written with, got another; it is damaged, begin the run anew`,
    { fields: { path } },
  );
}
