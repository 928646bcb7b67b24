/** Catalogues that `tslira sources` wrote. */

import { readFile } from "node:fs/promises";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { type Catalogue, decodeSources } from "../photometry/catalogue-file.js";

/** @throws InvalidInputError when the file cannot be read; FormatError when it is no catalogue */
export async function readCatalogue(path: string): Promise<Catalogue> {
  return decodeSources(await withFileErrors(path, () => readFile(path)), path);
}
