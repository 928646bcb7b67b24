// Draw the figure of docs/priors.md: four skies, their counts, and what each prior makes of them, with the widths of its errors.
//
//   npm run build && npx tsc -p tsconfig.bench.json && node scripts/priors-figures.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { observe } from "../.bench/bench/prior-cells.js";
import { boundaryOf, METHODS, samplePosterior } from "../.bench/bench/prior-methods.js";
import { skies } from "../.bench/bench/skies.js";
import { plotPanels } from "../dist/figures.js";
import { figureDocument, renderPng } from "../dist/node.js";

const SHOWN = ["points", "disk", "Gaussian and points", "jet"];
const EFFORT = { chains: 8, sweeps: 1_500, keep: 800 };

/** Half of the central 68 % interval of every pixel. */
function halfWidth(draws, shape) {
  const values = new Float64Array(draws.length);
  const data = Float64Array.from({ length: shape[0] * shape[1] }, (_, pixel) => {
    draws.forEach((draw, index) => {
      values[index] = draw[pixel];
    });
    values.sort();
    const at = (part) => values[Math.round(part * (values.length - 1))];
    return (at(0.84) - at(0.16)) / 2;
  });
  return { data, shape };
}

const methods = METHODS.filter(({ kind }) => kind === "posterior").filter(
  ({ name }) => name !== "adaptive, directional",
);
const panels = SHOWN.flatMap((name) => {
  const sky = skies(32).find((one) => one.name === name && one.brightness === "faint");
  const flux = { label: "flux", stretch: "sqrt", vmin: 0, vmax: Math.max(...sky.flux.data) };
  const found = methods.map((method) => ({
    name: method.name,
    ...samplePosterior(observe(sky, boundaryOf(method), 0), method, EFFORT, 1),
  }));
  const widths = found.map((one) => halfWidth(one.draws, sky.flux.shape));
  // One scale for the widths of a sky: they are there to be compared.
  const widest = Math.max(...widths.flatMap(({ data }) => [...data]));
  const width = { label: "flux", stretch: "sqrt", colormap: "viridis", vmin: 0, vmax: widest };
  console.error(`${name}: sampled`);
  return [
    { image: sky.flux, title: name, ...flux },
    { image: observe(sky, "spill", 0).counts, title: "Counts", label: "counts" },
    ...found.map((one) => ({ image: one.mean, title: `Mean, ${one.name}`, ...flux })),
    ...found.map((one, index) => ({ image: widths[index], title: `68 %, ${one.name}`, ...width })),
  ];
});
const svg = plotPanels(panels, {
  document: await figureDocument(),
  columns: 2 + 2 * methods.length,
  size: 150,
  title: "Four faint skies under each prior: truth, counts, posterior means, half widths of 68 % intervals",
});
const folder = new URL("../docs/images/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("priors-skies.png", folder), await renderPng(svg, { width: 1_800 }));
