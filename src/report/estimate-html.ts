import type { Observation } from "../data/observation/observation.js";
import { figureTitle } from "../figures/figure.js";
import { plotEstimate } from "../figures/plot-estimate.js";
import { plotResiduals } from "../figures/plot-residuals.js";
import { formatNumber } from "../figures/ticks.js";
import { imageSum } from "../image.js";
import type { EstimateProvenance } from "../io/point-estimate-file.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { regionFluxUnit } from "../posterior/region.js";
import { escapeXml } from "../xml-text.js";
import { figureSection, referencesHtml, sectionHtml } from "./page-sections.js";
import { pageHtml } from "./report-html.js";

/** An image by a method without a posterior, and where it came from. */
export interface ReportedEstimate {
  readonly estimate: PointEstimate;
  readonly provenance: EstimateProvenance;
  /** What it is called where its header names no object. */
  readonly name: string;
}

/** Options of `estimateHtml`. */
export interface EstimateReportOptions {
  readonly document: Document;
  /** Heading; default the object of the header cards, or the name. */
  readonly title?: string;
  /** What was deconvolved, all observations in order; adds counts and residuals. */
  readonly observations?: readonly Observation[];
}

/**
 * Make a report on an image by a method that gives no posterior: one HTML page without a script, with the image, its errors where it has some,
 * counts and residuals, how the method ended, and what it was made from.
 *
 * The same arguments give the same bytes.
 */
export function estimateHtml(
  { estimate, provenance, name }: ReportedEstimate,
  { document, title: chosen, observations = [] }: EstimateReportOptions,
): string {
  const { method, wcs, flux, predicted, std, warnings } = estimate;
  const title = chosen ?? figureTitle({ name, ...(wcs !== undefined && { wcs }) }) ?? name;
  const unit = provenance.unit;
  const counts = observations[0]?.counts;
  const rows: [string, string][] = [
    ["method", method],
    ["image", `${flux.shape[1]} × ${flux.shape[0]} pixels`],
    ["total flux", `${formatNumber(imageSum(flux), 5)} ${regionFluxUnit(unit) ?? ""}`.trim()],
    ["iterations", String(estimate.iterations)],
    ["ended", estimate.stopped],
    ["Cash statistic", formatNumber(estimate.cash, 6)],
    ...(estimate.priorStrength === undefined
      ? []
      : [
          ["strength of the prior, by photons held out", formatNumber(estimate.priorStrength)] as [
            string,
            string,
          ],
        ]),
    ...warnings.map((warning): [string, string] => ["warning", warning]),
  ];
  const images = {
    svg: plotEstimate(
      { ...estimate, name: title, ...(unit !== undefined && { unit }) },
      { document, title: "", ...(counts && { counts }) },
    ),
    caption: `The image by ${method}${std ? " and its standard deviation" : ""}, and the counts that it predicts.`,
  };
  const residuals = observations.flatMap((observation, index) => {
    const expected = predicted[index];
    if (expected === undefined) return [];
    const { mask, wcs: cards } = observation;
    return {
      svg: plotResiduals(
        {
          ...{ counts: observation.counts, predicted: expected },
          ...(mask !== undefined && { mask }),
          ...(cards !== undefined && { wcs: cards }),
        },
        { document },
      ),
      caption:
        "Counts against those that the image predicts, and how the residuals are distributed over the pixels.",
    };
  });
  const inputs = (provenance.inputs ?? []).map(({ name: file, sha256 }) => [file, sha256]);
  return pageHtml(
    title,
    [
      `<header><p class="kicker">Deconvolved image, without a posterior</p><h1>${escapeXml(title)}</h1></header>`,
      figureSection({
        ...{ id: "images", title: "Images", figures: [images, ...residuals] },
        text: [
          std === undefined
            ? `${method} gives one image without errors; run it with --bootstrap, or sample, to have them.`
            : "Errors are those of the whole procedure on simulated observations; they know nothing of its bias.",
        ],
      }),
      figureSection({
        ...{ id: "numbers", title: "In numbers" },
        tables: [{ caption: "The run", heads: ["quantity", "value"], rows }],
      }),
      figureSection({
        ...{ id: "made", title: "How it was made" },
        ...(inputs.length > 0 && {
          tables: [{ caption: "Inputs", heads: ["file", "SHA-256"], rows: inputs }],
        }),
        text: [
          ...(provenance.command === undefined ? [] : [provenance.command]),
          ...(provenance.version === undefined ? [] : [`Version ${provenance.version} of tslira.`]),
        ],
      }),
      sectionHtml("references", "Works to cite", referencesHtml()),
    ],
    false,
  );
}
