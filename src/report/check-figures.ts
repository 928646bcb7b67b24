/** Figures of how counts compare with the model. */

import type { ModelCheck } from "../checks/model-check.js";
import type { PredictiveCheck } from "../checks/predictive-check.js";
import type { WcsCard } from "../data/observation/observation.js";
import { composeFigure } from "../figures/figure.js";
import { plotRadialProfile } from "../figures/plot-radial-profile.js";
import {
  residualDistribution,
  residualDistributionPanel,
  residualLegend,
} from "../figures/residual-distribution.js";
import { theme } from "../figures/theme.js";
import type { ReportFigure } from "./report-figure.js";

/** How the residuals of an observation are distributed. */
export function residualFigure(
  { observation: { name }, predicted, sigma, worst }: ModelCheck,
  document: Document,
): ReportFigure {
  const reach = Math.min(5, Math.max(3, Math.ceil(Math.abs(worst.sigma))));
  const distribution = residualDistribution(sigma, predicted, reach);
  const colors = theme("light");
  const panel = residualDistributionPanel(distribution, {
    document,
    colors,
    width: 380,
    height: 190,
    title: "",
  });
  return {
    svg: composeFigure([panel], 1, {}, residualLegend(colors)),
    caption: `How the residuals of the observation “${name}” are distributed over its pixels. At low counts they are not normal even for a perfect model: compare with the steps.`,
  };
}

/** Counts about a centre with the bands of replicated ones. */
export function profileFigure(
  { profile, name }: PredictiveCheck,
  wcs: readonly WcsCard[],
  document: Document,
): ReportFigure {
  const { centre } = profile;
  return {
    svg: plotRadialProfile(profile, { document, wcs }),
    caption: `Radial profile of the observation “${name}” about x = ${centre.x}, y = ${centre.y}, with the bands that hold 68 % and 95 % of counts replicated from the posterior.`,
  };
}
