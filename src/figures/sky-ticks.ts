import { type AngleStyle, formatAngle, isEquatorial, sexagesimal } from "../data/sky/sky-angle.js";
import type { SkyWcs } from "../data/sky/sky-wcs.js";
import { extremes } from "./extremes.js";
import { textWidth } from "./svg.js";
import { FONT_SIZE } from "./theme.js";
import type { Ticks } from "./ticks.js";

/** How sky coordinates are written: in base 60 or as decimal degrees. */
export type SkyNotation = "sexagesimal" | "degrees";

/** Longitude or latitude along one edge of an image. */
export interface SkyEdge {
  readonly quantity: "lon" | "lat";
  /** Degrees at each sampled place, longitudes without jumps by 360; NaN off the sky. */
  readonly degrees: Float64Array;
  /** Pixel coordinate of the first and last sample. */
  readonly range: readonly [number, number];
  /** Length of the edge in px. */
  readonly length: number;
  /** Whether labels stand side by side along the edge or one above the other. */
  readonly horizontal: boolean;
}

/** Ticks of an edge, and the step between them in degrees. */
export interface SkyTicks extends Ticks {
  readonly step: number;
}

const ARC_STEPS = baseSixtySteps([1, 2, 5, 10, 15, 30, 45, 60, 90]);
const TIME_STEPS = baseSixtySteps([1, 2, 3, 6, 12]).map((hours) => hours * 15);
const DEGREE_STEPS = [...decimalSteps(-9, 1), 10, 15, 30, 45, 60, 90];

/** 1, 2, 5 x 10^k from `10 ** first` to below `10 ** last`. */
function decimalSteps(first: number, last: number): number[] {
  const steps: number[] = [];
  for (let power = first; power < last; power++)
    for (const leading of [1, 2, 5]) steps.push(Number(`${leading}e${power}`));
  return steps;
}

/** Steps in wholes: decimal seconds, round seconds, round minutes, then the wholes given. */
function baseSixtySteps(wholes: readonly number[]): number[] {
  const round = [10, 15, 20, 30];
  const seconds = [...decimalSteps(-6, 1), ...round];
  const minutes = [1, 2, 5, ...round];
  return [...seconds.map((step) => step / 3600), ...minutes.map((step) => step / 60), ...wholes];
}

/** How one coordinate is written. */
export function angleStyle(wcs: SkyWcs, quantity: "lon" | "lat", notation: SkyNotation): AngleStyle {
  if (notation === "degrees") return "degrees";
  return quantity === "lon" && isEquatorial(wcs) ? "hms" : "dms";
}

/**
 * Ticks at round sky coordinates where they cross an edge, as close as their labels allow.
 *
 * @returns undefined when no label fits or no round value crosses the edge
 */
export function skyTicks(edge: SkyEdge, style: AngleStyle): SkyTicks | undefined {
  const steps = style === "degrees" ? DEGREE_STEPS : style === "hms" ? TIME_STEPS : ARC_STEPS;
  const [low, high] = extremes([edge.degrees]);
  const most = Math.max(2, Math.min(7, Math.floor(edge.length / (edge.horizontal ? 34 : 26))));
  let single: SkyTicks | undefined;
  for (const step of steps) {
    if ((high - low) / step > most + 1) continue;
    const crossings = edgeCrossings(edge, step);
    if (crossings.length === 0 || crossings.length > most) continue;
    const labels = tickLabels(
      crossings.map(({ value }) => value),
      style,
      step,
      edge.quantity,
    );
    if (!labelsFit(edge, crossings, labels)) continue;
    const ticks = { positions: crossings.map(({ at }) => at), labels, exponent: 0, minor: [], step };
    if (crossings.length > 1) return ticks;
    single ??= ticks;
  }
  return single;
}

/** Where whole multiples of a step cross the edge, in reading order: left to right, top to bottom. */
function edgeCrossings(
  { degrees, range, horizontal }: SkyEdge,
  step: number,
): { value: number; at: number }[] {
  const crossings: { value: number; at: number }[] = [];
  const spacing = (range[1] - range[0]) / (degrees.length - 1);
  for (let index = 0; index + 1 < degrees.length; index++) {
    const [from, to] = [degrees[index] / step, degrees[index + 1] / step];
    if (!(Math.abs(to - from) > 0)) continue;
    const [first, last] = [Math.ceil(Math.min(from, to)), Math.floor(Math.max(from, to))];
    for (let multiple = first; multiple <= last; multiple++) {
      const at = range[0] + (index + (multiple - from) / (to - from)) * spacing;
      // A value met exactly at a sample belongs to two pieces.
      if (crossings.some((other) => Math.abs(other.at - at) < 1e-6 * Math.abs(spacing))) continue;
      crossings.push({ value: multiple * step, at });
    }
  }
  return crossings.sort((a, b) => (horizontal ? a.at - b.at : b.at - a.at));
}

function labelsFit(edge: SkyEdge, crossings: readonly { at: number }[], labels: readonly string[]): boolean {
  const perPixel = edge.length / Math.abs(edge.range[1] - edge.range[0]);
  const size = labels.map((label) => (edge.horizontal ? textWidth(label, FONT_SIZE.tick) + 7 : 14));
  return crossings.every(
    ({ at }, index) =>
      index === 0 || Math.abs(at - crossings[index - 1].at) * perPixel >= (size[index] + size[index - 1]) / 2,
  );
}

/** Labels in reading order; in base 60 a label leaves out the leading parts that it shares with the one before. */
function tickLabels(
  values: readonly number[],
  style: AngleStyle,
  step: number,
  quantity: "lon" | "lat",
): string[] {
  if (style === "degrees") {
    const digits = decimalsOf(step);
    return values.map((value) => {
      const turned = quantity === "lon" ? value - 360 * Math.floor(value / 360 + 1e-12) : value;
      return formatAngle(turned, "degrees", digits);
    });
  }
  const unit = style === "hms" ? 15 : 1;
  const digits = decimalsOf((step / unit) * 3600);
  const kept = step >= unit * (1 - 1e-9) ? 1 : step >= (unit / 60) * (1 - 1e-9) ? 2 : 3;
  const marks = style === "hms" ? ["ʰ", "ᵐ", "ˢ"] : ["°", "′", "″"];
  let before: readonly string[] = [];
  return values.map((value) => {
    const turned =
      style === "dms" && quantity === "lon" ? value - 360 * Math.floor(value / 360 + 1e-12) : value;
    const { negative, whole, minutes, seconds } = sexagesimal(turned, style, digits);
    const sign = negative
      ? "−"
      : style === "dms" && quantity === "lat" && whole + minutes + Number(seconds) > 0
        ? "+"
        : "";
    const two = (part: number) => String(part).padStart(2, "0");
    const parts = [sign + (style === "hms" ? two(whole) : String(whole)), two(minutes), seconds].slice(
      0,
      kept,
    );
    let shared = 0;
    while (shared < kept - 1 && parts[shared] === before[shared]) shared++;
    before = parts;
    return parts
      .map((part, index) => part + marks[index])
      .slice(shared)
      .join("");
  });
}

/** Decimals that a step needs: 0 for 2, 1 for 0.5. */
function decimalsOf(step: number): number {
  let decimals = 0;
  const inexact = (value: number) => Math.abs(value - Math.round(value)) > 1e-4 * value;
  while (decimals < 9 && inexact(step * 10 ** decimals)) decimals++;
  return decimals;
}
