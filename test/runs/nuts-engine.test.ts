/** The gradient sampler by the engine of all chains: workers, files, checkpoints, targets, jobs; and samplers and priors of one's own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
// Threads are started from what is built.
import { deconvolve as fromBuilt } from "tslira";
import { collectJob, createChainsJob, runTasks } from "tslira/cluster";
import { readResult } from "tslira/node";
import { afterAll, describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { randomStream } from "../../src/data/random/random.js";
import { encodeResult } from "../../src/io/result-file.js";
import type { PosteriorResult } from "../../src/posterior/result.js";
import { type FluxPrior, productPrior, scaledPrior } from "../../src/priors/flux-prior.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import { totalVariationPrior } from "../../src/priors/neighbour-priors.js";
import { exponentialPrior, gammaPrior } from "../../src/priors/pixel-priors.js";
import { importPrior, priorFromData } from "../../src/priors/prior-data.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import { deconvolveToFile, resumeRun } from "../../src/runs/deconvolve-to-file-node.js";
import type { ChainRunOptions } from "../../src/runs/prepare-run.js";
import type { ChainPiece, KeptRun } from "../../src/runs/run-checkpoints.js";
import { readRunRecord, writeRunRecord } from "../../src/runs/run-record-node.js";
import type { MakeSampler } from "../../src/samplers/open-chain.js";
import { runChainJob } from "../../src/workers/chain-job.js";
import { dataUnits } from "./data-units.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-engine-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const simulate = (seed: number) =>
  simulatePointSource({ seed, shape: [8, 7], psfShape: [5, 5], psfSigma: 1, background: 0.3 });
const data = simulate(1);
const prior = productPrior(
  totalVariationPrior({ strength: 0.3, smoothing: 0.2 }),
  exponentialPrior({ rate: 0.01 }),
);
const settings = {
  ...{ method: "nuts" as const, prior, iterations: 120, burnIn: 60, chains: 2, seed: 3, maxDepth: 5 },
  ...{ fitBackgroundScale: true, trace: { every: 1 } },
};
const here = { workers: 0 };
const units = (result: PosteriorResult) => dataUnits(encodeResult(result));

/** A prior of one's own in a module: exponential, of a rate that it is given. */
const OWN_PRIOR = join(folder, "own-prior.mjs");
writeFileSync(
  OWN_PRIOR,
  `export const faint = ({ rate }) => ({
    name: "faint",
    logDensity: ({ data }) => -rate * data.reduce((sum, flux) => sum + flux, 0),
    gradient: (_flux, out) => { out.fill(-rate); },
  });`,
);

describe("nuts in files", () => {
  const whole = deconvolve(data, { ...settings, ...here });

  it.each(["in the warm-up", "after it"])("stopped %s and resumed, ends in the same bytes", async (when) => {
    const output = join(folder, `${when}.fits`);
    const ending = new AbortController();
    const stop = when === "after it" ? 170 : 60;
    const begun = await deconvolveToFile(data, settings, output, {
      ...{ ...here, batch: 3, signal: ending.signal },
      onProgress: ({ done }) => done > stop && ending.abort(),
    }).catch((error) => {
      expect(error).toMatchObject({ code: "ABORTED" });
      return undefined;
    });
    if (begun?.summary.complete !== true) await resumeRun(`${output}.checkpoint`, here);
    expect(dataUnits(readFileSync(output))).toEqual(units(await whole));
  });

  it("under a prior of functions is resumed with that prior alone", async () => {
    const blunt: FluxPrior = { ...exponentialPrior({ rate: 0.05 }), name: "mine" };
    expect(blunt.data).toBeUndefined();
    const mine = { ...settings, prior: blunt };
    const output = join(folder, "functions.fits");
    const begun = deconvolveToFile(data, mine, output, { ...here, batch: 2, signal: stopAfter(30).signal });
    // It stops itself at its first look outside: after some 40 ms, in the warm-up.
    await begun.catch(() => undefined);
    await expect(resumeRun(`${output}.checkpoint`, here)).rejects.toThrow(
      /continued with that prior, mine, got none/,
    );
    await resumeRun(`${output}.checkpoint`, { ...here, prior: blunt });
    expect(dataUnits(readFileSync(output))).toEqual(units(await deconvolve(data, { ...mine, ...here })));
  });

  it("is the run on worker threads, to the byte", async () => {
    const threads = await fromBuilt(data, { ...settings, workers: 2 });
    expect(units(threads)).toEqual(units(await whole));
  });

  it("is the run of a job of chains, to the byte", async () => {
    const job = await createChainsJob(join(folder, "nuts.job"), data, settings);
    await runTasks(job, [0, 1], { workers: 2 });
    const { files } = await collectJob(job, {});
    expect(dataUnits(readFileSync(files[0]))).toEqual(units(await whole));
  });
});

/** A signal that fires after some milliseconds. */
function stopAfter(milliseconds: number): AbortController {
  const ending = new AbortController();
  setTimeout(() => ending.abort(), milliseconds);
  return ending;
}

describe("nuts", () => {
  it("goes on until its target, finds its burn-in, and is continued from pieces with the same bytes", async () => {
    const long = {
      ...settings,
      ...{ iterations: 160, burnIn: "auto" as const, until: "ess>100000", maxIterations: 300 },
    };
    const { target, config, ...expected } = (await deconvolve(data, { ...long, ...here })) as PosteriorResult;
    expect(target).toEqual({ until: "ess>100000", maxIterations: 300, reached: false });
    // 1.5 times 160, then the most that is allowed.
    expect(config.iterations).toBe(300);
    // A quarter or half of 160: twice or four times the eighth in which it adapts.
    expect([40, 80]).toContain(config.burnIn);

    let kept: KeptRun | undefined;
    const pieces: ChainPiece[] = [];
    let left = 4;
    const checkpoints = {
      read: async () => structuredClone(kept && { ...kept, pieces }),
      async writeRecord(record: KeptRun["record"]) {
        kept = { record: structuredClone(record), pieces: [] };
      },
      async addPiece(piece: ChainPiece) {
        if (left-- <= 0) throw new Error("killed");
        pieces.push(structuredClone(piece));
      },
    };
    const run = () => deconvolve(data, { ...long, ...here, batch: 5, checkpoints, checkpointSeconds: 0 });
    await expect(run()).rejects.toThrow("killed");
    left = Number.POSITIVE_INFINITY;
    expect(units(await run())).toEqual(units({ ...expected, config, ...(target && { target }) }));
  });

  it("takes offsets, and writes them into what is resumed", async () => {
    const offsets = [
      { x: 0, y: 0 },
      { x: 0.5, y: -1 },
    ];
    const moved: ChainRunOptions = { ...settings, iterations: 40, burnIn: 20, offsets };
    const both = [data, { ...simulate(2), name: "again" }];
    const output = join(folder, "offsets.fits");
    await deconvolveToFile(both, moved, output, here);
    const inMemory = (await deconvolve(both, { ...moved, ...here })) as PosteriorResult;
    expect(dataUnits(readFileSync(output))).toEqual(units(inMemory));
  });
});

describe("chains with fewer workers than chains", () => {
  it.each([{}, settings])("advance in turns: an early end has two draws of each", async (sampler) => {
    const four = { ...sampler, iterations: 4_000, burnIn: 100, chains: 4, seed: 2, trace: { every: 10 } };
    const ending = new AbortController();
    const result = (await deconvolve(data, {
      ...{ ...(four as object), ...here, batch: 10, signal: ending.signal },
      onProgress: ({ chains }: { chains: readonly number[] }) => Math.min(...chains) >= 120 && ending.abort(),
    })) as PosteriorResult;
    expect(result.complete).toBe(false);
    for (const draws of result.trace.images.chains) expect(draws.length).toBeGreaterThanOrEqual(2 * 56);
  });
});

describe("priors as data", () => {
  const flux = {
    data: Float64Array.from({ length: 64 }, (_, index) => 0.1 + (index % 7)),
    shape: [8, 8] as const,
  };
  const all: readonly FluxPrior[] = [
    prior,
    gammaPrior({ shape: 0.4, rate: 2 }),
    scaledPrior(multiscalePrior({ alpha: 0.3, referenceExposure: 7 }), 1.5),
  ];

  it("say the same, after they were posted too", async () => {
    for (const one of all) {
      const copy = await priorFromData(structuredClone(one.data!));
      expect(copy.logDensity(flux)).toBe(one.logDensity(flux));
      expect(copy.name).toBe(one.name);
    }
  });

  it("of one's own come from a module", async () => {
    const own = await importPrior(pathToFileURL(OWN_PRIOR), "faint", { rate: 0.05 });
    const two = { ...settings, iterations: 40, burnIn: 20 };
    const threads = await fromBuilt(data, { ...two, prior: own, workers: 2 });
    expect(units(threads)).toEqual(units(await deconvolve(data, { ...two, prior: own, ...here })));
    await expect(importPrior(pathToFileURL(OWN_PRIOR), "bright")).rejects.toThrow(
      /must export a function bright/,
    );
  });
});

/** Every pixel from its Gamma law, as if each saw its own counts alone: exact, and independent from sweep to sweep. */
const independent: MakeSampler = ({ observations, seed, chain }) => {
  const [{ counts }] = observations;
  const stream = randomStream(seed + chain);
  const values = new Float64Array(counts.data.length);
  return {
    shape: counts.shape,
    columns: ["logPost"],
    flux: values,
    sweep(row) {
      // Gamma of a whole shape: a sum of exponential numbers.
      for (const [pixel, count] of counts.data.entries()) {
        let sum = 0;
        for (let k = 0; k <= count; k++) sum -= Math.log(1 - stream.uniform());
        values[pixel] = sum;
      }
      row[0] = values[0];
    },
    save: () => ({ random: stream.save(), flux: values.slice() }),
    restore({ random, flux }) {
      stream.restore(random);
      values.set(flux);
    },
  };
};

describe("a sampler of one's own", () => {
  const job = {
    observations: [data],
    settings: { method: "own" as const, sampler: independent, burnIn: 20 },
    ...{ seed: 4, chain: 1, iterations: 420, burnIn: 20, traceEvery: 4 },
  };

  it("is run, counted, kept and continued like any other", async () => {
    const whole = await runChainJob(job);
    expect(whole.rows).toHaveLength(420);
    expect(whole.draws).toHaveLength(100 * 56);
    const first = await runChainJob({ ...job, iterations: 133, batch: 7 });
    const rest = await runChainJob({ ...job, resume: structuredClone(first.state) });
    expect(rest.state).toEqual(whole.state);
    expect([...first.rows, ...rest.rows]).toEqual([...whole.rows]);
    // Means of 400 Gamma(n + 1) numbers: six standard errors, false alarms 1e-7 over 56 pixels.
    const { count, mean } = whole.state.moments;
    expect(count).toBe(400);
    for (const [pixel, counts] of data.counts.data.entries()) {
      expect(Math.abs(mean[pixel] - counts - 1)).toBeLessThan(6 * Math.sqrt((counts + 1) / 400));
    }
  });
});

describe("a sampler of one's own as a method", () => {
  it("gives a result that a file can hold", async () => {
    const run = {
      ...{ method: "own" as const, sampler: independent, columns: ["logPost"], name: "each pixel alone" },
      ...{ iterations: 60, burnIn: 20, chains: 2, seed: 4, trace: { every: 2 } },
    };
    const result = await deconvolve(data, { ...run, ...here });
    expect(result.config).toMatchObject({ method: "own", prior: "each pixel alone", burnIn: 20 });
    expect(result.diagnostics.parameters.map(({ name }) => name)).toContain("logPost");
    const output = join(folder, "own.fits");
    await deconvolveToFile(data, run, output, here);
    expect(dataUnits(readFileSync(output))).toEqual(units(result));
    const { provenance: _when, ...read } = await readResult(output);
    const { provenance: __, ...expected } = result;
    expect(read).toEqual(expected);
  });
});

describe("deconvolveToFile", () => {
  it("writes the image of a method that does not sample", async () => {
    const output = join(folder, "lucy.fits");
    const { estimate } = await deconvolveToFile(data, { method: "richardson-lucy", iterations: 10 }, output, {
      command: "test",
    });
    expect(estimate.iterations).toBe(10);
    const again = deconvolveToFile(data, { method: "richardson-lucy", iterations: 10 }, output);
    await expect(again).rejects.toThrow(/output must be a new file/);
  });

  it("continues no checkpoint of other draws or another layout, and names both versions", async () => {
    const output = join(folder, "other.fits");
    const ending = AbortSignal.abort();
    await expect(deconvolveToFile(data, settings, output, { ...here, signal: ending })).rejects.toMatchObject(
      { code: "ABORTED" },
    );
    const checkpoint = `${output}.checkpoint`;
    const record = await readRunRecord(checkpoint);
    await writeRunRecord(checkpoint, { ...record, version: "0.2.9", draws: 0 });
    await expect(resumeRun(checkpoint, here)).rejects.toThrow(
      /must be continued with version 0 of the draws, that of tslira 0\.2\.9, which began it, got version \d+ \(tslira \d/,
    );
    await writeRunRecord(checkpoint, { ...record, version: "0.2.9", format: 2 });
    await expect(resumeRun(checkpoint, here)).rejects.toThrow(
      /must have layout \d+, that of tslira \S+, got layout 2 of tslira 0\.2\.9; continue it with that version/,
    );
  });

  it("refuses what does not go together", async () => {
    const wrong = { method: "nuts", prior, alphaInit: 1 } as unknown as ChainRunOptions;
    await expect(deconvolveToFile(data, wrong, join(folder, "wrong.fits"))).rejects.toThrow(
      /multiscalePrior takes/,
    );
  });
});
