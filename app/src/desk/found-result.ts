/** What a result file that was found says of itself. */

import { type FitsHdu, imageToSkyImage, resultFromHdus } from "tslira/fits";
import { pageWords } from "./page-words.js";
import { previewOf } from "./preview.js";
import type { FoundResult } from "./start-calls.js";

/** What a result says of itself. */
export function describeResult(hdus: readonly FitsHdu[]): FoundResult {
  const { config, mean, diagnostics, provenance } = resultFromHdus(hdus);
  const [ny, nx] = mean.shape;
  const sweeps = config.iterations.toLocaleString("en-US");
  return {
    summary: `${config.chains} chains of ${sweeps} sweeps, ${nx} × ${ny} pixels. ${pageWords(diagnostics.verdict.sentence)}`,
    inputs: provenance.inputs.map(({ name }) => name),
    preview: previewOf(imageToSkyImage(hdus[0])),
  };
}
