/** Images that are named beside the observation: a true flux, a start. */

import type { SkyImage } from "../image.js";
import { findHdu, imageToSkyImage, parseFitsName } from "../io/fits.js";
import { readFitsFile } from "../io/fits-file-node.js";

/**
 * Read an image by its name, `flux.fits` or `all.fits[FLUX]`.
 *
 * @throws InvalidInputError when there is none
 * @throws FormatError when it is no image
 */
export async function readImage(name: string): Promise<SkyImage> {
  const { path, extension } = parseFitsName(name);
  return imageToSkyImage(findHdu(await readFitsFile(path), extension));
}
