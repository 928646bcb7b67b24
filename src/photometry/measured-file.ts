/** Measured regions as files: FITS and VOTable. */

import type { MeasuredRegion } from "./measure-regions.js";
import { type MeasuredTableOptions, measuredColumns } from "./measured-table.js";
import { type TableOrigin, tableFits, tableVotable } from "./table-file.js";

/** Unit and place of a table, and where it comes from. */
export interface MeasuredFileOptions extends MeasuredTableOptions, TableOrigin {}

/** The columns of `measuredCsv` as a FITS file: a binary table REGIONS (`tableFits`). */
export function encodeMeasuredFits(
  regions: readonly MeasuredRegion[],
  options: MeasuredFileOptions = {},
): Uint8Array {
  return tableFits("REGIONS", measuredColumns(regions, options), regions, options);
}

/** The same as a VOTable. */
export function measuredVotable(
  regions: readonly MeasuredRegion[],
  options: MeasuredFileOptions = {},
): string {
  return tableVotable("regions", measuredColumns(regions, options), regions, options);
}
