import { readFile } from "node:fs/promises";
import { checkSameShape, cutout, type Shape, type SkyImage } from "../image.js";
import {
  type FileRegions,
  type FileRegionsOptions,
  regionsFromDs9,
  regionsFromLabels,
} from "../posterior/region-file.js";
import { type FitsHdu, findHdu, imageToSkyImage, parseFitsName } from "./fits.js";
import { fileLength, openToRead, readFitsFile } from "./fits-file-node.js";
import { fileError } from "./fits-temporary-node.js";
import { isRegionTable, regionTableText } from "./region-table.js";

/**
 * Read regions from a file: a DS9 or CIAO region file, a FITS table of regions, or a FITS image (plain or gzip) of whole numbers that label
 * the pixels of each region, 0 for none. An HDU of a FITS file is chosen as in `labels.fits[REGIONS]`.
 *
 * A label image of the whole file also serves a cut-out, whose first pixel is `options.origin`.
 *
 * @param name of the file
 * @param shape `[ny, nx]` of the image that the regions lie on
 * @throws InvalidInputError when the file cannot be read, does not fit the image or holds no region
 * @throws FormatError when it is damaged, naming the line
 */
export async function readRegionFile(
  name: string,
  shape: Shape,
  options: FileRegionsOptions = {},
): Promise<FileRegions> {
  const found = await readRegionText(name);
  const { warnings = [] } = found;
  if ("text" in found) {
    const drawn = regionsFromDs9(found.text, shape, { name, ...options });
    return { ...drawn, warnings: [...warnings, ...drawn.warnings] };
  }
  const labels = imageToSkyImage(found);
  const { origin = { x: 0, y: 0 }, joined } = options;
  const cut = cutAlike(name, labels, shape, origin);
  const whole =
    joined === undefined ? cut : { ...cut, data: cut.data.map((label) => (label > 0 ? 1 : label)) };
  return {
    regions: regionsFromLabels(whole).map((region) => ({ ...region, name: joined ?? region.name })),
    warnings,
  };
}

/** Regions as the text of a region file. */
export interface RegionText {
  readonly text: string;
  /** What breaks the standard of FITS in the table that they were read from, one sentence each. */
  readonly warnings?: readonly string[];
}

/**
 * The text of a region file, of a table of regions as such a file would have it, or the HDU of another FITS file.
 *
 * @throws InvalidInputError when the file cannot be read
 * @throws FormatError when it is damaged
 */
export async function readRegionText(name: string): Promise<RegionText | FitsHdu> {
  const { path, extension } = parseFitsName(name);
  if (!(await isFits(path))) {
    const text = await readFile(path, "utf8").catch((cause) => {
      throw fileError(path, cause);
    });
    return { text };
  }
  const hdus = await readFitsFile(path);
  const table = extension === undefined ? hdus.find(isRegionTable) : findHdu(hdus, extension);
  if (table === undefined || !isRegionTable(table)) return findHdu(hdus, extension);
  return { text: regionTableText(table), warnings: table.warnings ?? [] };
}

/** Whether a file begins as a FITS file, plain or gzip. */
async function isFits(path: string): Promise<boolean> {
  const file = await openToRead(path).catch((cause) => {
    throw fileError(path, cause);
  });
  try {
    await fileLength(path, file);
    const bytes = new Uint8Array(6);
    await file.read(bytes, 0, 6, 0);
    return (bytes[0] === 0x1f && bytes[1] === 0x8b) || new TextDecoder().decode(bytes) === "SIMPLE";
  } catch (cause) {
    throw fileError(path, cause);
  } finally {
    await file.close();
  }
}

function cutAlike(
  name: string,
  labels: SkyImage,
  shape: Shape,
  { x, y }: { readonly x: number; readonly y: number },
): SkyImage {
  const [bottom, right] = [y + shape[0], x + shape[1]];
  if (x + y > 0 && bottom <= labels.shape[0] && right <= labels.shape[1]) {
    return cutout(labels, [y, bottom], [x, right]);
  }
  checkSameShape(`${name}: labels`, labels, "the image", { shape }, "make them for the same image");
  return labels;
}
