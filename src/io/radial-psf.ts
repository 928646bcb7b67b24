/** Psfs that are tables over radius: gtpsf of Fermi (radius and energy), or a column of radii and one of values. */

import { degreesIn } from "../data/sky/angle-unit.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { imageSum, type SkyImage } from "../image.js";
import { type CountsGrid, middlePixelSize } from "./companion-image.js";
import type { EnergyBand } from "./energy-band.js";
import { electronvolts } from "./energy-unit.js";
import { columnNumbers, columnTitles, type FitsColumn } from "./fits-column.js";
import { type FitsTable, findColumn, readTable } from "./fits-table.js";
import type { FitsHdu, FitsHduInfo, FitsTableInfo } from "./hdu.js";

/** A round psf. */
export interface RadialPsf {
  /** For messages, usually the file's. */
  readonly name: string;
  /** Ascending, in degrees or pixels. */
  readonly radii: Float64Array;
  readonly unit: "deg" | "pixel";
  /** Light per area at each radius, in any unit. */
  readonly values: Float64Array;
  /** How it was made, where there was a choice, and what breaks the standard in its tables. */
  readonly notes: readonly string[];
}

const RADII = ["RMID", "THETA", "RADIUS", "RAD", "R", "OFFSET"];
const VALUES = ["PSF", "VALUE", "PROFILE", "BRIGHTNESS", "SUR_BRI", "RADIALPROFILE"];
const columnNames = (hdu: FitsTableInfo) => columnTitles(hdu).map(({ name }) => name.trim().toUpperCase());

/** Whether an HDU is such a table, by its columns. Looks at no data. */
export function isRadialPsf(hdu: FitsHduInfo): boolean {
  if (hdu.kind !== "table") return false;
  const names = columnNames(hdu);
  const value = names.some((name) => VALUES.includes(name));
  return value && (names.includes("ENERGY") || names.some((name) => RADII.includes(name)));
}

function numbersIn(table: FitsTable, names: readonly string[]) {
  const column = names.map((name) => findColumn(table, name)).find((found) => found !== undefined);
  return column && { column, numbers: columnNumbers(column) };
}

/**
 * Read the radial psf of a file; undefined when it has none.
 *
 * Of several energies the mean is taken, weighted by exposure and a spectrum of photons that falls as energy^-2: over the band of the
 * counts where it is known, between energies linear in their logarithm, else over all rows, with a note.
 *
 * @param band of the counts
 * @throws InvalidInputError when radii or values cannot be used
 */
export function readRadialPsf(
  name: string,
  hdus: readonly FitsHdu[],
  chosen?: FitsHdu,
  band?: EnergyBand,
): RadialPsf | undefined {
  const hdu = chosen ?? hdus.find(isRadialPsf);
  if (hdu === undefined || !isRadialPsf(hdu)) return undefined;
  const table = readTable(hdu);
  const energies = numbersIn(table, ["ENERGY"]);
  const found = numbersIn(table, VALUES)!;
  const other = hdus.find(
    (one) => one !== hdu && one.kind === "table" && columnNames(one).some((title) => RADII.includes(title)),
  );
  const own = numbersIn(table, RADII);
  const radial = own ?? (other && numbersIn(readTable(other), RADII));
  if (radial === undefined) {
    throw new InvalidInputError(
      `${name}: a psf of a table must come with radii, got none; give an image of the psf`,
    );
  }
  const { unit = "" } = radial.column;
  const pixels = /^pix/i.test(unit.trim());
  const factor = pixels ? 1 : degreesIn(unit);
  if (factor === undefined) {
    throw new InvalidInputError(
      `${name}: radii must be in deg, arcmin, arcsec, mas, rad or pixel, got ${unit || "no unit"} of column ${radial.column.name}; ` +
        "correct its TUNIT",
    );
  }
  const radii = Float64Array.from(radial.numbers, (value) => value * factor);
  const size = radii.length;
  const rows = found.numbers.length / size;
  const rising = radii.every((value, at) => value >= 0 && (at === 0 || value > radii[at - 1]));
  if (!Number.isInteger(rows) || rows === 0 || size < 2 || !rising) {
    throw new InvalidInputError(
      `${name}: a radial psf must have values at radii that rise, got ${found.numbers.length} values and ${size} radii; give an image of the psf`,
    );
  }
  if (rows > 1 && energies === undefined) {
    throw new InvalidInputError(
      `${name}: profiles of several rows must come with their ENERGY, got ${rows} rows without; leave one of them`,
    );
  }
  const exposure = numbersIn(table, ["EXPOSURE"])?.numbers;
  const notes = [...(hdu.warnings ?? []), ...((own === undefined && other?.warnings) || [])];
  const weights = energies === undefined ? [1] : energyWeights(name, energies, exposure, band, notes);
  const values = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < size; at++) values[at] = values[at] + weights[row] * found.numbers[row * size + at];
  }
  if (
    !values.every((value) => value >= 0 && value < Number.POSITIVE_INFINITY) ||
    !values.some((value) => value > 0)
  ) {
    throw new InvalidInputError(
      `${name}: a radial psf must be finite and >= 0, got other values; check the file`,
    );
  }
  return { name, radii, unit: pixels ? "pixel" : "deg", values, notes };
}

/** Photon energies of a band at which profiles are asked for. */
const ENERGIES = 64;

/** How much of the profile of each energy a psf holds. @param notes grows by what the files leave open */
function energyWeights(
  name: string,
  { column, numbers }: { readonly column: FitsColumn; readonly numbers: Float64Array },
  exposure: Float64Array | undefined,
  band: EnergyBand | undefined,
  notes: string[],
): number[] {
  const rows = numbers.length;
  const unit = electronvolts(column.unit);
  const rising = numbers.every((energy, row) => energy > 0 && (row === 0 || energy > numbers[row - 1]));
  if (band === undefined || unit === undefined || !rising) {
    if (rows === 1) return [1];
    notes.push(
      `${name}: psf should be of one energy, got ${rows}; their mean was taken, weighted by exposure and a spectrum of energy^-2; make it for the energies of the counts where these are others`,
    );
    return Array.from(numbers, (energy, row) => (exposure?.[row] ?? 1) / energy);
  }
  const [low, high] = band.map((energy) => energy / unit) as [number, number];
  const [first, last] = [numbers[0], numbers[rows - 1]];
  if ((rows > 1 && (low < first * 0.999 || high > last * 1.001)) || high < first || low > last) {
    const text = (energy: number) => Number(energy.toPrecision(4));
    notes.push(
      `${name}: psf should be of the energies of the counts, ${text(low)} to ${text(high)} ${column.unit}, got ${text(first)} to ${text(last)}; ` +
        "beyond them the nearest is taken, make it for theirs",
    );
  }
  const weights = new Array<number>(rows).fill(0);
  const from = Math.max(low, first * 1e-6);
  for (let step = 0; step < ENERGIES; step++) {
    const energy = from * (high / from) ** ((step + 0.5) / ENERGIES);
    const above = numbers.findIndex((value) => value >= energy);
    const [below, next] = above === 0 ? [0, 0] : above < 0 ? [rows - 1, rows - 1] : [above - 1, above];
    const part =
      next === below ? 0 : Math.log(energy / numbers[below]) / Math.log(numbers[next] / numbers[below]);
    const exposed = exposure === undefined ? 1 : (1 - part) * exposure[below] + part * exposure[next];
    weights[below] += ((1 - part) * exposed) / energy;
    weights[next] += (part * exposed) / energy;
  }
  return weights;
}

/** Light that a psf must hold, and points on a side of its pixels. */
const ENOUGH = 0.999;
const POINTS = 9;
/** Largest half side of a psf made here. */
const MOST_HALF = 128;

/**
 * A radial psf as an image on the pixels of the counts, odd in size, its middle in the middle; it reaches to the radius that holds 99.9 %
 * of the light, or 128 pixels.
 *
 * @throws InvalidInputError when the counts have no size of pixels to compare it with
 */
export function radialPsfImage(
  { name, radii, unit, values }: RadialPsf,
  { shape: counts, wcs }: CountsGrid,
): SkyImage {
  const sky = parseWcs(wcs).wcs;
  if (unit === "deg" && sky === undefined) {
    throw new InvalidInputError(
      `${name}: a radial psf in degrees must go with counts that have sky coordinates, got none in their header; give an image of the psf`,
    );
  }
  const side = unit === "pixel" ? 1 : middlePixelSize(sky!, counts);
  const at = (radius: number): number => {
    if (radius >= radii.at(-1)!) return 0;
    let low = 0;
    let high = radii.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (radii[middle] <= radius) low = middle;
      else high = middle;
    }
    const part = Math.max(0, (radius - radii[low]) / (radii[high] - radii[low]));
    return values[low] + part * (values[high] - values[low]);
  };
  const rings = Array.from({ length: 4096 }, (_, ring) => ((ring + 0.5) / 4096) * radii.at(-1)!);
  const light = rings.map((radius) => radius * at(radius));
  const total = light.reduce((sum, value) => sum + value, 0);
  let held = 0;
  const last = light.findIndex((value) => {
    held += value;
    return held >= ENOUGH * total;
  });
  const half = Math.min(MOST_HALF, Math.max(1, Math.ceil(rings[Math.max(0, last)] / side)));
  const width = 2 * half + 1;
  const places = Array.from({ length: POINTS }, (_, index) => (index + 0.5) / POINTS - 0.5);
  const data = new Float64Array(width * width);
  for (let row = -half; row <= half; row++) {
    for (let col = -half; col <= half; col++) {
      let sum = 0;
      for (const dy of places) for (const dx of places) sum += at(side * Math.hypot(col + dx, row + dy));
      data[(row + half) * width + col + half] = sum;
    }
  }
  const sum = imageSum({ data, shape: [width, width] });
  return { data: data.map((value) => value / sum), shape: [width, width] };
}
