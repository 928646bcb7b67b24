/** FITS files on disk, plain or gzip. Streams out: `fits-writer-node.ts`. */

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { FormatError, InvalidInputError } from "../errors.js";
import { hasSums } from "./fits-checksum.js";
import { findHdu, findHdus, paddedLength, readFits, withData } from "./fits-hdu.js";
import { BLOCK_LENGTH } from "./fits-header.js";
import { checkIsImage, decodePixels, type FitsImage } from "./fits-image.js";
import { type FitsSection, sectionHdu, sectionLayout } from "./fits-section.js";
import { withFileErrors } from "./fits-temporary-node.js";
import { unpackImage } from "./fits-tiles.js";
import { type FitsHduInput, writeFits } from "./fits-write.js";
import { checkMaxBytes, DEFAULT_MAX_BYTES, isGzip } from "./gzip.js";
import { gunzipNode, gzipNode, inflateLittle, openInflated } from "./gzip-node.js";
import type { FitsHdu, FitsHduInfo, FitsImageHdu, HduSelector } from "./hdu.js";
import { writeWholeFile } from "./whole-file-node.js";

export {
  createFitsWriter,
  type FinishOptions,
  type FitsWriter,
  type GrowingImage,
  type GrowingTable,
} from "./fits-writer-node.js";

/** How to read a file. */
export interface ReadFileOptions {
  /** Most bytes to read at once, after decompression; default 2 GiB. */
  readonly maxBytes?: number;
}

/** Read `length` bytes. @throws FormatError when the file ends before */
async function readFully(
  path: string,
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 2 ** 30), position + done);
    if (bytesRead === 0) {
      throw new FormatError(
        `${path}: file must keep its ${position + length} bytes while it is read, got ${position + done}; read it again`,
      );
    }
    done += bytesRead;
  }
  return bytes;
}

/** Bytes of a file. @throws InvalidInputError when it is a folder, a device or a pipe */
export async function fileLength(path: string, handle: FileHandle): Promise<number> {
  const status = await handle.stat();
  if (status.isFile()) return status.size;
  const kind = status.isDirectory() ? "a folder" : "a device, pipe or socket";
  throw new InvalidInputError(`${path}: path must name a file, got ${kind}; choose a file`, {
    fields: { path },
  });
}

/** All bytes of a file. @throws InvalidInputError when it cannot be read, or is a folder, a device or a pipe */
export async function readBytes(path: string): Promise<Uint8Array> {
  return withFileErrors(path, async () => {
    const handle = await openToRead(path);
    try {
      await fileLength(path, handle);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  });
}

function checkLength(path: string, length: number, maxBytes: number): void {
  checkMaxBytes(maxBytes);
  if (length <= maxBytes) return;
  throw new InvalidInputError(
    `${path}: at most ${maxBytes} bytes may be read at once, got ${length}; read planes with openFitsFile or raise maxBytes`,
    { fields: { length, maxBytes } },
  );
}

async function readWhole(
  path: string,
  handle: FileHandle,
  length: number,
  maxBytes: number,
): Promise<Uint8Array> {
  checkLength(path, length, maxBytes);
  const bytes = await readFully(path, handle, 0, length);
  return isGzip(bytes) ? gunzipNode(bytes, { name: basename(path), maxBytes }) : bytes;
}

/** Open a file without ever waiting on a pipe that nobody writes. */
export function openToRead(path: string): Promise<FileHandle> {
  const { O_NONBLOCK = 0, O_RDONLY } = constants;
  return open(path, O_RDONLY | O_NONBLOCK);
}

/**
 * Read a FITS file into memory, plain or gzip.
 *
 * @throws InvalidInputError when the file does not exist, cannot be read, or is larger than `maxBytes`
 * @throws FormatError when it is not FITS, damaged or cut short
 */
export async function readFitsFile(
  path: string,
  { maxBytes = DEFAULT_MAX_BYTES }: ReadFileOptions = {},
): Promise<FitsHdu[]> {
  return withFileErrors(path, async () => {
    const handle = await openToRead(path);
    try {
      const bytes = await readWhole(path, handle, await fileLength(path, handle), maxBytes);
      return readFits(bytes, { name: basename(path) });
    } finally {
      await handle.close();
    }
  });
}

/** A FITS file open for reading, of which only headers are in memory (all of it when it is gzip of at most 64 MiB). */
export interface FitsFile {
  readonly hdus: readonly FitsHduInfo[];
  /**
   * Load one HDU, or of an image only a part, as an image of its own. Of what is read whole DATASUM and CHECKSUM are compared: `warnings`.
   *
   * @throws InvalidInputError when the part leaves the image
   */
  readonly readHdu: (selector?: HduSelector, section?: FitsSection) => Promise<FitsHdu>;
  /**
   * Physical values of some planes of an image: indices `first` to `first + count` (exclusive) of its slowest axis.
   *
   * @throws InvalidInputError when the planes are not in the image
   * @throws FormatError when the HDU is no image
   */
  readonly readPlanes: (
    selector: HduSelector | undefined,
    first: number,
    count: number,
  ) => Promise<FitsImage>;
  /** Close the file; lazy reading ends. */
  readonly close: () => Promise<void>;
}

const FIRST_LOOK = 36 * BLOCK_LENGTH;

/** Reads exactly so many bytes of a file. */
type ReadBytes = (position: number, length: number) => Promise<Uint8Array>;

async function scanHeaders(path: string, read: ReadBytes, length: number): Promise<FitsHduInfo[]> {
  const search = findHdus(basename(path), length, FIRST_LOOK);
  let found = search.next();
  while (!found.done) found = search.next(await read(...found.value));
  return found.value;
}

function planeRange(
  hdu: FitsHduInfo,
  first: number,
  count: number,
): { start: number; length: number; shape: number[] } {
  checkIsImage(hdu);
  const [planes = 0, ...rest] = hdu.shape;
  if (
    !Number.isInteger(first) ||
    !Number.isInteger(count) ||
    first < 0 ||
    count < 0 ||
    first + count > planes
  ) {
    throw new InvalidInputError(
      `${hdu.label}: planes must lie in 0:${planes}, got ${count} from ${first}; indices are 0-based`,
      { fields: { first, count, planes } },
    );
  }
  const size = planes === 0 ? 0 : hdu.dataLength / planes;
  return { start: first * size, length: count * size, shape: [count, ...rest] };
}

/**
 * Open a FITS file and read its headers; data are read when asked for. A gzip file is decompressed into memory when it holds at most
 * 64 MiB; a larger one is decompressed again for what is read of it.
 * Close it when done.
 *
 * @throws InvalidInputError when the file does not exist or cannot be read
 * @throws FormatError when it is not FITS, damaged or cut short
 */
export async function openFitsFile(
  path: string,
  { maxBytes = DEFAULT_MAX_BYTES }: ReadFileOptions = {},
): Promise<FitsFile> {
  return withFileErrors(path, async () => {
    const handle = await openToRead(path);
    try {
      const length = await fileLength(path, handle);
      if (!isGzip(await readFully(path, handle, 0, Math.min(2, length)))) {
        const read: ReadBytes = (position, size) => readFully(path, handle, position, size);
        return await lazyFile(path, handle, read, length, maxBytes);
      }
      checkLength(path, length, maxBytes);
      const name = basename(path);
      const inflated = await inflateLittle(handle, { name, maxBytes });
      if (inflated.bytes === undefined) {
        return await lazyFile(path, handle, openInflated(handle, name), inflated.length, maxBytes);
      }
      await handle.close();
      return memoryFile(readFits(inflated.bytes, { name }));
    } catch (error) {
      await handle.close().catch(() => {});
      throw error;
    }
  });
}

/** Planes of an image in memory. */
function planesOf(hdu: FitsHdu, first: number, count: number): FitsImage {
  const plain = hdu.kind === "image" ? unpackImage(hdu) : hdu;
  const { start, length, shape } = planeRange(plain, first, count);
  return decodePixels(plain as FitsImageHdu, plain.data.subarray(start, start + length), shape);
}

function memoryFile(hdus: readonly FitsHdu[]): FitsFile {
  return {
    hdus,
    readHdu: async (selector, section) => {
      const hdu = findHdu(hdus, selector);
      return section === undefined ? hdu : sectionHdu(hdu.label, hdu, section);
    },
    readPlanes: async (selector, first, count) => {
      const hdu = findHdu(hdus, selector);
      return planesOf(hdu, first, count);
    },
    close: async () => {},
  };
}

async function lazyFile(
  path: string,
  handle: FileHandle,
  readBytes: ReadBytes,
  fileLength: number,
  maxBytes: number,
): Promise<FitsFile> {
  const hdus = await scanHeaders(path, readBytes, fileLength);
  const read = (position: number, length: number) => {
    checkLength(path, length, maxBytes);
    return withFileErrors(path, () => readBytes(position, length));
  };
  const readWhole = async (hdu: FitsHduInfo): Promise<FitsHdu> => {
    const { header, headerOffset, dataOffset, dataLength } = hdu;
    if (!hasSums(header)) return { ...hdu, data: await read(dataOffset, dataLength) };
    const end = Math.min(fileLength, dataOffset + paddedLength(dataLength));
    return withData(hdu, await read(headerOffset, end - headerOffset));
  };
  return {
    hdus,
    readHdu: async (selector, section) => {
      const hdu = findHdu(hdus, selector);
      const part = section?.cutout !== undefined || section?.planes !== undefined;
      if (!part || hdu.kind !== "image" || hdu.packed !== undefined) {
        const whole = await readWhole(hdu);
        return section === undefined ? whole : sectionHdu(hdu.label, whole, section);
      }
      const { info, starts, rowLength } = sectionLayout(hdu.label, hdu, section);
      checkLength(path, info.dataLength, maxBytes);
      const data = new Uint8Array(info.dataLength);
      // Rows that follow each other in the file are read at once.
      for (let row = 0; row < starts.length; ) {
        let rows = 1;
        while (starts[row + rows] === starts[row] + rows * rowLength) rows++;
        data.set(await read(hdu.dataOffset + starts[row], rows * rowLength), row * rowLength);
        row += rows;
      }
      return { ...info, data };
    },
    readPlanes: async (selector, first, count) => {
      const hdu = findHdu(hdus, selector);
      if (hdu.kind === "image" && hdu.packed !== undefined)
        return planesOf({ ...hdu, data: await read(hdu.dataOffset, hdu.dataLength) }, first, count);
      const { start, length, shape } = planeRange(hdu, first, count);
      return decodePixels(
        hdu as FitsHduInfo & { kind: "image" },
        await read(hdu.dataOffset + start, length),
        shape,
      );
    },
    close: () => withFileErrors(path, () => handle.close()),
  };
}

/**
 * Write a FITS file, gzip when the name ends in `.gz`. It appears whole or not at all, and replaces a file of that name.
 *
 * @throws InvalidInputError when an HDU cannot be written as asked, or the folder does not exist or is not writable
 * @throws JobError when the disk is full or fails
 */
export async function writeFitsFile(path: string, hdus: readonly FitsHduInput[]): Promise<void> {
  const plain = writeFits(hdus);
  const bytes = /\.gz$/i.test(path) ? await gzipNode(plain) : plain;
  await writeWholeFile(path, bytes);
}
