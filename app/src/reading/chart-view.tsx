/** Charts of chains. */

import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import {
  type ChartBox,
  type ChartScales,
  chart,
  type DrawnFlux,
  fluxHistogram,
  numberText,
  paddedRange,
  pooled,
  quantilesOf,
  seriesLines,
} from "#viewer";
import type { TraceView } from "../desk/run-view.js";

/** A box that tells its width to what it holds. */
function Measured({ children }: { readonly children: (width: number) => ReactNode }) {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (host.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(host.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={host} className="measured">
      {width > 0 && children(width)}
    </div>
  );
}

/** SVG text as an element. */
function Svg({ text }: { readonly text: string }) {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: text of the viewer's own charts, which escape what is not theirs.
  return <div dangerouslySetInnerHTML={{ __html: text }} />;
}

/** A chart as wide as its room: what `chart` draws of the same. */
export function Chart({
  label,
  marks,
  ...box
}: Omit<ChartBox, "width"> & {
  /** For screen readers. */
  readonly label: string;
  readonly marks: (scales: ChartScales) => string;
}) {
  return <Measured>{(width) => <Svg text={chart({ ...box, width }, label, marks)} />}</Measured>;
}

/** The values of chains, sweep by sweep. */
export function TraceChart({
  trace,
  burnIn,
  sweeps,
  height = 150,
}: {
  readonly trace: TraceView;
  readonly burnIn: number;
  readonly sweeps: number;
  readonly height?: number;
}) {
  const { chains, every, label } = trace;
  const all = pooled(chains);
  // The first sweeps lie far away and would flatten all the rest.
  const late = chains.map((chain) =>
    chain.subarray(Math.min(chain.length - 1, Math.ceil(Math.max(burnIn, 10) / every))),
  );
  const settled = pooled(late);
  const [low, high] = quantilesOf(settled.length > 0 ? settled : all, [0, 1]);
  return (
    <Chart
      height={height}
      x={{ domain: [1, Math.max(2, sweeps)], label: "sweep", whole: true }}
      y={{ domain: paddedRange(low, high), label }}
      label={`Trace of ${label}: ${chains.length} chains, from ${numberText(low, 3)} to ${numberText(high, 3)}`}
      marks={({ x, y, left, top, bottom }) => {
        const edge = x(burnIn);
        const shade =
          burnIn > 0
            ? `<rect class="burn-in" x="${left}" y="${top}" width="${Math.max(0, edge - left).toFixed(1)}" height="${bottom - top}"/>`
            : "";
        return (
          shade +
          seriesLines(
            chains,
            (point) => x((point + 1) * every),
            (chain, point) => y(chain[point]),
          )
        );
      }}
    />
  );
}

/** The draws of a sum of pixels by chain: trace. */
export function DrawsChart({
  chains,
  first,
  every,
  interval,
  unit,
}: {
  readonly chains: readonly Float64Array[];
  readonly first: number;
  readonly every: number;
  readonly interval: readonly [number, number];
  readonly unit: string;
}) {
  const [low, high] = quantilesOf(pooled(chains), [0, 1]);
  const longest = Math.max(1, ...chains.map(({ length }) => length));
  const step = Math.max(1, Math.ceil(longest / 500));
  return (
    <Chart
      height={150}
      x={{ domain: [first, first + Math.max(1, (longest - 1) * every)], label: "sweep", whole: true }}
      y={{ domain: paddedRange(low, high), label: "flux", unit }}
      label={`Trace of the flux: ${chains.length} chains, from ${numberText(low, 3)} to ${numberText(high, 3)}`}
      marks={({ x, y, left, right }) => {
        const [bottom, top] = interval.map(y);
        const band = `<rect class="band" x="${left}" width="${right - left}" y="${top.toFixed(1)}" height="${Math.max(0, bottom - top).toFixed(1)}"/>`;
        return (
          band +
          seriesLines(
            chains,
            (point) => x(first + point * step * every),
            (chain, point) => y(chain[point * step]),
            ({ length }) => Math.ceil(length / step),
          )
        );
      }}
    />
  );
}

/** The draws of a sum of pixels by chain: histogram. */
export function HistogramChart(flux: DrawnFlux) {
  const { mean, interval } = flux;
  const said = `Histogram of the flux by chain: mean ${numberText(mean, 3)}, 68 percent from ${numberText(interval[0], 3)} to ${numberText(interval[1], 3)}`;
  return (
    <Measured>
      {(width) => <Svg text={fluxHistogram(flux, { width, height: 130, most: 36 }, said)} />}
    </Measured>
  );
}
