/** HEALPix maps of FITS files: which pixels they hold, and how these are numbered. */

import { type HealpixOrdering, isNside, skyToHealpix } from "../data/sky/healpix.js";
import type { SkyPosition } from "../data/sky/sky-wcs.js";
import { FormatError, InvalidInputError } from "../errors.js";
import { type ColumnLayout, columnNumbers, readColumnLayouts } from "./fits-column.js";
import { readTable } from "./fits-table.js";
import { isCountUnit } from "./flux-unit.js";
import type { FitsHduInfo, FitsTableHdu, FitsTableInfo } from "./hdu.js";

/** A map, read. */
export interface HealpixMap {
  /** What its longitudes and latitudes are. */
  readonly system: "galactic" | "equatorial";
  /** Name and unit of the column of values. */
  readonly column: string;
  readonly unit?: string;
  /** Whether values are counts, which lie in pixels and are summed, or belong to every place of a pixel. */
  readonly counts: boolean;
  /** Most pixels along the side of a face: of maps of several orders the finest. */
  readonly nside: number;
  /** Pixels that have a value. */
  readonly known: number;
  /** Part of the sky that they cover, 0 to 1. */
  readonly cover: number;
  /** Value at a position in degrees; NaN where there is none. */
  readonly valueAt: (position: SkyPosition) => number;
  /** Visit all pixels that have a value. */
  readonly forEach: (see: (nside: number, pixel: number, value: number) => void) => void;
  readonly ordering: HealpixOrdering;
  /** What the header leaves open, one sentence each. */
  readonly notes: readonly string[];
}

/** How to read a map. */
export interface HealpixOptions {
  /** Name of the column of values; default the first. */
  readonly column?: string | undefined;
  /** What its positions are, where the header does not say. */
  readonly system?: "galactic" | "equatorial" | undefined;
}

/** Whether a table is a HEALPix map, by its header. */
export function isHealpix(hdu: FitsHduInfo): boolean {
  if (hdu.kind !== "table") return false;
  const { header } = hdu;
  return header.text("PIXTYPE")?.toUpperCase() === "HEALPIX" || header.has("NSIDE");
}

/** Names of columns that hold numbers of pixels. */
const INDICES =
  /^(PIX|PIXEL|PIXELS|PIXNUM|PIXID|PIX_ID|HPX_?INDEX|HPX_?ID|HEALPIX|HEALPIXID|IPIX|INDEX|UNIQ)$/i;

/** healpy's and the original software's mark of a pixel without a value. */
const UNSEEN = -1.6375e30;

const SYSTEMS: Readonly<Record<string, HealpixMap["system"]>> = {
  ...{ G: "galactic", GAL: "galactic", GALACTIC: "galactic" },
  ...{ C: "equatorial", CEL: "equatorial", CELESTIAL: "equatorial", EQU: "equatorial", ICRS: "equatorial" },
  ...{ Q: "equatorial", EQUATORIAL: "equatorial", FK5: "equatorial", J2000: "equatorial" },
};

function systemOf(
  { header, label }: FitsTableInfo,
  given: HealpixOptions["system"],
): Pick<HealpixMap, "system" | "notes"> {
  const word = (header.text("COORDSYS") ?? header.text("COORDTYPE") ?? header.text("SKYCOORD") ?? "").trim();
  const found = SYSTEMS[word.toUpperCase()];
  if (found !== undefined) return { system: found, notes: [] };
  if (given !== undefined) return { system: given, notes: [] };
  if (word !== "")
    throw new InvalidInputError(
      `${label}: COORDSYS must be G (galactic) or C (equatorial), got ${word}; say with --coordinates galactic or --coordinates equatorial ` +
        `which it is, or turn it (Python: healpy.Rotator(coord=["${word.toUpperCase()}", "G"]).rotate_map_pixel)`,
    );
  return {
    system: "equatorial",
    notes: [
      `${label}: COORDSYS should be G or C, got none; positions are taken as equatorial, choose otherwise with --coordinates galactic`,
    ],
  };
}

/** Columns of numbers, one or a row of them in a cell. */
function numberLayouts(hdu: FitsTableInfo): ColumnLayout[] {
  if (hdu.form !== "binary") return [];
  return readColumnLayouts(hdu).filter(
    ({ code, descriptor, repeat }) => "BIJKED".includes(code) && descriptor === undefined && repeat > 0,
  );
}

function valueColumn(hdu: FitsTableInfo, layouts: readonly ColumnLayout[], wanted: string | undefined) {
  const values = layouts.filter(({ name }) => !INDICES.test(name));
  const found =
    wanted === undefined
      ? values[0]
      : values.find(({ name }) => name.toUpperCase() === wanted.trim().toUpperCase());
  if (found === undefined)
    throw new InvalidInputError(
      `${hdu.label}: a HEALPix map must have a column of values${wanted === undefined ? "" : ` ${wanted}`}, got ` +
        `${values.map(({ name }) => name).join(", ") || "none"}; ` +
        (values[0] === undefined ? "choose another table" : `add --column ${values[0].name}`),
      { fields: { column: wanted } },
    );
  const others = values.length - 1;
  const notes =
    wanted === undefined && others > 0
      ? [
          `${hdu.label}: a HEALPix map should have one column of values, got ${values.length}; the first is taken, ${found.name}, ` +
            `choose otherwise with --column ${values[1].name}`,
        ]
      : [];
  return { column: found, notes };
}

/** How pixels are numbered; UNIQ numbers hold the order of each pixel as well. */
function numbering({ header, label }: FitsTableInfo): {
  ordering: HealpixOrdering | "NUNIQ";
  notes: string[];
} {
  const word = (header.text("ORDERING") ?? "").trim().toUpperCase();
  if (word === "RING") return { ordering: "RING", notes: [] };
  if (word === "NEST" || word === "NESTED") return { ordering: "NESTED", notes: [] };
  if (word === "NUNIQ" || word === "UNIQ") return { ordering: "NUNIQ", notes: [] };
  if (word === "")
    return {
      ordering: "RING",
      notes: [
        `${label}: ORDERING should be RING, NESTED or NUNIQ, got none; pixels are taken as RING, check the header`,
      ],
    };
  throw new FormatError(
    `${label}: ORDERING must be RING, NESTED or NUNIQ, got ${word}; correct the header, or write the map with healpy.write_map`,
  );
}

/** Numbers of pixels by the rows of values: stored, or one after the other. */
interface Pixels {
  /** Several where pixels of several sizes lie beside each other. */
  readonly nsides: readonly number[];
  readonly pixelAt: (index: number) => { readonly nside: number; readonly pixel: number };
  /** Index of the value of a pixel; undefined without. */
  readonly indexOf: (nside: number, pixel: number) => number | undefined;
}

function integerCard({ header }: FitsTableInfo, keyword: string): number | undefined {
  const value = header.get(keyword);
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}

/** One number after the other, perhaps not from 0. */
function implicitPixels(
  hdu: FitsTableInfo,
  { name, repeat }: ColumnLayout,
  length: number,
  ordering: HealpixOrdering,
): Pixels {
  const nside = integerCard(hdu, "NSIDE") ?? Math.sqrt(length / 12);
  checkNside(hdu, nside, ordering);
  const all = 12 * nside * nside;
  const first = integerCard(hdu, "FIRSTPIX") ?? 0;
  // Rows of 1,024 values may end with some that mean nothing only where the header says which is the last.
  const last = integerCard(hdu, "LASTPIX") ?? first + length - 1;
  const count = last - first + 1;
  if (length - count >= Math.max(repeat, 2))
    throw new FormatError(
      `${hdu.label}: a HEALPix map must have one value a pixel, got ${length} of ${name} for ${count} pixels; choose another column, or ` +
        "make a map of it first (gtexpcube2 of a livetime cube)",
      { fields: { column: name, pixels: count } },
    );
  if (
    !(first >= 0 && last < all && count >= 1 && count <= length) ||
    (first === 0 && last !== all - 1 && !hdu.header.has("LASTPIX"))
  )
    throw new FormatError(
      `${hdu.label}: a HEALPix map of NSIDE ${nside} must hold ${all} pixels, from 0 to ${all - 1}, got ${length}, from ${first} to ${last}; ` +
        "correct NSIDE, FIRSTPIX and LASTPIX, or write the map again with healpy.write_map(..., partial=True)",
      { fields: { nside, pixels: length, first, last } },
    );
  const whole = Math.sqrt(count / 12);
  const partial = hdu.header.text("OBJECT")?.trim().toUpperCase() === "PARTIAL";
  if (first === 0 && whole !== nside && isNside(whole, "NESTED") && !partial)
    throw new FormatError(
      `${hdu.label}: NSIDE must be that of the map, got ${nside}, of ${all} pixels, with the ${count} that are the whole sky of NSIDE ${whole}; ` +
        "correct it, or write OBJECT = 'PARTIAL' if they are a part of the sky",
      { fields: { nside, pixels: count } },
    );
  return {
    nsides: [nside],
    pixelAt: (index) => ({ nside, pixel: index < count ? first + index : Number.NaN }),
    indexOf: (_, pixel) => (pixel >= first && pixel <= last ? pixel - first : undefined),
  };
}

function checkNside({ label }: FitsTableInfo, nside: number, ordering: HealpixOrdering): void {
  if (isNside(nside, ordering)) return;
  const rule = ordering === "NESTED" ? "a power of two, as pixels are nested" : "a whole number >= 1";
  throw new FormatError(
    `${label}: NSIDE must be ${rule}, got ${nside}; correct the header, or write the map again with healpy.write_map`,
    { fields: { nside } },
  );
}

/** Note in which row a pixel is. @throws FormatError when it is in another one too */
function place({ label }: FitsTableInfo, places: Map<number, number>, pixel: number, row: number): void {
  const other = places.get(pixel);
  if (other !== undefined)
    throw new FormatError(
      `${label}: every pixel of a HEALPix map must stand in one row, got ${pixel} in rows ${other} and ${row}; leave one out, or sum them`,
      { fields: { pixel } },
    );
  places.set(pixel, row);
}

/** Numbers that a column holds. */
function explicitPixels(hdu: FitsTableInfo, numbers: Float64Array, ordering: HealpixOrdering): Pixels {
  const nside = integerCard(hdu, "NSIDE");
  if (nside === undefined)
    throw new FormatError(
      `${hdu.label}: a partial HEALPix map must have NSIDE, got none; add it to the header, or write the map again with healpy.write_map`,
    );
  checkNside(hdu, nside, ordering);
  const all = 12 * nside * nside;
  const bad = numbers.findIndex((pixel) => !(Number.isInteger(pixel) && pixel >= 0 && pixel < all));
  if (bad >= 0)
    throw new FormatError(
      `${hdu.label}: numbers of pixels must be whole and in [0, ${all}) for NSIDE ${nside}, got ${numbers[bad]} in row ${bad}; correct NSIDE`,
      { fields: { nside } },
    );
  const places = new Map<number, number>();
  for (const [index, pixel] of numbers.entries()) place(hdu, places, pixel, index);
  return {
    nsides: [nside],
    pixelAt: (index) => ({ nside, pixel: numbers[index] }),
    indexOf: (_, pixel) => places.get(pixel),
  };
}

/** UNIQ = 4 nside^2 + number, nested (Reinecke & Hivon 2015, A&A 580, A132). */
function uniquePixels(hdu: FitsTableInfo, numbers: Float64Array): Pixels {
  const places = new Map<number, number>();
  const nsides = new Set<number>();
  const nsideOf = (unique: number) => 2 ** Math.floor(Math.log2(unique / 4) / 2);
  for (const [index, unique] of numbers.entries()) {
    const nside = nsideOf(unique);
    if (!(Number.isSafeInteger(unique) && unique >= 4 && isNside(nside, "NESTED")))
      throw new FormatError(
        `${hdu.label}: UNIQ must hold whole numbers >= 4 and below 2^50, got ${unique} in row ${index}; fetch the map again`,
      );
    nsides.add(nside);
    place(hdu, places, unique, index);
  }
  return {
    nsides: [...nsides].sort((a, b) => b - a),
    pixelAt: (index) => {
      const nside = nsideOf(numbers[index]);
      return { nside, pixel: numbers[index] - 4 * nside * nside };
    },
    indexOf: (nside, pixel) => places.get(4 * nside * nside + pixel),
  };
}

/**
 * Read a map: all of the sky or a part of it (`INDXSCHM` EXPLICIT with a column of pixel numbers, or FIRSTPIX and LASTPIX), numbered by
 * RING or NESTED, or with pixels of several sizes (NUNIQ). Values that are UNSEEN, BAD_DATA, TNULL or not finite are none.
 *
 * @throws FormatError when header and columns do not fit together
 * @throws InvalidInputError when the column that is asked for is not there, or the coordinates are none that are known
 */
export function readHealpixMap(hdu: FitsTableHdu, options: HealpixOptions = {}): HealpixMap {
  const layouts = numberLayouts(hdu);
  const chosen = valueColumn(hdu, layouts, options.column);
  const { system, notes } = systemOf(hdu, options.system);
  const numbered = numbering(hdu);
  const numbersOf = (name: string) => columnNumbers(readTable(hdu, { columns: [name] }).columns[0]);
  const values = numbersOf(chosen.column.name);
  const indices = layouts.find(({ name, repeat }) => repeat === 1 && INDICES.test(name));
  const scheme = (hdu.header.text("INDXSCHM") ?? "").toUpperCase();
  const unique = numbered.ordering === "NUNIQ";
  if (scheme === "SPARSE" || (indices === undefined && (unique || scheme === "EXPLICIT")))
    throw new FormatError(
      `${hdu.label}: a HEALPix map must have a column of pixel numbers for INDXSCHM ${scheme || "EXPLICIT"}, got ` +
        `${layouts.map(({ name }) => name).join(", ")}; write the map again with healpy.write_map(..., partial=True)`,
    );
  const ordering = numbered.ordering === "NUNIQ" ? "NESTED" : numbered.ordering;
  const explicit = indices !== undefined && scheme !== "IMPLICIT";
  const pixels = !explicit
    ? implicitPixels(hdu, chosen.column, values.length, ordering)
    : unique
      ? uniquePixels(hdu, numbersOf(indices.name))
      : explicitPixels(hdu, numbersOf(indices.name), ordering);
  const bad = hdu.header.get("BAD_DATA");
  const seen = (value: number) =>
    Number.isFinite(value) &&
    Math.abs(value / UNSEEN - 1) > 1e-5 &&
    !(typeof bad === "number" && Math.fround(value) === Math.fround(bad));
  const forEach: HealpixMap["forEach"] = (see) => {
    for (const [index, value] of values.entries()) {
      const { nside, pixel } = pixels.pixelAt(index);
      if (!Number.isNaN(pixel) && seen(value)) see(nside, pixel, value);
    }
  };
  let [known, cover] = [0, 0];
  forEach((nside) => {
    known++;
    cover += 1 / (12 * nside * nside);
  });
  if (known === 0)
    throw new InvalidInputError(
      `${hdu.label}: a HEALPix map must hold pixels with a value, got none in ${chosen.column.name}; choose another column`,
    );
  const { name, unit } = chosen.column;
  return {
    ...{ system, ordering, known, cover, forEach, column: name, nside: pixels.nsides[0] },
    ...(unit !== undefined && { unit }),
    counts: isCountUnit(unit) || (unit === undefined && /^(counts?|channel\s*\d+)$/i.test(name)),
    valueAt: (position) => {
      for (const nside of pixels.nsides) {
        const index = pixels.indexOf(nside, skyToHealpix(nside, ordering, position));
        if (index !== undefined) return seen(values[index]) ? values[index] : Number.NaN;
      }
      return Number.NaN;
    },
    notes: [...(hdu.warnings ?? []), ...notes, ...numbered.notes, ...chosen.notes],
  };
}
