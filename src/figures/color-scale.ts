import { quantileInPlace } from "../data/random/sorted-quantile.js";
import { InvalidInputError } from "../errors.js";
import { givenOptions } from "../given.js";
import type { SkyImage } from "../image.js";
import { type Colormap, isDiverging, NAN_INDEX } from "./colormap.js";
import { extremes } from "./extremes.js";

/** How values are spread over the colours; `sqrt` and `asinh` keep the sign, `log` shows values <= 0 as the lowest. */
export type Stretch = "linear" | "sqrt" | "log" | "asinh";

/** How pixel values are spread over the colours. */
export interface StretchOptions {
  /** Default `"linear"`, of figures of a sky `"asinh"`. */
  readonly stretch?: Stretch;
  /** Value of the first colour; default from the image, see `limits`. */
  readonly vmin?: number;
  /** Value of the last colour; default from the image, see `limits`. */
  readonly vmax?: number;
  /** Percentage of the finite pixels at which the colours end, or those at which they begin and end; default `[0, 100]`. */
  readonly limits?: number | readonly [low: number, high: number];
  /**
   * Where `asinh` turns from linear to logarithmic, > 0, in the unit of the values; default the scatter of the pixels that are not 0
   * (1.4826 times their median absolute deviation), at least 1/1000 and at most 1/4 of the largest limit.
   */
  readonly softening?: number;
}

/** The stretch among the options of a figure of a sky, by default `asinh`. */
export function stretchOf(options: StretchOptions): StretchOptions & { readonly stretch: Stretch } {
  return {
    stretch: "asinh",
    ...givenOptions(options, ["stretch", "vmin", "vmax", "limits", "softening"]),
  };
}

/** How pixel values become colours. */
export interface ColorScaleOptions extends StretchOptions {
  /** Default `"inferno"`. */
  readonly colormap?: Colormap;
  /** Colours symmetric about zero where neither end is given; default true for the diverging colour map `RdBu`. */
  readonly symmetric?: boolean;
}

/** The median of errors of a sky `[ny, nx]`, from which on its light is told from noise; undefined where they are all 0. */
export function noiseOf({ data }: SkyImage): number | undefined {
  const noise = quantile([data], 50);
  return noise > 0 ? noise : undefined;
}

/** A finished mapping from values to colours. */
export interface ColorScale {
  readonly colormap: Colormap;
  /** Colours to use instead of those of the map, as `palette` has them. */
  readonly colors?: Uint8Array;
  readonly stretch: Stretch;
  readonly limits: readonly [low: number, high: number];
  /** Where `asinh` turns from linear to logarithmic; of other stretches not used. */
  readonly softening: number;
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
 * @throws InvalidInputError when vmin, vmax, limits or softening do not make sense together
 */
export function colorScale(images: readonly SkyImage[], options: ColorScaleOptions): ColorScale {
  const { colormap = "inferno", stretch = "linear", vmin, vmax } = options;
  const percentages = typeof options.limits === "number" ? ([0, options.limits] as const) : options.limits;
  const symmetric = options.symmetric ?? (isDiverging(colormap) && vmin === undefined && vmax === undefined);
  checkOptions(options, stretch, percentages);
  const values = images.map(({ data }) => data);
  const found = symmetric
    ? symmetricLimits(values, percentages)
    : oneSidedLimits(values, percentages, stretch === "log");
  const limits = endsOf(found, vmin, vmax);
  const reach = Math.max(Math.abs(limits[0]), Math.abs(limits[1]));
  // Found only where it is used: it sorts the image twice.
  const softening = options.softening ?? (stretch === "asinh" ? kneeOf(values, reach) : reach / 4);
  const bend = bending(stretch, softening);
  const start = bend(limits[0]);
  const span = bend(limits[1]) - start;
  const [min, max] = extremes(values);
  return {
    colormap,
    stretch,
    limits,
    softening,
    beyond: [min < limits[0], max > limits[1]],
    place: (value) => (bend(value) - start) / span,
  };
}

/** Palette index of every pixel, in the order of the image: 0..254 by value, `NAN_INDEX` without a value. */
export function colorIndices(image: SkyImage, { place }: ColorScale): Uint8Array {
  const indices = new Uint8Array(image.data.length);
  for (let index = 0; index < indices.length; index++) {
    const at = place(image.data[index]);
    indices[index] = Number.isNaN(at)
      ? NAN_INDEX
      : Math.round(Math.min(Math.max(at, 0), 1) * (NAN_INDEX - 1));
  }
  return indices;
}

/** The value at a place of the colour bar, also beyond its ends: the inverse of `place`. */
export function valueAt(
  { stretch, limits: [low, high], softening }: Pick<ColorScale, "stretch" | "limits" | "softening">,
  place: number,
): number {
  const bend = bending(stretch, softening);
  const bent = bend(low) + place * (bend(high) - bend(low));
  switch (stretch) {
    case "linear":
      return bent;
    case "sqrt":
      return Math.sign(bent) * bent ** 2;
    case "log":
      return Math.exp(bent);
    case "asinh":
      return softening * Math.sinh(bent);
  }
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
  percentiles: readonly [number, number] = [0, 100],
): [number, number] {
  const reach =
    percentiles[1] === 100
      ? Math.max(...extremes(values).map(Math.abs))
      : quantile(values, percentiles[1], Math.abs);
  return reach > 0 && Number.isFinite(reach) ? [-reach, reach] : [-1, 1];
}

function oneSidedLimits(
  values: readonly Float64Array[],
  percentiles: readonly [number, number] | undefined,
  log: boolean,
): [number, number] {
  const [min, max] = extremes(values);
  percentiles ??= [0, 100];
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
  const finite = new Float64Array(count);
  let length = 0;
  for (const data of values)
    for (const value of data) if (Number.isFinite(value)) finite[length++] = of(value);
  return quantileInPlace(finite.subarray(0, length), percent / 100);
}

/** Limits of the image with those that were asked for in their place; the other one gives way where it is on the wrong side. */
function endsOf(
  [low, high]: readonly [number, number],
  vmin: number | undefined,
  vmax: number | undefined,
): [number, number] {
  if (vmin !== undefined && vmax !== undefined) return [vmin, vmax];
  if (vmin !== undefined) return [vmin, high > vmin ? high : vmin + Math.max(Math.abs(vmin), 1)];
  if (vmax === undefined) return [low, high];
  return [low < vmax ? low : vmax > 0 ? vmax / LOG_RANGE : vmax - Math.max(Math.abs(vmax), 1), vmax];
}

/** Median of the finite values, and their scatter about it: 1.4826 times the median absolute deviation, which is 1 sigma of a normal law. */
export function scatterOf(values: readonly Float64Array[]): {
  readonly middle: number;
  readonly scatter: number;
} {
  const middle = quantile(values, 50);
  return { middle, scatter: 1.4826 * quantile(values, 50, (value) => Math.abs(value - middle)) };
}

/** Default of `softening`. */
function kneeOf(values: readonly Float64Array[], reach: number): number {
  const { scatter } = scatterOf(values.map((data) => data.filter((value) => value !== 0)));
  return Math.min(Math.max(Number.isFinite(scatter) ? scatter : 0, reach / 1000), reach / 4);
}

function checkOptions(
  { vmin, vmax, softening }: ColorScaleOptions,
  stretch: Stretch,
  [low, high]: readonly [number, number] = [0, 100],
): void {
  for (const [name, value] of Object.entries({ vmin, vmax })) {
    if (value === undefined || (Number.isFinite(value) && (stretch !== "log" || value > 0))) continue;
    throw new InvalidInputError(
      `figure: ${name} must be finite${stretch === "log" ? ", and > 0 for a logarithmic stretch" : ""}, got ${value}; ` +
        'leave it out to use that of the image, or use "asinh"',
      { fields: { vmin, vmax, stretch } },
    );
  }
  if (vmin !== undefined && vmax !== undefined && !(vmin < vmax)) {
    throw new InvalidInputError(`figure: vmin must be < vmax, got ${vmin} and ${vmax}; exchange them`, {
      fields: { vmin, vmax },
    });
  }
  if (!(low >= 0 && low < high && high <= 100)) {
    throw new InvalidInputError(
      `figure: limits must be increasing percentages within [0, 100], got [${low}, ${high}]; give for example 99.5`,
      { fields: { limits: [low, high] } },
    );
  }
  if (softening !== undefined && !(softening > 0 && Number.isFinite(softening))) {
    throw new InvalidInputError(
      `figure: softening must be > 0, got ${softening}; give the noise of the image`,
      { fields: { softening } },
    );
  }
}
