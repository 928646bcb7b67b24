/** Reports on result files. */

import { FormatError } from "../errors.js";
import { figureDocument } from "../figures/document-node.js";
import { readImageData } from "../io/fits.js";
import { openFitsFile } from "../io/fits-file-node.js";
import { POSTERIOR_QUANTILES } from "../io/result-layout.js";
import { openResult } from "../io/result-source-node.js";
import { type ReportOptions, type ReportResult, reportHtml } from "./report-html.js";

/**
 * Make a report on a result file, as `reportHtml` does. Draws are read from the file as they are needed: memory does not grow
 * with them, and only those that the page holds are read at all. What the file says of convergence is not computed again.
 *
 * @param path a result, plain or gzip; a gzip file is decompressed into memory
 * @throws InvalidInputError when the file cannot be read, observations do not fit it, or the page cannot be as small as asked for
 * @throws FormatError when it is not a result, or damaged
 */
export async function reportFromFile(
  path: string,
  options: Omit<ReportOptions, "document"> & { readonly document?: Document } = {},
): Promise<string> {
  const { document = await figureDocument(), ...rest } = options;
  const quantiles = await readQuantiles(path);
  const { summary, parameters, images, close } = await openResult(path);
  try {
    return reportHtml({ ...summary, quantiles, trace: { parameters, images } }, { ...rest, document });
  } finally {
    close();
  }
}

async function readQuantiles(path: string): Promise<ReportResult["quantiles"]> {
  const file = await openFitsFile(path);
  try {
    if (!file.hdus.some(({ name }) => name === POSTERIOR_QUANTILES)) {
      throw new FormatError(
        `${path}: must be a result of tslira with HDU ${POSTERIOR_QUANTILES}, got another FITS file; see tslira info for what is in it`,
      );
    }
    const hdu = await file.readHdu(POSTERIOR_QUANTILES);
    const { data, shape } = readImageData(hdu);
    const [planes, ny, nx] = shape;
    return {
      probabilities: Array.from({ length: planes }, (_, plane) => Number(hdu.header.get(`PROB${plane + 1}`))),
      images: Array.from({ length: planes }, (_, plane) => ({
        data: Float64Array.from(data.subarray(plane * ny * nx, (plane + 1) * ny * nx)),
        shape: [ny, nx],
      })),
    };
  } finally {
    await file.close();
  }
}
