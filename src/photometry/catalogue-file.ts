/** Catalogues of sources as files have them, for figures and reports. */

import type { WcsCard } from "../data/observation/observation.js";
import type { ShapedRegion } from "../data/regions/ds9-region.js";
import { skyToPixel } from "../data/sky/sky-position.js";
import { parseWcs, type SkyPosition } from "../data/sky/sky-wcs.js";
import { FormatError, InvalidInputError } from "../errors.js";
import type { Shape } from "../image.js";
import { type EstimateProvenance, storedProvenance } from "../io/file-origin.js";
import { findColumn, readFits, readTable } from "../io/fits.js";

/** A source of a catalogue file. */
export interface CatalogueSource {
  readonly name: string;
  /** Position in pixels of the image from 0, with its standard deviations. */
  readonly x: number;
  readonly y: number;
  readonly xStd: number;
  readonly yStd: number;
  /** The same in degrees, of an image with sky coordinates. */
  readonly sky?: SkyPosition;
  /** Radius of its aperture in pixels. */
  readonly radius: number;
  readonly flux: number;
  /** Its 68 % interval. */
  readonly low: number;
  readonly high: number;
  readonly falseAlarms: number;
  /** Width beyond the psf in pixels, of an extended source; else 0. */
  readonly width: number;
  /** Part of the flux within the aperture, by the profile; the rest is inferred. */
  readonly inside: number;
}

/** What a catalogue file holds. */
export interface Catalogue {
  /** Unit of the fluxes, where the file names one. */
  readonly unit?: string;
  /** Input files of the result that the sources are of, where the file names them. */
  readonly inputs?: EstimateProvenance["inputs"];
  readonly sources: readonly CatalogueSource[];
}

/**
 * Read a catalogue that `encodeSourcesFits` wrote.
 *
 * @param path named in errors
 * @throws FormatError when it is something else, or damaged
 */
export function decodeSources(bytes: Uint8Array, path: string): Catalogue {
  const hdus = readFits(bytes);
  const hdu = hdus.find(({ name }) => name === "SOURCES");
  if (hdu === undefined) {
    throw new FormatError(
      `${path}: catalogue must have a table SOURCES, got none; give the .fits that tslira sources -o wrote`,
    );
  }
  const table = readTable(hdu);
  const column = (name: string) => {
    const found = findColumn(table, name);
    if (found === undefined) {
      throw new FormatError(
        `${path}: table SOURCES must have a column ${name}, got none; write it again with tslira sources`,
      );
    }
    return found;
  };
  const [name, shape] = [column("source"), column("shape")];
  const numbers = ["x", "y", "x_std", "y_std", "aperture", "flux", "flux_low", "flux_high"].map(column);
  const [alarms, extent] = [column("false_alarms"), column("extent")];
  const { unit } = column("flux");
  // Catalogues of earlier versions have fluxes of what was in the aperture.
  const inside = findColumn(table, "aperture_share");
  const [lon, lat] = [findColumn(table, "lon"), findColumn(table, "lat")];
  const { inputs = [] } = storedProvenance(hdus[0].header);
  return {
    ...(unit === undefined ? {} : { unit }),
    ...(inputs.length === 0 ? {} : { inputs }),
    sources: Array.from({ length: table.rows }, (_, row) => {
      const [x, y, xStd, yStd, radius, flux, low, high] = numbers.map(({ values }) => Number(values[row]));
      return {
        name: String(name.values[row]).trim(),
        ...{ x, y, xStd, yStd, radius, flux, low, high },
        ...(lon && lat && { sky: { lon: Number(lon.values[row]), lat: Number(lat.values[row]) } }),
        falseAlarms: Number(alarms.values[row]),
        width: String(shape.values[row]).trim() === "point" ? 0 : Number(extent.values[row]),
        inside: inside === undefined ? 1 : Number(inside.values[row]),
      };
    }),
  };
}

/** How far a source may lie from its sky coordinates, in pixels. */
const SAME = 0.5;

/**
 * Check that a catalogue is of an image.
 *
 * @param path of the catalogue, named in errors
 * @param image with the input files of its run, where they are known
 * @throws InvalidInputError when a source lies beside the image, or where its sky coordinates are not, or it is of other counts
 */
export function checkCatalogue(
  { sources, inputs: [counts] = [] }: Catalogue,
  {
    shape: [ny, nx],
    wcs: cards,
    inputs = [],
  }: {
    readonly shape: Shape;
    readonly wcs?: readonly WcsCard[] | undefined;
    readonly inputs?: EstimateProvenance["inputs"];
  },
  path: string,
): void {
  if (counts !== undefined && inputs.length > 0 && inputs.every(({ sha256 }) => sha256 !== counts.sha256)) {
    throw new InvalidInputError(
      `${path}: catalogue must be of the counts of this image, got one of ${counts.name} (another SHA-256); run tslira sources on the result`,
      { fields: { counts: counts.name } },
    );
  }
  const { wcs } = parseWcs(cards ?? []);
  for (const { name, x, y, radius, sky } of sources) {
    const place = wcs && sky && skyToPixel(wcs, sky.lon, sky.lat);
    // At the edge the most likely place may be a little beside the image.
    const edge = 0.5 + radius;
    const inside = x >= -edge && x <= nx - 1 + edge && y >= -edge && y <= ny - 1 + edge;
    if (inside && (place === undefined || Math.hypot(place.x - x, place.y - y) <= SAME)) continue;
    const at = `${name} at x ${Number(x.toFixed(1))}, y ${Number(y.toFixed(1))}`;
    throw new InvalidInputError(
      `${path}: catalogue must be of this image, got ${at}, ` +
        `${inside ? "where its sky coordinates are not" : `beside its ${nx} x ${ny} pixels`}; run tslira sources on the result`,
      { fields: { source: name } },
    );
  }
}

/** The apertures of sources as regions. */
export function sourceApertures(
  sources: readonly {
    readonly name: string;
    readonly x: number;
    readonly y: number;
    readonly radius: number;
  }[],
): ShapedRegion[] {
  return sources.map(({ name, x, y, radius }) => ({
    name,
    terms: [{ operator: "or", shape: { kind: "circle", x, y, radius } }],
  }));
}
