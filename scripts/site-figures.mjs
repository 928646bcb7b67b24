// The two pictures of the site's first page, a pixel each: counts of Chandra's observation 4684 (128 x 128 pixels about Sgr A*, as in the
// tutorial), and the posterior mean of 4 chains of 5,000 sweeps.
//
//   npm run build && node scripts/site-figures.mjs FOLDER     the folder of the two files of observation 4684
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { colorImage } from "../dist/figures/heat-map.js";
import { deconvolve, readObservationFiles } from "../dist/node.js";

const file = (kind) => join(process.argv[2] ?? ".", `chandra-${kind}-obs-id-4684.fits.gz`);
const output = fileURLToPath(new URL("../site/images", import.meta.url));

function write(name, image, options) {
  const [height, width] = image.shape;
  const data = new Uint8Array(colorImage(image, { stretch: "asinh", ...options }));
  writeFileSync(join(output, `${name}.png`), encode({ data, width, height, channels: 4, depth: 8 }));
}

const files = { counts: file("counts"), psf: file("psf"), cutout: { x: [64, 192], y: [65, 193] } };
const { observation } = await readObservationFiles(files);
const { mean } = await deconvolve(observation, { iterations: 5_000, chains: 4, seed: 1 });
mkdirSync(output, { recursive: true });
write("chandra-counts", observation.counts, { softening: 3 });
write("chandra-mean", mean, { softening: 2, limits: 99.99 });
