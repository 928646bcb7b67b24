/** Reports on result files. */

import { basename } from "node:path";
import { type PredictiveCheck, predictiveCheck } from "../checks/predictive-check.js";
import { figureDocument } from "../figures/document-node.js";
import { openFitsFile } from "../io/fits-file-node.js";
import { openResult } from "../io/open-result-node.js";
import { readPointEstimate } from "../io/point-estimate-file-node.js";
import { isEstimate } from "../io/tslira-file.js";
import { type Catalogue, checkCatalogue } from "../photometry/catalogue-file.js";
import { fittedSky } from "../posterior/fitted-sky.js";
import type { SignificanceEstimate } from "../significance/collect.js";
import { checkSignificance, type StoredSignificance } from "../significance/significance-file.js";
import { estimateHtml, type ReportedEstimate } from "./estimate-html.js";
import { type ReportOptions, reportHtml } from "./report-html.js";
import { significanceSection } from "./significance-section.js";
import { sourcesSection } from "./sources-section.js";

/** Options of `reportFromFile`; those of `reportHtml`, the document made here. */
export interface ReportFileOptions extends Omit<ReportOptions, "document" | "predictive"> {
  /** Make a predictive check of the observations, when they are given; default true. */
  readonly predictive?: boolean;
  /**
   * A significance run of the same observation, whose section is added before `sections`; as `readSignificance` has it, its counts are
   * compared with those of the result.
   */
  readonly significance?: SignificanceEstimate | StoredSignificance;
  /** Sources of the same result, as `decodeSources` has them: marks on the pictures, and a section before `sections`. */
  readonly catalogue?: Catalogue;
}

/** Draws and replicates of each for a predictive check: p-values good to about 0.02. */
const PREDICTIVE = { draws: 60, replicates: 10 } as const;

/**
 * Make a report on a result file, as `reportHtml` does; on an image by a method without draws a shorter page. Draws are read from the file as they are needed: memory does not grow
 * with them, and only those that the page holds are read at all. What the file says of convergence is not computed again.
 *
 * @param path a result, plain or gzip; a gzip file is decompressed into memory
 * @throws InvalidInputError when the file cannot be read, observations, significance or sources are not of it, or the page cannot be as small as asked for
 * @throws FormatError when it is not a result, or damaged
 */
export async function reportFromFile(path: string, options: ReportFileOptions = {}): Promise<string> {
  const {
    predictive = true,
    observations,
    significance: tested,
    catalogue,
    sections = [],
    ...rest
  } = options;
  const significance = tested && ("estimate" in tested ? tested : { estimate: tested });
  const document = await figureDocument();
  const estimate = await estimateIn(path);
  if (estimate !== undefined) {
    const { title } = rest;
    return estimateHtml(estimate, {
      document,
      ...(title !== undefined && { title }),
      ...(observations && { observations }),
    });
  }
  const { result, parameters, images, close } = await openResult(path);
  try {
    const image = { shape: result.mean.shape, wcs: result.wcs, inputs: result.provenance.inputs };
    if (significance !== undefined) checkSignificance(significance, image, "report: significance");
    if (catalogue !== undefined) checkCatalogue(catalogue, image, "report: catalogue");
    const checks: readonly PredictiveCheck[] =
      observations === undefined || !predictive
        ? []
        : await predictiveCheck(
            observations,
            { parameters, images },
            { ...PREDICTIVE, ...fittedSky(result), seed: result.config.seed },
          );
    return reportHtml(
      { ...result, trace: { parameters, images } },
      {
        ...rest,
        document,
        predictive: checks,
        sections: [
          ...(significance === undefined ? [] : [significanceSection(significance.estimate, document)]),
          ...(catalogue === undefined ? [] : [sourcesSection(catalogue, result, document)]),
          ...sections,
        ],
        ...(catalogue && { marks: catalogue.sources }),
        ...(observations && { observations }),
      },
    );
  } finally {
    close();
  }
}

/** The image of a method without draws; undefined where the file is none. */
async function estimateIn(path: string): Promise<ReportedEstimate | undefined> {
  const file = await openFitsFile(path);
  const { hdus } = file;
  await file.close();
  if (!isEstimate(hdus)) return undefined;
  return { ...(await readPointEstimate(path)), name: basename(path).replace(/\.fits?(\.gz)?$/i, "") };
}
