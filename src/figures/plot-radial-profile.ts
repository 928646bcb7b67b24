import * as Plot from "@observablehq/plot";
import type { WcsCard } from "../data/observation.js";
import { poissonInterval } from "../data/poisson-interval.js";
import { pixelSize } from "../data/sky-angle.js";
import { parseWcs } from "../data/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import type { Axis } from "./axes.js";
import { chartPanel } from "./chart-panel.js";
import { composeFigure, type FigureOptions, type LegendEntry } from "./figure.js";
import { type Theme, theme as themeColors } from "./theme.js";
import { formatLabel, formatNumber, linearTicks, logTicks } from "./ticks.js";

/** Limits of a band, one value an annulus. */
export interface ProfileBand {
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/** Predicted counts in each annulus: mean, and the bands that hold 68 % and 95 % of the posterior. */
export interface PredictedProfile {
  readonly mean: ArrayLike<number>;
  readonly band68?: ProfileBand;
  readonly band95?: ProfileBand;
}

/** Counts in annuli around a position, observed and predicted. */
export interface RadialProfile {
  /** Radii in pixels, increasing, one more than annuli; see `annulusSums`. */
  readonly edges: readonly number[];
  /** Observed counts in each annulus. */
  readonly observed: ArrayLike<number>;
  /** Pixels in each annulus, by which counts are divided. */
  readonly pixels: ArrayLike<number>;
  /** Predicted counts in each annulus: of every draw, or summarised. */
  readonly predicted?: readonly ArrayLike<number>[] | PredictedProfile;
}

/** Options of `plotRadialProfile`. */
export interface PlotRadialProfileOptions extends FigureOptions {
  /** Default `"linear"`. */
  readonly xScale?: "linear" | "log";
  /** Default `"log"`. */
  readonly yScale?: "linear" | "log";
  /** Sky coordinates of the image: radii and areas are then in arc seconds, arc minutes or degrees instead of pixels. */
  readonly wcs?: readonly WcsCard[];
  /** Size of the box in px; default 380 x 230. */
  readonly width?: number;
  readonly height?: number;
}

/** Units of angle with the largest radius, in degrees, that each is used for. */
const UNITS = [
  { name: "arcsec", degrees: 1 / 3600, upTo: 1 / 30 },
  { name: "arcmin", degrees: 1 / 60, upTo: 2 },
  { name: "deg", degrees: 1, upTo: Number.POSITIVE_INFINITY },
] as const;

/**
 * Draw counts an area against radius: observed with their Poisson errors (`poissonInterval`), and predicted with the bands of
 * 68 % and 95 % of the draws.
 *
 * @returns an SVG document
 * @throws InvalidInputError when there is no annulus or the arrays differ in length
 */
export function plotRadialProfile(profile: RadialProfile, options: PlotRadialProfileOptions): string {
  const {
    document,
    theme = "light",
    title,
    xScale = "linear",
    yScale = "log",
    width = 380,
    height = 230,
  } = options;
  const annuli = profile.edges.length - 1;
  const predicted = summarise(profile.predicted);
  checkProfile(profile, predicted);
  const colors = themeColors(theme);
  const scale = radiusUnit(profile, options.wcs);
  const areas = Array.from({ length: annuli }, (_, k) => profile.pixels[k]! * scale.size ** 2);
  const density = (values: ArrayLike<number>, k: number) => values[k]! / areas[k]!;
  const rings = Array.from({ length: annuli }, (_, k) => k).filter((k) => areas[k]! > 0);
  const radius = (k: number) => profile.edges[k]! * scale.size;
  const errors = Array.from({ length: annuli }, (_, k) => poissonInterval(profile.observed[k]!));
  const lows = errors.map(([low]) => low);
  const highs = errors.map(([, high]) => high);

  const shown = [lows, highs, profile.observed, ...bandLimits(predicted)].flatMap((values) =>
    rings.map((k) => density(values, k)),
  );
  const y = axis(yScale, valueRange(shown, yScale), height / 26);
  const inner = radius(0) > 0 ? radius(0) : radius(1) / 3;
  const x = axis(xScale, [xScale === "log" ? inner : radius(0), radius(annuli)], width / 52);
  const [atX, atY] = [place(xScale, x.domain[0]), place(yScale, y.domain[0])];
  const left = (k: number) => atX(radius(k));
  const right = (k: number) => atX(radius(k + 1));
  const middle = (k: number) =>
    xScale === "log" ? (left(k) + right(k)) / 2 : atX((radius(k) + radius(k + 1)) / 2);

  const band = ({ low, high }: ProfileBand, fillOpacity: number) =>
    Plot.rect(rings, {
      ...{ x1: left, x2: right, fill: colors.series[1]!, fillOpacity, insetLeft: -0.1, insetRight: -0.1 },
      y1: (k: number) => atY(density(low, k)),
      y2: (k: number) => atY(density(high, k)),
    });
  const marks: Plot.Markish[] = [];
  if (predicted?.band95) marks.push(band(predicted.band95, 0.2));
  if (predicted?.band68) marks.push(band(predicted.band68, 0.35));
  if (predicted) {
    marks.push(
      Plot.line(
        rings.flatMap((k) => [
          [left(k), atY(density(predicted.mean, k))],
          [right(k), atY(density(predicted.mean, k))],
        ]) as [number, number][],
        { stroke: colors.series[1]!, strokeWidth: 1.5 },
      ),
    );
  }
  marks.push(
    Plot.link(rings, {
      ...{ x1: middle, x2: middle, stroke: colors.ink, strokeWidth: 1.2 },
      y1: (k: number) => atY(density(lows, k)),
      y2: (k: number) => atY(density(highs, k)),
    }),
    Plot.dot(
      rings.filter((k) => yScale === "linear" || profile.observed[k]! > 0),
      { x: middle, y: (k: number) => atY(density(profile.observed, k)), r: 2.4, fill: colors.ink },
    ),
  );
  const perArea = scale.name === "pixel" ? "pixel-1" : `${scale.name}-2`;
  const cell = chartPanel({
    ...{ document, colors, width, height, marks },
    title: "Radial profile",
    note: `${formatNumber(
      rings.reduce((sum, k) => sum + profile.observed[k]!, 0),
      6,
    )} counts`,
    x: { ...x, label: `radius (${scale.name})` },
    y: { ...y, label: formatLabel("counts", perArea, y.ticks.exponent).join(" ") },
  });
  return composeFigure(
    [cell],
    1,
    { theme, ...(title !== undefined && { title }) },
    legend(predicted, colors),
  );
}

function checkProfile(
  { edges, observed, pixels }: RadialProfile,
  predicted: PredictedProfile | undefined,
): void {
  const annuli = edges.length - 1;
  const lengths = [observed, pixels, ...bandLimits(predicted)].map(({ length }) => length);
  if (annuli < 1 || lengths.some((length) => length !== annuli)) {
    throw new InvalidInputError(
      `plotRadialProfile: counts, pixels and predictions must hold one value for each of ${Math.max(annuli, 0)} annuli (edges less one), got ${lengths.join(", ")}; use the same edges for all`,
      { fields: { annuli, lengths } },
    );
  }
}

/** Mean and central bands of profiles that are given draw by draw. */
function summarise(predicted: RadialProfile["predicted"]): PredictedProfile | undefined {
  if (predicted === undefined || "mean" in predicted) return predicted;
  const [first] = predicted;
  if (first === undefined) return undefined;
  const sorted = Array.from(first, (_, k) =>
    Float64Array.from(predicted, (draw) => draw[k] ?? Number.NaN).sort(),
  );
  const quantile = (probability: number) =>
    sorted.map((values) => {
      const at = probability * (values.length - 1);
      const below = Math.floor(at);
      const next = values[Math.min(below + 1, values.length - 1)]!;
      return values[below]! + (at - below) * (next - values[below]!);
    });
  return {
    mean: sorted.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
    band68: { low: quantile(0.16), high: quantile(0.84) },
    band95: { low: quantile(0.025), high: quantile(0.975) },
  };
}

function bandLimits(predicted: PredictedProfile | undefined): ArrayLike<number>[] {
  if (predicted === undefined) return [];
  const { mean, band68, band95 } = predicted;
  return [mean, ...[band68, band95].flatMap((band) => (band ? [band.low, band.high] : []))];
}

/** Size of a pixel in the unit that suits the largest radius. */
function radiusUnit(
  { edges }: RadialProfile,
  cards: readonly WcsCard[] | undefined,
): { name: string; size: number } {
  const wcs = cards === undefined ? undefined : parseWcs(cards).wcs;
  if (wcs === undefined) return { name: "pixel", size: 1 };
  const size = pixelSize(wcs);
  const unit = UNITS.find(({ upTo }) => (edges.at(-1) ?? 0) * size <= upTo) ?? UNITS[2];
  return { name: unit.name, size: size / unit.degrees };
}

function valueRange(values: readonly number[], scale: "linear" | "log"): [number, number] {
  const finite = values.filter(Number.isFinite);
  const high = Math.max(0, ...finite);
  if (scale === "linear") return [0, high > 0 ? 1.06 * high : 1];
  const low = Math.min(...finite.filter((value) => value > 0));
  return high > 0 ? [Math.max(low / 1.4, high / 1e6), high * 1.4] : [0.1, 1];
}

/** Value to place on an axis; what a logarithmic one cannot show lies at its lower end. */
function place(scale: "linear" | "log", lowest: number): (value: number) => number {
  return scale === "linear"
    ? (value) => value
    : (value) => (value > 0 ? Math.max(Math.log10(value), lowest) : lowest);
}

function axis(scale: "linear" | "log", [low, high]: readonly [number, number], count: number): Axis {
  const most = Math.max(2, Math.min(7, Math.floor(count)));
  if (scale === "linear") return { domain: [low, high], ticks: linearTicks(low, high, most) };
  const domain = [Math.log10(low), Math.log10(high)] as const;
  return { domain, ticks: logTicks(domain[0], domain[1], most) };
}

function legend(predicted: PredictedProfile | undefined, { ink, series }: Theme): LegendEntry[] {
  const color = series[1]!;
  const entries: LegendEntry[] = [{ label: "observed", color: ink, kind: "point" }];
  if (!predicted) return entries;
  entries.push({ label: "predicted", color, kind: "line" });
  if (predicted.band68) entries.push({ label: "68 %", color, kind: "box", opacity: 0.45 });
  if (predicted.band95) entries.push({ label: "95 %", color, kind: "box", opacity: 0.2 });
  return entries;
}
