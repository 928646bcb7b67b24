import * as Plot from "@observablehq/plot";
import type { WcsCard } from "../data/observation/observation.js";
import type { ProfileRing, RadialProfile } from "../data/observation/radial-profile.js";
import { poissonInterval } from "../data/random/poisson-interval.js";
import { pixelSizeAt } from "../data/sky/pixel-size.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import type { NamesOf } from "../known-names.js";
import type { Axis } from "./axes.js";
import { chartPanel } from "./chart-panel.js";
import { type Cell, type FigureOptions, type LegendEntry, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE } from "./figure-options.js";
import { type Theme, theme as themeColors } from "./theme.js";
import { formatLabel, formatNumber, linearTicks, logTicks } from "./ticks.js";

/** Options of `plotRadialProfile`. */
export interface PlotRadialProfileOptions extends FigureOptions {
  /** Default `"linear"`. */
  readonly xScale?: "linear" | "log";
  /** Default `"log"`. */
  readonly yScale?: "linear" | "log";
  /** Sky coordinates of the image: radii and areas are then in arc seconds, arc minutes or degrees instead of pixels. */
  readonly wcs?: readonly WcsCard[];
}

const NAMES: NamesOf<PlotRadialProfileOptions> = { ...FIGURE, xScale: true, yScale: true, wcs: true };

/** Size of the box in px. */
const BOX = { width: 380, height: 230 } as const;

/** Units of angle with the largest radius, in degrees, that each is used for. */
const UNITS = [
  { name: "arcsec", degrees: 1 / 3600, upTo: 1 / 30 },
  { name: "arcmin", degrees: 1 / 60, upTo: 2 },
  { name: "deg", degrees: 1, upTo: Number.POSITIVE_INFINITY },
] as const;

/** Opacity of the bands: the inner one is darker. */
const BAND_OPACITY = { wide: 0.2, narrow: 0.35 } as const;

/**
 * Draw counts an area against radius: observed with their Poisson errors (`poissonInterval`), and predicted with the bands
 * between quantiles of the prediction.
 *
 * @param profile as from `radialProfile` or `predictiveCheck`
 * @returns an SVG document
 * @throws InvalidInputError when there is no ring, or quantiles and probabilities differ in number
 */
export function plotRadialProfile(profile: RadialProfile, options: PlotRadialProfileOptions): string {
  checkFigureOptions("plotRadialProfile", options, NAMES);
  const { theme = "light" } = options;
  const { rings } = profile;
  checkProfile(profile);
  const colors = themeColors(theme);
  const bands = bandsOf(profile.probabilities);
  const predicted = rings.every((ring) => ring.predicted !== undefined);
  return layoutFigure(options, 1, (zoom, columns) => ({
    cells: [profilePanel(profile, bands, predicted, zoom, options)],
    columns,
    legend: legend(predicted, bands, colors),
  }));
}

function profilePanel(
  profile: RadialProfile,
  bands: readonly Band[],
  predicted: boolean,
  zoom: number,
  options: PlotRadialProfileOptions,
): Cell {
  const { document, theme = "light", xScale = "linear", yScale = "log" } = options;
  const [width, height] = [BOX.width * zoom, BOX.height * zoom];
  const { centre, rings } = profile;
  const colors = themeColors(theme);
  const reach = rings.at(-1)!.outer;
  const scale = radiusUnit(reach, centre, options.wcs);
  const density = (value: number, { pixels }: ProfileRing) => value / (pixels * scale.size ** 2);
  const errors = new Map(rings.map((ring) => [ring, poissonInterval(ring.observed)]));
  const low = (ring: ProfileRing) => density(errors.get(ring)![0], ring);
  const high = (ring: ProfileRing) => density(errors.get(ring)![1], ring);

  const shown = rings.flatMap((ring) => [
    ...[low(ring), high(ring), density(ring.observed, ring)],
    ...(predicted ? [density(ring.predicted!, ring)] : []),
    ...ring.quantiles.map((value) => density(value, ring)),
  ]);
  const y = axis(yScale, valueRange(shown, yScale), height / 26);
  const { inner: hole, outer: first } = rings[0];
  const start = xScale === "linear" || hole > 0 ? hole : first / 3;
  const x = axis(xScale, [start * scale.size, reach * scale.size], width / 52);
  const [atX, atY] = [place(xScale, x.domain[0]), place(yScale, y.domain[0])];
  const left = ({ inner }: ProfileRing) => atX(inner * scale.size);
  const right = ({ outer }: ProfileRing) => atX(outer * scale.size);
  const middle = (ring: ProfileRing) => (left(ring) + right(ring)) / 2;

  const marks: Plot.Markish[] = bands.map(({ low: below, high: above, opacity }) =>
    Plot.rect(rings, {
      ...{ x1: left, x2: right, fill: colors.series[1], fillOpacity: opacity },
      ...{ insetLeft: -0.1, insetRight: -0.1 },
      y1: (ring: ProfileRing) => atY(density(ring.quantiles[below], ring)),
      y2: (ring: ProfileRing) => atY(density(ring.quantiles[above], ring)),
    }),
  );
  if (predicted) {
    marks.push(
      Plot.line(
        rings.flatMap((ring): [number, number][] => [
          [left(ring), atY(density(ring.predicted!, ring))],
          [right(ring), atY(density(ring.predicted!, ring))],
        ]),
        { stroke: colors.series[1], strokeWidth: 1.5 },
      ),
    );
  }
  marks.push(
    Plot.link(rings, {
      ...{ x1: middle, x2: middle, stroke: colors.ink, strokeWidth: 1.2 },
      y1: (ring: ProfileRing) => atY(low(ring)),
      y2: (ring: ProfileRing) => atY(high(ring)),
    }),
    Plot.dot(
      rings.filter(({ observed }) => yScale === "linear" || observed > 0),
      {
        ...{ x: middle, r: 2.4, fill: colors.ink },
        y: (ring: ProfileRing) => atY(density(ring.observed, ring)),
      },
    ),
  );
  const perArea = scale.name === "pixel" ? "pixel-1" : `${scale.name}-2`;
  const counts = rings.reduce((sum, { observed }) => sum + observed, 0);
  return chartPanel({
    ...{ document, colors, width, height, marks },
    title: `Radial profile about x = ${formatNumber(centre.x)}, y = ${formatNumber(centre.y)}`,
    note: `${formatNumber(counts, 6)} counts`,
    x: { ...x, label: `radius (${scale.name})` },
    y: { ...y, label: formatLabel("counts", perArea, y.ticks.exponent).join(" ") },
  });
}

function checkProfile({ rings, probabilities }: RadialProfile): void {
  const wrong = rings.find(({ quantiles }) => quantiles.length !== probabilities.length);
  if (rings.length > 0 && wrong === undefined) return;
  throw new InvalidInputError(
    `plotRadialProfile: profile must have rings with one quantile for each of ${probabilities.length} probabilities, got ${
      wrong === undefined ? "no ring" : `${wrong.quantiles.length} quantiles`
    }; make it with radialProfile`,
    { fields: { rings: rings.length, probabilities } },
  );
}

/** A band between two quantiles, by their places. */
interface Band {
  readonly low: number;
  readonly high: number;
  readonly opacity: number;
  /** How much it holds. */
  readonly label: string;
}

/** Bands between the first quantile and the last, the second and the last but one, and so on. */
function bandsOf(probabilities: readonly number[]): Band[] {
  const count = Math.floor(probabilities.length / 2);
  return Array.from({ length: count }, (_, low) => {
    const high = probabilities.length - 1 - low;
    return {
      ...{ low, high },
      opacity: low === count - 1 ? BAND_OPACITY.narrow : BAND_OPACITY.wide,
      label: `${formatNumber(100 * (probabilities[high] - probabilities[low]), 3)} %`,
    };
  });
}

/** Size of the pixel in the centre in the unit that suits the largest radius. */
function radiusUnit(
  reach: number,
  centre: RadialProfile["centre"],
  cards: readonly WcsCard[] | undefined,
): { name: string; size: number } {
  const wcs = cards === undefined ? undefined : parseWcs(cards).wcs;
  if (wcs === undefined) return { name: "pixel", size: 1 };
  const size = pixelSizeAt(wcs, centre.x, centre.y);
  const unit = UNITS.find(({ upTo }) => reach * size <= upTo) ?? UNITS[2];
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

function legend(predicted: boolean, bands: readonly Band[], { ink, series }: Theme): LegendEntry[] {
  const color = series[1];
  const shades = bands.toReversed().map(({ label, opacity }): LegendEntry => {
    // The narrow band lies on the wide one.
    const seen = opacity === BAND_OPACITY.narrow ? 0.45 : opacity;
    return { label, color, kind: "box", opacity: seen };
  });
  return [
    { label: "observed", color: ink, kind: "point" },
    ...(predicted ? [{ label: "predicted", color, kind: "line" } as const] : []),
    ...shades,
  ];
}
