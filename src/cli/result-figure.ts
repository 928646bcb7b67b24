/** Figures of results, apart from what finds them: the library that draws is read only where a figure is asked for. */

import { figureDocument } from "../figures/document-node.js";
import { type Panel, plotPanels } from "../figures/plot-panels.js";
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
  const flux = { label: "flux", stretch: "asinh" as const };
  const panels: Panel[] = [
    { image: counts, title: "Counts", label: "counts", stretch: "asinh" },
    { image: result.flux, title: "Flux", ...flux },
    {
      image: residuals(counts, result.predicted[0]).sigma,
      title: "Residuals",
      label: "sigma",
      colormap: "RdBu",
      vmin: -4,
      vmax: 4,
    },
  ];
  if (result.std !== undefined) {
    panels.push({ image: result.std, title: "Standard deviation", ...flux, colormap: "viridis" });
  }
  const svg = plotPanels(panels, { document: await figureDocument(), title: result.method });
  await writeWholeFile(path, await renderPng(svg));
}
