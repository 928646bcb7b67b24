/** Measured regions laid out as columns with units, each with the question that it answers. */

import type { WcsCard } from "../data/observation/observation.js";
import { pixelSizeAt } from "../data/sky/pixel-size.js";
import { isEquatorial } from "../data/sky/sky-angle.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { regionFluxUnit } from "../posterior/region.js";
import type { MeasuredRegion } from "./measure-regions.js";
import { comparePair, type RegionPair } from "./region-products.js";
import { type TableColumn, tableCsv } from "./table-file.js";

/** What a table says beside the numbers. */
export interface MeasuredTableOptions {
  /** Unit of a pixel of the image (BUNIT), as `PosteriorSummary.unit` has it. */
  readonly unit?: string;
  /** Header cards of the image, for positions and areas on the sky. */
  readonly wcs?: readonly WcsCard[];
}

/** A column of the table of measured regions: the value is NaN where there is none. */
export type MeasuredColumn = TableColumn<MeasuredRegion>;

const PIXEL = /(?<=[( ])pixel(?=\))/;

/** Unit of a brightness, from that of a pixel. @param area `pixel` or `arcsec2` */
function brightnessUnit(unit: string | undefined, area: string): string | undefined {
  if (unit === undefined || PIXEL.test(unit)) return unit?.replace(PIXEL, area);
  return `${unit} / ${area}`;
}

const percent = (probability: number) => String(Math.round(1000 * probability) / 10).replace(".", "_");
const percentText = (probability: number) => `${Math.round(1000 * probability) / 10} %`;

const IMAGE = "posterior of the image under its prior";
const EXTRA = "source in addition to all other light, from its likelihood";

/**
 * The columns of the table, in order: what FITS, VOTable and CSV hold.
 *
 * Names that begin with `image_` answer how bright the image is in the region (posterior under the prior of the image); those that
 * begin with `source_` how bright a source there can be in addition to all other light (`ExtraSource`).
 */
export function measuredColumns(
  regions: readonly MeasuredRegion[],
  { unit, wcs: cards = [] }: MeasuredTableOptions = {},
): MeasuredColumn[] {
  const { wcs } = parseWcs(cards);
  const flux = regionFluxUnit(unit);
  const first = regions[0];
  const extra = regions.find((region) => region.extra !== undefined)?.extra;
  const column = (
    name: string,
    columnUnit: string | undefined,
    ucd: string,
    description: string,
    of: MeasuredColumn["of"],
  ): MeasuredColumn => ({
    name,
    ...(columnUnit === undefined ? {} : { unit: columnUnit }),
    ucd,
    description,
    of,
  });
  const ofExtra =
    (of: (source: NonNullable<MeasuredRegion["extra"]>) => number) =>
    ({ extra: source }: MeasuredRegion) =>
      source === undefined ? Number.NaN : of(source);
  const sky = ({ products: { centroid } }: MeasuredRegion) => pixelToSky(wcs!, centroid.x, centroid.y);
  // Pixels of a map of the sky differ from place to place.
  const arcseconds = ({ products: { centroid } }: MeasuredRegion) =>
    3600 * pixelSizeAt(wcs!, centroid.x, centroid.y);
  const skyArea = (region: MeasuredRegion) => arcseconds(region) ** 2 * region.area;
  const equatorial = wcs !== undefined && isEquatorial(wcs);
  const axis = equatorial
    ? ["pos.eq.ra", "pos.eq.dec"]
    : wcs?.system === "galactic"
      ? ["pos.galactic.lon", "pos.galactic.lat"]
      : ["pos", "pos"];
  return [
    {
      ...column("region", undefined, "meta.id;meta.main", "name of the region", ({ name }) => name),
      isText: true,
    },
    column(
      "area",
      "pixel",
      "phys.area;instr.pixel",
      "pixels of the region, weighted",
      (region) => region.area,
    ),
    ...(wcs === undefined
      ? []
      : [column("area_sky", "arcsec2", "phys.angArea", "its area on the sky", skyArea)]),
    column(
      "image_flux",
      flux,
      "phot.flux;stat.median",
      `flux of the region: ${IMAGE}, median`,
      ({ products }) => products.flux.median,
    ),
    column(
      "image_flux_mean",
      flux,
      "phot.flux;stat.mean",
      `its mean: ${IMAGE}`,
      ({ products }) => products.flux.mean,
    ),
    column(
      "image_flux_std",
      flux,
      "stat.stdev;phot.flux",
      `its standard deviation: ${IMAGE}`,
      ({ products }) => products.flux.std,
    ),
    ...(first?.products.flux.intervals ?? []).flatMap(({ probability }, at) => [
      column(
        `image_flux_low_${percent(probability)}`,
        flux,
        "phot.flux;stat.min",
        `begin of the ${percentText(probability)} interval, equal tails: ${IMAGE}`,
        ({ products }) => products.flux.intervals[at].low,
      ),
      column(
        `image_flux_high_${percent(probability)}`,
        flux,
        "phot.flux;stat.max",
        `end of the ${percentText(probability)} interval, equal tails: ${IMAGE}`,
        ({ products }) => products.flux.intervals[at].high,
      ),
    ]),
    column(
      "image_photons",
      "count",
      "phot.count;stat.mean",
      `photons that the exposure makes of the flux, wherever the psf takes them: ${IMAGE}, mean`,
      ({ products }) => products.source.mean,
    ),
    column(
      "image_photons_std",
      "count",
      "stat.stdev;phot.count",
      "their standard deviation",
      ({ products }) => products.source.std,
    ),
    column(
      "image_brightness",
      brightnessUnit(unit, "pixel"),
      "phot.flux.sb",
      `median flux by area: ${IMAGE}`,
      (region) => region.products.flux.median / region.area,
    ),
    ...(wcs === undefined
      ? []
      : [
          column(
            "image_brightness_sky",
            brightnessUnit(unit, "arcsec2"),
            "phot.flux.sb",
            "the same by area on the sky",
            (region) => region.products.flux.median / skyArea(region),
          ),
        ]),
    ...(first?.products.exceeds ?? []).map(({ threshold }, at) =>
      column(
        `image_p_above_${at + 1}`,
        undefined,
        "stat.probability",
        `probability of a flux above ${threshold}: ${IMAGE}`,
        ({ products }) => products.exceeds[at].probability,
      ),
    ),
    column(
      "x",
      "pixel",
      "pos.cartesian.x",
      "centroid of the light in the region, pixels from 0",
      ({ products }) => products.centroid.x,
    ),
    column(
      "x_std",
      "pixel",
      "stat.stdev;pos.cartesian.x",
      "its standard deviation",
      ({ products }) => products.centroid.xStd,
    ),
    column(
      "y",
      "pixel",
      "pos.cartesian.y",
      "centroid of the light in the region, pixels from 0",
      ({ products }) => products.centroid.y,
    ),
    column(
      "y_std",
      "pixel",
      "stat.stdev;pos.cartesian.y",
      "its standard deviation",
      ({ products }) => products.centroid.yStd,
    ),
    column(
      "ellipse_major",
      "pixel",
      "phys.angSize.smajAxis;pos.errorEllipse",
      "semi-axis of the ellipse of one standard deviation (39 %) of the centroid",
      ({ products }) => products.centroid.major,
    ),
    column(
      "ellipse_minor",
      "pixel",
      "phys.angSize.sminAxis;pos.errorEllipse",
      "the other semi-axis",
      ({ products }) => products.centroid.minor,
    ),
    column(
      "ellipse_angle",
      "deg",
      "pos.posAng;pos.errorEllipse",
      "of the major axis, from x towards y",
      ({ products }) => products.centroid.angle,
    ),
    column(
      "extent",
      "pixel",
      "phys.angSize",
      "root mean square radius of the light along an axis",
      ({ products }) => products.width.mean,
    ),
    column(
      "extent_std",
      "pixel",
      "stat.stdev;phys.angSize",
      "its standard deviation",
      ({ products }) => products.width.std,
    ),
    ...(wcs === undefined
      ? []
      : [
          column(
            "lon",
            "deg",
            `${axis[0]};meta.main`,
            `longitude of the centroid, ${wcs.system}`,
            (region) => sky(region).lon,
          ),
          column(
            "lat",
            "deg",
            `${axis[1]};meta.main`,
            `latitude of the centroid, ${wcs.system}`,
            (region) => sky(region).lat,
          ),
          column(
            "ellipse_major_sky",
            "arcsec",
            "phys.angSize.smajAxis;pos.errorEllipse",
            "semi-axis of the error ellipse on the sky",
            (region) => arcseconds(region) * region.products.centroid.major,
          ),
          column(
            "ellipse_minor_sky",
            "arcsec",
            "phys.angSize.sminAxis;pos.errorEllipse",
            "the other semi-axis",
            (region) => arcseconds(region) * region.products.centroid.minor,
          ),
          column(
            "extent_sky",
            "arcsec",
            "phys.angSize",
            "root mean square radius on the sky",
            (region) => arcseconds(region) * region.products.width.mean,
          ),
        ]),
    ...(extra === undefined
      ? []
      : [
          column(
            "counts",
            "count",
            "phot.count",
            "observed counts in the region's pixels",
            ofExtra(({ counts }) => counts),
          ),
          column(
            "other_counts",
            "count",
            "phot.count;stat.mean",
            "expected counts there of all other light, background included",
            ofExtra(({ other }) => other.mean),
          ),
          column(
            "other_counts_std",
            "count",
            "stat.stdev;phot.count",
            "their standard deviation over the draws",
            ofExtra(({ other }) => other.std),
          ),
          column(
            "inside",
            undefined,
            "stat.value;arith.ratio",
            "part of the photons of a source that the psf leaves in the region's pixels",
            ofExtra(({ inside }) => inside),
          ),
          column(
            "p_chance",
            undefined,
            "stat.probability",
            "probability that all other light alone gives so many counts",
            ofExtra(({ chance }) => chance),
          ),
          column(
            "source_flux",
            flux,
            "phot.flux;stat.max",
            `most likely flux: ${EXTRA}`,
            ofExtra(({ best }) => best),
          ),
          ...extra.intervals.flatMap(({ probability }, at) => [
            column(
              `source_flux_low_${percent(probability)}`,
              flux,
              "phot.flux;stat.min",
              `begin of the shortest ${percentText(probability)} interval: ${EXTRA}`,
              ofExtra(({ intervals }) => intervals[at].low),
            ),
            column(
              `source_flux_high_${percent(probability)}`,
              flux,
              "phot.flux;stat.max",
              `end of the shortest ${percentText(probability)} interval: ${EXTRA}`,
              ofExtra(({ intervals }) => intervals[at].high),
            ),
          ]),
          ...extra.limits.map(({ probability }, at) =>
            column(
              `source_limit_${percent(probability)}`,
              flux,
              "phot.flux;stat.max",
              `upper limit, ${percentText(probability)}, one-sided: ${EXTRA}`,
              ofExtra(({ limits }) => limits[at].limit),
            ),
          ),
          ...extra.expectedLimits.map(({ probability }, at) =>
            column(
              `source_expected_limit_${percent(probability)}`,
              flux,
              "phot.flux;stat.max;meta.modelled",
              `the ${percentText(probability)} limit to expect where there is no source`,
              ofExtra(({ expectedLimits }) => expectedLimits[at].limit),
            ),
          ),
          column(
            "source_detectable",
            flux,
            "phot.flux;instr.sensitivity",
            "flux found half of the time at 3 sigma",
            ofExtra(({ detectable }) => detectable),
          ),
        ]),
  ];
}

/** The table as CSV (`tableCsv`). */
export function measuredCsv(regions: readonly MeasuredRegion[], options: MeasuredTableOptions = {}): string {
  return tableCsv(measuredColumns(regions, options), regions);
}

/**
 * Pairs of regions compared, where that means something: both hold a source, that is the 99.7 % intervals of both begin above 0. A ratio to
 * nothing is noise over many powers of ten, and nothing has no place to be away from.
 */
export function measuredPairs(regions: readonly MeasuredRegion[]): RegionPair[] {
  const found = regions.filter(({ extra }) => (extra?.intervals.at(-1)?.low ?? 0) > 0);
  return found.flatMap((first, index) =>
    found
      .slice(index + 1)
      .map((second) => comparePair([first.name, first.draws], [second.name, second.draws])),
  );
}
