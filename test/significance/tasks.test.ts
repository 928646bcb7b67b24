import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { checkObservations } from "../../src/data/observation/check-observation.js";
import { constantImage, skyImage } from "../../src/image.js";
import { circularRegion } from "../../src/posterior/region.js";
import type { LiraConfig } from "../../src/posterior/result.js";
import { importPrior } from "../../src/priors/prior-data.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import { createLiraChain } from "../../src/samplers/lira.js";
import { collectSignificance } from "../../src/significance/collect.js";
import { planSignificance } from "../../src/significance/plan.js";
import { significanceCsv, significanceData } from "../../src/significance/significance-data.js";
import { decodeSignificance, encodeSignificance } from "../../src/significance/significance-file.js";
import {
  runSignificanceTask,
  type SignificanceRun,
  significanceTasks,
  simulateNull,
} from "../../src/significance/task.js";
import { decodeTaskResult, encodeTaskResult } from "../../src/significance/task-file.js";
import { openTaskFolder } from "../../src/significance/task-folder-node.js";
import { emptyObservation, observe, smallRun } from "./null-observations.js";

const settings = { iterations: 60, burnIn: 20, replicates: 4, trace: { every: 4 } };
const run = smallRun({ ...settings, scan: { radius: 2, step: 2 } });
const data = emptyObservation();
const tasks = significanceTasks(run);

describe("tasks of a significance run", () => {
  it("are plain data: after JSON they give the same results", async () => {
    const copy = JSON.parse(JSON.stringify({ run, tasks })) as { run: SignificanceRun; tasks: typeof tasks };
    const here = await runSignificanceTask(data, run, tasks[2]);
    expect(await runSignificanceTask(data, copy.run, copy.tasks[2])).toEqual(here);
  });

  it("draw independent counts from the null, none like another", () => {
    const { observations } = checkObservations([data], {});
    const seeds = significanceTasks({ ...run, replicates: 60 }).map(({ seed }) => seed);
    expect(new Set(seeds).size).toBe(61);
    const drawn = seeds.map((seed) => simulateNull(observations, run, seed)[0].counts.data);
    expect(new Set(drawn.map((counts) => counts.join())).size).toBe(61);
    // Totals are Poisson: background 1 times a mean exposure of 1 on 256 pixels, less what spills over the edges.
    const totals = drawn.map((counts) => counts.reduce((sum, value) => sum + value, 0));
    const mean = totals.reduce((sum, value) => sum + value, 0) / 61;
    const variance = totals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 60;
    expect(mean).toBeGreaterThan(200);
    expect(mean).toBeLessThan(256);
    // A variance of 61 values is good to 18 %; three of these, and its mean to 1.9 counts.
    expect(Math.abs(variance / mean - 1)).toBeLessThan(0.55);
    // Neighbouring replicates are not correlated: 256 pixels each, 60 pairs, 4 standard errors.
    const pixelMean = Float64Array.from({ length: 256 }, (_, pixel) =>
      drawn.reduce((sum, counts) => sum + counts[pixel] / 61, 0),
    );
    let correlation = 0;
    for (let k = 1; k < 61; k++) {
      for (let pixel = 0; pixel < 256; pixel++) {
        const expected = pixelMean[pixel];
        correlation += ((drawn[k][pixel] - expected) * (drawn[k - 1][pixel] - expected)) / expected;
      }
    }
    expect(Math.abs(correlation / Math.sqrt(60 * 256))).toBeLessThan(4);
  });

  it("measure xi after burn-in, at every kept draw, in consistent units", async () => {
    const result = await runSignificanceTask(data, run, tasks[1]);
    expect(result).toMatchObject({ index: 1, chains: 2, draws: 10 });
    // By hand, from a chain of the same counts: sums of exposure times flux over exposure times flux plus background.
    const { observations } = checkObservations([data], {});
    const [replicate] = simulateNull(observations, run, tasks[1].seed);
    const chain = createLiraChain([replicate!], run.config as LiraConfig, { seed: tasks[1].seed, chain: 1 });
    chain.sweep(20);
    for (let draw = 0; draw < 10; draw++) {
      chain.sweep(4);
      for (const [region, { pixels }] of run.regions.entries()) {
        let source = 0;
        let baseline = 0;
        for (const pixel of pixels) {
          source += replicate!.exposure.data[pixel] * chain.flux[pixel];
          baseline += replicate!.exposure.data[pixel] * 1;
        }
        const xi = result.values.xi![(region * 2 + 1) * 10 + draw];
        expect(xi).toBeCloseTo(source / (source + baseline), 12);
      }
    }
  });

  it("measure skies of finer pixels and beyond the frame on the pixels of the detector", async () => {
    // The observation's task runs the chains of a deconvolution with its seed.
    const grid = { upsampling: 2, margin: 3 };
    const own = smallRun({ ...settings, ...grid });
    const counts = simulateNull(checkObservations([data], {}).observations, own, 7)[0].counts;
    const observation = { ...data, counts };
    const [task] = significanceTasks(own);
    const { values } = await runSignificanceTask(observation, own, task!);
    const { trace } = await deconvolve(observation, {
      ...{
        ...settings,
        ...grid,
        replicates: undefined,
        cycleSpin: "none",
        chains: 2,
        seed: task!.seed,
        workers: 0,
      },
    });
    const [ny, nx] = trace.images.shape;
    expect([ny, nx]).toEqual([32, 32]);
    const [{ pixels }] = own.regions;
    const fluxes = trace.images.chains.flatMap((chain) =>
      Array.from({ length: chain.length / (ny * nx) }, (_, draw) =>
        pixels.reduce((sum, pixel) => {
          const at = draw * ny * nx + 2 * Math.floor(pixel / 16) * nx + 2 * (pixel % 16);
          return sum + chain[at] + chain[at + 1] + chain[at + nx] + chain[at + nx + 1];
        }, 0),
      ),
    );
    // Kept draws are of single precision.
    expect(fluxes).toHaveLength(20);
    for (const [draw, flux] of fluxes.entries()) {
      expect(Math.abs(values.flux![draw] / flux - 1)).toBeLessThan(1e-6);
    }
  });

  it("survive their files, to the byte", async () => {
    const plain = { ...run };
    delete (plain as { scan?: unknown }).scan;
    const [observed, replicate] = [
      await runSignificanceTask(data, plain, tasks[0]),
      await runSignificanceTask(data, run, tasks[1]),
    ];
    expect(await decodeTaskResult(encodeTaskResult(observed))).toEqual(observed);
    const bytes = encodeTaskResult(replicate);
    expect(Buffer.compare(encodeTaskResult(await decodeTaskResult(bytes)), bytes)).toBe(0);
    await expect(decodeTaskResult(new Uint8Array(2880))).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("end early when they are told to", async () => {
    const long = { ...run, config: { ...run.config, iterations: 1e6 } };
    await expect(runSignificanceTask(data, long, tasks[0], { shouldStop: () => true })).rejects.toMatchObject(
      { code: "ABORTED" },
    );
  });
});

describe("a folder of tasks", () => {
  it("is used by one program at a time", async () => {
    const place = mkdtempSync(join(tmpdir(), "tslira-tasks-"));
    const folder = join(place, "new/s.tasks");
    const first = await openTaskFolder(folder, run, data);
    await expect(openTaskFolder(folder, run, data)).rejects.toThrow(`got process ${process.pid} on`);
    first.release();
    const second = await openTaskFolder(folder, run, data);
    await second.remove();
    expect(readdirSync(join(place, "new"))).toEqual([]);
    rmSync(place, { recursive: true });
  });
});

describe("the table", () => {
  it("finds a bright source and not an empty region; collects in any order, and while some are missing", async () => {
    const results = [await observe(run, 77, 80)];
    for (const task of tasks.slice(1)) results.push(await runSignificanceTask(data, run, task));
    const estimate = collectSignificance(run, results, { thresholds: [10] });
    expect(collectSignificance(run, [...results].reverse(), { thresholds: [10] })).toEqual(estimate);
    const [middle, aside] = estimate.regions;
    expect(middle!.test).toBeGreaterThan(0.9);
    expect(middle!.bound).toBeLessThan(0.05);
    expect(middle!.direct).toBe(0.2);
    expect(aside!.bound).toBeGreaterThan(0.05);
    expect(middle!.boundBonferroni).toBeCloseTo(2 * middle!.bound, 14);
    const { flux, exceeds, centroid, upperLimits } = middle!.products;
    expect(exceeds).toEqual([{ threshold: 10, probability: 1 }]);
    // 80 photons of exposure 1.03 at (8, 8): within 4 standard deviations, and half a pixel.
    expect(Math.abs(flux.mean - 80)).toBeLessThan(4 * Math.max(flux.std, Math.sqrt(80)));
    expect(Math.hypot(centroid.x - 8, centroid.y - 8)).toBeLessThan(0.8);
    expect(upperLimits.map(({ limit }) => limit)).toEqual(
      [...upperLimits].map(({ limit }) => limit).sort((a, b) => a - b),
    );
    expect(estimate.pairs).toHaveLength(1);
    expect(estimate.pairs[0].brighter).toBe(1);
    expect(Math.hypot(estimate.scan!.peak.x - 8, estimate.scan!.peak.y - 8)).toBeLessThan(3);
    expect(estimate.scan!.peak.global).toBe(0.2);
    expect(estimate.warnings.join("\n")).toMatch(/at least 20/);

    const partly = collectSignificance(run, results.slice(0, 3));
    expect(partly).toMatchObject({ replicates: 2, complete: false });
    expect(partly.warnings.join("\n")).toMatch(/preliminary/);
    expect(() => collectSignificance(run, results.slice(1))).toThrow(/without the observation/);
    expect(() => collectSignificance({ ...run, regions: run.regions.slice(1) }, results)).toThrow(
      /of one run/,
    );

    const stored = await decodeSignificance(
      encodeSignificance(estimate, { version: "0", command: "a b", inputs: [] }),
    );
    expect(stored.estimate).toEqual(estimate);
    expect(stored.provenance).toEqual({ version: "0", command: "a b", inputs: [] });
    const [head, ...rows] = significanceCsv(estimate).trimEnd().split("\n");
    expect(head).toMatch(/^region,pixels,p_bound,/);
    expect(rows).toHaveLength(2);
    expect(Number(rows[0].split(",")[2])).toBe(middle!.bound);
    expect(JSON.parse(JSON.stringify(significanceData(estimate)))).toMatchObject({
      gamma: 0.005,
      replicates: 4,
    });
  });

  it("warns when gamma is scanned, and bounds with the first", async () => {
    const scanned = smallRun({ ...settings, gamma: [0.01, 0.05] });
    const results = [];
    for (const task of tasks) results.push(await runSignificanceTask(data, scanned, task));
    const { regions, warnings } = collectSignificance(scanned, results);
    expect(regions[0].gamma).toBe(0.01);
    expect(regions[0].otherTests.map(({ gamma }) => gamma)).toEqual([0.05]);
    expect(warnings.join("\n")).toMatch(/only the bound at the first, 0.01/);
  });
});

describe("a null that is fitted", () => {
  it("is drawn anew and fitted again for each replicate", async () => {
    const { observations } = checkObservations([data], {});
    const [counted] = simulateNull(observations, run, 4);
    const regions = [circularRegion({ x: 8, y: 8, radius: 2 }, [16, 16], "middle")];
    const observation = { ...data, counts: counted!.counts };
    const scaled = planSignificance(observation, regions, { ...settings, null: "scale" });
    const results = [];
    for (const task of significanceTasks(scaled))
      results.push(await runSignificanceTask(observation, scaled, task));
    expect(results[0].theta).toEqual(scaled.null.theta);
    expect(new Set(results.map(({ theta }) => theta[0])).size).toBe(5);
    const fixed = await runSignificanceTask(
      observation,
      { ...scaled, refit: false },
      significanceTasks(scaled)[1],
    );
    expect(fixed.theta).toEqual(scaled.null.theta);
    // The same counts, another baseline.
    expect(fixed.counts).toBe(results[1].counts);
    expect(fixed.values.xi).not.toEqual(results[1].values.xi);
  });
});

describe("what is refused", () => {
  const region = circularRegion({ x: 8, y: 8, radius: 2 }, [16, 16], "middle");
  it.each([
    [
      { ...data, background: constantImage([16, 16], 0) },
      [region],
      {},
      /must expect photons in region middle/,
    ],
    [data, [region], { gamma: 0 }, /gamma must lie in/],
    [data, [region], { gamma: [] }, /gamma must lie in/],
    [data, [region], { replicates: 0 }, /replicates must be/],
    [data, [], {}, /at least one/],
    [data, [region, region], {}, /names of their own/],
    [
      data,
      [{ name: "negative", weights: skyImage(new Float64Array(256).fill(-1), [16, 16]) }],
      {},
      /weights of region negative/,
    ],
    [data, [region], { scan: { radius: 0 } }, /scan.radius/],
    [data, [region], { iterations: 1 }, /iterations must be/],
  ])("%#", (observation, regions, options, message) => {
    expect(() => planSignificance(observation, regions, options)).toThrow(message);
  });
});

describe("runs of any sampler", () => {
  const folder = mkdtempSync(join(tmpdir(), "tslira-significance-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(["adaptive", "nuts under a prior of one's own"])("test %s: a source is found", async (sampler) => {
    const module = join(folder, "faint.mjs");
    writeFileSync(
      module,
      `export const faint = (rate) => ({
        logDensity: ({ data }) => -rate * data.reduce((sum, flux) => sum + flux, 0),
        gradient: (_flux, out) => { out.fill(-rate); },
      });`,
    );
    const prior = await importPrior(pathToFileURL(module), "faint", 5);
    const chosen = smallRun({
      ...{ ...settings, replicates: 2 },
      ...(sampler === "adaptive" ? { preset: "adaptive" } : { method: "nuts", prior, maxDepth: 4 }),
    });
    if (sampler === "adaptive") expect(chosen.config).toHaveProperty("adaptivePrior");
    const copy = JSON.parse(JSON.stringify(chosen)) as SignificanceRun;
    const [first, ...nulls] = significanceTasks(chosen);
    const results = [await observe(chosen, first!.seed, 80)];
    for (const task of nulls) results.push(await runSignificanceTask(data, copy, task));
    expect(await runSignificanceTask(data, chosen, nulls[1])).toEqual(results[2]);
    const { regions } = collectSignificance(chosen, results);
    // 80 photons on some 9 of background, beside replicates of these alone.
    expect(regions[0].test).toBeGreaterThan(0.5);
    expect(regions[0].direct).toBeCloseTo(1 / 3, 12);
  });

  it("must have data sets of one length, and priors that every task can have", () => {
    expect(() => smallRun({ burnIn: "auto" as unknown as number })).toThrow(
      /same number of sweeps, got "burnIn/,
    );
    const functions = { logDensity: () => 0, gradient: () => undefined };
    expect(() => smallRun({ method: "nuts", prior: functions })).toThrow(/prior must be plain data/);
  });
});
