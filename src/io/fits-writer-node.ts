/** FITS files that grow while they are written: image planes and table rows as they come. */

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { InvalidInputError } from "../errors.js";
import { encodeNumbers } from "./fits-bytes.js";
import { CARD_LENGTH, formatCard } from "./fits-card.js";
import {
  type CellInput,
  type FitsColumnFormat,
  valuesPerRow,
  type WritableFormat,
} from "./fits-encode-column.js";
import { paddedLength } from "./fits-hdu.js";
import { asciiBytes, fitsCard } from "./fits-header.js";
import { openTemporary, type TemporaryFile, withFileErrors, writeFully } from "./fits-temporary-node.js";
import {
  buildHeader,
  checkImageShape,
  encodeFitsHdu,
  type FitsHduInput,
  settleVersion,
  structureCards,
} from "./fits-write.js";
import {
  checkColumnFormats,
  columnCards,
  encodeRows,
  type FitsHduTitle,
  tableCards,
} from "./fits-write-table.js";
import { neutralHeader } from "./gzip.js";

/** An image that grows along its slowest axis. */
export interface GrowingImage extends FitsHduTitle {
  /** Shape of one plane, slowest axis first, for example `[ny, nx]`. */
  readonly planeShape: readonly number[];
  /** Store 32-bit (default) or 64-bit floats. */
  readonly type?: "float32" | "float64";
}

/** A table that grows by rows; columns of fixed length and given signedness only. */
export interface GrowingTable extends FitsHduTitle {
  readonly columns: readonly FitsColumnFormat[];
}

/** How to finish a file. */
export interface FinishOptions {
  /** Called with the path of the complete file before it gets its name; when it throws, the file is given up. */
  readonly beforeNaming?: (temporary: string) => Promise<void>;
}

/** The HDU that is being written. */
interface GrowingHdu {
  readonly label: string;
  /** Position in the file of the card that counts planes or rows, and its keyword. */
  readonly countPosition: number;
  readonly countKeyword: string;
  readonly countComment?: string;
  /** Planes or rows so far. */
  count: number;
  readonly encode: (values: GrowingValues) => { bytes: Uint8Array; count: number };
}

type GrowingValues = ArrayLike<number> | readonly CellInput[];

function toFloats(
  label: string,
  data: ArrayLike<number>,
  type: "float32" | "float64",
): Float32Array | Float64Array {
  if (typeof data !== "object" || data === null || typeof data.length !== "number") {
    throw new InvalidInputError(
      `${label}: planes must be an array of numbers, got ${typeof data}; convert them`,
    );
  }
  if (type === "float32") return data instanceof Float32Array ? data : Float32Array.from(data);
  return data instanceof Float64Array ? data : Float64Array.from(data);
}

/**
 * Writes one FITS file piece by piece under a temporary name; `finish` gives it its name, `abort` removes it.
 *
 * Values are copied when a method is called, so arrays may be used again at once; await each call to keep memory low.
 * After a failed write every further call but `abort` fails the same way.
 */
export class FitsWriter {
  readonly #path: string;
  readonly #file: TemporaryFile;
  readonly #taken = new Set<string>();
  #end = 0;
  #hdus = 0;
  #growing: GrowingHdu | undefined;
  #queue: Promise<void> = Promise.resolve();
  #closed = false;

  /** Use `createFitsWriter`. */
  constructor(path: string, file: TemporaryFile) {
    this.#path = path;
    this.#file = file;
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new InvalidInputError(
      `${this.#path}: writer must be open, got one that is finished or aborted; make a new one`,
    );
  }

  /** Append bytes at a position, after all writes before. */
  #write(bytes: Uint8Array, position: number): Promise<void> {
    const write = this.#queue.then(() =>
      withFileErrors(this.#path, () => writeFully(this.#file.handle, bytes, position)),
    );
    this.#queue = write;
    write.catch(() => {});
    return write;
  }

  #append(bytes: Uint8Array): Promise<void> {
    const position = this.#end;
    this.#end += bytes.length;
    return this.#write(bytes, position);
  }

  /** Close the growing HDU, if any: pad it and put the count into its header. */
  #endHdu(): Promise<void> {
    const growing = this.#growing;
    if (growing === undefined) return this.#queue;
    this.#growing = undefined;
    const padding = paddedLength(this.#end) - this.#end;
    if (padding > 0) this.#append(new Uint8Array(padding)).catch(() => {});
    return this.#write(
      asciiBytes(formatCard(fitsCard(growing.countKeyword, growing.count, growing.countComment))),
      growing.countPosition,
    );
  }

  /** A table cannot be the first HDU. */
  #startTable(): void {
    if (this.#hdus > 0) return;
    this.#append(encodeFitsHdu({ kind: "empty" }, true)).catch(() => {});
    this.#hdus = 1;
  }

  #begin(
    header: Uint8Array,
    countIndex: number,
    growing: Omit<GrowingHdu, "countPosition" | "count">,
  ): Promise<void> {
    this.#growing = { ...growing, countPosition: this.#end + countIndex * CARD_LENGTH, count: 0 };
    this.#hdus++;
    return this.#append(header);
  }

  async #add(values: GrowingValues, kind: string): Promise<void> {
    this.#checkOpen();
    if (this.#growing?.label !== kind) {
      throw new InvalidInputError(
        `${this.#path}: ${kind} must have been begun, got nothing to add to; call begin first`,
      );
    }
    const { bytes, count } = this.#growing.encode(values);
    this.#growing.count += count;
    await this.#append(bytes);
  }

  /** Write a whole HDU. @throws InvalidInputError when it cannot be written as asked */
  async writeHdu(hdu: FitsHduInput): Promise<void> {
    this.#checkOpen();
    const settled = settleVersion(this.#taken, hdu);
    const bytes = encodeFitsHdu(settled, hdu.kind !== "table" && this.#hdus === 0);
    this.#endHdu().catch(() => {});
    if (hdu.kind === "table") this.#startTable();
    this.#hdus++;
    await this.#append(bytes);
  }

  /** Begin an image of no planes yet. */
  async beginImage(image: GrowingImage): Promise<void> {
    this.#checkOpen();
    const { planeShape, type = "float32" } = image;
    const label = `FITS image ${image.name ?? "without name"}`;
    const planeSize = checkImageShape(label, planeShape);
    if (planeShape.length === 0 || planeSize === 0) {
      throw new InvalidInputError(
        `${label}: planes must have pixels, got shape [${planeShape.join(", ")}]; correct it`,
      );
    }
    const first = this.#hdus === 0;
    const shape = [0, ...planeShape];
    const mandatory = structureCards(first, type === "float32" ? -32 : -64, shape);
    const header = buildHeader(mandatory, settleVersion(this.#taken, image), first);
    this.#endHdu().catch(() => {});
    await this.#begin(header, 2 + shape.length, {
      label: "image",
      countKeyword: `NAXIS${shape.length}`,
      encode: (values) => {
        const floats = toFloats(label, values as ArrayLike<number>, type);
        const count = floats.length / planeSize;
        if (!Number.isInteger(count)) {
          throw new InvalidInputError(
            `${label}: planes must have ${planeSize} values each, got ${floats.length} in all; complete the last one`,
            { fields: { planeSize, length: floats.length } },
          );
        }
        return { bytes: encodeNumbers(floats), count };
      },
    });
  }

  /** Add one or more planes, one after the other in `data`, to the image begun last. */
  async appendPlanes(data: ArrayLike<number>): Promise<void> {
    await this.#add(data, "image");
  }

  /** Begin a table of no rows yet. */
  async beginTable(table: GrowingTable): Promise<void> {
    this.#checkOpen();
    const formats = checkColumnFormats(table.columns);
    const variable = formats.find(({ descriptor }) => descriptor !== undefined);
    if (variable !== undefined) {
      throw new InvalidInputError(
        `${variable.label}: a growing table must have columns of fixed length, got format ${variable.tform}; write it whole`,
      );
    }
    const rowLength = formats.reduce((total, { width }) => total + width, 0);
    const mandatory = [...tableCards(rowLength, 0, 0, formats.length), ...columnCards(formats)];
    const header = buildHeader(mandatory, settleVersion(this.#taken, table), false);
    this.#endHdu().catch(() => {});
    this.#startTable();
    await this.#begin(header, 4, {
      label: "table",
      countKeyword: "NAXIS2",
      // As in a table that is written whole.
      countComment: "rows",
      encode: (values) => encodeGrowingRows(formats, values as readonly CellInput[]),
    });
  }

  /** Add rows to the table begun last: the new values of each column, in the order of the columns. */
  async appendRows(values: readonly CellInput[]): Promise<void> {
    await this.#add(values, "table");
  }

  /**
   * Complete the file, push it to the disk and give it its name.
   *
   * @throws JobError when the disk is full or fails; the temporary file is removed then
   */
  async finish({ beforeNaming }: FinishOptions = {}): Promise<void> {
    this.#checkOpen();
    try {
      this.#endHdu().catch(() => {});
      this.#closed = true;
      if (this.#hdus === 0) this.#append(encodeFitsHdu({ kind: "empty" }, true)).catch(() => {});
      await this.#queue;
      if (/\.gz$/i.test(this.#path)) return await this.#compress(beforeNaming);
      await beforeNaming?.(this.#file.path);
      await this.#file.commit();
    } catch (error) {
      await this.#file.discard();
      throw error;
    }
  }

  async #compress(beforeNaming: FinishOptions["beforeNaming"]): Promise<void> {
    const packed = await openTemporary(this.#path);
    try {
      let position = 0;
      const source = createReadStream(this.#file.path, { highWaterMark: 2 ** 20 });
      // When writing fails, a pipeline may tell of its own end instead of what ended it.
      let failure: unknown;
      const write = async (chunks: AsyncIterable<Buffer>) => {
        try {
          for await (const chunk of chunks) {
            await writeFully(packed.handle, position === 0 ? neutralHeader(chunk) : chunk, position);
            position += chunk.length;
          }
        } catch (error) {
          failure = error;
          throw error;
        }
      };
      await withFileErrors(this.#path, () =>
        pipeline(source, createGzip({ chunkSize: 2 ** 18 }), write).catch((error: unknown) => {
          throw failure ?? error;
        }),
      );
      await beforeNaming?.(packed.path);
      await packed.commit();
    } catch (error) {
      await packed.discard();
      throw error;
    }
    await this.#file.discard();
  }

  /** Give up: remove the temporary file. Never throws; does nothing after `finish`. */
  async abort(): Promise<void> {
    this.#closed = true;
    await this.#queue.catch(() => {});
    await this.#file.discard();
  }
}

function encodeGrowingRows(
  formats: readonly WritableFormat[],
  values: readonly CellInput[],
): { bytes: Uint8Array; count: number } {
  if (values.length !== formats.length) {
    throw new InvalidInputError(
      `FITS table: rows must give values for ${formats.length} columns, got ${values.length}; complete them`,
      { fields: { columns: formats.length, given: values.length } },
    );
  }
  const counted = formats.findIndex((format) => valuesPerRow(format) > 0);
  const count = counted < 0 ? 0 : Math.ceil(values[counted].length / valuesPerRow(formats[counted]));
  const { data, encoded } = encodeRows(formats, values, count);
  const other = encoded.findIndex(({ zero }) => zero !== undefined);
  if (other >= 0) {
    throw new InvalidInputError(
      `${formats[other].label}: a growing table must store integers with their own sign, got an array of the other; choose a wider format`,
    );
  }
  return { bytes: data, count };
}

/**
 * Start a FITS file to be written piece by piece, gzip when the name ends in `.gz`.
 *
 * @throws InvalidInputError when the folder does not exist or is not writable
 */
export async function createFitsWriter(path: string): Promise<FitsWriter> {
  return new FitsWriter(path, await openTemporary(path));
}
