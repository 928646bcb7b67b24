/** Mosaics of tiles, read from the files that `collectTiles` writes. */

import type { WcsCard } from "../data/observation/observation.js";
import { FormatError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { hashedInputs } from "./file-origin.js";
import { type FitsHdu, imageToSkyImage, wcsCards } from "./fits.js";
import { planes } from "./result-decode.js";
import { unescapeText } from "./result-text.js";
import { isMosaic } from "./tslira-file.js";

/** A mosaic of tiles; images of the sky are `[ny, nx]`. */
export interface Mosaic {
  /** Posterior mean. */
  readonly mean: SkyImage;
  /** Posterior standard deviation. */
  readonly std: SkyImage;
  /** Worst R-hat, and least effective size, of the tiles behind a pixel. */
  readonly rhat: SkyImage;
  readonly ess: SkyImage;
  /** Posterior mean of ln alpha of the block above each pixel, one image a level, finest first; under the adaptive prior. */
  readonly smoothness?: readonly SkyImage[];
  /** Of each observation, on its detector: expected counts, and residuals in standard deviations. */
  readonly residuals: readonly { readonly predicted: SkyImage; readonly sigma: SkyImage }[];
  /** Sky coordinates of the images of the sky; empty when there are none. */
  readonly wcs: readonly WcsCard[];
  /** Unit of the flux. */
  readonly unit?: string;
  /** Files that the job was made from. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
}

/** @throws FormatError when the HDUs are not those of a mosaic, or damaged */
export function decodeMosaicHdus(hdus: readonly FitsHdu[]): Mosaic {
  if (!isMosaic(hdus)) {
    throw new FormatError("mosaic: the file must be a mosaic of tiles, got another FITS file");
  }
  const [{ header }] = hdus;
  const named = (name: string): FitsHdu => {
    const found = hdus.find((hdu) => hdu.name === name);
    if (found !== undefined) return found;
    throw new FormatError(
      `mosaic: the file must hold HDU ${name}, got none; it is damaged, collect it again`,
    );
  };
  const imagesOf = (name: string) => hdus.filter((hdu) => hdu.name === name).map(imageToSkyImage);
  const smoothness = hdus.find(({ name }) => name === "SMOOTHNESS");
  const sigmas = imagesOf("RESIDUAL");
  const unit = header.text("BUNIT");
  return {
    mean: imageToSkyImage(hdus[0]),
    std: imageToSkyImage(named("POSTERIOR_STD")),
    rhat: imageToSkyImage(named("RHAT")),
    ess: imageToSkyImage(named("ESS")),
    ...(smoothness && { smoothness: planes(smoothness) }),
    residuals: imagesOf("PREDICTED").flatMap((predicted, index) =>
      sigmas[index] === undefined ? [] : [{ predicted, sigma: sigmas[index] }],
    ),
    wcs: wcsCards(header),
    ...(unit !== undefined && { unit: unescapeText(unit) }),
    inputs: hashedInputs(header),
  };
}
