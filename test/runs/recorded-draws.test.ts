/**
 * The data units of runs of every method, as they have been since version 0.3.0: the same seed gives the same bytes whatever is
 * rearranged. Hashes were recorded before one engine came to run the chains of all samplers. One that changes is another law of the
 * draws, and goes with a new number in `samplers/draws-version.ts`. (Two were recorded again when the rows behind a verdict came to be
 * in the order of R-hat: the table DIAGNOSTICS was another, and every other data unit the same. Those of chains with transfers, and of the
 * adaptive prior, are of version 4 of the draws.)
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Threads are started from what is built.
import { collectJob, createTilesJob, runTasks } from "tslira/cluster";
import { afterAll, describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { constantImage } from "../../src/image.js";
import { readFits } from "../../src/io/fits.js";
import { encodePointEstimate } from "../../src/io/point-estimate-file.js";
import { encodeResult } from "../../src/io/result-file.js";
import type { ForwardModel } from "../../src/model/forward-model.js";
import { productPrior } from "../../src/priors/flux-prior.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import { totalVariationPrior } from "../../src/priors/neighbour-priors.js";
import { exponentialPrior, gammaPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import type { DeconvolveOptions } from "../../src/runs/deconvolve-options.js";
import { deconvolveToFile, resumeRun } from "../../src/runs/deconvolve-to-file-node.js";
import { runSignificanceTask, significanceTasks } from "../../src/significance/task.js";
import { encodeTaskResult } from "../../src/significance/task-file.js";
import { emptyObservation, smallRun } from "../significance/null-observations.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-recorded-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shape = [12, 10] as const;
const simulate = (seed: number, psfSigma: number) =>
  simulatePointSource({ seed, shape, psfShape: [5, 5], psfSigma, background: 0.3, name: `sky ${seed}` });
const one = simulate(1, 1);
const two = [one, { ...simulate(2, 1.4), name: "again" }];
const chains = { iterations: 60, burnIn: 20, chains: 2, seed: 7, workers: 0, trace: { every: 2 } };
const gamma = gammaPrior({ shape: 0.7, rate: 0.1 });
const smooth = productPrior(
  totalVariationPrior({ strength: 0.3, smoothing: 0.2 }),
  exponentialPrior({ rate: 0.01 }),
);

/** Of what is made of the draws: settings may be told in other words, and sums be taken in another order. */
const DERIVED = ["CONFIG", "RHAT", "ESS", "LEDGER", "SMOOTHNESS", "RATIOS"];

/** Hash of the data units of a file that hold draws, means and quantiles of them, or an image. */
function hashOf(bytes: Uint8Array): string {
  const hash = createHash("sha256");
  for (const { name, dataOffset, dataLength } of readFits(bytes)) {
    if (!DERIVED.includes(name)) hash.update(bytes.subarray(dataOffset, dataOffset + dataLength));
  }
  return hash.digest("hex").slice(0, 16);
}

const RUNS: readonly [
  name: string,
  data: typeof one | typeof two,
  options: DeconvolveOptions,
  hash: string,
][] = [
  ["lira, adaptive", one, { ...chains }, "8715f7aa0faa992a"],
  ["lira, adaptive, two observations", two, { ...chains, fitBackgroundScale: true }, "9287ccfb538724d5"],
  ["lira, adaptive, periodic", one, { ...chains, boundary: "wrap" }, "b9828bac39c1c715"],
  ["lira, adaptive, burn-in found", one, { ...chains, burnIn: "auto", iterations: 400 }, "f9daccec78c080f1"],
  [
    "lira, one alpha a level",
    two,
    { ...chains, preset: "lira", fitBackgroundScale: true },
    "60d99f7eeb8bb836",
  ],
  ["lira, as in the paper", one, { ...chains, preset: "lira-paper" }, "d6a7e74f32be7050"],
  ["gibbs", two, { ...chains, method: "gibbs", prior: gamma, fitBackgroundScale: true }, "ea797d0c7f61362a"],
  [
    "gibbs, periodic",
    one,
    { ...chains, method: "gibbs", prior: gamma, boundary: "wrap" },
    "6e522d7c3f37074c",
  ],
  [
    "nuts",
    two,
    { ...chains, method: "nuts", prior: smooth, maxDepth: 5, fitBackgroundScale: true },
    "db2e49f9f4d2beec",
  ],
  [
    "nuts, periodic",
    one,
    { ...chains, method: "nuts", prior: smooth, maxDepth: 5, boundary: "wrap" },
    "41a8231e88c783b7",
  ],
  [
    "nuts, finer sky, the prior's own parameters",
    one,
    {
      ...{ ...chains, iterations: 30, method: "nuts", upsampling: 2, margin: 1, maxDepth: 4 },
      prior: ({ reference }: ForwardModel) =>
        multiscalePrior({ alpha: 0.5, fitAlpha: true, referenceExposure: reference }),
    },
    "66c56af9985b14f1",
  ],
  ["richardson-lucy", two, { method: "richardson-lucy", iterations: 30 }, "14f49c3e570e8b27"],
  ["map", one, { method: "map", prior: smooth, iterations: 60 }, "c55bd50a2fd76074"],
  [
    "map, periodic",
    two,
    { method: "map", prior: smooth, iterations: 60, boundary: "wrap" },
    "a864ba032f5f068c",
  ],
  ["em-multiscale", one, { method: "em-multiscale", iterations: 30 }, "ec72b95f03efb3f7"],
];

describe("recorded draws", () => {
  it.each(RUNS)("%s", async (_name, data, options, hash) => {
    const result = await deconvolve(data, options);
    expect(hashOf("trace" in result ? encodeResult(result) : encodePointEstimate(result))).toBe(hash);
  });

  it.each<[name: string, method: object, hash: string]>([
    ["lira", {}, "9035e1b24d2b87f8"],
    ["gibbs", { method: "gibbs", prior: gamma }, "a31e94797f6f0cb1"],
  ])("%s, interrupted and resumed", async (name, method, hash) => {
    const output = join(folder, `${name}.fits`);
    const ending = new AbortController();
    const options = { workers: 0, batch: 8, signal: ending.signal };
    const begun = await deconvolveToFile(one, { ...chains, ...method, iterations: 2_000 }, output, {
      ...options,
      onProgress: ({ done }) => done > 700 && ending.abort(),
    }).catch(() => undefined);
    if (begun?.summary.complete !== true) await resumeRun(`${output}.checkpoint`, { workers: 0 });
    expect(hashOf(readFileSync(output))).toBe(hash);
  });

  it("tiles", async () => {
    const psf = gaussianPsf(1, [5, 5]);
    const flux = constantImage([24, 20], 1.5);
    const observation = { counts: simulateCounts(flux, psf, { seed: 3 }), psf };
    const job = await createTilesJob(
      join(folder, "tiles.job"),
      observation,
      { iterations: 40, burnIn: 10, chains: 2, seed: 5 },
      { tile: [12, 10], margin: 5 },
    );
    await runTasks(job, [...Array(job.manifest.tasks.count).keys()], { workers: 1 });
    const { files } = await collectJob(job, {});
    expect(hashOf(readFileSync(files[0]))).toBe("2cfcd915f98cd9d0");
  });

  it("a null replicate of a significance run", async () => {
    const run = smallRun({ iterations: 60, burnIn: 20, replicates: 2, trace: { every: 4 } });
    const [, task] = significanceTasks(run);
    const result = await runSignificanceTask(emptyObservation(), run, task);
    expect(hashOf(encodeTaskResult(result))).toBe("9f4abefeef8d64a1");
  });
});
