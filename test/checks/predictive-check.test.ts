import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DISCREPANCIES } from "../../src/checks/discrepancy.js";
import { collapseToPoint } from "../../src/checks/point-source.js";
import { predictiveCheck } from "../../src/checks/predictive-check.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { evenEdges, ringsAbout } from "../../src/data/observation/radial-profile.js";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { thinCounts } from "../../src/data/observation/thin-counts.js";
import { constantImage, skyImage } from "../../src/image.js";
import { cash, cstat } from "../../src/model/predicted-counts.js";
import { heldOutCheck } from "../../src/runs/held-out-check.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { priorSensitivity } from "../../src/runs/prior-sensitivity.js";

const data = simulatePointSource({ shape: [16, 16], psfSigma: 1.5, psfShape: [9, 9], flux: 500, seed: 4 });
/** Draws that all are the truth: the posterior of somebody who knows it. */
const known = (chains: number) => ({
  parameters: {
    names: ["bkgScale"],
    burnIn: 0,
    chains: Array.from({ length: chains }, () => Float64Array.of(1, 1, 1)),
  },
  images: {
    shape: data.flux.shape,
    first: 0,
    every: 1,
    chains: Array.from({ length: chains }, () =>
      Float32Array.from([0, 1, 2].flatMap(() => [...data.flux.data])),
    ),
  },
});

describe("thinCounts", () => {
  it("divides every photon, in the proportion asked for", () => {
    const counts = constantImage([40, 25], 30);
    const { kept, rest } = thinCounts(counts, 0.3, 5);
    expect(kept.data.every((value, index) => value + rest.data[index] === 30)).toBe(true);
    // Binomial of 30,000: mean 9,000, standard deviation 79.
    expect(Math.abs(kept.data.reduce((sum, value) => sum + value, 0) - 9000)).toBeLessThan(320);
    expect(() => thinCounts(counts, 1)).toThrow(/must lie in \(0, 1\)/);
    expect(() => thinCounts(skyImage([0.5], [1, 1]), 0.5)).toThrow(/whole numbers/);
  });
});

describe("heldOutCheck", () => {
  it("knows its options before anything runs", async () => {
    const onProgress = () => {
      throw new Error("it ran");
    };
    for (const [options, said] of [
      [{ replicats: 5 }, /heldOutCheck: options must be known ones.*did you mean "replicates"/],
      [{ fracton: 0.3 }, /did you mean "fraction"/],
      [
        { pointSource: { x: 1, y: 1, radius: 2 } },
        /heldOutCheck: options must be known ones, got "pointSource"/,
      ],
      [{ draws: 0 }, /heldOutCheck: draws must be a whole number >= 1, got 0/],
      [{ falseAlarmRate: 2 }, /heldOutCheck: falseAlarmRate must lie in \(0, 1\)/],
    ] as const)
      await expect(heldOutCheck(data, { iterations: 20 }, { ...options, onProgress })).rejects.toThrow(said);
  });
});

describe("predictiveCheck", () => {
  it("knows the expectations of its discrepancies when the truth is known", async () => {
    const [check] = await predictiveCheck(data, known(2), { replicates: 400, seed: 1 });
    const row = (name: string) => check.discrepancies[DISCREPANCIES.indexOf(name as "total")];
    const total = check.predicted.data.reduce((sum, value) => sum + value, 0);
    expect(check.draws).toBe(6);
    // At least 2 / (0.01 / 16), in equal numbers for each of 6 draws.
    expect(check.replicates).toBe(3204);
    // Poisson: total has mean and variance `total`; (d - lambda)^2 / lambda has mean 1 for every pixel and every ring. 5 sigma.
    expect(Math.abs(row("total").replicated.mean - total)).toBeLessThan(5 * Math.sqrt(total / 3204));
    for (const [name, expected] of [
      ["pearson", 256],
      ["profile", check.profile.rings.length],
      ["neighbours", 0],
    ] as const) {
      const { mean, std } = row(name).replicated;
      expect(Math.abs(mean - expected), name).toBeLessThan((5 * std) / Math.sqrt(3204));
    }
    // The same numbers by the functions of the model.
    expect(row("cash").observed / cash(data.counts, check.predicted)).toBeCloseTo(1, 5);
    expect(row("cstat").observed / cstat(data.counts, check.predicted)).toBeCloseTo(1, 5);
    expect(check.profile.centre).toEqual({ x: 8, y: 8 });
    expect(check.flagged).toEqual([]);
  });

  it("flags a psf that is twice too wide, and gives the same numbers for the same seed", async () => {
    const wrong = { ...data, psf: gaussianPsf(3, [9, 9]) };
    const [check] = await predictiveCheck(wrong, known(1), { replicates: 800 });
    expect(check.flagged).toContain("profile");
    expect(await predictiveCheck(wrong, known(1), { replicates: 800 })).toEqual([check]);
  });

  // Workers are files of their own, which exist only after `npm run build`.
  const built = new URL("../../dist/diagnostics.js", import.meta.url);
  it.runIf(existsSync(fileURLToPath(built)))("gives the same for any number of workers", async () => {
    const { predictiveCheck: inWorkers } = (await import(
      built.href
    )) as typeof import("../../src/diagnostics.js");
    const options = { replicates: 12_000, seed: 3 }; // 72,000 images of 256 pixels: enough for workers
    const alone = await inWorkers(data, known(2), { ...options, workers: 0 });
    expect(await inWorkers(data, known(2), { ...options, workers: 3 })).toEqual(alone);
  });

  it("makes enough replicates to flag something, however few were asked for", async () => {
    const wrong = { ...data, psf: gaussianPsf(3, [9, 9]) };
    const [check] = await predictiveCheck(wrong, known(1), { draws: 1, replicates: 1 });
    expect(check.replicates).toBeGreaterThanOrEqual(3200); // 2 / (0.01 / 16)
    expect(check.flagged).toContain("profile");
  });

  it("ignores masked pixels, and refuses other shapes and options", async () => {
    const mask = constantImage([16, 16], 1);
    mask.data[5] = 0;
    const counts = { data: data.counts.data.slice(), shape: data.counts.shape };
    counts.data[5] = 1e6;
    const [check] = await predictiveCheck({ ...data, counts, mask }, known(1), { replicates: 200 });
    expect(check.residuals.sigma.data[5]).toBeNaN();
    expect(check.flagged).toEqual([]);
    const small = simulatePointSource({ shape: [8, 8], psfShape: [5, 5] });
    await expect(predictiveCheck(small, known(1))).rejects.toThrow(/shape of the draws/);
    await expect(predictiveCheck(data, known(1), { draws: 0 })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
    await expect(predictiveCheck(data, known(1), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });
});

describe("geometry", () => {
  it("collapses a circle to its centroid and keeps the sum", () => {
    const flux = new Float64Array(25);
    flux[6] = 3; // (1, 1)
    flux[8] = 1; // (3, 1)
    flux[24] = 5; // outside
    const out = new Float64Array(25);
    collapseToPoint(flux, [5, 5], { x: 2, y: 1, radius: 1.1 }, out);
    // Centroid x = (3 + 3) / 4 = 1.5, y = 1: half of 4 in each of (1, 1) and (2, 1).
    expect([out[6], out[7], out[8], out[24]]).toEqual([2, 2, 0, 5]);
  });

  it("rings hold every pixel once, masked ones never", () => {
    const mask = constantImage([5, 5], 1);
    mask.data[12] = 0;
    const rings = ringsAbout({ x: 2, y: 2 }, [5, 5], evenEdges(1, 3), mask);
    // Distances: 1 (4 pixels), sqrt 2 (4), 2 (4), sqrt 5 (8), sqrt 8 (4).
    expect(rings.pixels).toEqual([0, 8, 16]);
    expect(() => ringsAbout({ x: 9, y: 2 }, [5, 5])).toThrow(/must lie in the image/);
  });
});

describe("priorSensitivity", () => {
  const settings = { iterations: 200, burnIn: 50, chains: 2, preset: "lira" } as const;
  it("multiplies the alphas of the adaptive prior", async () => {
    const { changes, sentence } = await priorSensitivity(
      data,
      { iterations: 60, burnIn: 20, chains: 2 },
      { factors: [4], workers: 0 },
    );
    expect(changes[0].prior).toMatchObject({
      adaptivePrior: { alphas: [0.08, 0.24, 0.8, 2.4, 8, 24, 80, 240] },
    });
    expect(sentence).toContain("alphas x 4");
  });

  it("compares runs pixel by pixel with the baseline, and changes nothing when the factor is 1", async () => {
    const runs = new Set<number>();
    const found = await priorSensitivity(data, settings, {
      factors: [1, 64],
      workers: 0,
      onProgress: (run, total) => runs.add(10 * total + run),
    });
    expect([...runs]).toEqual([30, 31, 32]);
    const [same, other] = found.changes;
    expect(same.change.data.every((value) => value === 0)).toBe(true);
    expect(same).toMatchObject({ rms: 0, sensitive: 0 });
    const { x, y, change } = other.largest[0];
    const pixel = y * 16 + x;
    const { mean, std } = found.baseline;
    expect(change).toBeCloseTo((other.mean.data[pixel] - mean.data[pixel]) / std.data[pixel], 12);
    expect(other.prior).toMatchObject({ smoothingPrior: { rate: 64_000 } });
    const baseline = await new LiraDeconvolver(settings).run(data, { workers: 0 });
    const again = await priorSensitivity(data, settings, { factors: [64], workers: 0, baseline });
    expect(again.changes[0].change).toEqual(other.change);
  });

  it("refuses what has no effect", async () => {
    await expect(priorSensitivity(data, { fitAlpha: false })).rejects.toThrow(/must be fitted/);
    for (const factors of [[0], [], ["4"], 4, [Number.NaN]])
      await expect(priorSensitivity(data, settings, { factors } as never)).rejects.toThrow(/numbers > 0/);
    await expect(priorSensitivity(data, settings, { factor: [4] } as never)).rejects.toThrow(
      'did you mean "factors"?',
    );
    await expect(priorSensitivity(data, { itertions: 9 } as never)).rejects.toThrow(
      'did you mean "iterations"?',
    );
  });
});
