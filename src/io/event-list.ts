/** Event lists: which table of a file holds the events, and what its columns are. */

import type { WcsCard } from "../data/observation.js";
import { InvalidInputError } from "../errors.js";
import { cellBytes, columnTitle, parseTableFormat } from "./fits-column.js";
import type { FitsHduInfo, FitsTableInfo } from "./fits-hdu.js";

/** A numeric column of an event list. */
export interface EventColumn {
  readonly name: string;
  /** TUNIT, as in the header. */
  readonly unit?: string;
  /** Number of the column, from 1. */
  readonly index: number;
  /** Whether values are whole numbers. */
  readonly whole: boolean;
}

/** Where events are: a pair of columns. */
export interface EventPositions {
  /**
   * `"pixel"`: the plane of an image, in pixels from 1, as X and Y of Chandra and XMM-Newton; `"galactic"` and
   * `"equatorial"`: longitude and latitude in degrees, as L and B, RA and DEC of Fermi.
   */
  readonly kind: "pixel" | "galactic" | "equatorial";
  readonly x: EventColumn;
  readonly y: EventColumn;
  /** Sky coordinates of the plane, for axes 1 and 2 in units of the columns; empty when the header has none. */
  readonly wcs: readonly WcsCard[];
}

/** What an event list offers. */
export interface EventColumns {
  /** Rows of the table. */
  readonly events: number;
  /** All pairs of position columns, the best first: pixels with sky coordinates, then the sky, then bare pixels. */
  readonly positions: readonly EventPositions[];
  /** ENERGY, or else the pulse height channel PI or PHA. */
  readonly energy?: EventColumn;
  readonly time?: EventColumn;
}

/** Columns that hold one number a row, by their names in capitals. */
function numericColumns(info: FitsTableInfo): Map<string, EventColumn> {
  const columns = new Map<string, EventColumn>();
  if (info.form !== "binary") return columns;
  for (let index = 1; index <= info.columnCount; index++) {
    const { name, unit } = columnTitle(info, index);
    const format = parseTableFormat(info.header.text(`TFORM${index}`) ?? "");
    if (format === undefined || format.descriptor !== undefined || format.repeat !== 1) continue;
    if (!"BIJKED".includes(format.code) || cellBytes(format.code, 1) === 0) continue;
    const scaled = info.header.has(`TSCAL${index}`);
    const whole = "BIJK".includes(format.code) && !scaled;
    const key = name.toUpperCase();
    if (!columns.has(key)) columns.set(key, { name, index, whole, ...(unit !== undefined && { unit }) });
  }
  return columns;
}

/** Keywords of columns (Greisen & Calabretta 2002, table 5), what XMM-Newton calls them, and those of an image. */
const AXIS_KEYWORDS: readonly (readonly [column: string, xmm: string, image: string])[] = [
  ["TCTYP", "CTYP", "CTYPE"],
  ["TCUNI", "CUNI", "CUNIT"],
  ["TCRPX", "CRPX", "CRPIX"],
  ["TCRVL", "CRVL", "CRVAL"],
  ["TCDLT", "CDLT", "CDELT"],
  ["TCROT", "CROT", "CROTA"],
];

/** Sky coordinates of two columns as cards of an image whose pixels are units of the columns. */
function columnWcs({ header }: FitsTableInfo, x: EventColumn, y: EventColumn): WcsCard[] {
  const cards: WcsCard[] = [];
  for (const [axis, { index }, letter] of [
    [1, x, "X"],
    [2, y, "Y"],
  ] as const) {
    for (const [column, xmm, image] of AXIS_KEYWORDS) {
      const value = header.get(`${column}${index}`) ?? header.get(`REF${letter}${xmm}`);
      if (typeof value === "string" || typeof value === "number")
        cards.push({ keyword: `${image}${axis}`, value });
    }
  }
  const has = (keyword: string) => cards.some((card) => card.keyword === keyword);
  const complete = ["CTYPE", "CRVAL", "CDELT"].every((name) => has(`${name}1`) && has(`${name}2`));
  return complete ? cards : [];
}

const SKY = [
  ["galactic", "L", "B"],
  ["galactic", "GLON", "GLAT"],
  ["equatorial", "RA", "DEC"],
] as const;

/**
 * What the columns of an event list are, by their names: X and Y with the sky coordinates of their TCTYPn, TCRVLn ... (or
 * XMM-Newton's REFXCTYP ...), L and B or GLON and GLAT, RA and DEC; ENERGY, PI or PHA; TIME. Looks at no data.
 *
 * @returns `undefined` when the HDU is no table with positions of events
 */
export function eventColumns(hdu: FitsHduInfo): EventColumns | undefined {
  if (hdu.kind !== "table") return undefined;
  const columns = numericColumns(hdu);
  const [x, y] = [columns.get("X"), columns.get("Y")];
  const positions: EventPositions[] = [];
  for (const [kind, lon, lat] of SKY) {
    const pair = [columns.get(lon), columns.get(lat)] as const;
    if (pair[0] && pair[1]) positions.push({ kind, x: pair[0], y: pair[1], wcs: [] });
  }
  if (x && y) {
    const wcs = columnWcs(hdu, x, y);
    positions.splice(wcs.length > 0 ? 0 : positions.length, 0, { kind: "pixel", x, y, wcs });
  }
  if (positions.length === 0) return undefined;
  const energy = columns.get("ENERGY") ?? columns.get("PI") ?? columns.get("PHA");
  const time = columns.get("TIME");
  return { events: hdu.rows, positions, ...(energy && { energy }), ...(time && { time }) };
}

/**
 * The table of a file that holds events: the one called EVENTS, or else the first with columns of positions.
 *
 * @throws InvalidInputError when the file has none
 */
export function findEvents<H extends FitsHduInfo>(hdus: readonly H[]): H {
  const tables = hdus.filter((hdu) => eventColumns(hdu) !== undefined);
  const found = tables.find(({ name }) => name.toUpperCase() === "EVENTS") ?? tables[0];
  if (found !== undefined) return found;
  const source = hdus[0]?.label.replace(/\[[^[]*$/, "") ?? "FITS";
  const present = hdus.map(({ index, name, kind }) => `${index} ${name || "(no name)"} ${kind}`).join(", ");
  throw new InvalidInputError(
    `${source}: must hold a table of events with columns X and Y, L and B or RA and DEC, got ${present || "no HDU"}; choose an event list`,
  );
}
