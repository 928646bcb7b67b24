import * as Plot from "@observablehq/plot";
import { serializeChildren, textElement } from "./svg.js";
import { FONT_FAMILY, FONT_SIZE, type Theme } from "./theme.js";
import type { Ticks } from "./ticks.js";

/** One axis of a panel. */
export interface Axis {
  readonly domain: readonly [number, number];
  readonly ticks: Ticks;
  readonly label?: string;
  /** Distance of the baseline of the label from the frame in px; default 30. */
  readonly labelOffset?: number;
  /** Which side of the panel the axis is on; default bottom for x, left for y. */
  readonly anchor?: "left" | "right" | "bottom";
  /** Draw ticks without tick labels, for panels that share an axis with their neighbour. */
  readonly unlabelled?: boolean;
}

/** A box with axes, in px; marks are drawn inside it by the axes' scales. */
export interface AxesOptions {
  readonly document: Document;
  readonly theme: Theme;
  readonly width: number;
  readonly height: number;
  readonly x?: Axis;
  readonly y?: Axis;
  readonly marks?: readonly Plot.Markish[];
}

/** Margin that Plot is given on every side, so that its labels have room; it is shifted away again. */
const MARGIN = 80;

/** The scaled marks of a box without any axis, as SVG elements with the upper left corner of the box at the origin. */
export function drawMarks(options: AxesOptions): string {
  return draw(options, options.marks ?? []);
}

/** Ticks, tick labels and axis labels of a box, as SVG elements with its upper left corner at the origin. */
export function drawAxes(options: AxesOptions): string {
  const { x, y, theme } = options;
  const marks: Plot.Markish[] = [];
  const common = { color: theme.ink, strokeWidth: 0.8, tickSize: 4, tickPadding: 4 };
  if (x) {
    marks.push(Plot.axisX(x.ticks.positions, { ...common, ...axisOptions(x) }));
    if (x.ticks.minor.length > 0)
      marks.push(Plot.axisX(x.ticks.minor, { ...common, ...MINOR, anchor: "bottom" }));
  }
  if (y) {
    const anchor = y.anchor === "right" ? ("right" as const) : ("left" as const);
    marks.push(Plot.axisY(y.ticks.positions, { ...common, ...axisOptions(y), anchor }));
    if (y.ticks.minor.length > 0) marks.push(Plot.axisY(y.ticks.minor, { ...common, ...MINOR, anchor }));
  }
  return draw(options, marks) + labelElements(options);
}

function labelElements({ x, y, theme, width, height }: AxesOptions): string {
  const style = { size: FONT_SIZE.label, fill: theme.ink, anchor: "middle" as const };
  let elements = "";
  if (x?.label !== undefined) {
    elements += textElement(x.label, width / 2, height + (x.labelOffset ?? 30), style);
  }
  if (y?.label !== undefined) {
    elements += textElement(y.label, -(y.labelOffset ?? 30), height / 2, { ...style, upwards: true });
  }
  return elements;
}

const MINOR = { tickSize: 2.5, tickFormat: () => "", label: null };

function axisOptions({ ticks, unlabelled }: Axis) {
  return {
    fontSize: FONT_SIZE.tick,
    label: null,
    tickFormat: (_: unknown, index: number) => (unlabelled ? "" : (ticks.labels[index] ?? "")),
  };
}

function draw({ document, width, height, x, y }: AxesOptions, marks: readonly Plot.Markish[]): string {
  const svg = Plot.plot({
    document,
    width: width + 2 * MARGIN,
    height: height + 2 * MARGIN,
    margin: MARGIN,
    className: "tslira",
    style: { fontFamily: FONT_FAMILY, fontSize: `${FONT_SIZE.label}px` },
    x: { type: "linear", axis: null, domain: [...(x?.domain ?? [0, 1])] },
    y: { type: "linear", axis: null, domain: [...(y?.domain ?? [0, 1])] },
    marks: [...marks],
  });
  const elements = serializeChildren(svg);
  return elements === "" ? "" : `<g transform="translate(${-MARGIN},${-MARGIN})">${elements}</g>`;
}
