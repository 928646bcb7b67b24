// Draw the figures of docs/exactness.md: one sky sampled in four ways, and a slow pixel without and with transfers.
//
//   npm run build && node scripts/exactness-figures.mjs
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { plotPanels } from "../dist/figures.js";
import { constantImage, gaussianPsf, LiraDeconvolver, simulateCounts } from "../dist/index.js";
import { figureDocument, renderPng } from "../dist/node.js";

const document = await figureDocument();
const folder = new URL("../docs/images/", import.meta.url);
const shape = [64, 64];
const [ny, nx] = shape;

/** A winding thread: long, thin, and across the borders of all blocks. */
function thread() {
  const image = constantImage(shape, 0);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      let least = 1;
      for (let t = 0; t <= 1; t += 0.01) {
        const y = 0.5 + 0.3 * Math.sin(5 * t) * (1 - 0.5 * t);
        least = Math.min(least, Math.hypot(col / nx - t, row / ny - y));
      }
      image.data[row * nx + col] = Math.exp(-0.5 * (least / 0.02) ** 2);
    }
  }
  const sum = image.data.reduce((total, value) => total + value, 0);
  return { data: image.data.map((value) => (value * 8_000) / sum), shape };
}

const truth = thread();
const psf = gaussianPsf(1.8, [13, 13]);
const background = constantImage(shape, 0.05);
const observation = { counts: simulateCounts(truth, psf, { background, seed: 4 }), psf, background };
const top = Math.max(...truth.data) * 1.1;
const look = { label: "flux", unit: "counts / pixel", stretch: "sqrt", vmin: 0, vmax: top };
const panels = [
  { image: observation.counts, title: "Counts", label: "counts", stretch: "sqrt" },
  { image: truth, title: "Truth", ...look },
];
const names = { random: "random (LIRA)", none: "none", sampled: "sampled", ensemble: "ensemble" };
for (const [cycleSpin, title] of Object.entries(names)) {
  const chains = cycleSpin === "ensemble" ? 8 : 4;
  const { mean } = await new LiraDeconvolver({
    cycleSpin,
    iterations: 2_000,
    chains,
    seed: 1,
    margin: 0,
  }).run(observation);
  panels.push({ image: mean, title: `Mean, ${title}`, ...look });
}
const comparison = plotPanels(panels, {
  document,
  columns: 3,
  title: "One sky, four ways to shift the tree",
});
writeFileSync(fileURLToPath(new URL("exactness-means.png", folder)), await renderPng(comparison));
