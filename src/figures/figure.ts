import { escapeXml } from "../xml-text.js";
import { px, textElement, textWidth } from "./svg.js";
import { FONT_FAMILY, FONT_SIZE, type Theme, type ThemeName, theme as themeColors } from "./theme.js";

/** Options that every figure takes. */
export interface FigureOptions {
  /**
   * The DOM document in which Plot creates elements; nothing is added to its tree. In a browser `document`; in Node
   * `await figureDocument()` from `tslira/node`.
   */
  readonly document: Document;
  /** Heading above the whole figure. */
  readonly title?: string;
  /** Default `"light"`. */
  readonly theme?: ThemeName;
}

/** Space around a panel's box in px. */
export interface Margins {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** One panel of a figure: a box of known size and the space that its labels need. */
export interface Cell {
  readonly width: number;
  readonly height: number;
  readonly margins: Margins;
  /** SVG elements, with the upper left corner of the box at the origin. */
  readonly elements: string;
}

/** An entry of the legend below a figure. */
export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  /** A line, broken or not, a filled box for a shaded region, or a point with its error bar. */
  readonly kind: "line" | "dashed" | "box" | "point";
  /** Of a box, in [0, 1]; default 1. */
  readonly opacity?: number;
}

/** Space in px between the outermost labels and the edge of the figure. */
const PADDING = 10;
const GAP = 14;

/**
 * Arrange panels in a grid with aligned boxes, and write the SVG document.
 *
 * @param cells in reading order; `undefined` leaves a place empty
 * @param columns panels a row
 * @param legend entries in one line below the panels
 */
export function composeFigure(
  cells: readonly (Cell | undefined)[],
  columns: number,
  { title, theme = "light" }: Pick<FigureOptions, "title" | "theme">,
  legend: readonly LegendEntry[] = [],
): string {
  const colors = themeColors(theme);
  const rows = Math.ceil(cells.length / columns);
  const at = (row: number, col: number) => (col < columns ? cells[row * columns + col] : undefined);
  const most = (those: readonly (Cell | undefined)[], size: (cell: Cell) => number) =>
    Math.max(0, ...those.map((cell) => (cell ? size(cell) : 0)));

  const colCells = Array.from({ length: Math.min(columns, cells.length) }, (_, col) =>
    Array.from({ length: rows }, (_, row) => at(row, col)),
  );
  const rowCells = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, col) => at(row, col)),
  );

  let x = PADDING;
  const lefts = colCells.map((those, col) => {
    if (col > 0) x += GAP;
    const left = x + most(those, ({ margins }) => margins.left);
    const width = most(those, (cell) => cell.width);
    x = left + width + most(those, ({ margins }) => margins.right);
    return { left, width };
  });
  let y = PADDING + (title === undefined ? 0 : FONT_SIZE.heading + 8);
  const tops = rowCells.map((those, row) => {
    if (row > 0) y += GAP;
    const top = y + most(those, ({ margins }) => margins.top);
    const height = most(those, (cell) => cell.height);
    y = top + height + most(those, ({ margins }) => margins.bottom);
    return { top, height };
  });
  const titleWidth = title === undefined ? 0 : textWidth(title, FONT_SIZE.heading);
  const { elements: key, width: keyWidth } = legendElements(legend, colors);
  const width = Math.ceil(Math.max(x, titleWidth + PADDING, keyWidth + PADDING) + PADDING);
  const keyTop = y + 8;
  const height = Math.ceil((legend.length > 0 ? keyTop + FONT_SIZE.label + 4 : y) + PADDING);
  const shift = (width - PADDING - x) / 2;

  let body = `<rect width="${width}" height="${height}" fill="${colors.background}"/>`;
  if (title !== undefined) {
    body += textElement(title, width / 2, PADDING + FONT_SIZE.heading, {
      size: FONT_SIZE.heading,
      fill: colors.ink,
      anchor: "middle",
    });
  }
  cells.forEach((cell, index) => {
    if (cell === undefined) return;
    const { left, width: room } = lefts[index % columns]!;
    const { top, height: tall } = tops[Math.floor(index / columns)]!;
    const dx = Math.round(left + shift + (room - cell.width) / 2);
    const dy = Math.round(top + (tall - cell.height) / 2);
    body += `\n<g transform="translate(${px(dx)},${px(dy)})">${cell.elements}</g>`;
  });
  if (key !== "")
    body += `\n<g transform="translate(${px((width - keyWidth) / 2)},${px(keyTop)})">${key}</g>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img"${title === undefined ? "" : ` aria-label="${escapeXml(title)}"`} font-family="${FONT_FAMILY}" ` +
    `font-size="${FONT_SIZE.label}" text-anchor="middle" fill="${colors.ink}">${body}\n</svg>\n`
  );
}

function legendElements(legend: readonly LegendEntry[], colors: Theme): { elements: string; width: number } {
  let elements = "";
  let x = 0;
  for (const entry of legend) {
    const { label } = entry;
    if (x > 0) x += 16;
    const middle = FONT_SIZE.label * 0.65;
    elements += legendKey(entry, x, middle, colors);
    elements += textElement(label, x + 21, FONT_SIZE.label, { size: FONT_SIZE.label, fill: colors.ink });
    x += 21 + textWidth(label, FONT_SIZE.label);
  }
  return { elements, width: x };
}

function legendKey(
  { kind, color, opacity = 1 }: LegendEntry,
  x: number,
  middle: number,
  { muted }: Theme,
): string {
  if (kind === "box") {
    const fill = `fill="${color}"${opacity === 1 ? "" : ` fill-opacity="${opacity}"`}`;
    return `<rect x="${px(x)}" y="${px(middle - 5)}" width="16" height="10" ${fill} stroke="${muted}" stroke-width="0.5"/>`;
  }
  if (kind === "point")
    return (
      `<path d="M${px(x + 8)},${px(middle - 6)}v12" stroke="${color}" stroke-width="1.2"/>` +
      `<circle cx="${px(x + 8)}" cy="${px(middle)}" r="2.4" fill="${color}"/>`
    );
  const dashes = kind === "dashed" ? ` stroke-dasharray="4,3"` : "";
  return `<path d="M${px(x)},${px(middle)}h16" stroke="${color}" stroke-width="2"${dashes}/>`;
}
