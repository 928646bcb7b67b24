import { plotLocalSignificance, plotSignificance } from "../figures/plot-significance.js";
import type { RegionSignificance, SignificanceEstimate } from "../significance/collect.js";
import { errorText, numberText } from "../viewer/numbers.js";
import type { ReportFigure, ReportSection } from "./report-figure.js";

/** A bound with its error; a bound of 1 says nothing. */
function boundText({ bound, boundError }: RegionSignificance): string {
  return bound >= 1 ? "1" : errorText(bound, boundError);
}

/** The figure of one region, and what it says. */
function verdictOf({ name, bound, test, tailValue, gamma }: RegionSignificance): string {
  const p = numberText(bound, 2);
  if (bound <= 0.05) return `${name}: more than the null hypothesis explains, p ≤ ${p}.`;
  return (
    `${name}: not more than the null hypothesis explains as far as this test sees ` +
    `(of the posterior ${numberText(100 * test, 2)} % lie above ξ = ${numberText(tailValue, 2)}, of the nulls ${numberText(100 * gamma, 2)} %).`
  );
}

/**
 * The section of a report on a significance run: verdicts, a table of regions, and figures.
 *
 * @param document as for `reportHtml`
 */
export function significanceSection(estimate: SignificanceEstimate, document: Document): ReportSection {
  const { run, regions, pairs, scan, replicates, warnings } = estimate;
  const { null: hypothesis, gamma, config } = run;
  const fitted = hypothesis.parameters
    .map(({ name, value, error }) => `${name} ${errorText(value, error)}`)
    .join(", ");
  const what = {
    background: "the background as given",
    scale: "the background times a fitted scale",
    gaussian: "the background, a Gaussian and a constant",
    beta: "the background, a beta model and a constant",
    point: "the background, a point source and a constant",
    "point+gaussian": "the background, a point source, a Gaussian and a constant",
  }[hypothesis.kind];
  const figures: ReportFigure[] = [];
  if (regions.length > 0) {
    figures.push({
      svg: plotSignificance(regions, { document }),
      caption:
        "Share of the source in each region: observation, null replicates one by one and together, and the tail value c. A source is real " +
        "when the curve of the observation lies to the right of c.",
    });
  }
  if (scan !== undefined) {
    figures.push({
      svg: plotLocalSignificance(scan, { document, wcs: run.wcs }),
      caption:
        `Local significance in circles of radius ${scan.radius} pixels: excess over the nulls, bound on the local p-value, and p-value for all ` +
        `places together. The largest excess, ${numberText(scan.peak.excess, 2)} σ, is at (${scan.peak.x}, ${scan.peak.y}); p = ` +
        `${numberText(scan.peak.global, 2)} for all places together.`,
    });
  }
  return {
    id: "significance",
    title: "Is it real?",
    text: [
      ...regions.map(verdictOf),
      `Null hypothesis: ${what}${fitted === "" ? "" : ` (${fitted})`}. ${replicates} replicates were drawn from it and deconvolved like the ` +
        `observation, with ${config.chains} chains of ${config.iterations} sweeps. γ = ${gamma} was stated in advance; no bound can be lower.`,
      ...warnings.map((warning) => `Mind: ${warning}.`),
    ],
    tables: [
      ...(regions.length === 0
        ? []
        : [
            {
              caption:
                "Regions: bound on the p-value (Stein et al. 2015), p-values by the rank of ξ and of the likelihood ratio, posterior of the flux",
              heads: [
                "region",
                "p ≤",
                "Holm",
                "p by rank",
                "Holm",
                "p by ratio",
                "Holm",
                "share ξ",
                "flux",
                "68 %",
                "90 %",
                "95 % below",
              ],
              rows: regions.map((region) => {
                const { flux, upperLimits } = region.products;
                const interval = (index: number) => {
                  const { low, high } = flux.intervals[index];
                  return `${numberText(low, 3)} to ${numberText(high, 3)}`;
                };
                return [
                  region.name,
                  boundText(region),
                  numberText(region.boundHolm, 2),
                  numberText(region.direct, 2),
                  numberText(region.directHolm, 2),
                  numberText(region.ratio, 2),
                  numberText(region.ratioHolm, 2),
                  errorText(region.share.mean, region.share.std),
                  numberText(flux.median, 3),
                  interval(0),
                  interval(1),
                  numberText(upperLimits[1].limit, 3),
                ];
              }),
            },
            {
              caption:
                "Positions of the light of each region in pixels, with the ellipse of one standard deviation, and its width",
              heads: ["region", "x", "y", "semi-axes", "angle", "width"],
              rows: regions.map(({ name, products: { centroid, width } }) => [
                name,
                errorText(centroid.x, centroid.xStd),
                errorText(centroid.y, centroid.yStd),
                `${numberText(centroid.major, 2)} × ${numberText(centroid.minor, 2)}`,
                `${numberText(centroid.angle, 2)}°`,
                errorText(width.mean, width.std),
              ]),
            },
          ]),
      ...(pairs.length === 0
        ? []
        : [
            {
              caption: "Pairs of regions",
              heads: ["pair", "flux ratio", "68 %", "first is brighter", "apart by (pixels)"],
              rows: pairs.map(({ first, second, ratio, brighter, offset }) => [
                `${first} : ${second}`,
                numberText(ratio.median, 3),
                `${numberText(ratio.intervals[0].low, 3)} to ${numberText(ratio.intervals[0].high, 3)}`,
                numberText(brighter, 3),
                errorText(offset.distance.mean, offset.distance.std),
              ]),
            },
          ]),
    ],
    figures,
  };
}
