/** Which files tslira wrote, by the cards of their first header, and what to do where another kind is needed. */

import { FormatError } from "../errors.js";
import type { FitsHduInfo } from "./hdu.js";

/** Card of the first header of a mosaic: version of its layout, which `collectTiles` tells. */
export const MOSAIC_CARD = "TSMOSAIC";

/** Whether HDUs are those of a result file, by the TSLIRA card. */
export function isResult(hdus: readonly Pick<FitsHduInfo, "header">[]): boolean {
  return hdus.length > 0 && hdus[0].header.has("TSLIRA");
}

/** Whether HDUs are those of an image by a method without draws. */
export function isEstimate(hdus: readonly Pick<FitsHduInfo, "header">[]): boolean {
  return hdus.length > 0 && hdus[0].header.has("ESTIMATE") && hdus[0].header.has("METHOD");
}

/** Whether HDUs are those of a mosaic of tiles. */
export function isMosaic(hdus: readonly Pick<FitsHduInfo, "header">[]): boolean {
  return hdus.length > 0 && hdus[0].header.has(MOSAIC_CARD);
}

/** What a file of tslira is, to follow "got"; undefined for other files. */
export function tsliraFile(hdus: readonly Pick<FitsHduInfo, "header">[]): string | undefined {
  if (isResult(hdus)) return "a result of tslira deconvolve";
  if (isMosaic(hdus)) return "a mosaic of tiles by tslira cluster collect";
  if (isEstimate(hdus))
    return `the image that tslira deconvolve --method ${hdus[0].header.text("METHOD")} gave`;
  return undefined;
}

/** The error for a file that is no result with draws. @param path how messages call it */
export function noResult(path: string, hdus: readonly Pick<FitsHduInfo, "header">[]): FormatError {
  const is = tsliraFile(hdus);
  if (isMosaic(hdus)) {
    return new FormatError(
      `${path}: must be a result with draws, got ${is}, which has none; look at it with tslira plot, and give the result of a tile, ` +
        "a file in the folder results of the job, for what needs draws",
    );
  }
  if (is !== undefined) {
    return new FormatError(
      `${path}: must be a result with draws, got ${is}; look at it with tslira plot or tslira report`,
    );
  }
  return new FormatError(
    `${path}: must be a result of tslira (card TSLIRA), got another FITS file; see tslira info for what is in it`,
  );
}
