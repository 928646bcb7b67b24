/** Energies of counts images, by what their files say. */

import { electronvolts } from "./energy-unit.js";
import { columnNumbers, columnTitles } from "./fits-column.js";
import { type FitsHeader, numbered } from "./fits-header.js";
import { findColumn, readTable } from "./fits-table.js";
import type { FitsHdu, FitsTableInfo } from "./hdu.js";

/** From where to where, in eV. */
export type EnergyBand = readonly [low: number, high: number];

/** Whether a table holds the bands of a cube of so many planes: EBOUNDS of Fermi's tools, or the bands of gammapy. Looks at no data. */
export function hasBands(table: FitsTableInfo, planes: number): boolean {
  const names = columnTitles(table).map(({ name }) => name.trim().toUpperCase());
  return table.rows === planes && ["E_MIN", "E_MAX"].every((name) => names.includes(name));
}

/**
 * The band of planes of a cube, half-open and from 0, by the table of its bands. Without a unit energies are in keV (OGIP Memo CAL/GEN/92-002).
 *
 * @returns undefined where the table does not say
 */
export function bandOfPlanes(
  bands: FitsHdu & FitsTableInfo,
  [start, end]: readonly [start: number, end: number],
): EnergyBand | undefined {
  const table = readTable(bands);
  const edge = (name: string, of: (...values: number[]) => number) => {
    const column = findColumn(table, name)!;
    const unit = electronvolts(column.unit ?? "keV") ?? Number.NaN;
    return of(...columnNumbers(column).subarray(start, end)) * unit;
  };
  return band(edge("E_MIN", Math.min), edge("E_MAX", Math.max));
}

/** The band of an image by what was selected of its events (data subspace, DSTYPn `ENERGY`); undefined where the header does not say. */
export function selectedBand(header: FitsHeader): EnergyBand | undefined {
  const number = numbered(header, "DSTYP").findIndex((type) => /^\s*ENERGY\s*$/i.test(String(type))) + 1;
  const unit = electronvolts(header.text(`DSUNI${number}`)) ?? Number.NaN;
  const [low, high] = (header.text(`DSVAL${number}`) ?? "").split(":").map((edge) => Number(edge) * unit);
  return band(low ?? Number.NaN, high ?? Number.NaN);
}

const band = (low: number, high: number): EnergyBand | undefined =>
  low >= 0 && high > low && high < Number.POSITIVE_INFINITY ? [low, high] : undefined;
