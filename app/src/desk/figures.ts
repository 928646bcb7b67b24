/** Figures and the report of a run, for the desk. Loaded when one is asked for: the libraries that draw are large. */

import { parseHTML } from "linkedom/worker";
import type { PosteriorResult, SkyImage } from "tslira";
import { plotDataset, plotParameterTraces, plotPosterior, reportHtml } from "tslira/figures";
import type { Composed } from "./files.js";
import { eachObservation } from "./observation-view.js";
import { onOneSky } from "./one-sky.js";

type Theme = "light" | "dark";

/** A document for figures, without a page. */
export const figureDocument = () =>
  parseHTML("<!doctype html><html><body></body></html>").document as unknown as Document;

/** The images of an observation. */
export function dataFigure(
  { observations: [observation] }: Composed,
  truth: SkyImage | undefined,
  theme: Theme,
): string {
  const document = figureDocument();
  return plotDataset({ ...observation, ...(truth && { flux: truth }) }, { document, theme });
}

/** The traces of the parameters. */
export function traceFigure({ trace, diagnostics }: PosteriorResult, theme: Theme): string {
  return plotParameterTraces(trace.parameters, diagnostics, { document: figureDocument(), theme });
}

/** The posterior, beside the counts when they are there. */
export function posteriorFigure(
  result: PosteriorResult,
  composed: Composed | undefined,
  theme: Theme,
): string {
  return plotPosterior(result, {
    ...{ document: figureDocument(), theme },
    ...(composed && { counts: composed.observations[0].counts }),
  });
}

/** The report. */
export function reportOf(result: PosteriorResult, composed: Composed | undefined) {
  const each = eachObservation(composed?.choices ?? {});
  const files = each.flatMap((images) => {
    const { counts, psf, ...rest } = Object.fromEntries(
      Object.entries(images).map(([role, { name }]) => [role, name]),
    );
    return counts && psf ? [{ counts, psf, ...rest }] : [];
  });
  return reportHtml(result, {
    document: figureDocument(),
    ...(composed && { observations: onOneSky(composed, result.config.boundary).observations }),
    ...(files.length === each.length && { files }),
  });
}
