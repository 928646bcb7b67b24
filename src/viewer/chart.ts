/** Small charts as SVG text. */

import { formatLabel, linearTicks } from "../figures/ticks.js";
import { escapeXml } from "../xml-text.js";
import { histogram, pooled, quantilesOf } from "./statistics.js";

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

/** Lines through `count(chain)` points of each chain, in the colours of the chains. */
export function seriesLines<Chain extends ArrayLike<number>>(
  chains: readonly Chain[],
  x: (point: number) => number,
  y: (chain: Chain, point: number) => number,
  count: (chain: Chain) => number = ({ length }) => length,
): string {
  return chains
    .map(
      (chain, index) =>
        `<path class="line series-${(index % 6) + 1}" d="${linePath(x, (point) => y(chain, point), count(chain))}"/>`,
    )
    .join("");
}

/** Draws of a flux by chain, and what is said of them. */
export interface DrawnFlux {
  readonly chains: readonly Float64Array[];
  readonly mean: number;
  /** Ends of the band that is shaded. */
  readonly interval: readonly [low: number, high: number];
  readonly unit: string;
}

/** Histograms of a flux by chain as outlines, with its mean and interval. @param most bins */
export function fluxHistogram(
  { chains, mean, interval, unit }: DrawnFlux,
  { width, height, most }: { readonly width: number; readonly height: number; readonly most: number },
  description: string,
): string {
  const all = pooled(chains);
  const [smallest, largest] = quantilesOf(all, [0, 1]);
  const [low, high] = paddedRange(smallest, largest);
  const bins = Math.min(most, Math.max(8, Math.round(Math.sqrt(all.length))));
  const step = (high - low) / bins;
  const heights = chains.map((chain) =>
    histogram(chain, low, high, bins).map((count) => count / Math.max(1, chain.length)),
  );
  const top = Math.max(...heights.flat(), 1e-9);
  return chart(
    {
      ...{ width, height },
      x: { domain: [low, high], label: "flux", unit },
      y: { domain: [0, top * 1.08], label: "", bare: true },
    },
    description,
    (scales) => {
      const { x, y, bottom } = scales;
      const [from, to] = interval.map(x);
      const band = `<rect class="band" x="${from.toFixed(1)}" width="${Math.max(0, to - from).toFixed(1)}" y="${scales.top}" height="${bottom - scales.top}"/>`;
      const outlines = heights.map((counts, index) => {
        let path = `M${x(low).toFixed(1)},${bottom}`;
        for (const [bin, count] of counts.entries()) {
          path += `V${y(count).toFixed(1)}H${x(low + (bin + 1) * step).toFixed(1)}`;
        }
        return `<path class="outline series-${(index % 6) + 1}" d="${path}V${bottom}"/>`;
      });
      return `${band}${outlines.join("")}<path class="mean" d="M${x(mean).toFixed(1)},${scales.top}V${bottom}"/>`;
    },
  );
}
