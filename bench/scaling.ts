// How the cost of a sweep grows with the size of the image, the size of the psf and the number of counts: tables, the
// exponent at the upper end of each curve, and figures in docs/images. CPU times of this process: medians of five rounds,
// and of three passes over each curve the least, as what else the machine does comes in bursts and only ever adds. Takes a
// few minutes; `-- image`, `-- psf` or `-- counts` does one family only, `-- counts no-figures` without figures.
import { writeFileSync } from "node:fs";
import * as Plot from "@observablehq/plot";
import type { Observation } from "../src/data/observation/observation.js";
import { gaussianPsf } from "../src/data/observation/psf.js";
import { randomStream } from "../src/data/random/random.js";
import { drawAxes, drawMarks } from "../src/figures/axes.js";
import { figureDocument } from "../src/figures/document-node.js";
import { type Cell, composeFigure } from "../src/figures/figure.js";
import { theme } from "../src/figures/theme.js";
import { superscript, type Ticks } from "../src/figures/ticks.js";
import { createLiraChain } from "../src/samplers/lira.js";
import { benchSettings } from "./cases.js";

/** One run: a point of a curve. */
interface Point {
  /** What varies along the curve. */
  readonly x: number;
  readonly size: number;
  readonly psf: number;
  readonly counts: number;
  readonly lit: number;
  readonly scheme: "windows" | "tiles";
  /** CPU milliseconds of a whole sweep, of redistributing its photons and of drawing its image. */
  readonly sweep: number;
  readonly redistribute: number;
  readonly image: number;
}

interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** A figure: several curves over the same quantity. */
interface Family {
  readonly name: string;
  readonly title: string;
  readonly label: string;
  readonly ticks: readonly number[];
  readonly tickLabels?: readonly string[];
  readonly series: readonly Series[];
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Median over five rounds of the CPU milliseconds of one call, each round lasting at least `slice` ms. */
function timeCall(call: () => void, slice = 50): number {
  const times = Array.from({ length: 5 }, () => {
    const start = cpuMilliseconds();
    let calls = 0;
    do {
      call();
      calls++;
    } while (cpuMilliseconds() - start < slice);
    return (cpuMilliseconds() - start) / calls;
  });
  return times.sort((a, b) => a - b)[2];
}

/**
 * `total` photons, one by one, from a diffuse slope (nine in ten) and point sources, one for every 512 pixels, under a
 * Gaussian psf of sigma `psfSize / 8`: fast for any psf. Photons that miss the detector are drawn anew.
 */
function simulatePhotons(size: number, psfSize: number, total: number): Observation {
  const random = randomStream(size + psfSize);
  const sigma = psfSize / 8;
  const sources = Array.from({ length: Math.max(4, (size * size) / 512) }, () => [
    Math.floor(size * random.uniform()),
    Math.floor(size * random.uniform()),
  ]);
  const data = new Float64Array(size * size);
  for (let photon = 0; photon < total; ) {
    const source = sources[Math.floor(random.uniform() * sources.length)];
    const diffuse = random.uniform() < 0.9;
    const sky = diffuse ? [size * Math.sqrt(random.uniform()), size * random.uniform()] : source;
    const radius = sigma * Math.sqrt(-2 * Math.log(1 - random.uniform()));
    const angle = 2 * Math.PI * random.uniform();
    const row = Math.floor(sky[0] + radius * Math.sin(angle));
    const col = Math.floor(sky[1] + radius * Math.cos(angle));
    if (row >= 0 && row < size && col >= 0 && col < size) {
      data[row * size + col]++;
      photon++;
    }
  }
  return { counts: { data, shape: [size, size] }, psf: gaussianPsf(sigma, [psfSize, psfSize]) };
}

/** What is run at one point of a curve. */
interface Setting {
  readonly x: number;
  readonly size: number;
  readonly psf: number;
  readonly counts: number;
  readonly scheme?: "automatic" | "direct";
}

/** Time a chain that has left its starting image. */
function measure(observation: Observation, { x, size, psf, counts, scheme = "automatic" }: Setting): Point {
  const options = { seed: 1, chain: 0, redistribution: scheme };
  const chain = createLiraChain([observation], benchSettings(observation), options);
  const start = cpuMilliseconds();
  do chain.sweep(1);
  while (cpuMilliseconds() - start < 200 || chain.sweeps < 3);
  const { kernels, handles } = chain;
  return {
    x,
    size,
    psf,
    counts,
    lit: observation.counts.data.reduce((sum, value) => sum + Number(value > 0), 0),
    scheme: kernels.usesTiles(handles[0]) !== 0 ? "tiles" : "windows",
    sweep: timeCall(() => chain.sweep(1), 60),
    redistribute: timeCall(() => kernels.stepRedistribute(), 30),
    image: timeCall(() => kernels.stepImage(3, 5), 30),
  };
}

const PASSES = 3;

/** Measure a curve from end to end several times; of each time the least. */
function measureCurve(name: string, settings: readonly Setting[]): Series {
  const observations = settings.map(({ size, psf, counts }) => simulatePhotons(size, psf, counts));
  const passes = Array.from({ length: PASSES }, (_, pass) => {
    process.stderr.write(`  ${name}, pass ${pass + 1} of ${PASSES}\n`);
    return settings.map((setting, index) => measure(observations[index], setting));
  });
  const least = (index: number, time: "sweep" | "redistribute" | "image") =>
    Math.min(...passes.map((points) => points[index][time]));
  const points = passes[0].map((point, index) => ({
    ...point,
    sweep: least(index, "sweep"),
    redistribute: least(index, "redistribute"),
    image: least(index, "image"),
  }));
  return { name, points };
}

/** Exponent of the curve at its upper end: least squares through the logarithms of the last points. */
function upperExponent(points: readonly Point[], last = 3): number {
  const end = points.slice(-last);
  const xs = end.map(({ x }) => Math.log(x));
  const ys = end.map(({ sweep }) => Math.log(sweep));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [xMean, yMean] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, index) => sum + (x - xMean) * (ys[index] - yMean), 0);
  return covariance / xs.reduce((sum, x) => sum + (x - xMean) ** 2, 0);
}

function imageFamily(): Family {
  const sizes = [32, 64, 128, 256, 512, 1024, 2048];
  const curve = (name: string, counts: (size: number) => number) =>
    measureCurve(
      name,
      sizes.map((size) => ({ x: size, size, psf: 17, counts: counts(size) })),
    );
  return {
    name: "image",
    title: "Image size: psf 17 × 17, one core",
    label: "side of the image (pixels)",
    ticks: sizes,
    series: [curve("1 count a pixel", (size) => size * size), curve("10,000 counts in all", () => 10_000)],
  };
}

function psfFamily(): Family {
  const sizes = [9, 13, 17, 25, 33, 49, 65, 97, 129];
  const curve = (name: string, scheme: "automatic" | "direct") =>
    measureCurve(
      name,
      sizes.map((psf) => ({ x: psf, size: 512, psf, counts: 200_000, scheme })),
    );
  return {
    name: "psf",
    title: "Psf size: 512 × 512 pixels, 200,000 counts, one core",
    label: "side of the psf (pixels)",
    ticks: [9, 17, 33, 65, 129],
    series: [curve("scheme chosen by itself", "automatic"), curve("always sums over windows", "direct")],
  };
}

function countsFamily(): Family {
  const numbers = [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7].map((power) => Math.round(10 ** power));
  const decades = [2, 3, 4, 5, 6, 7];
  return {
    name: "counts",
    title: "Counts: 256 × 256 pixels, psf 17 × 17, one core",
    label: "counts in the image",
    ticks: decades.map((power) => 10 ** power),
    tickLabels: decades.map((power) => `10${superscript(power)}`),
    series: [
      measureCurve(
        "256 × 256",
        numbers.map((counts) => ({ x: counts, size: 256, psf: 17, counts })),
      ),
    ],
  };
}

/** Ticks at the given values of a logarithmic axis, whose places are decimal logarithms. */
function logTicks(values: readonly number[], labels: readonly string[], minor: readonly number[]): Ticks {
  return { positions: values.map(Math.log10), labels, minor: minor.map(Math.log10), exponent: 0 };
}

/** Ticks of milliseconds at the decades from `low` to `high`. */
function decadeTicks(low: number, high: number): Ticks {
  const powers = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  const labels = powers.map((power) => (power < 0 ? (10 ** power).toFixed(-power) : String(10 ** power)));
  const between = powers
    .slice(0, -1)
    .flatMap((power) => [2, 3, 4, 5, 6, 7, 8, 9].map((k) => k * 10 ** power));
  return logTicks(
    powers.map((power) => 10 ** power),
    labels,
    between,
  );
}

async function drawFamily({ title, label, ticks, tickLabels, series }: Family): Promise<string> {
  const document = await figureDocument();
  const colors = theme("light");
  const all = series.flatMap(({ points }) => points);
  const low = Math.floor(Math.log10(Math.min(...all.map(({ sweep }) => sweep))));
  const high = Math.ceil(Math.log10(Math.max(...all.map(({ sweep }) => sweep))));
  const [left, right] = [Math.log10(Math.min(...ticks)), Math.log10(Math.max(...ticks))];
  const edge = 0.03 * (right - left);
  const x = {
    domain: [left - edge, right + edge] as const,
    label,
    ticks: logTicks(ticks, tickLabels ?? ticks.map(String), []),
  };
  const y = {
    domain: [low, high] as const,
    label: "CPU time of a sweep (ms)",
    labelOffset: 42,
    ticks: decadeTicks(low, high),
  };
  const box = { document, theme: colors, width: 380, height: 240, x, y };
  const marks = [
    Plot.ruleY(y.ticks.positions, { stroke: colors.shade }),
    // From the last curve to the first: where both are the same, the first is the one that is meant.
    ...[...series.entries()].reverse().flatMap(([index, { points }]) => {
      const channels = {
        x: (point: Point) => Math.log10(point.x),
        y: (point: Point) => Math.log10(point.sweep),
      };
      const stroke = colors.series[index];
      return [
        Plot.line(points, { ...channels, stroke, strokeWidth: index === 0 ? 1.8 : 1.2 }),
        Plot.dot(points, { ...channels, fill: stroke, r: index === 0 ? 2.8 : 2.2 }),
      ];
    }),
  ];
  const frame = `<rect width="${box.width}" height="${box.height}" fill="none" stroke="${colors.ink}" stroke-width="0.8"/>`;
  const cell: Cell = {
    width: box.width,
    height: box.height,
    margins: { top: 8, right: 14, bottom: 40, left: 52 },
    elements: drawMarks({ ...box, marks }) + frame + drawAxes(box),
  };
  const legend = series.map(({ name, points }, index) => ({
    label: `${name}: exponent ${upperExponent(points).toFixed(2)}`,
    color: colors.series[index],
    kind: "line" as const,
  }));
  return composeFigure([cell], 1, { title }, legend);
}

function report({ title, label, series }: Family): void {
  console.log(title);
  for (const { name, points } of series) {
    console.log(`\n${name}\n`);
    console.log("| image | psf | counts | lit pixels | scheme | sweep, ms | redistribute | image step |");
    console.log("|---|---|---|---|---|---|---|---|");
    for (const { size, psf, counts, lit, scheme, ...times } of points) {
      const [sweep, redistribute, image] = [times.sweep, times.redistribute, times.image].map((ms) =>
        ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3),
      );
      console.log(
        `| ${size} | ${psf} | ${counts} | ${lit} | ${scheme} | ${sweep} | ${redistribute} | ${image} |`,
      );
    }
    const from = points.at(-3)?.x;
    const to = points.at(-1)?.x;
    console.log(`\nexponent ${upperExponent(points).toFixed(2)}: ${label} from ${from} to ${to}\n`);
  }
}

const words = process.argv.slice(2);
const figures = !words.includes("no-figures");
const families = { image: imageFamily, psf: psfFamily, counts: countsFamily };
const wanted = words.filter((word) => word in families);
for (const [name, family] of Object.entries(families)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const measured = family();
  report(measured);
  if (!figures) continue;
  writeFileSync(
    new URL(`../../docs/images/scaling-${name}.svg`, import.meta.url),
    await drawFamily(measured),
  );
}
