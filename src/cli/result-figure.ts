/** Figures of results, apart from what finds them: the library that draws is read only where a figure is asked for. */

import { figureDocument } from "../figures/document-node.js";
import { residualPanels } from "../figures/plot-estimate.js";
import { plotPanels } from "../figures/plot-panels.js";
import { plotPosterior } from "../figures/plot-posterior.js";
import { renderPng } from "../figures/png-node.js";
import type { SkyImage } from "../image.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { residuals } from "../model/predicted-counts.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import type { PosteriorSummary } from "../posterior/result.js";

/** Draw a posterior into a PNG file. */
export async function drawPosterior(result: PosteriorSummary, counts: SkyImage, path: string): Promise<void> {
  const svg = plotPosterior(result, { document: await figureDocument(), counts });
  await writeWholeFile(path, await renderPng(svg));
}

/** Draw what another method found into a PNG file. */
export async function drawEstimate(result: PointEstimate, counts: SkyImage, path: string): Promise<void> {
  const { sigma } = residuals(counts, result.predicted[0]);
  const panels = residualPanels(counts, result, sigma, { stretch: "asinh" });
  const svg = plotPanels(panels, { document: await figureDocument(), title: result.method });
  await writeWholeFile(path, await renderPng(svg));
}
