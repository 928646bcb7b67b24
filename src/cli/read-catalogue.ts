/** Catalogues that `tslira sources` wrote. */

import { readBytes } from "../io/fits-file-node.js";
import { type Catalogue, checkCatalogue, decodeSources } from "../photometry/catalogue-file.js";

/**
 * @param image that the sources are of
 * @throws InvalidInputError when the file cannot be read, or is of another image; FormatError when it is no catalogue
 */
export async function readCatalogue(
  path: string,
  image: Parameters<typeof checkCatalogue>[1],
): Promise<Catalogue> {
  const catalogue = decodeSources(await readBytes(path), path);
  checkCatalogue(catalogue, image, path);
  return catalogue;
}
