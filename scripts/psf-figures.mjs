// Draw the figure of docs/psf.md and print its table: a field whose psf grows from its middle to its corners, deconvolved with the psfs
// of 3 x 3 places, and with the mean of these as if it held everywhere.
//
//   npm run build && node scripts/psf-figures.mjs [fields]
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { plotPanels } from "../dist/figures.js";
import { constantImage, cutout, deconvolve, gaussianPsf, psfSet, simulateCounts } from "../dist/index.js";
import { figureDocument, renderPng } from "../dist/node.js";

const fields = Number(process.argv[2] ?? 12);
const SIZE = 256;
const shape = [SIZE, SIZE];
const MIDDLE = (SIZE - 1) / 2;
const FLUX = 400;
const SOURCES = [
  ["centre", 128, 128],
  ["corner, lower left", 14, 14],
  ["corner, lower right", 241, 14],
  ["corner, upper left", 14, 241],
  ["corner, upper right", 241, 241],
].map(([name, x, y]) => ({ name, x, y }));
const places = Array.from({ length: 9 }, (_, place) => {
  const [x, y] = [(place % 3) * MIDDLE, Math.floor(place / 3) * MIDDLE];
  const sigma = 1.2 + (2.8 * Math.hypot(x - MIDDLE, y - MIDDLE)) / Math.hypot(MIDDLE, MIDDLE);
  return { psf: gaussianPsf(sigma), x, y };
});
const varying = psfSet(places);
const { places: _, ...single } = varying;
const background = constantImage(shape, 0.02);
const sky = constantImage(shape, 0);
for (const { x, y } of SOURCES) sky.data[y * SIZE + x] = FLUX;

/** Flux of every draw in a square about a source. */
function fluxes(result, { x, y }, half) {
  return result.trace.images.chains.flatMap((draws) =>
    Array.from({ length: draws.length / (SIZE * SIZE) }, (_, draw) => {
      let sum = 0;
      for (let row = y - half; row <= y + half; row++) {
        const line = (draw * SIZE + row) * SIZE;
        for (let col = x - half; col <= x + half; col++) sum += draws[line + col];
      }
      return sum;
    }),
  );
}

const share = (values, level) => values.toSorted((a, b) => a - b)[Math.floor(level * (values.length - 1))];
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const tables = { set: [], one: [] };
let shown;
for (let field = 0; field < fields; field++) {
  const counts = simulateCounts(sky, varying, { background, seed: 19 + field });
  const means = {};
  for (const [kind, psf] of [
    ["set", varying],
    ["one", single],
  ]) {
    const result = await deconvolve(
      { counts, psf, background },
      {
        method: "lira",
        iterations: 1_000,
        burnIn: 300,
        chains: 2,
        seed: field + 1,
        margin: 0,
        trace: { keep: 70 },
      },
    );
    means[kind] = result.mean;
    for (const source of SOURCES) {
      const [near, wide] = [1, 8].map((half) => fluxes(result, source, half));
      const held = [near, wide].map((draws) => share(draws, 0.025) <= FLUX && FLUX <= share(draws, 0.975));
      tables[kind].push({ source: source.name, within: mean(near) / mean(wide), flux: mean(near), held });
    }
  }
  shown ??= { counts, ...means };
}
console.log("| source | psfs | light within 3 x 3 | flux there | 95 % interval holds | within 17 x 17 |");
console.log("|---|---|---|---|---|---|");
for (const { name } of SOURCES) {
  for (const kind of ["set", "one"]) {
    const rows = tables[kind].filter(({ source }) => source === name);
    const holds = [0, 1].map((size) => `${rows.filter(({ held }) => held[size]).length} of ${rows.length}`);
    const within = `${(100 * mean(rows.map((row) => row.within))).toFixed(0)} %`;
    const flux = mean(rows.map((row) => row.flux)).toFixed(0);
    console.log(`| ${[name, kind, within, flux, ...holds].join(" | ")} |`);
  }
}
const cut = (image, x, y) => cutout(image, [y - 14, y + 15], [x - 14, x + 15]);
const panels = [SOURCES[0], SOURCES[4]].flatMap(({ name, x, y }) => [
  { image: cut(shown.counts, x, y), title: `Counts, ${name}`, label: "counts", stretch: "asinh" },
  { image: cut(shown.set, x, y), title: "Psf of its place", label: "flux", stretch: "asinh" },
  { image: cut(shown.one, x, y), title: "One psf", label: "flux", stretch: "asinh" },
]);
const svg = plotPanels(panels, { document: await figureDocument(), columns: 3, size: 200 });
writeFileSync(fileURLToPath(new URL("../docs/images/psf-field.png", import.meta.url)), await renderPng(svg));
