import { formatSkyPosition } from "../data/sky/sky-angle.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { noiseOf } from "../figures/color-scale.js";
import { plotImage } from "../figures/plot-image.js";
import { type Catalogue, sourceApertures } from "../photometry/catalogue-file.js";
import type { PosteriorSummary } from "../posterior/result.js";
import { errorText, numberText } from "../viewer/numbers.js";
import type { ReportSection } from "./report-figure.js";

/** The section of a report on a catalogue of sources: a picture with their marks, and a table. @param document as for `reportHtml` */
export function sourcesSection(
  { sources, unit }: Catalogue,
  { mean, std, wcs: cards }: Pick<PosteriorSummary, "mean" | "std" | "wcs">,
  document: Document,
): ReportSection {
  const { wcs } = parseWcs(cards);
  const softening = noiseOf(std);
  const flux = unit === undefined ? "flux" : `flux (${unit})`;
  return {
    id: "sources",
    title: "Sources",
    text: [
      `${sources.length === 1 ? "One source was" : `${sources.length} sources were`} found by tslira sources. Fluxes are of whole sources, in addition to all other ` +
        "light, with intervals of 68 %; false alarms are how many so significant ones to expect in such a field without sources.",
    ],
    figures: [
      {
        svg: plotImage(mean, {
          ...{ document, wcs: cards, label: flux, regions: sourceApertures(sources) },
          ...{ title: "Posterior mean", stretch: "asinh" as const },
          ...(softening !== undefined && { softening }),
        }),
        caption: "Apertures of the sources on the posterior mean.",
      },
    ],
    tables: [
      {
        caption: "Sources, the most significant first; lengths in pixels, counted from 0",
        heads: [
          ...["source", "x", "y", ...(wcs === undefined ? [] : ["position"]), flux, "68 %", "false alarms"],
          ...["width beyond the psf", "flux within the aperture"],
        ],
        rows: sources.map(({ name, x, y, xStd, yStd, falseAlarms, width, inside, ...one }) => [
          name,
          errorText(x, xStd),
          errorText(y, yStd),
          ...(wcs === undefined ? [] : [formatSkyPosition(wcs, pixelToSky(wcs, x, y))]),
          numberText(one.flux, 3),
          `${numberText(one.low, 3)} to ${numberText(one.high, 3)}`,
          falseAlarms < 1e-6 ? "< 1e-6" : numberText(falseAlarms, 2),
          width > 0 ? numberText(width, 2) : "point",
          `${Math.round(100 * inside)} %`,
        ]),
      },
    ],
  };
}
