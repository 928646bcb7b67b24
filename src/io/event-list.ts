/** Event lists: which table of a file holds the events, and what its columns are. */

import type { WcsCard } from "../data/observation/observation.js";
import { longitudeDegrees } from "../data/sky/angle-unit.js";
import { InvalidInputError } from "../errors.js";
import { channelScale, electronvolts, usualEnergies } from "./energy-unit.js";
import type { EventColumn } from "./event-column.js";
import { columnTitle, columnTitles, parseTableFormat } from "./fits-column.js";
import { type FitsHduInfo, type FitsTableInfo, fileOf } from "./hdu.js";
import { isRegionTable } from "./region-table.js";

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
  /** Degrees in a unit of the columns of longitude and latitude, by their TUNIT; 1 for planes. */
  readonly degrees: readonly [x: number, y: number];
  /** Least and largest legal value (TLMIN, TLMAX) of both columns, where the header has some; values beyond them are no positions. */
  readonly legal?: readonly [x: readonly [number, number], y: readonly [number, number]];
  /** What the header leaves open, one sentence each. */
  readonly warnings: readonly string[];
}

/** What an event list offers. */
export interface EventColumns {
  /** Rows of the table. */
  readonly events: number;
  /** All pairs of position columns, the best first: pixels with sky coordinates, then the sky, then bare pixels. */
  readonly positions: readonly EventPositions[];
  /** ENERGY, or else the pulse height channel PI or PHA. */
  readonly energy?: EventColumn;
  /** The pulse height channel, PI or else PHA. */
  readonly channel?: EventColumn;
  readonly time?: EventColumn;
  /** All columns of one number a row, and of bits. */
  readonly numeric: readonly EventColumn[];
}

/** Columns that hold one number a row, by their names in capitals. */
function numericColumns(info: FitsTableInfo): Map<string, EventColumn> {
  const columns = new Map<string, EventColumn>();
  if (info.form !== "binary") return columns;
  for (let index = 1; index <= info.columnCount; index++) {
    const { name, unit } = columnTitle(info, index);
    const format = parseTableFormat(info.header.text(`TFORM${index}`) ?? "");
    if (format === undefined || format.descriptor !== undefined) continue;
    const bits = format.code === "X" && format.repeat >= 1 && format.repeat <= 32 ? format.repeat : undefined;
    if (bits === undefined && (format.repeat !== 1 || !"BIJKED".includes(format.code))) continue;
    const step = Math.abs(info.header.number(`TSCAL${index}`) ?? 1);
    const stored = "BIJK".includes(format.code) && step > 0;
    const key = name.toUpperCase();
    if (columns.has(key)) continue;
    columns.set(key, {
      ...{ name, index },
      ...(stored && { lattice: { step, zero: info.header.number(`TZERO${index}`) ?? 0 } }),
      ...(bits !== undefined && { bits }),
      ...(unit !== undefined && { unit }),
    });
  }
  return columns;
}

/** Keywords of columns (FITS standard 4.0, table 22; the shorter form too), what XMM-Newton calls them, and those of an image. */
const AXIS_KEYWORDS: readonly (readonly [columns: readonly string[], xmm: string, image: string])[] = [
  [["TCTYP", "TCTY"], "CTYP", "CTYPE"],
  [["TCUNI", "TCUN"], "CUNI", "CUNIT"],
  [["TCRPX", "TCRP"], "CRPX", "CRPIX"],
  [["TCRVL", "TCRV"], "CRVL", "CRVAL"],
  [["TCDLT", "TCDE"], "CDLT", "CDELT"],
  [["TCROT"], "CROT", "CROTA"],
];
/** Matrices of two columns: `TP2_3` is PC1_2 of columns 2 and 3. */
const MATRIX_KEYWORDS: readonly (readonly [columns: readonly string[], image: string])[] = [
  [["TPC", "TP"], "PC"],
  [["TCD", "TC"], "CD"],
];

/** Sky coordinates of two columns as cards of an image whose pixels are units of the columns, and what is missing in them. */
function columnWcs(
  { header, label }: FitsTableInfo,
  x: EventColumn,
  y: EventColumn,
): { readonly wcs: WcsCard[]; readonly warnings: string[] } {
  const cards: WcsCard[] = [];
  const add = (keyword: string, names: readonly string[]) => {
    const value = names.map((name) => header.get(name)).find((found) => found !== undefined);
    if (typeof value === "string" || typeof value === "number") cards.push({ keyword, value });
  };
  for (const [axis, { index }, letter] of [
    [1, x, "X"],
    [2, y, "Y"],
  ] as const) {
    for (const [columns, xmm, image] of AXIS_KEYWORDS)
      add(`${image}${axis}`, [...columns.map((name) => `${name}${index}`), `REF${letter}${xmm}`]);
    for (const [columns, image] of MATRIX_KEYWORDS) {
      for (const [other, { index: from }] of [
        [1, x],
        [2, y],
      ] as const)
        add(
          `${image}${axis}_${other}`,
          columns.map((name) => `${name}${index}_${from}`),
        );
    }
    for (const parameter of [0, 1, 2, 3, 4]) add(`PV${axis}_${parameter}`, [`TV${index}_${parameter}`]);
  }
  for (const [keyword, short] of [
    ["LONPOLE", "LONP"],
    ["LATPOLE", "LATP"],
  ] as const)
    add(keyword, [`${short}${x.index}`, `${short}${y.index}`, keyword]);
  const has = (keyword: string) => cards.some((card) => card.keyword === keyword);
  const both = (name: string) => has(`${name}1`) && has(`${name}2`);
  if (!both("CTYPE") || !both("CRVAL")) {
    const alternate = [x, y].flatMap(({ index }) =>
      header.cards.flatMap(({ keyword }) =>
        new RegExp(`^TCTYP?${index}[A-Z]$`).test(keyword) ? keyword : [],
      ),
    );
    if (alternate.length === 0) return { wcs: [], warnings: [] };
    return {
      wcs: [],
      warnings: [
        `${label}: sky coordinates of ${x.name} and ${y.name} should be the primary ones, got an alternate description alone ` +
          `(${alternate.join(", ")}), which is not read; the image has no sky coordinates, name them without the letter`,
      ],
    };
  }
  const matrix = cards.some(({ keyword }) => /^CD\d_\d$/.test(keyword));
  if (both("CDELT") || matrix) return { wcs: cards, warnings: [] };
  return {
    wcs: cards,
    warnings: [
      `${label}: sky coordinates of ${x.name} and ${y.name} should have a scale, got no TCDLT${x.index}, TCDLT${y.index}; a unit of the ` +
        "columns is taken as a degree, as the FITS standard says, check the header",
    ],
  };
}

/** TLMIN and TLMAX of a column; half a pixel beyond them is theirs, for some lists name the middles of pixels. */
function legalValues(
  { header }: FitsTableInfo,
  { index }: EventColumn,
): readonly [least: number, most: number] {
  const [least, most] = [header.number(`TLMIN${index}`), header.number(`TLMAX${index}`)];
  const given = least !== undefined && most !== undefined && least < most;
  return given ? [least - 0.5, most + 0.5] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

const SKY = [
  ["galactic", "L", "B"],
  ["galactic", "GLON", "GLAT"],
  ["equatorial", "RA", "DEC"],
] as const;

/**
 * What the columns of an event list are, by their names: X and Y with the sky coordinates of their TCTYPn, TCRVLn ... (or
 * XMM-Newton's REFXCTYP ...), L and B or GLON and GLAT, RA and DEC with their units; ENERGY, PI or PHA; TIME. Looks at no data.
 *
 * @returns `undefined` when the HDU is no table with positions of events
 */
export function eventColumns(hdu: FitsHduInfo): EventColumns | undefined {
  if (hdu.kind !== "table" || isRegionTable(hdu)) return undefined;
  const columns = numericColumns(hdu);
  const [x, y] = [columns.get("X"), columns.get("Y")];
  const positions: EventPositions[] = [];
  for (const [kind, lon, lat] of SKY) {
    const pair = [columns.get(lon), columns.get(lat)] as const;
    if (!pair[0] || !pair[1]) continue;
    const [lonUnit, latUnit] = pair.map((column) => longitudeDegrees(column?.unit ?? "deg"));
    const strange = [lonUnit, latUnit].includes(undefined)
      ? [
          `${hdu.label}: ${lon} and ${lat} should be angles, got units "${pair[0].unit}" and "${pair[1].unit}"; they are taken as degrees, ` +
            "correct TUNIT if they are not",
        ]
      : [];
    const degrees = [lonUnit ?? 1, latUnit ?? 1] as const;
    positions.push({ kind, x: pair[0], y: pair[1], wcs: [], degrees, warnings: strange });
  }
  if (x && y) {
    const { wcs, warnings } = columnWcs(hdu, x, y);
    const legal = [legalValues(hdu, x), legalValues(hdu, y)] as const;
    const plane: EventPositions = { kind: "pixel", x, y, wcs, degrees: [1, 1], legal, warnings };
    positions.splice(wcs.length > 0 ? 0 : positions.length, 0, plane);
  }
  if (positions.length === 0) return undefined;
  const channel = columns.get("PI") ?? columns.get("PHA");
  const energy = columns.get("ENERGY") ?? channel;
  const time = columns.get("TIME");
  return {
    ...{ events: hdu.rows, positions, numeric: [...columns.values()] },
    ...(energy && { energy }),
    ...(channel && { channel }),
    ...(time && { time }),
  };
}

/** Names of columns of positions on a detector, with which no sky comes. */
export function detectorColumns(hdu: FitsTableInfo): string[] {
  return columnTitles(hdu)
    .map(({ name }) => name)
    .filter((name) => /^(DET|RAW|CHIP|TDET|FOC)_?[XYZ]$/i.test(name));
}

/** What to do with an event list that has no others. */
export const PLACE_EVENTS =
  "let the tools of the mission add positions on the sky, X and Y or RA and DEC, and give it to tslira bin";

/** Names of tables of events: most missions', and ROSAT's. */
const EVENT_TABLES = ["EVENTS", "STDEVT"];

/**
 * The table of a file that holds events: the one called EVENTS (or STDEVT, as ROSAT's), or else the first with columns of positions.
 *
 * @throws InvalidInputError when the file has none
 */
export function findEvents<H extends FitsHduInfo>(hdus: readonly H[]): H {
  const tables = hdus.filter((hdu) => eventColumns(hdu) !== undefined);
  const found =
    EVENT_TABLES.flatMap((wanted) => tables.find(({ name }) => name.toUpperCase() === wanted) ?? [])[0] ??
    tables[0];
  if (found !== undefined) return found;
  const source = hdus[0] === undefined ? "FITS" : fileOf(hdus[0]);
  const present = hdus.map(({ index, name, kind }) => `${index} ${name || "(no name)"} ${kind}`).join(", ");
  const placed = hdus.flatMap((hdu) => (hdu.kind === "table" ? detectorColumns(hdu) : []));
  throw new InvalidInputError(
    `${source}: must hold a table of events with columns X and Y, L and B or RA and DEC, got ${present || "no HDU"}` +
      `${placed.length > 0 ? ` with ${placed.join(", ")}; ${PLACE_EVENTS}` : "; choose an event list"}`,
  );
}

/** Labels of further tables of events, which `findEvents` passes over. */
export function otherEvents(hdus: readonly FitsHduInfo[], found: FitsHduInfo): string[] {
  return hdus
    .filter((hdu) => hdu !== found && EVENT_TABLES.includes(hdu.name.toUpperCase()))
    .filter((hdu) => eventColumns(hdu) !== undefined)
    .map(({ index, name }) => `${index} ${name}`);
}

/** How to choose events of a list by their energy, as options of `tslira bin`: by energies where the header tells them. */
export function energyAdvice({ header }: FitsHduInfo, { energy, channel }: EventColumns): string {
  const known =
    energy !== undefined &&
    (electronvolts(energy.unit) !== undefined || channelScale(header, energy) !== undefined);
  if (known) return `--energy ${usualEnergies(header, energy)} chooses by energy`;
  if (channel === undefined) return "--where chooses by columns";
  return `--pi low:high chooses by the channels of ${channel.name}`;
}
