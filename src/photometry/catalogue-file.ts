/** Catalogues of sources as files have them, for figures and reports. */

import type { ShapedRegion } from "../data/regions/ds9-region.js";
import { FormatError } from "../errors.js";
import { findColumn, readFits, readTable } from "../io/fits.js";

/** A source of a catalogue file. */
export interface CatalogueSource {
  readonly name: string;
  /** Position in pixels of the image from 0, with its standard deviations. */
  readonly x: number;
  readonly y: number;
  readonly xStd: number;
  readonly yStd: number;
  /** Radius of its aperture in pixels. */
  readonly radius: number;
  readonly flux: number;
  /** Its 68 % interval. */
  readonly low: number;
  readonly high: number;
  readonly falseAlarms: number;
  /** Width beyond the psf in pixels, of an extended source; else 0. */
  readonly width: number;
}

/** What a catalogue file holds. */
export interface Catalogue {
  /** Unit of the fluxes, where the file names one. */
  readonly unit?: string;
  readonly sources: readonly CatalogueSource[];
}

/**
 * Read a catalogue that `encodeSourcesFits` wrote.
 *
 * @param path named in errors
 * @throws FormatError when it is something else, or damaged
 */
export function decodeSources(bytes: Uint8Array, path: string): Catalogue {
  const hdu = readFits(bytes).find(({ name }) => name === "SOURCES");
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
  return {
    ...(unit === undefined ? {} : { unit }),
    sources: Array.from({ length: table.rows }, (_, row) => {
      const [x, y, xStd, yStd, radius, flux, low, high] = numbers.map(({ values }) => Number(values[row]));
      return {
        name: String(name.values[row]).trim(),
        ...{ x, y, xStd, yStd, radius, flux, low, high },
        falseAlarms: Number(alarms.values[row]),
        width: String(shape.values[row]).trim() === "extended" ? Number(extent.values[row]) : 0,
      };
    }),
  };
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
