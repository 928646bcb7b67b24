import { describe, expect, it } from "vitest";
import { simulateDisk } from "../../src/data/observation/simulated-datasets.js";
import { constantImage } from "../../src/image.js";
import { exponentialPrior } from "../../src/priors/pixel-priors.js";
import { heldOutCash, splitPhotons } from "../../src/quality/held-out-cash.js";
import { fluxBias, normalisedRmsError } from "../../src/quality/image-error.js";
import { structuralSimilarity } from "../../src/quality/structural-similarity.js";
import { type ComparedMethod, type CompareProgress, compareMethods } from "../../src/runs/compare-methods.js";
import { deconvolve } from "../../src/runs/deconvolve.js";

const { flux: truth, ...data } = simulateDisk({ seed: 3, shape: [16, 14] });
const METHODS: readonly ComparedMethod[] = [
  { options: { method: "richardson-lucy", iterations: 20 } },
  {
    name: "sparse",
    options: { method: "map", prior: exponentialPrior({ rate: 0.1 }), iterations: 30, bootstrap: 4 },
  },
  { name: "peaks", options: { method: "em-multiscale", iterations: 10 } },
  { name: "posterior", options: { iterations: 120, chains: 2, workers: 0, fitBackgroundScale: true } },
];

describe("compareMethods", () => {
  it("measures what deconvolve finds, for point estimates and posteriors alike", async () => {
    const seen: CompareProgress[] = [];
    const { scores, heldOut } = await compareMethods(data, METHODS, {
      truth,
      heldOut: { seed: 5 },
      onProgress: (progress) => {
        seen.push(progress);
      },
    });
    expect(heldOut).toEqual({ fraction: 0.5, seed: 5 });
    expect(scores.map(({ name, method }) => [name, method])).toEqual([
      ["richardson-lucy", "richardson-lucy"],
      ["sparse", "map"],
      ["peaks", "em-multiscale"],
      ["posterior", "lira"],
    ]);
    const [lucy, sparse, peaks, posterior] = scores;
    const direct = await deconvolve(data, { method: "richardson-lucy", iterations: 20 });
    expect(lucy.image).toEqual(direct.flux);
    expect(lucy.rmsError).toBe(normalisedRmsError(direct.flux, truth));
    expect(lucy.fluxBias).toBe(fluxBias(direct.flux, truth));
    expect(lucy.similarity).toBe(structuralSimilarity(direct.flux, truth));
    expect(lucy.note).toBe("all 20 iterations were done");
    expect(lucy.interval).toBeUndefined();
    expect(peaks.coverage).toBeUndefined();
    // Photons held out: the same split and the same method, step by step.
    const { training, heldOut: others } = splitPhotons(data, { seed: 5 });
    const half = await deconvolve(training, { method: "richardson-lucy", iterations: 20 });
    expect(lucy.heldOutCash).toBe(heldOutCash(half.flux, others));
    // Intervals of the bootstrap and of draws.
    expect(sparse.coverage!.pixels).toBeGreaterThan(3);
    expect(sparse.coverage!.covered).toBeGreaterThanOrEqual(0);
    expect(posterior.interval![0].shape).toEqual([16, 14]);
    expect(posterior.coverage!.pixels).toBe(sparse.coverage!.pixels);
    expect(posterior.note).toMatch(/chains/);
    for (const { heldOutCash: cash, seconds } of scores) {
      expect(Number.isFinite(cash)).toBe(true);
      expect(seconds).toBeGreaterThan(0);
    }
    expect(new Set(seen.map(({ method, photons }) => `${method} ${photons}`)).size).toBe(8);
    expect(seen.find(({ method }) => method === 0)).toMatchObject({ name: "richardson-lucy", total: 20 });
  });

  it("leaves out what cannot be known", async () => {
    const [score] = (await compareMethods(data, METHODS.slice(0, 1), { heldOut: false })).scores;
    expect(Object.keys(score).sort()).toEqual(["image", "method", "name", "note", "result", "seconds"]);
    const flat = constantImage([16, 14], 1);
    const [other] = (await compareMethods(data, METHODS.slice(0, 1), { truth: flat, heldOut: false })).scores;
    expect(other.similarity).toBeUndefined();
    expect(other.rmsError).toBeGreaterThan(0);
  });

  it("compares on a finer sky", async () => {
    const model = { upsampling: 2, margin: 1 } as const;
    const [score] = (
      await compareMethods(data, [{ options: { method: "richardson-lucy", iterations: 5, ...model } }])
    ).scores;
    expect(score.image.shape).toEqual([32, 28]);
    expect(Number.isFinite(score.heldOutCash)).toBe(true);
  });

  it("ends when told to, and hands out what was done", async () => {
    const done: string[] = [];
    const run = compareMethods(data, METHODS, {
      onScore: ({ name }) => done.push(name),
      onProgress: ({ name }) => name !== "peaks",
    });
    await expect(run).rejects.toMatchObject({ code: "ABORTED" });
    expect(done).toEqual(["richardson-lucy", "sparse"]);
    const late = compareMethods(data, METHODS, { onProgress: ({ name }) => name !== "posterior" });
    await expect(late).rejects.toMatchObject({ code: "ABORTED" });
    const never = compareMethods(data, METHODS, { signal: AbortSignal.abort() });
    await expect(never).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("refuses what it does not know before anything runs", async () => {
    const begun: string[] = [];
    const compare = (more: object, methods: readonly object[] = METHODS) =>
      compareMethods(data, methods as typeof METHODS, {
        onProgress: ({ name }) => void begun.push(name),
        ...more,
      });
    await expect(compare({ thruth: truth })).rejects.toThrow(
      'compare: options must be known ones, got "thruth"; did you mean "truth"?',
    );
    await expect(compare({ heldOut: { fracton: 0.3 } })).rejects.toThrow('did you mean "heldOut.fraction"?');
    await expect(compare({ heldOut: { fraction: "0.3" } })).rejects.toThrow(
      "fraction must be a number in (0, 1)",
    );
    const later = (one: object) => compare({}, [METHODS[0], one]);
    await expect(later({ nam: "x", options: {} })).rejects.toThrow(
      'compare: methods[1]: options must be known ones, got "nam"',
    );
    await expect(later({ options: { itertions: 3 } })).rejects.toThrow('did you mean "iterations"?');
    await expect(later({ options: { method: "lyra" } })).rejects.toThrow("method must be one of lira");
    await expect(later({})).rejects.toThrow("options must be an object, got undefined");
    expect(begun).toEqual([]);
  });

  it("says what cannot be compared", async () => {
    const [lucy] = METHODS;
    await expect(compareMethods(data, [])).rejects.toThrow(/at least one method, got none/);
    await expect(compareMethods(data, [lucy, lucy])).rejects.toThrow(
      /"richardson-lucy" twice; give each a name/,
    );
    const fine: ComparedMethod = { name: "fine", options: { method: "richardson-lucy", upsampling: 2 } };
    await expect(compareMethods(data, [lucy, fine])).rejects.toThrow(
      /same pixels, got upsampling 1 of richardson-lucy and upsampling 2 of fine/,
    );
    await expect(compareMethods(data, [fine], { truth })).rejects.toThrow(
      /truth must have the shape of the images, \[32, 28\] of fine, got \[16, 14\]/,
    );
  });
});
