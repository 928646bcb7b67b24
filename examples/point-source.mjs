import { writeFile } from "node:fs/promises";
import { LiraDeconvolver, simulatePointSource } from "tslira";
import { plotPosterior } from "tslira/figures";
import { figureDocument, renderPng, writeResult } from "tslira/node";

// counts, psf, exposure and background of a simulated point source, and the true flux
const data = simulatePointSource({ seed: 372 });

const deconvolver = new LiraDeconvolver({ iterations: 5_000, burnIn: 500, chains: 4, seed: 372 });
const result = await deconvolver.run(data, {
  onProgress: ({ done, total }) => process.stderr.write(`\r${Math.floor((100 * done) / total)} % `),
  onWarning: console.warn,
});

const { verdict } = result.diagnostics;
console.log(`\n${verdict.sentence} ${verdict.remedy}`);
const [{ observed, source, sourceStd, background, lost }] = result.ledger;
console.log({ observed, source, sourceStd, background, lost });

const [ny, nx] = result.mean.shape; // images are { data: Float64Array, shape: [ny, nx] }, row after row
console.log(
  `flux at (16, 16) of ${nx} x ${ny}:`,
  result.mean.data[16 * nx + 16],
  "+-",
  result.std.data[16 * nx + 16],
);

await writeResult(result, "result.fits");
const figure = plotPosterior(result, { document: await figureDocument(), counts: data.counts });
await writeFile("posterior.png", await renderPng(figure));
