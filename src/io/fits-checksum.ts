/** Sums of header and data by which an HDU shows that it is as it was written (FITS standard 4.0, section 4.4.2.7 and appendix J). */

import type { FitsHeader } from "./fits-header.js";

/** The sum of an HDU whose CHECKSUM is right: all bits set, which is 0 in ones' complement. */
const WHOLE = 0xffffffff;

/** Bring what lies above 32 bits back to the lowest bit. */
function carried(sum: number): number {
  let rest = sum;
  while (rest > WHOLE) rest = Math.floor(rest / 2 ** 32) + (rest % 2 ** 32);
  return rest;
}

/** Bytes whose words are added before what is carried goes back; so many sums are exact as a number. */
const EXACT = 2 ** 22;

/** The 32-bit ones' complement sum of bytes as big-endian words, in [0, 2^32); what is missing of the last word counts as 0. */
export function onesComplementSum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length - (bytes.length % 4);
  let sum = 0;
  for (let at = 0; at < whole; ) {
    const end = Math.min(whole, at + EXACT);
    for (; at < end; at += 4) sum += view.getUint32(at);
    sum = carried(sum);
  }
  for (let at = whole; at < bytes.length; at++) sum += bytes[at] * 2 ** (24 - 8 * (at - whole));
  return carried(sum);
}

/** The text of a sum; undefined where it is blank or 0, which says that it was not computed. */
function statedSum(header: FitsHeader, keyword: "DATASUM" | "CHECKSUM"): string | undefined {
  const text = String(header.get(keyword) ?? "").trim();
  return /^0*$/.test(text) ? undefined : text;
}

/** Whether a header states a sum by which its HDU can be checked. */
export function hasSums(header: FitsHeader): boolean {
  return statedSum(header, "DATASUM") !== undefined || statedSum(header, "CHECKSUM") !== undefined;
}

/**
 * What the sums of an HDU say against it, one sentence or none: a sum of the data other than DATASUM, or else header and data that
 * CHECKSUM does not fit.
 *
 * @param label of the HDU for the sentence
 * @param bytes of its header as in the file, whole blocks
 * @param data as in the file, with the padding to whole blocks as far as it is there
 */
export function sumWarnings(
  label: string,
  header: FitsHeader,
  bytes: Uint8Array,
  data: Uint8Array,
): string[] {
  if (!hasSums(header)) return [];
  const [stated, sum] = [statedSum(header, "DATASUM"), onesComplementSum(data)];
  if (stated !== undefined && /^\d+$/.test(stated) && Number(stated) !== sum) {
    return [
      `${label}: DATASUM should be the sum of the data, ${sum}, got ${stated}; the data were changed after it was written, or are damaged`,
    ];
  }
  if (statedSum(header, "CHECKSUM") === undefined) return [];
  const all = carried(onesComplementSum(bytes) + sum);
  if (all === WHOLE || all === 0) return [];
  return [
    `${label}: CHECKSUM should make the sum of header and data ${WHOLE}, got ${all}; ` +
      `${stated === undefined ? "one of them" : "the header"} was changed after it was written, or is damaged`,
  ];
}
