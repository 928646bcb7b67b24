import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateDisk } from "../../src/data/observation/simulated-datasets.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotParameterTraces } from "../../src/figures/plot-parameter-traces.js";
import { plotPosterior } from "../../src/figures/plot-posterior.js";
import { readResult, writeResult } from "../../src/io/result-file-node.js";
import type { PosteriorResult } from "../../src/posterior/result.js";
import type { FluxPrior } from "../../src/priors/flux-prior.js";
import { productPrior } from "../../src/priors/flux-prior.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import { totalVariationPrior } from "../../src/priors/neighbour-priors.js";
import { exponentialPrior, gammaPrior, uniformPrior } from "../../src/priors/pixel-priors.js";
import { reportHtml } from "../../src/report/report-html.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import type { DeconvolveOptions } from "../../src/runs/deconvolve-options.js";
import { deconvolveToFile, resumeRun } from "../../src/runs/deconvolve-to-file-node.js";
import type { ChainPreview } from "../../src/workers/chain-job.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-samplers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shape = [8, 9] as const;
const data = simulateDisk({ seed: 2, shape, psf: gaussianPsf(0.9, [5, 5]), name: "small disk" });
const second = { ...simulateDisk({ seed: 3, shape, psf: gaussianPsf(1.2, [7, 7]) }), name: "again" };
const smooth = productPrior(
  totalVariationPrior({ strength: 0.3, smoothing: 0.2 }),
  exponentialPrior({ rate: 0.01 }),
);
// Worker threads are started from what is built; these tests look at the sources.
const short = { iterations: 60, burnIn: 30, chains: 2, seed: 4, workers: 0 };
const nuts = (more: object = {}) =>
  deconvolve([data, second], { method: "nuts", prior: smooth, ...short, ...more });
const gibbs = (more: object = {}) =>
  deconvolve([data, second], {
    ...{
      method: "gibbs",
      prior: gammaPrior({ shape: 0.7, rate: 0.1 }),
      ...short,
      iterations: 300,
    },
    ...more,
  });

/** Everything of a result but what says when it was made. */
const lasting = ({ provenance: _when, ...result }: PosteriorResult) => result;

describe.each([
  ["nuts", nuts],
  ["gibbs", gibbs],
] as const)("%s", (method, run) => {
  it("gives the result of LIRA's shape, through a file, figures and report", async () => {
    const result = (await run({ fitBackgroundScale: true, unit: "counts" })) as PosteriorResult;
    expect(result.config).toMatchObject({ method, chains: 2, seed: 4, burnIn: 30 });
    expect(result.mean.shape).toEqual([8, 9]);
    expect(result.quantiles.images).toHaveLength(3);
    expect(result.ledger.map(({ name }) => name)).toEqual(["small disk", "again"]);
    for (const { observed, source, background } of result.ledger) {
      expect(Math.abs(source + background - observed)).toBeLessThan(5 * Math.sqrt(observed));
    }
    const names = result.trace.parameters.names;
    expect(names).toEqual(expect.arrayContaining(["logPost", "bkgScale0", "bkgScale1", "logLikelihood"]));
    expect(result.diagnostics.parameters.map(({ name }) => name)).not.toContain("treeDepth");
    const path = join(folder, `${method}.fits`);
    await writeResult(result, path);
    expect(await readResult(path)).toEqual(result);
    const document = await figureDocument();
    expect(plotPosterior(result, { document })).toContain("<svg");
    expect(plotParameterTraces(result.trace.parameters, result.diagnostics, { document })).toContain("<svg");
    const html = await reportHtml(result, { document, observations: [data, second] });
    expect(html).toContain(
      method === "nuts" ? "by gradients (no-U-turn sampler)" : "gammaPrior({ shape: 0.7, rate: 0.1 })",
    );
  });

  it("gives the same bytes for a seed, others for another", async () => {
    const first = lasting((await run()) as PosteriorResult);
    expect(lasting((await run()) as PosteriorResult)).toEqual(first);
    const other = (await run({ seed: 5 })) as PosteriorResult;
    expect(other.mean.data).not.toEqual(first.mean.data);
    // A chain does not depend on how many there are.
    const alone = (await run({ chains: 1 })) as PosteriorResult;
    expect(alone.trace.images.chains[0]).toEqual(first.trace.images.chains[0]);
  });

  it("does not begin after a signal", async () => {
    await expect(run({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("nuts", () => {
  it("ends by a signal with what there is", async () => {
    const ending = new AbortController();
    const part = await nuts({
      iterations: 5_000,
      trace: { every: 1 },
      signal: ending.signal,
      onProgress: ({ chains }: { chains: readonly number[] }) => Math.min(...chains) > 32 && ending.abort(),
    });
    expect(part.complete).toBe(false);
    const [first, second] = part.trace.images.chains;
    expect(first.length).toBeGreaterThanOrEqual(2 * 72);
    expect(second.length).toBe(first.length);
  });

  it("shows its chains on the way, every row once", async () => {
    const rows: number[][] = [[], []];
    let means = 0;
    const result = await nuts({
      onPreview({ chain, rows: more, columns, sweeps, mean }: ChainPreview) {
        rows[chain]?.push(...more);
        expect(rows[chain]).toHaveLength(sweeps * columns.length);
        means += Number(mean !== undefined);
      },
    });
    const { chains } = result.trace.parameters;
    expect(rows).toEqual(chains.map((chain) => [...chain]));
    expect(means).toBeGreaterThanOrEqual(2); // at the end, of both
  });

  it("works on a finer and larger sky, and samples the prior's own parameters", async () => {
    const result = await deconvolve(data, {
      ...{ method: "nuts", ...short, upsampling: 2, margin: 1, iterations: 40, burnIn: 20, maxDepth: 4 },
      prior: ({ reference }) => multiscalePrior({ alpha: 0.5, fitAlpha: true, referenceExposure: reference }),
    });
    expect(result.mean.shape).toEqual([16, 18]);
    expect(result.sky?.shape).toEqual([20, 22]);
    expect(result.config).toMatchObject({ upsampling: 2, margin: 1, prior: "multiscale prior" });
    const { names } = result.trace.parameters;
    expect(names.slice(0, 6)).toEqual([
      "logPost",
      ...[0, 1, 2, 3, 4].map((level) => `smoothingParam${level}`),
    ]);
    const [{ observed, source, background, outside = 0 }] = result.ledger;
    expect(Math.abs(source + background + outside - observed)).toBeLessThan(5 * Math.sqrt(observed));
  });

  it("says how many transitions diverged, and does not call that agreement", async () => {
    // A gradient of the wrong size: energy is not kept at any useful step.
    const wrong: FluxPrior = {
      logDensity: ({ data: flux }) => -flux.reduce((sum, value) => sum + value, 0),
      gradient: ({ data: flux }, out) => out.set(flux.map(() => 40)),
    };
    const { diagnostics, transitions } = await deconvolve(data, {
      method: "nuts",
      ...short,
      maxDepth: 4,
      prior: wrong,
    });
    expect(transitions?.transitions).toBe(60);
    expect(transitions?.divergences).toBeGreaterThanOrEqual(0);
    expect(diagnostics.verdict.state).not.toBe("agree");
  });
});

describe("gibbs in files", () => {
  it("equals the run in memory, also after an interruption", async () => {
    const settings = {
      ...{ method: "gibbs" as const, prior: gammaPrior({ shape: 0.7, rate: 0.1 }) },
      ...{ ...short, iterations: 300 },
    };
    const expected = (await gibbs()) as PosteriorResult;
    const output = join(folder, "files.fits");
    const ending = new AbortController();
    const begun = await deconvolveToFile([data, second], { ...settings, iterations: 300 }, output, {
      workers: 0,
      batch: 10,
      signal: ending.signal,
      onProgress: ({ chains }) => Math.min(...chains) > 100 && ending.abort(),
    }).catch(() => undefined);
    if (begun?.summary.complete !== true) await resumeRun(`${output}.checkpoint`, { workers: 0 });
    expect(lasting(await readResult(output))).toEqual(lasting(expected));
  });
});

describe("bad combinations say what to do", () => {
  const tv = totalVariationPrior({ strength: 1, smoothing: 0.1 });
  const blind = { logDensity: () => 0 } as unknown as FluxPrior;
  it.each<[string, object, RegExp]>([
    [
      "lira with another prior",
      { prior: tv },
      /its prior is the multiscale one; for draws under another choose the method "nuts"/,
    ],
    [
      "nuts without a prior",
      { method: "nuts" },
      /"nuts" must be given a prior, got none; for example exponentialPrior/,
    ],
    [
      "nuts without a gradient",
      { method: "nuts", prior: blind },
      /got no gradient; add the derivatives .* examples\/own-prior.ts/,
    ],
    ["nuts until", { method: "nuts", prior: tv, until: "soon" }, /^nuts: until must be conditions/],
    ["gibbs until", { method: "gibbs", prior: uniformPrior(), until: "soon" }, /^gibbs: until must be/],
    [
      "gibbs, a prior of the background's scale",
      { method: "gibbs", prior: uniformPrior(), backgroundScalePrior: { shape: 0, rate: 1 } },
      /^gibbs: backgroundScalePrior.shape must be > 0/,
    ],
    ["nuts with alphaInit", { method: "nuts", prior: tv, alphaInit: 1 }, /multiscalePrior takes alpha/],
    ["nuts with a bootstrap", { method: "nuts", prior: tv, bootstrap: 3 }, /its draws are the errors/],
    [
      "nuts aiming at 1",
      { method: "nuts", prior: tv, targetAcceptance: 1 },
      /must be a number in \(0, 1\), got 1; the default is 0.8/,
    ],
    [
      "gibbs with total variation",
      { method: "gibbs", prior: tv },
      /Gamma or exponential in every pixel, got total.*"nuts"/,
    ],
    ["gibbs, a finer psf", { method: "gibbs", prior: uniformPrior(), psfPixels: "sky" }, /choose "nuts"/],
    [
      "gibbs, few iterations",
      { method: "gibbs", prior: uniformPrior(), iterations: 1 },
      /^gibbs: iterations must be/,
    ],
    [
      "gibbs, a shape below 0",
      {
        method: "gibbs",
        prior: productPrior(gammaPrior({ shape: 0.3, rate: 1 }), gammaPrior({ shape: 0.3, rate: 1 })),
      },
      /shape > 0 .* got shape -0.39/,
    ],
  ])("%s", async (_name, options, message) => {
    await expect(deconvolve(data, options as DeconvolveOptions)).rejects.toThrow(message);
  });

  it("gibbs without a rate where nothing is seen", async () => {
    const exposure = { data: Float64Array.from({ length: 72 }, (_, i) => Number(i % 9 > 0)), shape };
    const counts = { data: data.counts.data.map((value, i) => value * Number(i % 9 > 0)), shape };
    const dark = { counts, psf: data.psf, exposure };
    await expect(deconvolve(dark, { method: "gibbs", prior: uniformPrior() })).rejects.toThrow(
      /no exposure at \[0, 0\]/,
    );
  });
});
