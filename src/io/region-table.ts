/** Tables of regions (the REGION extension of CIAO and XMM-Newton), as the text of a region file. */

import { FormatError } from "../errors.js";
import { columnNumbers } from "./fits-column.js";
import { findColumn, readTable } from "./fits-table.js";
import type { FitsHdu, FitsHduInfo } from "./hdu.js";

/** Whether an HDU is a table of regions, by its class or its columns. Looks at no data. */
export function isRegionTable(hdu: FitsHduInfo): boolean {
  if (hdu.kind !== "table") return false;
  if (hdu.header.text("HDUCLAS1")?.toUpperCase() === "REGION") return true;
  const names = hdu.header.cards
    .filter(({ keyword }) => /^TTYPE\d+$/.test(keyword))
    .map(({ value }) => String(value).trim().toUpperCase());
  return names.includes("SHAPE") && (names.includes("X") || names.includes("RA"));
}

/** How many of X and Y, R, ROTANG a shape has; more are padding. Infinite: all that differ from the one before. */
const SHAPES: Readonly<Record<string, readonly [positions: number, sizes: number, angles: number]>> = {
  point: [1, 0, 0],
  circle: [1, 1, 0],
  annulus: [1, 2, 0],
  ellipse: [1, 2, 1],
  box: [1, 2, 0],
  rotbox: [1, 2, 1],
  pie: [1, 2, 2],
  sector: [1, 0, 2],
  rectangle: [2, 0, 0],
  polygon: [Number.POSITIVE_INFINITY, 0, 0],
  field: [0, 0, 0],
};

/**
 * The text of a region file that says what a table of regions says: shapes of one COMPONENT are cut with each other, those with `!` taken
 * away; X and Y are physical pixels, RA and DEC degrees.
 *
 * @throws FormatError when the table lacks a column or has a shape that is not known
 */
export function regionTableText(hdu: FitsHdu): string {
  const table = readTable(hdu);
  const { label } = hdu;
  const cellsOf = (names: readonly string[]): number[][] | undefined => {
    const column = names.map((name) => findColumn(table, name)).find((one) => one !== undefined);
    if (column === undefined) return undefined;
    if (column.variable)
      return (column.values as readonly unknown[] as readonly ArrayLike<number>[]).map((values) =>
        Array.from(values, Number),
      );
    const numbers = columnNumbers(column);
    const width = table.rows === 0 ? 0 : numbers.length / table.rows;
    return Array.from({ length: table.rows }, (_, row) => [
      ...numbers.subarray(row * width, (row + 1) * width),
    ]);
  };
  const shapes = findColumn(table, "SHAPE")?.values as string[] | undefined;
  const onSky = findColumn(table, "X") === undefined;
  const [xs, ys] = [cellsOf(onSky ? ["RA"] : ["X"]), cellsOf(onSky ? ["DEC"] : ["Y"])];
  if (shapes === undefined || xs === undefined || ys === undefined) {
    throw new FormatError(
      `${label}: a table of regions must have columns SHAPE, X and Y, got ${table.columns.map(({ name }) => name).join(", ")}; ` +
        "save the regions as a text file of DS9",
    );
  }
  const [radii, angles, components] = [cellsOf(["R"]), cellsOf(["ROTANG"]), cellsOf(["COMPONENT"])];
  const unit = onSky ? "d" : "";
  const groups = new Map<number, string[]>();
  for (const [row, written] of shapes.entries()) {
    const [, sign = "", name = ""] = /^([!-]?)\s*(\w+)$/.exec(written.trim().toLowerCase()) ?? [];
    const wanted = SHAPES[name];
    if (wanted === undefined) {
      throw new FormatError(
        `${label}: SHAPE must be ${Object.keys(SHAPES).join(", ")}, got ${JSON.stringify(written)} in row ${row + 1}; ` +
          "save the regions as a text file of DS9",
        { fields: { row, shape: written } },
      );
    }
    const [positions, sizes, turns] = wanted;
    const corners = distinct(xs[row], ys[row], positions);
    const numbers = [
      ...corners.flatMap(([x, y]) => [x, y].map((value) => `${value}${unit}`)),
      ...(radii?.[row] ?? []).slice(0, sizes).map((value) => `${value}${unit}`),
      ...(angles?.[row] ?? []).slice(0, turns).map(String),
    ];
    const component = components?.[row]?.[0] ?? row;
    const group = groups.get(component) ?? [];
    group.push(`${sign === "" ? "" : "-"}${name}(${numbers.join(",")})`);
    groups.set(component, group);
  }
  const lines = [...groups.values()].flatMap((group) => {
    const inside = group.filter((shape) => !shape.startsWith("-"));
    const outside = group.filter((shape) => shape.startsWith("-"));
    return inside.length === 0 ? outside : [[inside.join(" & "), ...outside].join(" ")];
  });
  return [onSky ? "fk5" : "physical", ...lines, ""].join("\n");
}

/** The first positions; of any number those up to padding, which repeats a corner or is no number. */
function distinct(xs: readonly number[], ys: readonly number[], most: number): [number, number][] {
  const found: [number, number][] = [];
  for (const [at, x] of xs.entries()) {
    const y = ys[at];
    const last = found.at(-1);
    if (found.length >= most || Number.isNaN(x + y)) break;
    if (most === Number.POSITIVE_INFINITY && last?.[0] === x && last[1] === y) break;
    found.push([x, y]);
  }
  return found;
}
