/** Header-and-data units: what a FITS file is made of. */

import type { FitsHeader } from "./fits-header.js";

/** Numbers that BITPIX may be. */
export type Bitpix = 8 | 16 | 32 | 64 | -32 | -64;

/** What every HDU has. */
export interface FitsHduBase {
  /** Position in the file, from 0. */
  readonly index: number;
  /** EXTNAME; "PRIMARY" for a first HDU without one, otherwise "". */
  readonly name: string;
  /** EXTVER, default 1. */
  readonly version: number;
  readonly header: FitsHeader;
  /** File and HDU for error messages, such as `events.fits[GTI]`. */
  readonly label: string;
  /** Bytes from the start of the file to the header. */
  readonly headerOffset: number;
  /** Bytes from the start of the file to the data. */
  readonly dataOffset: number;
  /** Bytes of data, without padding. */
  readonly dataLength: number;
  /** What breaks the standard here but could be read all the same, one sentence each; absent when nothing does. */
  readonly warnings?: readonly string[];
}

/** What messages call the file of an HDU: its label without the brackets. */
export const fileOf = ({ label }: Pick<FitsHduBase, "label">): string => label.replace(/\[[^[]*$/, "");

/** An image of any number of axes >= 1. */
export interface FitsImageInfo extends FitsHduBase {
  readonly kind: "image";
  readonly bitpix: Bitpix;
  /** Length of each axis, slowest first (numpy order): `[NAXISn, ..., NAXIS1]`. */
  readonly shape: readonly number[];
  /** The table that holds the tiles, where the image is compressed by tiles; its bytes are then those of the data. */
  readonly packed?: Pick<FitsTableInfo, "form" | "rows" | "rowLength" | "columnCount">;
}

/** A binary or ASCII table. */
export interface FitsTableInfo extends FitsHduBase {
  readonly kind: "table";
  readonly form: "binary" | "ascii";
  readonly rows: number;
  /** Bytes of one row. */
  readonly rowLength: number;
  readonly columnCount: number;
}

/** No data, or data of a sort that tslira does not decode (random groups, unknown extensions). */
export interface FitsEmptyInfo extends FitsHduBase {
  readonly kind: "empty";
}

/** An HDU known by its header alone. */
export type FitsHduInfo = FitsImageInfo | FitsTableInfo | FitsEmptyInfo;

/** Data as stored, big-endian, without padding: a view of the file's bytes. */
export interface FitsData {
  readonly data: Uint8Array;
}

/** An image HDU with its bytes; `readImageData` decodes them. */
export type FitsImageHdu = FitsImageInfo & FitsData;
/** A table HDU with its bytes; `readTable` decodes them. */
export type FitsTableHdu = FitsTableInfo & FitsData;
/** An HDU without an image or table that could be read. */
export type FitsEmptyHdu = FitsEmptyInfo & FitsData;
/** An HDU with its bytes; decode them with `readImageData` or `readTable`. */
export type FitsHdu = FitsImageHdu | FitsTableHdu | FitsEmptyHdu;

/** How to name an HDU: its index, its EXTNAME (any case, `NAME` or `NAME,version`), or name and version. */
export type HduSelector = number | string | { readonly name: string; readonly version?: number };
