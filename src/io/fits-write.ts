/** Writing of FITS files in memory. */

import { InvalidInputError } from "../errors.js";
import { BITPIX_CODES, flipTopBits, STORED_ARRAYS, swapBytes } from "./fits-bytes.js";
import { CARD_LENGTH, type FitsCard, formatCard } from "./fits-card.js";
import { paddedLength } from "./fits-hdu.js";
import { type FitsHeader, fitsCard, formatHeader } from "./fits-header.js";
import { OTHER_SIGN, SIGN_ZERO } from "./fits-scaling.js";
import { encodeTable, type FitsHduTitle, type FitsTableInput, zeroCards } from "./fits-write-table.js";

/** Pixels of an image to write; the type decides BITPIX, unsigned types use the BZERO convention. */
export type PixelArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** An image to write. */
export interface FitsImageInput extends FitsHduTitle {
  readonly kind: "image";
  /** Length of each axis, slowest first. */
  readonly shape: readonly number[];
  /** As many values as `shape` multiplies to, the last axis fastest; in one array, or in several of one type, one after the other. */
  readonly data: PixelArray | readonly PixelArray[];
}

/** An HDU of header cards alone. */
export interface FitsEmptyInput extends FitsHduTitle {
  readonly kind: "empty";
}

/** What `writeFits` takes. */
export type FitsHduInput = FitsImageInput | FitsTableInput | FitsEmptyInput;

/** How a file is written. */
export interface WriteFitsOptions {
  /**
   * Told on the way, about once a megabyte and after each HDU, how many of all bytes are there. Checks and tables come before: the first word
   * is said when the size of the file is known.
   */
  readonly onProgress?: (written: number, bytes: number) => void;
}

/** Bytes that are written at once; a multiple of the size of every type. */
const SLICE = 2 ** 20;

const RESERVED = new RegExp(
  "^(SIMPLE|XTENSION|BITPIX|NAXIS\\d*|PCOUNT|GCOUNT|EXTEND|GROUPS|TFIELDS|THEAP|END|EXTNAME|EXTVER|BSCALE|BZERO|" +
    "LONGSTRN|CONTINUE|CHECKSUM|DATASUM|ZIMAGE|ZTABLE|ZHECKSUM|ZDATASUM|T(TYPE|FORM|UNIT|DIM|SCAL|ZERO|NULL|BCOL)\\d+)$",
);

/** Whether the writer sets this card itself. */
export function isReservedKeyword(keyword: string): boolean {
  return RESERVED.test(keyword.toUpperCase());
}

/** The cards of a header that can be carried to another file: all but those that describe sizes, types and columns. */
export function carriedCards(header: FitsHeader): FitsCard[] {
  return header.cards.filter(({ keyword }) => !isReservedKeyword(keyword) && keyword !== "BLANK");
}

function checkUserCards(label: string, cards: readonly FitsCard[]): void {
  const clash = cards.find(({ keyword }) => isReservedKeyword(keyword));
  if (clash === undefined) return;
  throw new InvalidInputError(
    `${label}: cards must leave ${clash.keyword.toUpperCase()} to the writer, got it; drop it (carriedCards does)`,
    { fields: { keyword: clash.keyword } },
  );
}

/**
 * A whole header: mandatory cards, name, the caller's cards.
 *
 * @param first whether this is the first HDU of the file
 * @throws InvalidInputError when a card of the caller clashes or cannot be written
 */
export function buildHeader(
  mandatory: readonly FitsCard[],
  { name = "", version = 1, cards = [] }: FitsHduTitle,
  first: boolean,
): Uint8Array {
  checkUserCards(`FITS HDU ${name || "without name"}`, cards);
  const title: FitsCard[] = [];
  if (name !== "" && !(first && name === "PRIMARY"))
    title.push(fitsCard("EXTNAME", name, "name of this HDU"));
  if (version !== 1) title.push(fitsCard("EXTVER", version, "version of this HDU"));
  const isLong = (card: FitsCard) =>
    typeof card.value === "string" && formatCard(card).includes("CONTINUE  ", CARD_LENGTH);
  if (cards.some(isLong)) title.push(fitsCard("LONGSTRN", "OGIP 1.0", "strings may go on in CONTINUE cards"));
  return formatHeader([...mandatory, ...title, ...cards]);
}

/** First cards of the header of an image: kind, BITPIX and axes. @param first whether it is the first HDU of the file */
export function structureCards(first: boolean, bitpix: number, shape: readonly number[]): FitsCard[] {
  return [
    first
      ? fitsCard("SIMPLE", true, "conforms to the FITS standard")
      : fitsCard("XTENSION", "IMAGE", "image"),
    fitsCard("BITPIX", bitpix, "bits per value; negative for floats"),
    fitsCard("NAXIS", shape.length, "number of axes"),
    ...[...shape].reverse().map((length, axis) => fitsCard(`NAXIS${axis + 1}`, length)),
    ...(first
      ? [fitsCard("EXTEND", true, "extensions may follow")]
      : [fitsCard("PCOUNT", 0), fitsCard("GCOUNT", 1)]),
  ];
}

function pixelType(data: PixelArray): { bitpix: number; zero?: bigint } | undefined {
  for (const [key, code] of Object.entries(BITPIX_CODES)) {
    const bitpix = Number(key);
    if (data instanceof STORED_ARRAYS[code]) return { bitpix };
    if (code !== "E" && code !== "D" && data instanceof OTHER_SIGN[code])
      return { bitpix, zero: SIGN_ZERO[code] };
  }
  return undefined;
}

/** Header and a function that puts the data into a zeroed range of the file. */
interface EncodedHdu {
  readonly header: Uint8Array;
  readonly dataLength: number;
  /** `offset` is a multiple of 2880; `tell` hears of bytes as they are written. */
  readonly writeData: (file: Uint8Array<ArrayBuffer>, offset: number, tell: (bytes: number) => void) => void;
}

/** Checks the shape. @throws InvalidInputError when an axis is not a whole number >= 0 or there are too many */
export function checkImageShape(label: string, shape: readonly number[]): number {
  const ok = shape.length <= 999 && shape.every((length) => Number.isInteger(length) && length >= 0);
  const pixels = shape.length === 0 ? 0 : shape.reduce((product, length) => product * length, 1);
  if (ok && Number.isSafeInteger(pixels * 8)) return pixels;
  throw new InvalidInputError(
    `${label}: shape must be whole numbers >= 0, got [${shape.join(", ")}]; correct it`,
    { fields: { shape } },
  );
}

function encodeImage(input: FitsImageInput, first: boolean): EncodedHdu {
  const label = `FITS image ${input.name ?? "without name"}`;
  const pixels = checkImageShape(label, input.shape);
  const parts: readonly PixelArray[] = ArrayBuffer.isView(input.data) ? [input.data] : [input.data].flat();
  const type = parts[0] && pixelType(parts[0]);
  if (type === undefined || parts.some((part) => part.constructor !== parts[0].constructor)) {
    const got = [...new Set(parts.map((part) => part?.constructor?.name ?? typeof part))].join(", ");
    throw new InvalidInputError(
      `${label}: data must be a typed array, or some of one type, got ${got || "none"}; convert it`,
    );
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length !== pixels) {
    throw new InvalidInputError(
      `${label}: data must hold ${pixels} values for shape [${input.shape.join(", ")}], got ${length}; make them agree`,
      { fields: { shape: input.shape, length } },
    );
  }
  const size = parts[0].BYTES_PER_ELEMENT;
  const mandatory = structureCards(first, type.bitpix, input.shape);
  if (type.zero !== undefined) mandatory.push(...zeroCards("BSCALE", "BZERO", type.zero));
  return {
    header: buildHeader(mandatory, input, first),
    dataLength: length * size,
    writeData: (file, offset, tell) => {
      let [copied, swapped] = [offset, offset];
      const swapTo = (end: number) => {
        swapBytes(file.buffer, swapped, end - swapped, size);
        if (type.zero !== undefined) flipTopBits(file.subarray(swapped, end), size);
        swapped = end;
      };
      for (const part of parts) {
        for (let start = 0; start < part.byteLength; start += SLICE) {
          const bytes = Math.min(SLICE, part.byteLength - start);
          file.set(new Uint8Array(part.buffer, part.byteOffset + start, bytes), copied);
          copied += bytes;
          // Whole words of eight bytes: the next part may begin within one.
          swapTo(copied - (copied % 8));
          tell(bytes);
        }
      }
      swapTo(copied);
    },
  };
}

function encodeHdu(input: FitsHduInput, first: boolean): EncodedHdu {
  switch (input.kind) {
    case "image":
      return encodeImage(input, first);
    case "empty": {
      const header = buildHeader(structureCards(first, 8, []), input, first);
      return { header, dataLength: 0, writeData: () => {} };
    }
    case "table": {
      const { mandatory, data } = encodeTable(input);
      return {
        header: buildHeader(mandatory, input, false),
        dataLength: data.length,
        writeData: (file, offset, tell) => {
          file.set(data, offset);
          tell(data.length);
        },
      };
    }
  }
}

/**
 * An HDU with its version settled: the next free one when its name comes again.
 *
 * @param taken names and versions so far; the new one is added
 * @throws InvalidInputError when the version asked for is taken
 */
export function settleVersion<H extends FitsHduTitle>(taken: Set<string>, hdu: H): H {
  const name = (hdu.name ?? "").toUpperCase();
  if (name === "") return hdu;
  let version = hdu.version ?? 1;
  if (!Number.isInteger(version) || (hdu.version !== undefined && taken.has(`${name},${version}`))) {
    throw new InvalidInputError(
      `FITS HDU ${name}: version must be a whole number that no HDU of this name has, got ${version}; change one`,
      { fields: { name, version } },
    );
  }
  while (taken.has(`${name},${version}`)) version++;
  taken.add(`${name},${version}`);
  return { ...hdu, version };
}

/** An HDU as bytes, header and padded data. */
export function encodeFitsHdu(input: FitsHduInput, first: boolean): Uint8Array {
  return joinHdus([encodeHdu(input, first)]);
}

function joinHdus(parts: readonly EncodedHdu[], onProgress?: WriteFitsOptions["onProgress"]): Uint8Array {
  const length = parts.reduce((total, part) => total + part.header.length + paddedLength(part.dataLength), 0);
  onProgress?.(0, length);
  const file = new Uint8Array(length);
  let at = 0;
  for (const { header, dataLength, writeData } of parts) {
    file.set(header, at);
    let written = at + header.length;
    writeData(file, written, (bytes) => {
      written += bytes;
      onProgress?.(written, length);
    });
    at += header.length + paddedLength(dataLength);
    onProgress?.(at, length);
  }
  return file;
}

/**
 * Write a FITS file in memory.
 *
 * The first image (or header without data) is the primary HDU; when the first HDU is a table, an empty primary goes in
 * front. The writer sets all cards that describe sizes, types, columns and names.
 *
 * @throws InvalidInputError when an input cannot be written as asked
 */
export function writeFits(hdus: readonly FitsHduInput[], options: WriteFitsOptions = {}): Uint8Array {
  const taken = new Set<string>();
  const inputs: FitsHduInput[] = hdus.map((hdu) => settleVersion(taken, hdu));
  if (inputs.length === 0 || inputs[0].kind === "table") inputs.unshift({ kind: "empty" });
  const encoded = inputs.map((input, index) => encodeHdu(input, index === 0));
  return joinHdus(encoded, options.onProgress);
}
