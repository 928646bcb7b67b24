/** What a significance run found, laid out for programs and tables. */

import { csvCell } from "../csv-cell.js";
import { pixelSizeAt } from "../data/sky/pixel-size.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import { parseWcs, type SkyWcs } from "../data/sky/sky-wcs.js";
import type { RegionPair } from "../photometry/region-products.js";
import type { RegionSignificance, SignificanceEstimate } from "./collect.js";

/** Columns of the table of regions with their units. */
export interface SignificanceColumn {
  readonly name: string;
  readonly unit?: string;
  /** The value of a region. */
  readonly of: (region: RegionSignificance) => number | string;
}

const PERCENT = (probability: number) => String(Math.round(1000 * probability) / 10).replace(".", "_");

/**
 * The columns of the table of regions, in order: what FITS and CSV hold.
 *
 * Positions on the sky are there when the image has sky coordinates.
 */
export function significanceColumns({ run, regions }: SignificanceEstimate): SignificanceColumn[] {
  const unit = run.unit === undefined ? {} : { unit: run.unit };
  const { wcs } = parseWcs(run.wcs);
  const [first] = regions;
  const thresholds = first?.products.exceeds ?? [];
  const sky = (region: RegionSignificance) =>
    pixelToSky(wcs!, region.products.centroid.x, region.products.centroid.y);
  const arcseconds = ({ products: { centroid } }: RegionSignificance) =>
    3600 * pixelSizeAt(wcs!, centroid.x, centroid.y);
  return [
    { name: "region", of: ({ name }) => name },
    { name: "pixels", of: ({ pixels }) => pixels },
    { name: "p_bound", of: ({ bound }) => bound },
    { name: "p_bound_error", of: ({ boundError }) => boundError },
    { name: "p_bound_bonferroni", of: ({ boundBonferroni }) => boundBonferroni },
    { name: "p_bound_holm", of: ({ boundHolm }) => boundHolm },
    { name: "p_direct", of: ({ direct }) => direct },
    { name: "p_direct_bonferroni", of: ({ directBonferroni }) => directBonferroni },
    { name: "p_direct_holm", of: ({ directHolm }) => directHolm },
    { name: "likelihood_ratio", of: ({ likelihoodRatio }) => likelihoodRatio },
    { name: "p_ratio", of: ({ ratio }) => ratio },
    { name: "p_ratio_bonferroni", of: ({ ratioBonferroni }) => ratioBonferroni },
    { name: "p_ratio_holm", of: ({ ratioHolm }) => ratioHolm },
    { name: "gamma", of: ({ gamma }) => gamma },
    { name: "tail_value", of: ({ tailValue }) => tailValue },
    { name: "tail_probability", of: ({ tailProbability }) => tailProbability },
    { name: "tail_error", of: ({ tailError }) => tailError },
    { name: "test", of: ({ test }) => test },
    { name: "test_error", of: ({ testError }) => testError },
    { name: "share_mean", of: ({ share }) => share.mean },
    { name: "share_std", of: ({ share }) => share.std },
    { name: "share_rhat", of: ({ rhat }) => rhat },
    { name: "share_ess", of: ({ ess }) => ess },
    { name: "flux_mean", ...unit, of: ({ products }) => products.flux.mean },
    { name: "flux_std", ...unit, of: ({ products }) => products.flux.std },
    { name: "flux_median", ...unit, of: ({ products }) => products.flux.median },
    ...(first?.products.flux.intervals ?? []).flatMap(({ probability }, index): SignificanceColumn[] => [
      {
        name: `flux_low_${PERCENT(probability)}`,
        ...unit,
        of: ({ products }) => products.flux.intervals[index].low,
      },
      {
        name: `flux_high_${PERCENT(probability)}`,
        ...unit,
        of: ({ products }) => products.flux.intervals[index].high,
      },
    ]),
    ...(first?.products.upperLimits ?? []).map(
      ({ probability }, index): SignificanceColumn => ({
        name: `flux_quantile_${PERCENT(probability)}`,
        ...unit,
        of: ({ products }) => products.upperLimits[index].limit,
      }),
    ),
    ...thresholds.flatMap((_, index): SignificanceColumn[] => [
      { name: `threshold_${index + 1}`, ...unit, of: ({ products }) => products.exceeds[index].threshold },
      { name: `p_exceeds_${index + 1}`, of: ({ products }) => products.exceeds[index].probability },
    ]),
    { name: "source_mean", unit: "count", of: ({ products }) => products.source.mean },
    { name: "source_std", unit: "count", of: ({ products }) => products.source.std },
    { name: "x", unit: "pixel", of: ({ products }) => products.centroid.x },
    { name: "y", unit: "pixel", of: ({ products }) => products.centroid.y },
    { name: "x_std", unit: "pixel", of: ({ products }) => products.centroid.xStd },
    { name: "y_std", unit: "pixel", of: ({ products }) => products.centroid.yStd },
    { name: "ellipse_major", unit: "pixel", of: ({ products }) => products.centroid.major },
    { name: "ellipse_minor", unit: "pixel", of: ({ products }) => products.centroid.minor },
    { name: "ellipse_angle", unit: "deg", of: ({ products }) => products.centroid.angle },
    { name: "width", unit: "pixel", of: ({ products }) => products.width.mean },
    { name: "width_std", unit: "pixel", of: ({ products }) => products.width.std },
    ...(wcs === undefined
      ? []
      : [
          { name: "lon", unit: "deg", of: (region: RegionSignificance) => sky(region).lon },
          { name: "lat", unit: "deg", of: (region: RegionSignificance) => sky(region).lat },
          {
            name: "ellipse_major_sky",
            unit: "arcsec",
            of: (region: RegionSignificance) => arcseconds(region) * region.products.centroid.major,
          },
          {
            name: "ellipse_minor_sky",
            unit: "arcsec",
            of: (region: RegionSignificance) => arcseconds(region) * region.products.centroid.minor,
          },
        ]),
  ];
}

/** The table of regions as CSV (RFC 4180), a line a region below the names of the columns. Numbers are exact. */
export function significanceCsv(estimate: SignificanceEstimate): string {
  const columns = significanceColumns(estimate);
  const lines = [
    columns.map(({ name }) => name),
    ...estimate.regions.map((region) => columns.map(({ of }) => csvCell(of(region)))),
  ];
  return `${lines.map((cells) => cells.join(",")).join("\n")}\n`;
}

/** Arc seconds a pixel halfway between the regions of a pair. */
function arcsecondsBetween(
  wcs: SkyWcs,
  regions: readonly RegionSignificance[],
  { first, second }: RegionPair,
): number {
  const ends = regions.filter(({ name }) => name === first || name === second);
  const middle = (axis: "x" | "y") =>
    ends.reduce((sum, { products }) => sum + products.centroid[axis], 0) / ends.length;
  return 3600 * pixelSizeAt(wcs, middle("x"), middle("y"));
}

/** What was found, for programs: plain data that JSON can carry, without distributions and maps. */
export function significanceData(estimate: SignificanceEstimate): Record<string, unknown> {
  const { run, replicates, complete, regions, pairs, scan, warnings } = estimate;
  const { wcs } = parseWcs(run.wcs);
  return {
    name: run.name,
    gamma: run.gamma,
    replicates,
    complete,
    unit: run.unit ?? null,
    null: {
      kind: run.null.kind,
      parameters: run.null.parameters,
      cash: Number.isFinite(run.null.cash) ? run.null.cash : null,
      propagated: run.propagate && run.null.kind !== "background",
      refitted: run.refit && run.null.kind !== "background",
    },
    config: run.config,
    regions: regions.map((region) => {
      const { distribution: _, nullTests: __, nullShares: ___, nullRatios: ____, ...rest } = region;
      const { x, y } = region.products.centroid;
      return { ...rest, ...(wcs === undefined ? {} : { sky: pixelToSky(wcs, x, y) }) };
    }),
    pairs: pairs.map((pair) => ({
      ...pair,
      ...(wcs === undefined
        ? {}
        : { distanceArcseconds: arcsecondsBetween(wcs, regions, pair) * pair.offset.distance.median }),
    })),
    scan: scan === undefined ? null : { radius: scan.radius, step: scan.step, peak: scan.peak },
    warnings,
  };
}
