/** Where the header-and-data units of a FITS file stand in it, and which one is meant. */

import { FormatError, InvalidInputError } from "../errors.js";
import { readBitpix } from "./fits-bytes.js";
import { CARD_LENGTH } from "./fits-card.js";
import { sumWarnings } from "./fits-checksum.js";
import {
  BLOCK_LENGTH,
  type FitsHeader,
  findEndCard,
  headerInteger,
  MAX_HEADER_CARDS,
  parseHeader,
} from "./fits-header.js";
import { conditionRemedy } from "./fits-name.js";
import { packedImage } from "./fits-tiles.js";
import {
  type FitsData,
  type FitsHdu,
  type FitsHduBase,
  type FitsHduInfo,
  fileOf,
  type HduSelector,
} from "./hdu.js";
import { hduKind } from "./hdu-kind.js";

const MAX_SIZE = Number.MAX_SAFE_INTEGER;

function sizeError(where: string, text: string): FormatError {
  return new FormatError(`${where}: ${text}; the file is damaged or cut short, fetch it again`);
}

const isText = (value: unknown) => typeof value === "string";
const isWhole = (value: unknown) => typeof value === "bigint" || Number.isSafeInteger(value);

/** Cards that say nothing about where data lie or what they are: of a wrong type they are ignored. */
const RESERVED: readonly (readonly [keyword: string, rule: string, holds: (value: unknown) => boolean])[] = [
  ["EXTNAME", "text", isText],
  ["EXTVER", "a whole number", isWhole],
  ["EXTLEVEL", "a whole number", isWhole],
  ["BUNIT", "text", isText],
  ["BLANK", "a whole number", isWhole],
];

/** Axis lengths in FITS order, NAXIS1 first. */
function readAxes(where: string, header: FitsHeader): number[] {
  const count = headerInteger(where, header, "NAXIS", { min: 0, max: 999 });
  const axes: number[] = [];
  for (let axis = 1; axis <= count; axis++) {
    axes.push(headerInteger(where, header, `NAXIS${axis}`, { min: 0, max: MAX_SIZE }));
  }
  return axes;
}

function checkFirstCard(where: string, header: FitsHeader, index: number): void {
  const first = header.cards[0];
  if (index === 0) {
    if (first?.keyword === "SIMPLE" && first.value === true) return;
    throw new FormatError(
      `${where}: a FITS file must start with "SIMPLE  = T", got ${JSON.stringify((first?.raw ?? "").slice(0, 30))}; choose a FITS file`,
    );
  }
  if (first?.keyword === "XTENSION" && typeof first.value === "string") return;
  throw sizeError(
    where,
    `an extension must start with XTENSION, got ${JSON.stringify((first?.raw ?? "").slice(0, 30))}`,
  );
}

/** Cards that say what numbers and pixels mean. */
const MEANING =
  /^(?:BSCALE|BZERO|BLANK|BUNIT|C(?:TYPE|RVAL|RPIX|DELT|UNIT|ROTA)\d|(?:CD|PC)\d_\d|LONPOLE|LATPOLE|RADESYS|EQUINOX|T(?:TYPE|FORM|UNIT|SCAL|ZERO|NULL|CTYP|CRVL|CRPX|CDLT)\d+|TIMEZERO|MJDREF[IF]?)$/;

/** A sentence on cards that are there again with another value, the first three. */
function contradictions(label: string, header: FitsHeader): string[] {
  const found = header.cards.filter(
    ({ keyword, value }) => MEANING.test(keyword) && value !== undefined && header.get(keyword) !== value,
  );
  return found
    .slice(0, 3)
    .map(
      ({ keyword, value }) =>
        `${label}: ${keyword} should be there once, got ${header.get(keyword)} and ${value}; the first is taken`,
    );
}

/**
 * Understand one header: kind, sizes, names. Looks at no data.
 *
 * @param source name of the file for error messages
 * @throws FormatError when a structural card is missing or out of range
 */
function describeHdu(
  source: string,
  header: FitsHeader,
  { index, headerOffset, dataOffset }: Pick<FitsHduBase, "index" | "headerOffset" | "dataOffset">,
): FitsHduInfo {
  const name = header.text("EXTNAME") || (index === 0 ? "PRIMARY" : "");
  const label = `${source}[${name === "" || index === 0 ? index : name}]`;
  checkFirstCard(label, header, index);
  const bitpix = readBitpix(label, header, "BITPIX");
  const axes = readAxes(label, header);
  const groups = index === 0 && axes[0] === 0 && header.get("GROUPS") === true;
  const parameters = headerInteger(label, header, "PCOUNT", { min: 0, max: MAX_SIZE, fallback: 0 });
  const groupCount = headerInteger(label, header, "GCOUNT", { min: 0, max: MAX_SIZE, fallback: 1 });
  // The primary HDU has PCOUNT and GCOUNT for random groups only.
  const counted = index > 0 || groups;
  const pixels =
    axes.length === 0 ? 0 : (groups ? axes.slice(1) : axes).reduce((product, axis) => product * axis, 1);
  const dataLength = (Math.abs(bitpix) / 8) * (counted ? groupCount * (parameters + pixels) : pixels);
  if (!Number.isSafeInteger(dataLength)) {
    throw sizeError(
      label,
      `data must have fewer than 2^53 bytes, got axes ${axes.join(" x ")}, PCOUNT ${parameters}`,
    );
  }
  const warnings = RESERVED.flatMap(([keyword, rule, holds]) => {
    const value = header.has(keyword) ? header.get(keyword) : undefined;
    if (value === undefined || holds(value)) return [];
    return [`${label}: ${keyword} should be ${rule}, got ${JSON.stringify(String(value))}; it is ignored`];
  });
  warnings.push(...contradictions(label, header));
  const given = header.get("EXTVER");
  const version = typeof given === "number" && Number.isSafeInteger(given) ? given : 1;
  const base: FitsHduBase = {
    ...{ index, name, version, header, label, headerOffset, dataOffset, dataLength },
    ...(warnings.length > 0 && { warnings }),
  };
  const extension = index === 0 ? "IMAGE" : (header.text("XTENSION") ?? "");
  if (extension === "BINTABLE" || extension === "A3DTABLE" || extension === "TABLE") {
    if (axes.length !== 2 || bitpix !== 8 || groupCount !== 1) {
      throw new FormatError(
        `${label}: a table must have BITPIX 8, NAXIS 2 and GCOUNT 1, got ${bitpix}, ${axes.length} and ${groupCount}; the file is damaged`,
      );
    }
    const columnCount = headerInteger(label, header, "TFIELDS", { min: 0, max: 999 });
    const form = extension === "TABLE" ? "ascii" : "binary";
    const table = { form, rows: axes[1], rowLength: axes[0], columnCount } as const;
    if (header.get("ZIMAGE") === true && form === "binary")
      return { ...base, kind: "image", ...packedImage(label, header), packed: table };
    return { ...base, kind: "table", ...table };
  }
  if ((extension === "IMAGE" || extension === "IUEIMAGE") && axes.length > 0 && !groups) {
    if (counted && (parameters !== 0 || groupCount !== 1)) {
      throw new FormatError(
        `${label}: an image must have PCOUNT 0 and GCOUNT 1, got ${parameters} and ${groupCount}; the file is damaged`,
      );
    }
    return { ...base, kind: "image", bitpix, shape: axes.reverse() };
  }
  return { ...base, kind: "empty" };
}

/** Bytes rounded up to whole blocks. */
export function paddedLength(length: number): number {
  return Math.ceil(length / BLOCK_LENGTH) * BLOCK_LENGTH;
}

/**
 * Check that the data of an HDU lie inside the file.
 *
 * @param fileLength bytes of the whole file
 * @throws FormatError when the header promises more
 */
function checkDataLength(hdu: FitsHduInfo, fileLength: number): void {
  const available = Math.max(0, fileLength - hdu.dataOffset);
  if (hdu.dataLength <= available) return;
  throw new FormatError(
    `${hdu.label}: data must be the ${hdu.dataLength} bytes that the header promises, got ${available}; the file is damaged or cut short, fetch it again`,
    { fields: { needed: hdu.dataLength, available } },
  );
}

/** How packed files begin, with what unpacks them. */
const PACKED: readonly (readonly [name: string, remedy: string, ...start: number[]])[] = [
  ["gzip", "unpack it, gunzip or readFitsMaybeGzip do so once", 0x1f, 0x8b],
  ["Unix compress", "unpack it with gunzip", 0x1f, 0x9d],
  ["bzip2", "unpack it with bunzip2", 0x42, 0x5a, 0x68],
  ["xz", "unpack it with unxz", 0xfd, 0x37, 0x7a, 0x58, 0x5a],
  ["zstd", "unpack it with unzstd", 0x28, 0xb5, 0x2f, 0xfd],
  ["zip", "unpack it with unzip", 0x50, 0x4b, 0x03, 0x04],
];

/** @throws FormatError unless the bytes begin as a FITS file does */
function checkFitsStart(source: string, bytes: Uint8Array): void {
  const packed = PACKED.find(([, , ...begin]) => begin.every((byte, at) => bytes[at] === byte));
  if (packed !== undefined) {
    throw new FormatError(`${source}: bytes must be plain FITS, got ${packed[0]}; ${packed[1]}`);
  }
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 30));
  if (start.startsWith("SIMPLE")) return;
  throw new FormatError(
    `${source}: a FITS file must start with "SIMPLE  = T", got ${bytes.length === 0 ? "no bytes" : JSON.stringify(start)}; choose a FITS file`,
  );
}

const LONGEST_HEADER = paddedLength((MAX_HEADER_CARDS + 1) * CARD_LENGTH);

/**
 * Find all HDUs of a file by their headers. It asks for parts of the file, position and length in bytes, and goes on with their bytes.
 *
 * @param source name of the file for error messages
 * @param length bytes of the whole file
 * @param firstLook most bytes to ask for where a header begins; those of longer ones are asked for again
 * @throws FormatError when the bytes are not FITS, damaged or cut short
 */
export function* findHdus(
  source: string,
  length: number,
  firstLook: number,
): Generator<readonly [position: number, length: number], FitsHduInfo[], Uint8Array> {
  const hdus: FitsHduInfo[] = [];
  if (length === 0) checkFitsStart(source, new Uint8Array(0));
  for (let offset = 0; offset < length; ) {
    const index = hdus.length;
    let look = Math.min(firstLook, length - offset);
    let bytes = yield [offset, look];
    if (index === 0) checkFitsStart(source, bytes);
    else if (!isExtension(bytes)) {
      hdus.push(withTrailer(hdus.pop()!, source, bytes, length - offset));
      break;
    }
    let end = findEndCard(bytes, 0);
    while (end < 0 && look < Math.min(length - offset, LONGEST_HEADER)) {
      look = Math.min(4 * look, length - offset, LONGEST_HEADER);
      bytes = yield [offset, look];
      end = findEndCard(bytes, 0);
    }
    if (end < 0) {
      throw sizeError(
        source,
        `the header of HDU ${index} must close with an END card within ${MAX_HEADER_CARDS} cards, got none`,
      );
    }
    const dataOffset = offset + paddedLength(end + 1);
    const info = describeHdu(source, parseHeader(bytes, 0, end), { index, headerOffset: offset, dataOffset });
    checkDataLength(info, length);
    hdus.push(info);
    offset = dataOffset + paddedLength(info.dataLength);
  }
  return hdus;
}

/**
 * Find all HDUs of a FITS file held in memory. Nothing is decoded or copied.
 *
 * @param file the whole file, not compressed
 * @param options `name` of the file in error messages, default "FITS"
 * @throws FormatError when the bytes are not FITS, damaged or cut short
 */
export function readFits(
  file: Uint8Array,
  { name: source = "FITS" }: { readonly name?: string } = {},
): FitsHdu[] {
  // A plain view: Node's Buffer shares memory in slice().
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.length);
  const search = findHdus(source, bytes.length, bytes.length);
  let found = search.next();
  while (!found.done) {
    const [position, length] = found.value;
    found = search.next(bytes.subarray(position, position + length));
  }
  return found.value.map((info) => withData(info, bytes.subarray(info.headerOffset)));
}

/**
 * An HDU with its data, and with what its sums say against them.
 *
 * @param bytes from the start of its header to its end, padding included as far as it is there; more may follow
 */
export function withData<H extends FitsHduInfo>(info: H, bytes: Uint8Array): H & FitsData {
  const { label, header, headerOffset, dataOffset, dataLength } = info;
  const start = dataOffset - headerOffset;
  const stored = bytes.subarray(start, start + paddedLength(dataLength));
  return withWarnings(
    { ...info, data: stored.subarray(0, dataLength) },
    sumWarnings(label, header, bytes.subarray(0, start), stored),
  );
}

/** An HDU with further warnings. */
function withWarnings<H extends FitsHduInfo>(hdu: H, more: readonly string[]): H {
  return more.length === 0 ? hdu : { ...hdu, warnings: [...(hdu.warnings ?? []), ...more] };
}

/** Whether bytes begin with the header of an extension. */
function isExtension(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, 8)) === "XTENSION";
}

/**
 * The last HDU of a file that goes on behind it: a warning, unless there is nothing but zeros or blanks.
 *
 * @param bytes of what follows, perhaps only its beginning
 * @param length bytes that follow in the file
 */
function withTrailer(last: FitsHduInfo, source: string, bytes: Uint8Array, length: number): FitsHduInfo {
  // As on files padded to tape records.
  if (bytes.every((byte) => byte === 0 || byte === 0x20)) return last;
  const warning = `${source}: file should end with its last HDU, got ${length} more ${length === 1 ? "byte" : "bytes"} that begin no extension; they are ignored`;
  return withWarnings(last, [warning]);
}

function matches(hdu: FitsHduInfo, name: string, version: number | undefined): boolean {
  return hdu.name.toUpperCase() === name.toUpperCase() && (version === undefined || hdu.version === version);
}

function selectHdu<H extends FitsHduInfo>(hdus: readonly H[], selector: HduSelector): H | undefined {
  if (typeof selector === "number") return hdus[selector];
  if (typeof selector === "object") return hdus.find((hdu) => matches(hdu, selector.name, selector.version));
  const exact = hdus.find((hdu) => matches(hdu, selector, undefined));
  if (exact !== undefined) return exact;
  if (selector.toUpperCase() === "PRIMARY") return hdus[0];
  const [, name, version] = /^(.*),\s*(-?\d+)$/.exec(selector) ?? [];
  return name === undefined ? undefined : hdus.find((hdu) => matches(hdu, name.trim(), Number(version)));
}

/** What a file without an image holds instead, by its most telling HDU. */
function noImageError(source: string, hdus: readonly FitsHduInfo[]): InvalidInputError {
  const kinds = hdus.map((hdu) => ({ hdu, ...hduKind(hdu) }));
  const told = kinds.find(({ kind }) => !["table", "empty", "good times"].includes(kind));
  const { hdu, is, remedy } = told ?? kinds.at(-1)!;
  return new InvalidInputError(
    `${source}: must hold an image, got ${is} (HDU ${hdu.index}${hdu.name ? ` ${hdu.name}` : ""}); ${remedy}`,
    { fields: { kind: told?.kind ?? "table", hdu: hdu.index } },
  );
}

/**
 * The HDU that a selector names; without selector, the first image with pixels.
 *
 * @throws InvalidInputError when the file has no such HDU
 */
export function findHdu<H extends FitsHduInfo>(hdus: readonly H[], selector?: HduSelector): H {
  const found =
    selector === undefined
      ? hdus.find((hdu) => hdu.kind === "image" && hdu.dataLength > 0)
      : selectHdu(hdus, selector);
  if (found !== undefined) return found;
  const source = hdus[0] === undefined ? "FITS" : fileOf(hdus[0]);
  if (selector === undefined && hdus.length > 0) throw noImageError(source, hdus);
  const present = hdus.map((hdu) => `${hdu.index} ${hdu.name || "(no name)"} ${hdu.kind}`).join(", ");
  const wanted = selector === undefined ? "an image" : `HDU ${JSON.stringify(selector)}`;
  const remedy = typeof selector === "string" ? conditionRemedy(selector) : undefined;
  throw new InvalidInputError(
    `${source}: must hold ${wanted}, got ${present || "no HDU"}; ${remedy ?? "name one of these"}`,
    { fields: { selector } },
  );
}
