/** Reports on result files. */

import { figureDocument } from "../figures/document-node.js";
import { openResult } from "../io/open-result-node.js";
import { type ReportOptions, reportHtml } from "./report-html.js";

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
  const { result, parameters, images, close } = await openResult(path);
  try {
    return reportHtml({ ...result, trace: { parameters, images } }, { ...rest, document });
  } finally {
    close();
  }
}
