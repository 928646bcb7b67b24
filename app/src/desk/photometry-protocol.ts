/** What page and desk tell each other of regions that are measured and sources that are found. Plain data. */

import type { CatalogueSource } from "tslira/significance";

/** A region by its pixels. */
export interface MeasuredPixels {
  readonly name: string;
  readonly pixels: readonly number[];
}

/** What the draws say of a region, fluxes in the unit of the table. */
export interface MeasuredRow {
  readonly name: string;
  /** Of the image under its prior: median, central 68 %, and what 95 % of the draws are below. */
  readonly flux: readonly [median: number, low: number, high: number, most: number];
  /** Of a source in addition to all other light; absent where no pixel in use sees the region. */
  readonly extra?: {
    readonly counts: number;
    readonly other: number;
    readonly chance: number;
    readonly limit95: number;
    readonly limit997: number;
  };
}

/** Rows with the unit of their fluxes. */
export interface PhotometryTable<Row> {
  readonly rows: readonly Row[];
  readonly unit: string;
}

/** What is measured. */
export type PhotometryKind = "regions" | "sources";
/** How a table is written. */
export type TableFormat = "fits" | "vot" | "csv" | "reg";

/** What the desk does. A function as the last argument hears which part is done. */
export interface PhotometryCalls {
  measure(regions: readonly MeasuredPixels[], tell: (fraction: number) => void): PhotometryTable<MeasuredRow>;
  findSources(falseAlarms: number, tell: (fraction: number) => void): PhotometryTable<CatalogueSource>;
  stopPhotometry(): void;
  /** The last table as a file: `reg`, the apertures, of sources only. */
  photometryFile(kind: PhotometryKind, format: TableFormat): Uint8Array<ArrayBuffer> | string;
}
