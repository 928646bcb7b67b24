// Draw the figures of docs/significance.md: how often nulls are called significant, and sources of rising flux found; and the
// test of a point source.
//
//   npm run build && node scripts/significance-figures.mjs [nulls] [sources]
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Plot from "@observablehq/plot";
import { chartPanel } from "../dist/figures/chart-panel.js";
import { composeFigure } from "../dist/figures/figure.js";
import { theme } from "../dist/figures/theme.js";
import { linearTicks } from "../dist/figures/ticks.js";
import { plotSignificance } from "../dist/figures.js";
import { constantImage, gaussianPsf, simulateCounts, simulatePointSource } from "../dist/index.js";
import { figureDocument, renderPng } from "../dist/node.js";
import {
  collectSignificance,
  estimateSignificance,
  planSignificance,
  runSignificanceTask,
} from "../dist/significance.js";
import { circularRegion } from "../dist/sky.js";

const [nulls = 100, sources = 20] = process.argv.slice(2).map(Number);
const REPLICATES = 40;
const FLUXES = [0, 5, 10, 15, 20, 30, 40, 60];
const document = await figureDocument();
const folder = new URL("../docs/images/", import.meta.url);
const save = async (name, svg) => writeFileSync(fileURLToPath(new URL(name, folder)), await renderPng(svg));

// A background of 1 count a pixel, a psf of one pixel, a circle of 13 pixels.
const shape = [16, 16];
const psf = gaussianPsf(1, [7, 7]);
const background = constantImage(shape, 1);
const observe = (flux, seed) => {
  const sky = constantImage(shape, 0);
  sky.data[8 * 16 + 8] = flux;
  return { counts: simulateCounts(sky, psf, { background, seed }), psf, background };
};
const run = planSignificance(observe(0, 0), [circularRegion({ x: 8, y: 8, radius: 2 }, shape, "circle")], {
  replicates: REPLICATES,
  iterations: 400,
  burnIn: 100,
  seed: 1,
});
const deconvolve = (flux, seed) =>
  runSignificanceTask(observe(flux, seed), run, { index: 0, name: "observation", seed });
const empty = [];
for (let number = 0; number < nulls; number++) empty.push(await deconvolve(0, 1_000 + number));
const judge = (observed, first) => {
  const replicates = Array.from({ length: REPLICATES }, (_, k) => ({
    ...empty[(first + k) % nulls],
    index: k + 1,
  }));
  return collectSignificance(run, [{ ...observed, index: 0 }, ...replicates]).regions[0];
};
const tested = empty.map((observed, number) => judge(observed, number + 1));
const rates = [];
for (const flux of FLUXES) {
  let [bound, direct] = [0, 0];
  for (let source = 0; source < sources; source++) {
    const found = judge(await deconvolve(flux, 50_000 + 1_000 * flux + source), source * 3);
    if (found.bound <= 0.05) bound++;
    if (found.direct <= 0.05) direct++;
  }
  rates.push({ flux, bound: bound / sources, direct: direct / sources });
}
console.log(JSON.stringify(rates));

const colors = theme("light");
const [blue, orange] = colors.series;
const at = (values, level) => values.filter((value) => value <= level).length / values.length;
const levels = Array.from({ length: 101 }, (_, step) => step / 100);
const curve = (values) => levels.map((level) => [level, at(values, level)]);
const bounds = tested.map(({ bound }) => bound);
const directs = tested.map(({ direct }) => direct);
console.log("bound <= 0.05:", at(bounds, 0.05), "by rank <= 0.05:", at(directs, 0.05));
const size = { document, colors, width: 250, height: 170 };
const unit = { domain: [0, 1.02], ticks: linearTicks(0, 1, 5) };
const line = (points, stroke, more = {}) =>
  Plot.line(points, { x: "0", y: "1", stroke, strokeWidth: 1.5, ...more });
const points = (name) =>
  rates.map((row) => {
    const share = row[name];
    const error = Math.sqrt(Math.max(share * (1 - share), 1 / (4 * sources)) / sources);
    return { flux: row.flux, share, low: Math.max(0, share - error), high: Math.min(1, share + error) };
  });
const drawn = (name, color) => [
  Plot.ruleX(points(name), { x: "flux", y1: "low", y2: "high", stroke: color }),
  Plot.line(points(name), { x: "flux", y: "share", stroke: color, strokeWidth: 1.5 }),
  Plot.dot(points(name), { x: "flux", y: "share", fill: color, r: 2.6 }),
];
const most = FLUXES.at(-1);
await save(
  "significance-calibration.png",
  composeFigure(
    [
      chartPanel({
        ...size,
        title: `${nulls} observations without a source`,
        x: { ...unit, label: "p at most" },
        y: { ...unit, label: "fraction" },
        marks: [
          line(
            [
              [0, 0],
              [1, 1],
            ],
            colors.muted,
            { strokeDasharray: "4,3" },
          ),
          line(curve(bounds), blue),
          line(curve(directs), orange),
        ],
      }),
      chartPanel({
        ...size,
        title: `${sources} sources of each flux`,
        x: {
          domain: [-1, most + 2],
          ticks: linearTicks(0, most, 6),
          label: "flux (counts) over 13 counts of background",
        },
        y: { ...unit, label: "found at p ≤ 0.05" },
        marks: [
          Plot.ruleY([0.05], { stroke: colors.muted, strokeDasharray: "4,3" }),
          ...drawn("direct", orange),
          ...drawn("bound", blue),
        ],
      }),
    ],
    2,
    {},
    [
      { label: "bound of Stein et al.", color: blue, kind: "line" },
      { label: "by rank", color: orange, kind: "line" },
      { label: "nominal", color: colors.muted, kind: "dashed" },
    ],
  ),
);

const data = simulatePointSource({ seed: 372 });
const { regions } = await estimateSignificance(
  data,
  [
    circularRegion({ x: 16, y: 16, radius: 2 }, data.counts.shape, "source"),
    circularRegion({ x: 7, y: 7, radius: 5 }, data.counts.shape, "control"),
  ],
  { replicates: 10, iterations: 1_000, seed: 1 },
);
await save("significance.png", plotSignificance(regions, { document }));
