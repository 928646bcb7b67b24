import type { WcsCard } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { givenOptions } from "../given.js";
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
  /**
   * Width on paper, such as `"88mm"` (also `cm`, `in`, `pt`): panels are drawn as large as fit, in fewer columns where they would be
   * tiny, and text keeps its size, 7 to 8 pt. SVG and PDF have this size. Default: as large as the panels are, 96 px an inch.
   */
  readonly width?: string;
}

/** What a figure of an image is called: the object of its header cards (OBJECT), else its name. */
export function figureTitle({
  wcs = [],
  name,
}: {
  readonly wcs?: readonly WcsCard[];
  readonly name?: string;
}): string | undefined {
  const object = wcs.find(({ keyword }) => keyword === "OBJECT")?.value;
  return typeof object === "string" && object.trim() !== "" ? object.trim() : name;
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

/** What all figures take but the document, among the options of one. */
export function frameOf(options: FigureFrame): FigureFrame {
  return givenOptions(options, ["title", "theme", "width"]);
}

/** Panels and legend of a figure. */
export interface FigureLayout {
  /** In reading order; `undefined` leaves a place empty. */
  readonly cells: readonly (Cell | undefined)[];
  /** Panels a row. */
  readonly columns: number;
  readonly legend?: readonly LegendEntry[];
}

/** What all figures say of themselves. */
export type FigureFrame = Pick<FigureOptions, "title" | "theme" | "width">;

/** Space in px between the outermost labels and the edge of the figure. */
const PADDING = 10;
const GAP = 14;
/** Zoom below which panels are drawn in fewer columns, and below which they are too small. */
const SMALL = 0.62;
const SMALLEST = 0.3;

const UNITS: Readonly<Record<string, number>> = { mm: 96 / 25.4, cm: 96 / 2.54, in: 96, pt: 96 / 72 };
const WIDTH = /^\s*(\d+(?:\.\d+)?)\s*(mm|cm|in|pt)\s*$/;

/**
 * Px of a width on paper, 96 an inch.
 *
 * @throws InvalidInputError unless it is a number > 0 with one of the units mm, cm, in, pt
 */
export function paperWidth(width: string): number {
  const [, number, unit] = WIDTH.exec(width) ?? [];
  const px = Number(number) * (UNITS[unit ?? ""] ?? Number.NaN);
  if (px > 0) return px;
  throw new InvalidInputError(
    `figure: width must be a length > 0 in mm, cm, in or pt, got "${width}"; give for example 88mm`,
  );
}

/**
 * Lay out a figure and write the SVG document: as large as its panels are, or in the width that was asked for.
 *
 * @param columns panels a row at most
 * @param draw the panels, with boxes `zoom` times as large as usual, not rounded to whole screen pixels unless it is 1
 * @throws InvalidInputError when the panels do not fit into the width
 */
export function layoutFigure(
  frame: FigureFrame,
  columns: number,
  draw: (zoom: number, columns: number) => FigureLayout,
): string {
  if (frame.width === undefined) return svgDocument(arrange(draw(1, columns), frame), frame);
  const target = paperWidth(frame.width);
  for (let across = columns; ; across--) {
    let zoom = 1;
    let best: Arrangement | undefined;
    // What stands beside the boxes hardly depends on the zoom: a few steps come close.
    for (let step = 0; step < 5; step++) {
      const found = arrange(draw(zoom, across), frame, target);
      if (step > 0 && found.width <= target + 0.5 && found.width > (best?.width ?? 0)) best = found;
      const next = zoom * Math.max(0, (target - (found.width - found.boxes)) / found.boxes);
      if (next < (across > 1 ? SMALL : SMALLEST)) break;
      if (step > 0 && Math.abs(next - zoom) < 1e-3 * zoom) break;
      zoom = next;
    }
    if (best !== undefined) return svgDocument(best, frame);
    if (across > 1) continue;
    throw new InvalidInputError(
      `figure: width must leave room for a panel beside its labels, got ${frame.width}; give a larger one`,
      { fields: { width: frame.width } },
    );
  }
}

/**
 * Arrange panels in a grid with aligned boxes, and write the SVG document.
 *
 * @param cells in reading order; `undefined` leaves a place empty
 * @param columns panels a row
 * @param legend entries below the panels
 */
export function composeFigure(
  cells: readonly (Cell | undefined)[],
  columns: number,
  frame: Pick<FigureOptions, "title" | "theme">,
  legend: readonly LegendEntry[] = [],
): string {
  return svgDocument(arrange({ cells, columns, legend }, frame), frame);
}

interface Arrangement {
  readonly width: number;
  readonly height: number;
  /** Sum of the widths of the columns' boxes. */
  readonly boxes: number;
  readonly body: string;
}

/** @param most width in px that title and legend must keep to */
function arrange(
  { cells, columns, legend = [] }: FigureLayout,
  { title, theme = "light" }: FigureFrame,
  most = Number.POSITIVE_INFINITY,
): Arrangement {
  const colors = themeColors(theme);
  const rows = Math.ceil(cells.length / columns);
  const at = (row: number, col: number) => (col < columns ? cells[row * columns + col] : undefined);
  const largest = (those: readonly (Cell | undefined)[], size: (cell: Cell) => number) =>
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
    const left = x + largest(those, ({ margins }) => margins.left);
    const width = largest(those, (cell) => cell.width);
    x = left + width + largest(those, ({ margins }) => margins.right);
    return { left, width };
  });
  const headingSize =
    title === undefined
      ? FONT_SIZE.heading
      : Math.max(
          FONT_SIZE.tick,
          Math.floor(10 * Math.min(FONT_SIZE.heading, (most - 2 * PADDING) / textWidth(title, 1))) / 10,
        );
  let y = PADDING + (title === undefined ? 0 : FONT_SIZE.heading + 8);
  const tops = rowCells.map((those, row) => {
    if (row > 0) y += GAP;
    const top = y + largest(those, ({ margins }) => margins.top);
    const height = largest(those, (cell) => cell.height);
    y = top + height + largest(those, ({ margins }) => margins.bottom);
    return { top, height };
  });
  const titleWidth = title === undefined ? 0 : textWidth(title, headingSize);
  const lines = legendLines(legend, colors, most - 2 * PADDING);
  const keyWidth = Math.max(0, ...lines.map(({ width }) => width));
  const width = Math.ceil(Math.max(x, titleWidth + PADDING, keyWidth + PADDING) + PADDING);
  const keyTop = y + 8;
  const height = Math.ceil(
    (lines.length > 0 ? keyTop + lines.length * LEGEND_LINE - LEGEND_LINE + FONT_SIZE.label + 4 : y) +
      PADDING,
  );
  const shift = (width - PADDING - x) / 2;

  let body = "";
  if (title !== undefined) {
    body += textElement(title, width / 2, PADDING + FONT_SIZE.heading, {
      size: headingSize,
      fill: colors.ink,
      anchor: "middle",
    });
  }
  cells.forEach((cell, index) => {
    if (cell === undefined) return;
    const { left, width: room } = lefts[index % columns];
    const { top, height: tall } = tops[Math.floor(index / columns)];
    const dx = Math.round(left + shift + (room - cell.width) / 2);
    const dy = Math.round(top + (tall - cell.height) / 2);
    body += `\n<g transform="translate(${px(dx)},${px(dy)})">${cell.elements}</g>`;
  });
  for (const [line, { elements, width: wide }] of lines.entries()) {
    body += `\n<g transform="translate(${px((width - wide) / 2)},${px(keyTop + line * LEGEND_LINE)})">${elements}</g>`;
  }
  return { width, height, boxes: lefts.reduce((sum, { width: box }) => sum + box, 0), body };
}

function svgDocument({ width, height, body }: Arrangement, frame: FigureFrame): string {
  const { title, theme = "light", width: paper } = frame;
  const colors = themeColors(theme);
  // One unit of the drawing is as many px: nearly 1 in a figure that was fitted.
  const zoom = paper === undefined ? 1 : paperWidth(paper) / width;
  const size = (pixels: number) =>
    paper === undefined ? String(pixels) : `${Math.round((1e4 * zoom * pixels) / UNITS.mm!) / 1e4}mm`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size(width)}" height="${size(height)}" viewBox="0 0 ${width} ${height}" ` +
    `role="img"${title === undefined ? "" : ` aria-label="${escapeXml(title)}"`} font-family="${FONT_FAMILY}" ` +
    `font-size="${FONT_SIZE.label}" text-anchor="middle" fill="${colors.ink}">` +
    `<rect width="${width}" height="${height}" fill="${colors.background}"/>${body}\n</svg>\n`
  );
}

const LEGEND_LINE = FONT_SIZE.label + 7;

/** Entries side by side, in as many lines as they need. */
function legendLines(
  legend: readonly LegendEntry[],
  colors: Theme,
  most: number,
): { elements: string; width: number }[] {
  const lines: LegendEntry[][] = [];
  for (const entry of legend) {
    const line = lines.at(-1);
    if (line !== undefined && legendElements([...line, entry], colors).width <= most) line.push(entry);
    else lines.push([entry]);
  }
  return lines.map((line) => legendElements(line, colors));
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
  return `<path d="M${px(x)},${px(middle)}h16" stroke="${color}" stroke-width="1.5"${dashes}/>`;
}
