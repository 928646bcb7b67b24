import type * as Plot from "@observablehq/plot";
import { type Axis, drawAxes, drawMarks } from "./axes.js";
import type { Cell } from "./figure.js";
import { textElement, textWidth } from "./svg.js";
import { FONT_SIZE, type Theme } from "./theme.js";

/** The line above a panel: what it shows at the left, statistics at the right. */
export interface PanelHeading {
  readonly title: string;
  /** Statistics; they move above the title where both do not fit in one line. */
  readonly note?: string;
  /** Show the note as a warning. */
  readonly warn?: boolean;
}

/** The heading of a panel as SVG elements, and the space in px that it needs above the box. */
export function panelHeading(
  { title, note, warn = false }: PanelHeading,
  width: number,
  colors: Theme,
): { elements: string; top: number } {
  let elements = textElement(title, 0, -7, { size: FONT_SIZE.label, fill: colors.ink });
  if (note === undefined) return { elements, top: 22 };
  const room = width - textWidth(title, FONT_SIZE.label) - 8;
  const above = textWidth(note, FONT_SIZE.tick) > room ? FONT_SIZE.label + 3 : 0;
  elements += textElement(note, width, -7 - above, {
    size: FONT_SIZE.tick,
    fill: warn ? colors.warning : colors.muted,
    anchor: "end",
  });
  return { elements, top: 22 + above };
}

/** The frame of a box. */
export function frameElement(width: number, height: number, colors: Theme): string {
  return `<rect width="${width}" height="${height}" fill="none" stroke="${colors.ink}" stroke-width="0.8"/>`;
}

/** What is drawn, cut off at the box. A nested svg element clips without an id, so that figures may share a page. */
export function clipped(width: number, height: number, drawn: string): string {
  return `<svg width="${width}" height="${height}" overflow="hidden">${drawn}</svg>`;
}

/** A panel of curves and bars over two linear axes. */
export interface ChartPanelOptions extends PanelHeading {
  readonly document: Document;
  readonly colors: Theme;
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  /** Axis at the left; its tick labels and label are drawn unless it is `unlabelled`. */
  readonly y: Axis;
  readonly marks: readonly Plot.Markish[];
}

/** Lay out a panel of curves and bars. */
export function chartPanel(options: ChartPanelOptions): Cell {
  const { document, colors, width, height, x, y, marks } = options;
  const heading = panelHeading(options, width, colors);
  const tickWidth = y.unlabelled
    ? 0
    : Math.ceil(Math.max(0, ...y.ticks.labels.map((label) => textWidth(label, FONT_SIZE.tick))));
  const labelled = y.label === undefined ? y : { ...y, labelOffset: tickWidth + 16 };
  const box = { document, theme: colors, width, height };
  return {
    width,
    height,
    margins: {
      top: heading.top,
      right: 14,
      bottom: x.unlabelled ? 8 : x.label === undefined ? 22 : 36,
      left: tickWidth + (y.label === undefined ? 12 : 28),
    },
    elements:
      clipped(width, height, drawMarks({ ...box, x, y, marks })) +
      frameElement(width, height, colors) +
      drawAxes({ ...box, x: { labelOffset: 31, ...x }, y: labelled }) +
      heading.elements,
  };
}
