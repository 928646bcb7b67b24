/** A catalogue of sources as columns with units, and as regions. */

import type { WcsCard } from "../data/observation/observation.js";
import { formatDs9Regions } from "../data/regions/ds9-write.js";
import type { RegionSystem } from "../data/regions/region-frame.js";
import { pixelSizeAt } from "../data/sky/pixel-size.js";
import { skyStep } from "../data/sky/sky-position.js";
import { parseWcs, type SkyWcs } from "../data/sky/sky-wcs.js";
import { regionFluxUnit } from "../posterior/region.js";
import { sourceApertures } from "./catalogue-file.js";
import type { FoundSource } from "./find-sources.js";
import type { MeasuredRegion } from "./measure-regions.js";
import type { MeasuredFileOptions } from "./measured-file.js";
import { type MeasuredTableOptions, measuredColumns } from "./measured-table.js";
import { type TableColumn, tableColumn, tableCsv, tableFits, tableVotable } from "./table-file.js";

/** Columns of measured regions that a catalogue has in words of its own. */
const OWN_WORDS = /^(region|extent(_std|_sky)?)$/;

/**
 * The columns of a catalogue, in order: what FITS, VOTable and CSV hold. Behind its own come those of `tslira measure` for the aperture of
 * each source, among them the positions.
 */
export function sourceColumns(
  sources: readonly FoundSource[],
  options: MeasuredTableOptions = {},
): TableColumn<FoundSource>[] {
  const { wcs } = parseWcs(options.wcs ?? []);
  const flux = regionFluxUnit(options.unit);
  const column = tableColumn<FoundSource>;
  type Key = "low" | "high" | "chance";
  const extent = (name: string, unit: string | undefined, ucd: string, description: string, key: Key) =>
    column(name, unit, ucd, description, (one) => one.extent[key]);
  const text = (...of: Parameters<typeof column>): TableColumn<FoundSource> => ({
    ...column(...of),
    isText: true,
  });
  const measured = measuredColumns(sources.map(placed), options).filter(({ name }) => !OWN_WORDS.test(name));
  return [
    text("source", undefined, "meta.id;meta.main", "name, the most significant first", ({ name }) => name),
    column(
      "flux",
      flux,
      "phot.flux",
      "most likely flux of the whole source beside all other light, whose level is fitted too",
      (one) => one.flux.best,
    ),
    column("flux_low", flux, "phot.flux;stat.min", "begin of its 68 % interval", (one) => one.flux.low),
    column("flux_high", flux, "phot.flux;stat.max", "end of its 68 % interval", (one) => one.flux.high),
    column(
      "aperture_share",
      undefined,
      "phot.flux;arith.ratio",
      "part of the flux that the profile, before the psf, has within the aperture: the rest is inferred, and half of it is in the interval",
      (one) => one.inside,
    ),
    column(
      "statistic",
      undefined,
      "stat.likelihood",
      "twice the logarithm of the likelihood ratio of a point against all other light",
      (one) => one.statistic,
    ),
    column(
      "false_alarms",
      undefined,
      "stat.value",
      "so significant ones to expect in such a field without sources",
      (one) => one.falseAlarms,
    ),
    column(
      "p_source",
      undefined,
      "stat.probability",
      "probability that such a field without sources shows none so significant",
      (one) => one.probability,
    ),
    text(
      "shape",
      undefined,
      "src.morph.type",
      "point, or, where a point looks so wide in at most 5 %, the profile that fits better: gaussian or beta (model of slope 3/2)",
      ({ profile }) => profile,
    ),
    column(
      "extent",
      "pixel",
      "phys.angSize",
      "standard deviation of a round Gaussian beyond the psf, most likely",
      ({ extent }) => extent.width,
    ),
    extent("extent_low", "pixel", "phys.angSize;stat.min", "begin of its 68 % interval", "low"),
    extent("extent_high", "pixel", "phys.angSize;stat.max", "end of its 68 % interval", "high"),
    extent(
      "extent_chance",
      undefined,
      "stat.probability",
      "probability that a point looks so wide",
      "chance",
    ),
    ...(wcs === undefined
      ? []
      : [
          column(
            "extent_sky",
            "arcsec",
            "phys.angSize",
            "the width on the sky",
            ({ extent: { width }, centroid: { x, y } }) => 3600 * pixelSizeAt(wcs, x, y) * width,
          ),
          column(
            "ellipse_angle_sky",
            "deg",
            "pos.posAng;pos.errorEllipse",
            "of the major axis on the sky, from north by east",
            (one) => positionAngle(wcs, one),
          ),
        ]),
    column(
      "aperture",
      "pixel",
      "phys.size.radius",
      "radius: of half of the psf's light, or 3 standard deviations of a gaussian, 6 core radii of a beta model",
      ({ radius }) => radius,
    ),
    text(
      "neighbours",
      undefined,
      "meta.note",
      "sources that it trades flux with, and the correlation over the draws",
      ({ neighbours }) =>
        neighbours.map(({ name, correlation }) => `${name} ${correlation.toFixed(2)}`).join("; "),
    ),
    ...measured.map((one) => ({
      ...one,
      description: one.description
        .replace("centroid of the light in the region", "most likely position")
        .replace("centroid", "position")
        .replace("the region", "the aperture"),
      of: (source: FoundSource) => one.of(placed(source)),
    })),
  ];
}

/** What was measured, with the position of the source as its centroid. */
function placed({ measured, centroid }: FoundSource): MeasuredRegion {
  return { ...measured, products: { ...measured.products, centroid } };
}

/** Direction of the major axis of the ellipse on the sky, from north by east, in [0, 180). */
function positionAngle(wcs: SkyWcs, { centroid: { x, y, angle } }: FoundSource): number {
  const turn = (angle * Math.PI) / 180;
  const [dx, dy] = [Math.cos(turn) / 2, Math.sin(turn) / 2];
  const [east, north] = skyStep(wcs, { x: x - dx, y: y - dy }, { x: x + dx, y: y + dy });
  const degrees = (Math.atan2(east, north) * 180) / Math.PI;
  return (degrees + 360) % 180;
}

/** The catalogue as a FITS file with a binary table SOURCES. */
export function encodeSourcesFits(
  sources: readonly FoundSource[],
  options: MeasuredFileOptions = {},
): Uint8Array {
  return tableFits("SOURCES", sourceColumns(sources, options), sources, options);
}

/** The catalogue as a VOTable. */
export function sourcesVotable(sources: readonly FoundSource[], options: MeasuredFileOptions = {}): string {
  return tableVotable("sources", sourceColumns(sources, options), sources, options);
}

/** The catalogue as CSV. */
export function sourcesCsv(sources: readonly FoundSource[], options: MeasuredTableOptions = {}): string {
  return tableCsv(sourceColumns(sources, options), sources);
}

/** What region files call the coordinates of an image. */
const SYSTEMS: Readonly<Record<string, RegionSystem>> = { ICRS: "icrs", FK5: "fk5", galactic: "galactic" };

/** The apertures as a region file of DS9, on the sky where the image has one: what `tslira measure` and `tslira plot` take. */
export function sourcesDs9(
  sources: readonly FoundSource[],
  { wcs: cards = [] }: { readonly wcs?: readonly WcsCard[] } = {},
): string {
  const { wcs } = parseWcs(cards);
  const regions = sourceApertures(
    sources.map(({ name, centroid: { x, y }, radius }) => ({ name, x, y, radius })),
  );
  return formatDs9Regions(regions, { system: SYSTEMS[wcs?.system ?? ""] ?? "image", wcs: cards });
}
