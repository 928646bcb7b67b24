/** Files as messages of SAMP: images, tables and positions, as the messages' standard names them. */

import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { SkyPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { openFitsFile } from "../io/fits-file-node.js";
import type { SampMap } from "./xml-rpc.js";

/** A message to be sent. */
export interface SampMessage {
  /** For people: the file, or the position. */
  readonly what: string;
  readonly mtype: "image.load.fits" | "table.load.fits" | "table.load.votable" | "coord.pointAt.sky";
  readonly parameters: SampMap;
}

/**
 * The message that has a file loaded: as an image where the first HDU with data is one, else as a table.
 *
 * @throws InvalidInputError when there is no such file, or nothing in it; FormatError when it is neither FITS nor VOTable
 */
export async function fileMessage(path: string): Promise<SampMessage> {
  const name = basename(path);
  const url = pathToFileURL(resolve(path)).href;
  if (/\.(csv|reg)$/i.test(path)) {
    throw new InvalidInputError(
      `send: ${name} must be a FITS file or a VOTable, which programs of SAMP take, got another kind; write it with -o catalogue.vot`,
    );
  }
  const table = { url, name, "table-id": url };
  if (/\.(vot|xml)$/i.test(path)) return { what: name, mtype: "table.load.votable", parameters: table };
  const file = await openFitsFile(path);
  try {
    const first = file.hdus.find(({ dataLength }) => dataLength > 0);
    if (first === undefined)
      throw new InvalidInputError(`send: ${name} must hold an image or a table, got none; name another file`);
    return first.kind === "image"
      ? { what: name, mtype: "image.load.fits", parameters: { url, name, "image-id": url } }
      : { what: name, mtype: "table.load.fits", parameters: table };
  } finally {
    await file.close();
  }
}

/** The message that moves to a position. @param position in degrees of ICRS */
export function pointMessage({ lon, lat }: SkyPosition): SampMessage {
  return {
    what: `position ${lon}, ${lat}`,
    mtype: "coord.pointAt.sky",
    parameters: { ra: String(lon), dec: String(lat) },
  };
}
