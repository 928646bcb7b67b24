import { quantileOfSorted } from "../data/random/sorted-quantile.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { type Colormap, isDiverging, NAN_INDEX } from "./colormap.js";

/** How values are spread over the colours; `sqrt` and `asinh` keep the sign, `log` shows values <= 0 as the lowest. */
export type Stretch = "linear" | "sqrt" | "log" | "asinh";

/** How pixel values become colours. */
export interface ColorScaleOptions {
  /** Default `"inferno"`. */
  readonly colormap?: Colormap;
  /** Default `"linear"`. */
  readonly stretch?: Stretch;
  /** Values of the first and last colour. Default: from the image, see `percentiles`. */
  readonly limits?: readonly [low: number, high: number];
  /** Percentages of the finite pixels at which the limits are put when they are not given; default `[0, 100]`. */
  readonly percentiles?: readonly [low: number, high: number];
  /** Limits symmetric about zero; default true for the diverging colour map `RdBu`. */
  readonly symmetric?: boolean;
  /** Where `asinh` turns from linear to logarithmic, as fraction of the largest limit; default 0.05. */
  readonly softening?: number;
}

/** A finished mapping from values to colours. */
export interface ColorScale {
  readonly colormap: Colormap;
  /** Colours to use instead of those of the map, as `palette` has them. */
  readonly colors?: Uint8Array;
  readonly stretch: Stretch;
  readonly limits: readonly [low: number, high: number];
  /** Whether pixels lie below and above the limits. */
  readonly beyond: readonly [below: boolean, above: boolean];
  /** Place of a value on the colour bar: 0 at the lower limit, 1 at the upper, outside beyond them, NaN for NaN. */
  readonly place: (value: number) => number;
}

/** Largest ratio of the limits that a logarithmic stretch takes from the image by itself. */
const LOG_RANGE = 1e4;

/**
 * Choose the limits of one or several images that share a colour scale, and the mapping between them.
 *
 * @throws InvalidInputError when limits, percentiles or softening do not make sense together
 */
export function colorScale(images: readonly SkyImage[], options: ColorScaleOptions): ColorScale {
  const { colormap = "inferno", stretch = "linear", percentiles = [0, 100], softening = 0.05 } = options;
  const symmetric = options.symmetric ?? isDiverging(colormap);
  checkOptions(options, stretch, percentiles, softening);
  const values = images.map(({ data }) => data);
  const limits =
    options.limits ??
    (symmetric
      ? symmetricLimits(values, percentiles)
      : oneSidedLimits(values, percentiles, stretch === "log"));
  const bend = bending(stretch, softening * Math.max(Math.abs(limits[0]), Math.abs(limits[1])));
  const start = bend(limits[0]);
  const span = bend(limits[1]) - start;
  const [min, max] = extremes(values);
  return {
    colormap,
    stretch,
    limits,
    beyond: [min < limits[0], max > limits[1]],
    place: (value) => (bend(value) - start) / span,
  };
}

/** Palette index of every pixel, in the order of the image: 0..254 by value, `NAN_INDEX` without a value. */
export function colorIndices(image: SkyImage, { place }: ColorScale): Uint8Array {
  const indices = new Uint8Array(image.data.length);
  for (let index = 0; index < indices.length; index++) {
    const at = place(image.data[index]!);
    indices[index] = Number.isNaN(at)
      ? NAN_INDEX
      : Math.round(Math.min(Math.max(at, 0), 1) * (NAN_INDEX - 1));
  }
  return indices;
}

/** The increasing function behind a stretch. */
function bending(stretch: Stretch, knee: number): (value: number) => number {
  switch (stretch) {
    case "linear":
      return (value) => value;
    case "sqrt":
      return (value) => Math.sign(value) * Math.sqrt(Math.abs(value));
    case "log":
      return (value) => Math.log(Math.max(value, 0));
    case "asinh":
      return (value) => Math.asinh(value / knee);
  }
}

function symmetricLimits(
  values: readonly Float64Array[],
  percentiles: readonly [number, number],
): [number, number] {
  const reach =
    percentiles[1] === 100
      ? Math.max(...extremes(values).map(Math.abs))
      : quantile(values, percentiles[1], Math.abs);
  return reach > 0 && Number.isFinite(reach) ? [-reach, reach] : [-1, 1];
}

function oneSidedLimits(
  values: readonly Float64Array[],
  percentiles: readonly [number, number],
  log: boolean,
): [number, number] {
  const [min, max] = extremes(values);
  let low = percentiles[0] === 0 ? min : quantile(values, percentiles[0]);
  let high = percentiles[1] === 100 ? max : quantile(values, percentiles[1]);
  if (high <= low) [low, high] = [min, max];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return log ? [0.1, 1] : [0, 1];
  if (log) {
    if (max <= 0) return [0.1, 1];
    if (high <= 0) high = max;
    // Half of the faintest pixel, so that an empty pixel is told apart from it.
    const faintest = smallestPositive(values);
    low = Math.max(low > 0 ? low : faintest / 2, high / LOG_RANGE);
    return low < high ? [low, high] : [high / 10, high];
  }
  if (low < high) return [low, high];
  return low === 0 ? [0, 1] : [Math.min(low, 0), Math.max(low, 0)];
}

/** Smallest and largest finite value, `[Infinity, -Infinity]` when there is none. */
function extremes(values: readonly Float64Array[]): [min: number, max: number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const data of values) {
    for (const value of data) {
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return [min, max];
}

function smallestPositive(values: readonly Float64Array[]): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const data of values) {
    for (const value of data) if (value > 0 && value < smallest) smallest = value;
  }
  return smallest;
}

/** Value below which `percent` of the finite pixels lie, interpolated between neighbours; NaN when there are none. */
function quantile(
  values: readonly Float64Array[],
  percent: number,
  of: (value: number) => number = (v) => v,
): number {
  const count = values.reduce((sum, data) => sum + data.length, 0);
  const sorted = new Float64Array(count);
  let length = 0;
  for (const data of values)
    for (const value of data) if (Number.isFinite(value)) sorted[length++] = of(value);
  const finite = sorted.subarray(0, length).sort();
  return quantileOfSorted(finite, percent / 100);
}

function checkOptions(
  { limits }: ColorScaleOptions,
  stretch: Stretch,
  [low, high]: readonly [number, number],
  softening: number,
): void {
  if (limits && !(limits[0] < limits[1] && Number.isFinite(limits[0]) && Number.isFinite(limits[1]))) {
    throw new InvalidInputError(
      `figure: limits must be two finite numbers in increasing order, got [${limits.join(", ")}]; leave them out to use those of the image`,
      { fields: { limits } },
    );
  }
  if (limits && stretch === "log" && !(limits[0] > 0)) {
    throw new InvalidInputError(
      `figure: limits of a logarithmic stretch must be > 0, got [${limits.join(", ")}]; raise the lower one or use "asinh"`,
      { fields: { limits, stretch } },
    );
  }
  if (!(low >= 0 && low < high && high <= 100)) {
    throw new InvalidInputError(
      `figure: percentiles must be increasing and within [0, 100], got [${low}, ${high}]; give for example [0, 99.5]`,
      { fields: { percentiles: [low, high] } },
    );
  }
  if (!(softening > 0 && Number.isFinite(softening))) {
    throw new InvalidInputError(`figure: softening must be > 0, got ${softening}; give for example 0.05`, {
      fields: { softening },
    });
  }
}
