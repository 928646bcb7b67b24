import type { ColorScale } from "./color-scale.js";

/** Ticks of one axis. Positions are values for `linearTicks`, places in [0, 1] for `colorBarTicks`. */
export interface Ticks {
  readonly positions: readonly number[];
  readonly labels: readonly string[];
  /** Labels are values divided by `10 ** exponent`; 0 when they are the values themselves. */
  readonly exponent: number;
  /** Positions of ticks without a label. */
  readonly minor: readonly number[];
}

/** An axis without ticks. */
export const NO_TICKS: Ticks = { positions: [], labels: [], exponent: 0, minor: [] };

const SUPERSCRIPTS: Readonly<Record<string, string>> = {
  "-": "⁻",
  "+": "",
  "0": "⁰",
  "1": "¹",
  "2": "²",
  "3": "³",
  "4": "⁴",
  "5": "⁵",
  "6": "⁶",
  "7": "⁷",
  "8": "⁸",
  "9": "⁹",
};

/** A whole number in raised digits, for example `⁻⁹`. */
export function superscript(exponent: number | string): string {
  return Array.from(String(exponent), (digit) => SUPERSCRIPTS[digit] ?? digit).join("");
}

/** Raise the exponents of a unit in FITS or plain notation: `cm-2 s-1` or `cm**-2 s^-1` become `cm⁻² s⁻¹`. */
export function formatUnit(unit: string): string {
  return unit.replace(
    /\b([A-Za-z]+)(?:\*\*|\^)?\(?([+-]?\d+)\)?/g,
    (_, name: string, power: string) => name + superscript(power),
  );
}

/** A label with unit and common factor: `flux (×10⁻⁹ cm⁻² s⁻¹)`. */
export function formatLabel(label: string, unit: string, exponent: number): [label: string, unit: string] {
  const factor = exponent === 0 ? "" : `×10${superscript(exponent)}`;
  const inner = [factor, formatUnit(unit)].filter((part) => part !== "").join(" ");
  return [label, inner === "" ? "" : `(${inner})`];
}

/**
 * Ticks at round values between two limits, about `count` of them, never more than `count + 1`, and two where there are as many: one
 * alone says nothing of the scale.
 */
export function linearTicks(low: number, high: number, count: number, whole = false): Ticks {
  let positions = roundValues(low, high, count, whole);
  for (let finer = count + 1; positions.length < 2 && finer <= 5 * count; finer++)
    positions = roundValues(low, high, finer, whole);
  if (positions.length > count + 1) positions = outermost(positions);
  const exponent = commonExponent(Math.max(Math.abs(low), Math.abs(high)));
  return { positions, labels: sameDecimals(positions, exponent), exponent, minor: [] };
}

/**
 * Ticks of a logarithmic axis between two powers of ten: decades while there are several, else 1, 2 and 5 times them.
 *
 * @param low exponent of the lower limit, not necessarily whole
 * @param most about how many labels there may be
 * @returns positions as exponents
 */
export function logTicks(low: number, high: number, most: number): Ticks {
  const labelOf = (value: number) => (value >= 0.001 && value < 1e5 ? shortest(value) : formatNumber(value));
  const first = Math.floor(low);
  const last = Math.ceil(high);
  const inside = (at: number) => at >= low - 1e-9 && at <= high + 1e-9;
  const within = (leading: readonly number[]) => {
    const values: number[] = [];
    for (let power = first; power <= last; power++) {
      for (const factor of leading) values.push(Number(`${factor}e${power}`));
    }
    return values.filter((value) => inside(Math.log10(value)));
  };
  const decades = within([1]);
  const every = Math.ceil(decades.length / Math.max(most, 2));
  const series =
    [
      [1, 2, 5],
      [1, 3],
    ]
      .map(within)
      .find((values) => values.length <= most && decades.length < 3) ??
    decades.filter((_, index) => (decades.length - 1 - index) % every === 0);
  const plain = series.every((value) => value >= 0.001 && value < 1e5);
  return {
    positions: series.map(Math.log10),
    labels: series.map((value) =>
      plain || Math.log10(value) % 1 !== 0 ? labelOf(value) : `10${superscript(Math.log10(value))}`,
    ),
    exponent: 0,
    minor: every > 1 ? [] : within([2, 3, 4, 5, 6, 7, 8, 9]).map(Math.log10),
  };
}

/**
 * An estimate with its errors, to two digits of the smaller error: `1.23 +0.05 −0.04`, with one factor and the unit behind
 * it where there are any.
 *
 * @param up distance to the upper end of the interval, >= 0
 * @param down distance to the lower end of the interval, >= 0
 */
export function formatEstimate(value: number, up: number, down: number, unit = ""): string {
  const exponent = commonExponent(Math.max(Math.abs(value), up, down));
  const [v, u, d] = [value, up, down].map((number) => number / 10 ** exponent) as [number, number, number];
  const smallest = Math.min(...[u, d].filter((error) => error > 0));
  const decimals = Number.isFinite(smallest)
    ? Math.min(Math.max(1 - Math.floor(Math.log10(smallest)), 0), 8)
    : 3;
  const fixed = (number: number) => number.toFixed(decimals).replace("-", "−");
  const factor = exponent === 0 ? "" : `×10${superscript(exponent)}`;
  const behind = [factor, formatUnit(unit)].filter((part) => part !== "").join(" ");
  const numbers = `${fixed(v)} +${fixed(u)} −${fixed(d)}`;
  return behind === "" ? numbers : `(${numbers}) ${behind}`;
}

/**
 * Ticks of a colour bar.
 *
 * @param length length of the bar in px; labels keep a distance of at least `gap` px
 */
export function colorBarTicks(scale: ColorScale, length: number, gap = 22): Ticks {
  const [low, high] = scale.limits;
  const most = Math.max(2, Math.floor(length / gap));
  if (scale.stretch === "linear") {
    const { positions, labels, exponent } = linearTicks(low, high, Math.min(most, 6));
    return { positions: positions.map(scale.place), labels, exponent, minor: [] };
  }
  if (scale.stretch === "log" && Math.log10(high / low) > 3) return decadeTicks(scale, most);
  const exponent = commonExponent(Math.max(Math.abs(low), Math.abs(high)));
  const chosen: number[] = [];
  const distance = Math.max(gap / length, 0.09);
  const offer = (values: readonly number[]) => {
    for (const value of values) {
      const at = scale.place(value);
      if (chosen.every((other) => Math.abs(scale.place(other) - at) >= distance)) chosen.push(value);
    }
  };
  const series = oneTwoFive(low, high, scale.stretch === "log" ? 0 : 1e-3);
  offer(series.filter(({ leading }) => leading === 0).map(({ value }) => value));
  for (const leading of [1, 5, 2])
    offer(series.filter((entry) => entry.leading === leading).map(({ value }) => value));
  if (chosen.length < 4 || chosen.every((value) => scale.place(value) < 0.75))
    offer(roundValues(low, high, 5));
  chosen.sort((first, second) => first - second);
  return {
    positions: chosen.map(scale.place),
    labels: chosen.map((value) => shortest(value / 10 ** exponent)),
    exponent,
    minor: [],
  };
}

function outermost(values: readonly number[]): number[] {
  return values.filter((_, index) => index === 0 || index === values.length - 1);
}

/** A number with a proper minus sign and at most `digits` significant digits. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent < -3 || exponent > 5) {
    return `${shortest(Number((value / 10 ** exponent).toPrecision(digits)))}×10${superscript(exponent)}`;
  }
  return shortest(Number(value.toPrecision(Math.max(digits, exponent + 1))));
}

function roundValues(low: number, high: number, count: number, whole = false): number[] {
  const raw = (high - low) / Math.max(count, 1);
  const power = Math.floor(Math.log10(raw));
  const leading = [1, 2, 5, 10].find((factor) => factor * 10 ** power >= raw * (1 - 1e-9)) ?? 10;
  const step = whole ? Math.max(1, leading * 10 ** power) : leading * 10 ** power;
  const values: number[] = [];
  const last = Math.floor(high / step + 1e-6);
  for (let index = Math.ceil(low / step - 1e-6); index <= last; index++)
    values.push(index === 0 ? 0 : index * step);
  return values;
}

/** 0 and every ±{1, 2, 5} × 10^k between the limits, largest first, down to `smallest` times the largest limit. */
function oneTwoFive(low: number, high: number, smallest: number): { value: number; leading: number }[] {
  const top = Math.max(Math.abs(low), Math.abs(high));
  const inside = (value: number) => value >= low - 1e-9 * top && value <= high + 1e-9 * top;
  const series = inside(0) ? [{ value: 0, leading: 0 }] : [];
  const lowest = smallest > 0 ? smallest * top : low;
  for (let power = Math.floor(Math.log10(top)); 10 ** (power + 1) > lowest; power--) {
    for (const leading of [5, 2, 1]) {
      const value = Number(`${leading}e${power}`);
      if (inside(value)) series.push({ value, leading });
      if (inside(-value)) series.push({ value: -value, leading });
    }
  }
  return series;
}

/** Ticks at powers of ten, thinned when they are many, with unlabelled ticks at their multiples when they are few. */
function decadeTicks({ limits: [low, high], place }: ColorScale, most: number): Ticks {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.ceil((last - first + 1) / most);
  const powers: number[] = [];
  for (let power = last; power >= first; power -= every) powers.unshift(power);
  const plain = first >= -3 && last <= 4;
  const minor: number[] = [];
  for (let power = first - 1; every === 1 && power <= last; power++) {
    for (let leading = 2; leading <= 9; leading++) {
      const at = place(Number(`${leading}e${power}`));
      if (at > 0 && at < 1) minor.push(at);
    }
  }
  return {
    positions: powers.map((power) => place(Number(`1e${power}`))),
    labels: powers.map((power) => (plain ? shortest(Number(`1e${power}`)) : `10${superscript(power)}`)),
    exponent: 0,
    minor,
  };
}

/** Exponent of the factor that labels share: 0 for numbers that read well as they are. */
function commonExponent(largest: number): number {
  if (largest === 0 || (largest >= 0.01 && largest < 1e5)) return 0;
  return Math.floor(Math.log10(largest) + 1e-9);
}

/** Labels with the same number of decimals, as few as tell the values apart. */
function sameDecimals(values: readonly number[], exponent: number): string[] {
  const scaled = values.map((value) => value / 10 ** exponent);
  const largest = Math.max(...scaled.map(Math.abs), 1e-300);
  let decimals = 0;
  while (
    decimals < 8 &&
    scaled.some((value) => Math.abs(Number(value.toFixed(decimals)) - value) > 1e-6 * largest)
  )
    decimals++;
  return scaled.map((value) =>
    value
      .toFixed(decimals)
      .replace(/^-(0(?:\.0*)?)$/, "$1")
      .replace("-", "−"),
  );
}

function shortest(value: number): string {
  return String(Number(value.toPrecision(6))).replace("-", "−");
}
