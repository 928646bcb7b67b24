/** Small charts as SVG text. */

import { formatLabel, linearTicks } from "../figures/ticks.js";
import { escapeXml } from "../xml-text.js";

/** One axis of a chart. */
export interface ChartAxis {
  readonly domain: readonly [low: number, high: number];
  readonly label: string;
  readonly unit?: string;
  /** Ticks at whole numbers only. */
  readonly whole?: boolean;
  /** No ticks and labels. */
  readonly bare?: boolean;
}

/** A box with axes. */
export interface ChartBox {
  readonly width: number;
  readonly height: number;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
}

/** Places in px of values. */
export interface ChartScales {
  /** Place of a value along the axis. */
  readonly x: (value: number) => number;
  /** Place of a value along the axis; larger values lie higher. */
  readonly y: (value: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Room for tick labels and titles in px. */
const MARGIN = { top: 8, right: 10, bottom: 36, left: 52 } as const;

/**
 * Draw a chart.
 *
 * @param description for screen readers
 * @param marks draws what is in the box
 */
export function chart(
  { width, height, x, y }: ChartBox,
  description: string,
  marks: (scales: ChartScales) => string,
): string {
  const left = y.bare ? 10 : MARGIN.left;
  const [right, top, bottom] = [width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const scale =
    ([low, high]: readonly [number, number], from: number, to: number) =>
    (value: number) =>
      from + ((value - low) / (high - low || 1)) * (to - from);
  const scales = {
    x: scale(x.domain, left, right),
    y: scale(y.domain, bottom, top),
    left,
    right,
    top,
    bottom,
  };
  const xTicks = linearTicks(...x.domain, Math.max(2, Math.floor((right - left) / 70)), x.whole);
  const yTicks = linearTicks(...y.domain, Math.max(2, Math.floor((bottom - top) / 34)), y.whole);
  let axes = "";
  for (const [index, value] of xTicks.positions.entries()) {
    const at = scales.x(value).toFixed(1);
    axes += `<path d="M${at},${bottom}v4"/><text x="${at}" y="${bottom + 15}" text-anchor="middle">${xTicks.labels[index]}</text>`;
  }
  if (!y.bare) {
    for (const [index, value] of yTicks.positions.entries()) {
      const at = scales.y(value);
      axes += `<path d="M${left},${at.toFixed(1)}h-4"/><text x="${left - 7}" y="${(at + 3.5).toFixed(1)}" text-anchor="end">${yTicks.labels[index]}</text>`;
    }
  }
  const title = (axis: ChartAxis, exponent: number) =>
    escapeXml(
      formatLabel(axis.label, axis.unit ?? "", exponent)
        .join(" ")
        .trim(),
    );
  axes += `<text x="${(left + right) / 2}" y="${height - 4}" text-anchor="middle">${title(x, xTicks.exponent)}</text>`;
  if (!y.bare) {
    axes += `<text transform="translate(11,${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${title(y, yTicks.exponent)}</text>`;
  }
  return (
    `<svg class="chart" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" ` +
    `aria-label="${escapeXml(description)}">` +
    `<svg x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" viewBox="${left} ${top} ${right - left} ${bottom - top}">${marks(scales)}</svg>` +
    `<g class="axis">${axes}<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/></g></svg>`
  );
}

/** Range of values with some room on both sides. */
export function paddedRange(low: number, high: number): [number, number] {
  if (!(low <= high)) return [0, 1];
  const pad = high > low ? (high - low) * 0.05 : Math.abs(high) * 0.1 || 1;
  return [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad];
}

/** A line through points. */
export function linePath(
  xs: (index: number) => number,
  ys: (index: number) => number,
  count: number,
): string {
  let path = "";
  for (let index = 0; index < count; index++) {
    path += `${index === 0 ? "M" : "L"}${xs(index).toFixed(1)},${ys(index).toFixed(1)}`;
  }
  return path;
}
