import * as Plot from "@observablehq/plot";
import { drawAxes, drawMarks } from "./axes.js";
import { clipped, frameElement, panelHeading } from "./chart-panel.js";
import { extremes } from "./extremes.js";
import type { Cell, LegendEntry } from "./figure.js";
import { px, textWidth } from "./svg.js";
import { FONT_SIZE, mixColors, type Theme } from "./theme.js";
import { formatLabel, linearTicks, NO_TICKS } from "./ticks.js";

/** The values of one quantity along the chains. */
export interface TraceSeries {
  /** Values of each chain, in order of the sweeps. */
  readonly chains: readonly ArrayLike<number>[];
  /** Sweep of value `k` is `first + k * every`. */
  readonly first: number;
  readonly every: number;
  /** Sweeps before this one are burn-in. */
  readonly burnIn: number;
}

/** How one trace is shown. */
export interface TracePanelOptions {
  readonly document: Document;
  readonly colors: Theme;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What the values are, beside the axis; default nothing: the title says it. */
  readonly label?: string;
  /** Unit of the values; default none. */
  readonly unit?: string;
  /** Statistics at the right of the title. */
  readonly note?: string;
  /** Show the note as a warning. */
  readonly warn?: boolean;
  readonly xLabels?: boolean;
  /** Draw the distribution of the values after burn-in at the right. */
  readonly histogram?: boolean;
}

const HISTOGRAM = { gap: 8, width: 64, bins: 30 } as const;

/** Lay out one trace: value against sweep, one line a chain, burn-in faded on a shaded ground. */
export function tracePanel(series: TraceSeries, options: TracePanelOptions): Cell {
  const {
    document,
    colors,
    width,
    height,
    title,
    label,
    unit = "",
    note,
    warn = false,
    xLabels = true,
    histogram = false,
  } = options;
  const { first, every, burnIn, chains } = series;
  const last = first + every * Math.max(1, ...chains.map((chain) => chain.length));
  const range = valueRange(series);
  const xTicks = linearTicks(first, last, Math.max(2, Math.floor(width / 60)), true);
  const yTicks = linearTicks(range[0], range[1], Math.max(2, Math.floor(height / 24)));
  const yLabelWidth = Math.max(0, ...yTicks.labels.map((text) => textWidth(text, FONT_SIZE.tick)));
  const quantity = (name: string) => formatLabel(name, unit, yTicks.exponent).join(" ").trim();
  const box = { document, theme: colors, width, height };
  const x = { domain: [first, last] as const, ticks: xTicks };
  const y = { domain: range, ticks: yTicks };

  const marks: Plot.Markish[] = [];
  if (burnIn > first)
    marks.push(Plot.rect([0], { x1: first, x2: burnIn, y1: range[0], y2: range[1], fill: colors.shade }));
  const perValue = (width * every) / Math.max(last - first, 1);
  const perColumn = valuesPerColumn(series, width);
  const lines: Plot.Markish[] = [];
  for (const [chain, values] of chains.entries()) {
    const stroke = chainColor(colors, chain);
    const split = Math.min(Math.max(Math.ceil((burnIn - first) / every), 0), values.length);
    for (const [start, end, strokeOpacity] of [
      [0, split, 0.35] as const,
      [split, values.length, 0.85] as const,
    ]) {
      const x = (index: number) => first + index * every;
      if (perColumn <= SPARSE) {
        const indices = decimate(values, start, end, perValue);
        marks.push(
          Plot.line(indices, {
            x,
            y: (index: number) => values[index],
            stroke,
            strokeOpacity,
            strokeWidth: 0.8,
          }),
        );
        continue;
      }
      const columns = summariseColumns(values, start, end, perColumn);
      const at = { x: ({ middle }: TraceColumn) => x(middle) };
      marks.push(
        Plot.areaY(columns, { ...at, y1: "low", y2: "high", fill: stroke, fillOpacity: 0.2 * strokeOpacity }),
      );
      lines.push(Plot.line(columns, { ...at, y: "mean", stroke, strokeOpacity, strokeWidth: 1 }));
    }
  }
  marks.push(...lines);
  let elements = clipped(width, height, drawMarks({ ...box, x, y, marks }));
  elements += frameElement(width, height, colors);
  elements += drawAxes({
    ...box,
    x: {
      ...x,
      unlabelled: !xLabels,
      ...(xLabels && { label: formatLabel("sweep", "", xTicks.exponent).join(" ").trim(), labelOffset: 31 }),
    },
    y: {
      ...y,
      ...(label !== undefined && { label: quantity(label), labelOffset: Math.ceil(yLabelWidth) + 17 }),
    },
  });
  if (histogram) {
    const counts = countBins(series, range);
    const bin = (range[1] - range[0]) / HISTOGRAM.bins;
    const bars = Plot.rect(counts, {
      x1: 0,
      x2: (count: number) => count,
      y1: (_: number, index: number) => range[0] + index * bin,
      y2: (_: number, index: number) => range[0] + (index + 1) * bin,
      fill: colors.muted,
    });
    const most = Math.max(1, ...counts) * 1.05;
    const drawn = drawMarks({
      ...box,
      width: HISTOGRAM.width,
      x: { domain: [0, most], ticks: xTicks },
      y,
      marks: [bars],
    });
    const axis = drawAxes({
      ...{ ...box, width: HISTOGRAM.width },
      y: { ...y, unlabelled: true },
      ...(xLabels && {
        x: { domain: [0, 1], ticks: NO_TICKS, label: "draws", labelOffset: 31 },
      }),
    });
    elements += `<g transform="translate(${px(width + HISTOGRAM.gap)},0)">${clipped(HISTOGRAM.width, height, drawn)}${frameElement(HISTOGRAM.width, height, colors)}${axis}</g>`;
  }
  const fullWidth = width + (histogram ? HISTOGRAM.gap + HISTOGRAM.width : 0);
  const heading = panelHeading(
    {
      title: label === undefined ? quantity(title) : title,
      ...(note !== undefined && { note, warn }),
    },
    fullWidth,
    colors,
  );
  elements += heading.elements;
  return {
    width: fullWidth,
    height,
    margins: {
      top: heading.top,
      right: 14,
      bottom: xLabels ? 36 : 8,
      left: Math.ceil(yLabelWidth) + (label === undefined ? 14 : 28),
    },
    elements,
  };
}

/** Values a pixel column from which on a trace is shown by the mean and the range of each column: lines would fill the panel. */
const SPARSE = 6;
/** Width in px of a column of means. */
const COLUMN = 1.5;

/** Number of values behind a point of a trace; 1 while all values are drawn. */
export function valuesPerColumn({ chains, every }: TraceSeries, width: number): number {
  const longest = Math.max(1, ...chains.map((chain) => chain.length));
  const perValue = (width * every) / Math.max(every * longest, 1);
  return Math.max(1, Math.round(COLUMN / perValue));
}

/** Values of neighbouring sweeps: their mean and range, at the middle of their indices. */
export interface TraceColumn {
  readonly middle: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Mean and range of every `perColumn` values from `start` to `end` (exclusive); values that are not finite do not count. */
export function summariseColumns(
  values: ArrayLike<number>,
  start: number,
  end: number,
  perColumn: number,
): TraceColumn[] {
  const columns: TraceColumn[] = [];
  for (let from = start; from < end; from += perColumn) {
    const to = Math.min(from + perColumn, end);
    let [low, high, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (let index = from; index < to; index++) {
      const value = values[index];
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
      sum += value;
      count++;
    }
    if (count > 0) columns.push({ middle: (from + to - 1) / 2, mean: sum / count, low, high });
  }
  return columns;
}

/**
 * The legend that tells chains apart.
 *
 * @param which number of chains, or their numbers from 0
 * @param perColumn values behind a point of a trace, from `valuesPerColumn`
 */
export function traceLegend(
  which: number | readonly number[],
  burnIn: boolean,
  colors: Theme,
  perColumn = 1,
): LegendEntry[] {
  const entries: LegendEntry[] = [];
  const numbers = typeof which === "number" ? Array.from({ length: which }, (_, chain) => chain) : which;
  if (numbers.length > 1 || numbers.some((chain) => chain > 0)) {
    for (const [index, chain] of numbers.slice(0, colors.series.length).entries()) {
      const label = index === 0 ? `chain ${chain + 1}` : String(chain + 1);
      entries.push({ label, color: chainColor(colors, chain), kind: "line" });
    }
  }
  if (perColumn > SPARSE) {
    entries.push({ label: `mean of ${perColumn} sweeps`, color: colors.muted, kind: "line" });
    entries.push({
      label: "their range",
      color: mixColors(colors.background, colors.muted, 0.3),
      kind: "box",
    });
  }
  if (burnIn) entries.push({ label: "burn-in", color: colors.shade, kind: "box" });
  return entries;
}

/**
 * Indices that draw the same line as all values: per pixel column the smallest and the largest value, in order.
 *
 * @param perValue width of one value in px
 */
export function decimate(values: ArrayLike<number>, start: number, end: number, perValue: number): number[] {
  const indices: number[] = [];
  if (perValue >= 0.5) {
    for (let index = start; index < end; index++) if (Number.isFinite(values[index])) indices.push(index);
    return indices;
  }
  const perColumn = Math.ceil(1 / perValue);
  for (let from = start; from < end; from += perColumn) {
    let smallest = -1;
    let largest = -1;
    for (let index = from; index < Math.min(from + perColumn, end); index++) {
      const value = values[index];
      if (!Number.isFinite(value)) continue;
      if (smallest < 0 || value < values[smallest]) smallest = index;
      if (largest < 0 || value > values[largest]) largest = index;
    }
    if (smallest < 0) continue;
    indices.push(Math.min(smallest, largest));
    if (smallest !== largest) indices.push(Math.max(smallest, largest));
  }
  return indices;
}

/** Numbers of the chains that hold values. */
export function filledChains(chains: readonly ArrayLike<number>[]): number[] {
  return chains.flatMap(({ length }, chain) => (length > 0 ? [chain] : []));
}

/** Colour of a chain. */
export function chainColor({ series }: Theme, chain: number): string {
  return series[chain % series.length] ?? "currentColor";
}

/** Range of the values after burn-in, widened towards those before it by at most half of itself on each side. */
function valueRange({ chains, first, every, burnIn }: TraceSeries): [number, number] {
  const split = Math.max(Math.ceil((burnIn - first) / every), 0);
  const [low, high] = extremes(chains, split);
  const [allLow, allHigh] = extremes(chains);
  if (!(allLow <= allHigh)) return [0, 1];
  const [from, to] = low <= high ? [low, high] : [allLow, allHigh];
  const reach = (to - from) / 2;
  const bottom = Math.max(allLow, from - reach);
  const top = Math.min(allHigh, to + reach);
  const pad = top > bottom ? (top - bottom) * 0.06 : Math.abs(top) * 0.1 || 1;
  return [bottom - pad, top + pad];
}

function countBins(
  { chains, first, every, burnIn }: TraceSeries,
  [low, high]: readonly [number, number],
): number[] {
  const counts = new Array<number>(HISTOGRAM.bins).fill(0);
  const split = Math.max(Math.ceil((burnIn - first) / every), 0);
  for (const values of chains) {
    for (let index = split; index < values.length; index++) {
      const bin = Math.floor(((values[index] - low) / (high - low)) * HISTOGRAM.bins);
      if (bin >= 0 && bin < HISTOGRAM.bins) counts[bin] = counts[bin] + 1;
    }
  }
  return counts;
}
