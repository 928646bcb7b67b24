/** Measured regions laid out as columns with units, each with the question that it answers. */

import type { WcsCard } from "../data/observation/observation.js";
import { pixelSizeAt } from "../data/sky/pixel-size.js";
import { isEquatorial } from "../data/sky/sky-angle.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { regionFluxUnit } from "../posterior/region.js";
import { PROBABILITIES } from "./flux-law.js";
import type { MeasuredRegion } from "./measure-regions.js";
import { type Centroid, comparePair, INTERVALS, type RegionPair } from "./region-products.js";
import { type TableColumn, tableColumn, tableCsv } from "./table-file.js";

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
const CENTROID = "centroid of the light in the region, pixels from 0";
const ONE_SIGMA = "one standard deviation (39 %)";
/** The scale of a column in pixels. */
const one = (_region: MeasuredRegion) => 1;
/** The columns of an interval. */
const ENDS = [
  { end: "begin", key: "low", ucd: "phot.flux;stat.min" },
  { end: "end", key: "high", ucd: "phot.flux;stat.max" },
] as const;

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
  // Tables without a row have the columns of those with, so that they can be put together.
  const hasExtra = regions.length === 0 || regions.some((region) => region.extra !== undefined);
  const column = tableColumn<MeasuredRegion>;
  type Extra = NonNullable<MeasuredRegion["extra"]>;
  // Pixels of a map of the sky differ from place to place.
  const arcseconds = ({ products: { centroid } }: MeasuredRegion) =>
    3600 * pixelSizeAt(wcs!, centroid.x, centroid.y);
  const skyArea = (region: MeasuredRegion) => arcseconds(region) ** 2 * region.area;
  /** Columns by where their numbers are; `scale` is of a pixel, where the unit is another. */
  const fluxes = (name: string, ucd: string, description: string, key: "median" | "mean" | "std") =>
    column(name, flux, ucd, description, ({ products }) => products.flux[key]);
  const photons = (name: string, ucd: string, description: string, key: "mean" | "std") =>
    column(name, "count", ucd, description, ({ products }) => products.source[key]);
  const place = (name: string, inUnit: string, ucd: string, text: string, key: keyof Centroid, scale = one) =>
    column(name, inUnit, ucd, text, (region) => scale(region) * region.products.centroid[key]);
  const extent = (
    name: string,
    inUnit: string,
    ucd: string,
    text: string,
    key: "mean" | "std",
    scale = one,
  ) => column(name, inUnit, ucd, text, (region) => scale(region) * region.products.width[key]);
  const ofExtra = (
    name: string,
    inUnit: string | undefined,
    ucd: string,
    text: string,
    of: (extra: Extra) => number,
  ) =>
    column(name, inUnit, ucd, text, ({ extra: source }) => (source === undefined ? Number.NaN : of(source)));
  const sky = ({ products: { centroid } }: MeasuredRegion) => pixelToSky(wcs!, centroid.x, centroid.y);
  const equatorial = wcs !== undefined && isEquatorial(wcs);
  const axis = equatorial
    ? ["pos.eq.ra", "pos.eq.dec"]
    : wcs?.system === "galactic"
      ? ["pos.galactic.lon", "pos.galactic.lat"]
      : ["pos", "pos"];
  const [major, minor] = ["phys.angSize.smajAxis;pos.errorEllipse", "phys.angSize.sminAxis;pos.errorEllipse"];
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
    fluxes("image_flux", "phot.flux;stat.median", `flux of the region: ${IMAGE}, median`, "median"),
    fluxes("image_flux_mean", "phot.flux;stat.mean", `its mean: ${IMAGE}`, "mean"),
    fluxes("image_flux_std", "stat.stdev;phot.flux", `its standard deviation: ${IMAGE}`, "std"),
    ...INTERVALS.flatMap((probability, at) =>
      ENDS.map(({ end, key, ucd }) =>
        column(
          `image_flux_${key}_${percent(probability)}`,
          flux,
          ucd,
          `${end} of the ${percentText(probability)} interval, equal tails: ${IMAGE}`,
          ({ products }) => products.flux.intervals[at][key],
        ),
      ),
    ),
    photons(
      "image_photons",
      "phot.count;stat.mean",
      `photons that the exposure makes of the flux, wherever the psf takes them: ${IMAGE}, mean`,
      "mean",
    ),
    photons("image_photons_std", "stat.stdev;phot.count", "their standard deviation", "std"),
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
    place("x", "pixel", "pos.cartesian.x", CENTROID, "x"),
    place("x_std", "pixel", "stat.stdev;pos.cartesian.x", "its standard deviation", "xStd"),
    place("y", "pixel", "pos.cartesian.y", CENTROID, "y"),
    place("y_std", "pixel", "stat.stdev;pos.cartesian.y", "its standard deviation", "yStd"),
    place(
      "ellipse_major",
      "pixel",
      major,
      `semi-axis of the ellipse of ${ONE_SIGMA} of the centroid`,
      "major",
    ),
    place("ellipse_minor", "pixel", minor, "the other semi-axis", "minor"),
    place(
      "ellipse_angle",
      "deg",
      "pos.posAng;pos.errorEllipse",
      "of the major axis, from x towards y",
      "angle",
    ),
    extent("extent", "pixel", "phys.angSize", "root mean square radius of the light along an axis", "mean"),
    extent("extent_std", "pixel", "stat.stdev;phys.angSize", "its standard deviation", "std"),
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
          place(
            "ellipse_major_sky",
            "arcsec",
            major,
            "semi-axis of the error ellipse on the sky",
            "major",
            arcseconds,
          ),
          place("ellipse_minor_sky", "arcsec", minor, "the other semi-axis", "minor", arcseconds),
          extent(
            "extent_sky",
            "arcsec",
            "phys.angSize",
            "root mean square radius on the sky",
            "mean",
            arcseconds,
          ),
        ]),
    ...(!hasExtra
      ? []
      : [
          ofExtra(
            "counts",
            "count",
            "phot.count",
            "observed counts in the region's pixels",
            ({ counts }) => counts,
          ),
          ofExtra(
            "other_counts",
            "count",
            "phot.count;stat.mean",
            "expected counts there of all other light, background included",
            ({ other }) => other.mean,
          ),
          ofExtra(
            "other_counts_std",
            "count",
            "stat.stdev;phot.count",
            "their standard deviation over the draws",
            ({ other }) => other.std,
          ),
          ofExtra(
            "inside",
            undefined,
            "stat.value;arith.ratio",
            "part of the photons of a source that the psf leaves in the region's pixels",
            ({ inside }) => inside,
          ),
          ofExtra(
            "p_chance",
            undefined,
            "stat.probability",
            "probability that all other light alone gives so many counts",
            ({ chance }) => chance,
          ),
          ofExtra(
            "source_flux",
            flux,
            "phot.flux;stat.max",
            `most likely flux: ${EXTRA}`,
            ({ best }) => best,
          ),
          ...PROBABILITIES.flatMap((probability, at) =>
            ENDS.map(({ end, key, ucd }) =>
              ofExtra(
                `source_flux_${key}_${percent(probability)}`,
                flux,
                ucd,
                `${end} of the shortest ${percentText(probability)} interval: ${EXTRA}`,
                ({ intervals }) => intervals[at][key],
              ),
            ),
          ),
          ...PROBABILITIES.map((probability, at) =>
            ofExtra(
              `source_limit_${percent(probability)}`,
              flux,
              "phot.flux;stat.max",
              `upper limit, ${percentText(probability)}, one-sided: ${EXTRA}`,
              ({ limits }) => limits[at].limit,
            ),
          ),
          ...PROBABILITIES.map((probability, at) =>
            ofExtra(
              `source_expected_limit_${percent(probability)}`,
              flux,
              "phot.flux;stat.max;meta.modelled",
              `the ${percentText(probability)} limit to expect where there is no source`,
              ({ expectedLimits }) => expectedLimits[at].limit,
            ),
          ),
          ofExtra(
            "source_detectable",
            flux,
            "phot.flux;instr.sensitivity",
            "flux found half of the time at 3 sigma",
            ({ detectable }) => detectable,
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
