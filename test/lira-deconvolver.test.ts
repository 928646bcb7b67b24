// Through the built package: workers are files of their own, which exist only after `npm run build`.

import {
  DEFAULT_ADAPTIVE_PRIOR,
  LiraDeconvolver,
  type LiraDeconvolverOptions,
  type LiraResult,
  type Observation,
  type RunOptions,
  type RunProgress,
  simulatePointSource,
  skyImage,
} from "tslira";
import { describe, expect, it } from "vitest";
import { presetOf } from "../src/data/law/presets.js";
import { textbookRandom } from "./oracles/textbook-random.js";

const random = textbookRandom(12, 0);

function observe(shape: readonly [number, number], rest: Partial<Observation> = {}): Observation {
  return {
    counts: skyImage(
      Array.from({ length: shape[0] * shape[1] }, () => random.below(4)),
      shape,
    ),
    psf: skyImage([1, 2, 1, 2, 4, 2, 1, 2, 1], [3, 3]),
    ...rest,
  };
}

const data = observe([9, 7], { background: skyImage(new Float64Array(63).fill(0.2), [9, 7]) });
const OPTIONS: LiraDeconvolverOptions = { iterations: 300, burnIn: 50, chains: 3, seed: 9 };

/** Everything of a result that may not depend on how it was made. */
function contentOf({ provenance, ...content }: LiraResult) {
  expect(provenance.seconds).toBeGreaterThanOrEqual(0);
  return content;
}

describe("LiraDeconvolver.run", () => {
  it("gives the same bytes for any number of workers and any batch", async () => {
    const deconvolver = new LiraDeconvolver(OPTIONS);
    const expected = contentOf(await deconvolver.run(data, { workers: 0 }));
    const ways: RunOptions[] = [
      { workers: 1 },
      { workers: 2 },
      { workers: 8 },
      {},
      { workers: 0, batch: 1 },
      { workers: 2, batch: 7 },
      { workers: 1, batch: 256 },
    ];
    for (const way of ways) {
      expect(contentOf(await deconvolver.run(data, way)), JSON.stringify(way)).toEqual(expected);
    }
    const other = await new LiraDeconvolver({ ...OPTIONS, seed: 10 }).run(data, { workers: 0 });
    expect(other.mean.data).not.toEqual(expected.mean.data);
  });

  it("returns images, traces and settings that fit together", async () => {
    const result = await new LiraDeconvolver({ ...OPTIONS, trace: { keep: 50 } }).run(data, { workers: 0 });
    expect(result.complete).toBe(true);
    expect(result.mean.shape).toEqual([9, 7]);
    expect(result.config.traceEvery).toBe(5);
    const { parameters, images } = result.trace;
    expect(parameters.chains.map((chain) => chain.length)).toEqual(
      new Array(3).fill(300 * parameters.names.length),
    );
    expect(images.chains.map((chain) => chain.length)).toEqual(new Array(3).fill(50 * 63));
    expect([images.first, images.every]).toEqual([54, 5]);
    // With every sweep kept, mean and spread are those of the draws.
    const all = await new LiraDeconvolver({ ...OPTIONS, trace: { every: 1 } }).run(data, { workers: 0 });
    const draws = all.trace.images.chains.flatMap((chain) =>
      Array.from({ length: 250 }, (_, draw) => chain[draw * 63 + 30]),
    );
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws.length - 1);
    expect(all.mean.data[30] / mean).toBeCloseTo(1, 5);
    expect(all.std.data[30] / Math.sqrt(variance)).toBeCloseTo(1, 5);
    expect(all.chains).toHaveLength(3);
    expect(all.chains[0].draws).toBe(250);
  });

  it("does not change the caller's data", async () => {
    const copy = structuredClone(data);
    await new LiraDeconvolver(OPTIONS).run(data, { workers: 2 });
    expect(data).toEqual(copy);
  });

  it("reports progress that only grows, first sampling, then diagnosing", async () => {
    for (const workers of [0, 2]) {
      const seen: RunProgress[] = [];
      const options = { ...OPTIONS, iterations: 1500 };
      await new LiraDeconvolver(options).run(data, {
        workers,
        batch: 16,
        onProgress: (progress) => seen.push(progress),
      });
      const sampling = seen.filter(({ stage }) => stage === "sampling");
      const stages = seen.map(({ stage }) => stage);
      expect(stages.lastIndexOf("sampling")).toBeLessThan(stages.indexOf("diagnosing"));
      sampling.forEach((progress, index) => {
        expect(progress.total).toBe(4500);
        expect(progress.done).toBe(progress.chains.reduce((sum, value) => sum + value, 0));
        expect(progress.done).toBeGreaterThanOrEqual(sampling[index - 1]?.done ?? 0);
        expect(progress.sweepsPerSecond).toBeGreaterThanOrEqual(0);
        expect(progress.secondsLeft).toBeGreaterThanOrEqual(0);
      });
      expect(sampling.at(-1)?.chains).toEqual([1500, 1500, 1500]);
      const fractions = seen.filter(({ stage }) => stage === "diagnosing").map(({ done }) => done);
      expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
      expect(fractions.at(-1)).toBeLessThanOrEqual(1);
    }
  });

  it.each([0, 2])("stopped on the way gives what there is (%i workers)", async (workers) => {
    const stop = new AbortController();
    const options = { iterations: 1_000_000, burnIn: 20, chains: 2, seed: 9, trace: { every: 10 } };
    const result = await new LiraDeconvolver(options).run(data, {
      workers,
      batch: 16,
      signal: stop.signal,
      onProgress: ({ chains }) => {
        // Without workers the second chain starts when the first ends.
        if (Math.min(...chains) > 100 || (workers === 0 && chains[0] > 500)) stop.abort();
      },
    });
    expect(result.complete).toBe(false);
    const { parameters, images } = result.trace;
    const width = parameters.names.length;
    const sweeps = parameters.chains[0].length / width;
    expect(sweeps).toBeGreaterThan(40);
    expect(sweeps).toBeLessThan(1_000_000);
    expect(parameters.chains[1]).toHaveLength(sweeps * width);
    const draws = Math.floor((sweeps - 20) / 10);
    expect(images.chains.map((chain) => chain.length)).toEqual([draws * 63, draws * 63]);
    expect(result.mean.data.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
    expect(result.std.data.every(Number.isFinite)).toBe(true);
    expect(result.diagnostics.verdict.sentence).not.toBe("");
    // The draws are those of a run that was not stopped.
    const whole = await new LiraDeconvolver({ ...options, iterations: sweeps }).run(data, { workers: 0 });
    expect(whole.trace.parameters.chains).toEqual(parameters.chains);
  });

  it.each([0, 1, 2])("stopped at once gives ABORTED (%i workers)", async (workers) => {
    const options = { iterations: 1_000_000, burnIn: 900_000, chains: 2 };
    const run = new LiraDeconvolver(options).run(data, { workers, signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({
      code: "ABORTED",
      message: expect.stringContaining("run must not be stopped before it begins"),
    });
  });

  it.each([0, 2])(
    "stopped within the burn-in gives a few draws, and says so (%i workers)",
    async (workers) => {
      const stop = new AbortController();
      const options = { iterations: 1_000_000, burnIn: 900_000, chains: 2 };
      const { complete, config, trace, diagnostics } = await new LiraDeconvolver(options).run(data, {
        workers,
        signal: stop.signal,
        onProgress: () => stop.abort(),
      });
      expect(complete).toBe(false);
      expect(config.burnIn).toBe(900_000);
      const { names, burnIn, chains } = trace.parameters;
      expect(burnIn).toBe(0);
      expect(chains.map((chain) => chain.length / names.length)).toEqual([4, 4]);
      expect(trace.images.chains.map((chain) => chain.length / 63)).toEqual([4, 4]);
      expect(diagnostics.verdict).toMatchObject({ state: "unknown", remedy: "Continue the run." });
    },
  );

  it.each([0, 1, 2])("passes on a chain's failure with its code (%i workers)", async (workers) => {
    // So faint a start that no light reaches the detector.
    const exposure = skyImage(new Float64Array(63).fill(1e-10), [9, 7]);
    const fluxInit = skyImage(new Float64Array(63).fill(1e-320), [9, 7]);
    const { background, ...rest } = data;
    expect(background).toBeDefined();
    const run = new LiraDeconvolver({ ...OPTIONS, fluxInit }).run({ ...rest, exposure }, { workers });
    await expect(run).rejects.toMatchObject({
      code: "NUMERICS",
      fields: { status: 2 },
      message: /must get light from the image.*check psf, exposure and the starting image/,
    });
  });

  it("takes several observations, with a column for each scale", async () => {
    const second = observe([9, 7], {
      exposure: skyImage(new Float64Array(63).fill(0.5), [9, 7]),
      background: skyImage(new Float64Array(63).fill(0.4), [9, 7]),
      name: "second",
    });
    const deconvolver = new LiraDeconvolver({ ...OPTIONS, fitBackgroundScale: true });
    const result = await deconvolver.run([data, second], { workers: 2 });
    expect(contentOf(await deconvolver.run([data, second], { workers: 0 }))).toEqual(contentOf(result));
    expect(result.referenceExposure).toBe(1.5);
    expect(result.ledger.map(({ name }) => name)).toEqual(["observation 1", "second"]);
    expect(result.trace.parameters.names).toContain("bkgScale1");
    for (const { observed, source, background } of result.ledger) {
      // The model explains the counts, within the noise and the prior.
      expect((source + background) / observed).toBeGreaterThan(0.7);
      expect((source + background) / observed).toBeLessThan(1.3);
    }
  });

  it.each([
    [1, 1],
    [1, 12],
    [13, 1],
    [5, 16],
  ] as const)("runs a single chain on %i x %i", async (ny, nx) => {
    const result = await new LiraDeconvolver({ iterations: 60, chains: 1 }).run(observe([ny, nx]));
    expect(result.mean.shape).toEqual([ny, nx]);
    expect(result.mean.data.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
    expect(result.diagnostics.verdict.state).toBe("unknown");
    expect(result.chains).toHaveLength(1);
  });

  it("finds a bright point source where it is", async () => {
    const source = simulatePointSource({ seed: 372 });
    const result = await new LiraDeconvolver({ iterations: 1500, burnIn: 500, chains: 2 }).run(source);
    // A chain may sit in a mode whose light is one pixel off for thousands of sweeps.
    const brightest = result.mean.data.indexOf(Math.max(...result.mean.data));
    expect(Math.abs((brightest % 32) - 16)).toBeLessThanOrEqual(1);
    expect(Math.abs(Math.floor(brightest / 32) - 16)).toBeLessThanOrEqual(1);
  });

  it("tells what is probably not meant", async () => {
    const warnings: string[] = [];
    await new LiraDeconvolver({ iterations: 20, chains: 1 }).run(
      { counts: skyImage([0, 0, 0, 0], [2, 2]), psf: skyImage([1], [1, 1]) },
      { workers: 0, onWarning: (warning) => warnings.push(warning) },
    );
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^observation: counts/);
  });

  it("carries name, unit, command and inputs into the result", async () => {
    const inputs = [{ name: "counts.fits", sha256: "00" }];
    const result = await new LiraDeconvolver({ iterations: 20, chains: 1 }).run(
      { ...data, name: "Cyg A" },
      { workers: 0, unit: "ct", command: "tslira deconvolve", inputs },
    );
    expect(result).toMatchObject({
      name: "Cyg A",
      unit: "ct",
      provenance: { command: "tslira deconvolve", inputs },
    });
    expect(result.config).toMatchObject({
      burnIn: 2,
      adaptivePrior: DEFAULT_ADAPTIVE_PRIOR,
      totalCountsPrior: { shape: 1, rate: 0 },
      boundary: "spill",
      seed: 0,
    });
    expect(presetOf(result.config)).toBe("adaptive");
    expect(result.smoothness?.map(({ shape }) => shape)).toEqual(new Array(4).fill(data.counts.shape));
  });

  it("samples LIRA's law when asked for by its name or by a setting of its own", async () => {
    const configOf = async (options: LiraDeconvolverOptions) =>
      (await new LiraDeconvolver({ iterations: 20, chains: 1, ...options }).run(data, { workers: 0 })).config;
    const lira = await configOf({ preset: "lira" });
    expect(lira).toMatchObject({
      alphaInit: [0.1, 0.1, 0.1, 0.1],
      smoothingPrior: { power: 1, rate: 1000, exponent: 3 },
      totalCountsPrior: { shape: 1, rate: 0.05 },
      cycleSpin: "random",
      boundary: "wrap",
      pairTransfers: 0,
    });
    expect(presetOf(lira)).toBe("lira");
    expect(presetOf(await configOf({ preset: "lira-paper" }))).toBe("lira-paper");
    const own = await configOf({ alphaInit: 0.2 });
    expect(own).toMatchObject({ alphaInit: [0.2, 0.2, 0.2, 0.2], cycleSpin: "ensemble" });
    expect(presetOf(own)).toBeUndefined();
  });
});

describe("options of LiraDeconvolver", () => {
  const wrong: [string, object, RegExp][] = [
    ["iterations", { iterations: 1 }, /iterations must be a whole number from 2 to 1000000000, got 1; /],
    ["fractional iterations", { iterations: 10.5 }, /iterations must be a whole number.*got 10.5; /],
    ["burnIn", { iterations: 10, burnIn: 9 }, /burnIn must be a whole number from 0 to 8, got 9; /],
    ["chains", { chains: 0 }, /chains must be a whole number from 1 to 10000, got 0; /],
    ["seed", { seed: -1 }, /seed must be a whole number from 0 to 9007199254740991, got -1; /],
    ["seed beyond 2^53", { seed: 2 ** 53 }, /seed must be .*got 9007199254740992; /],
    [
      "preset",
      { preset: "gibbs" },
      /preset must be "adaptive" or "lira" or "lira-paper", got "gibbs"; the default is adaptive/,
    ],
    [
      "alpha a level beside the adaptive prior",
      { adaptivePrior: DEFAULT_ADAPTIVE_PRIOR, fitAlpha: false },
      /fitAlpha must not stand beside adaptivePrior/,
    ],
    [
      "alpha a level beside the preset adaptive",
      { preset: "adaptive", alphaInit: 0.1 },
      /alphaInit must not stand beside preset "adaptive"/,
    ],
    [
      "one state",
      { adaptivePrior: { alphas: [1], transitions: [[1]] } },
      /adaptivePrior.alphas must be 2 to 32 states, got 1/,
    ],
    [
      "an alpha of 0",
      {
        adaptivePrior: {
          alphas: [0, 1],
          transitions: [
            [1, 1],
            [1, 1],
          ],
        },
      },
      /adaptivePrior.alphas\[0\] must be from 0.001 to 1000, got 0/,
    ],
    [
      "transitions of another number of states",
      { adaptivePrior: { alphas: [1, 2], transitions: [[1, 1]] } },
      /adaptivePrior.transitions must be 2 rows of 2 numbers/,
    ],
    [
      "boundary",
      { boundary: "periodic" },
      /boundary must be "spill" or "wrap", got "periodic"; the default is spill/,
    ],
    [
      "cycleSpin",
      { cycleSpin: "some" },
      /cycleSpin must be "ensemble" or "sampled" or "random" or "none", got "some"; the default is ensemble/,
    ],
    ["alphaInit", { alphaInit: 0 }, /alphaInit must be > 0, got 0; the default is 0.1/],
    ["an alpha of a list", { alphaInit: [0.1, 0] }, /alphaInit\[1\] must be > 0, got 0; the default is 0.1/],
    [
      "totalCountsPrior",
      { totalCountsPrior: { shape: 0, rate: 1 } },
      /totalCountsPrior.shape must be > 0, got 0; /,
    ],
    [
      "smoothingPrior",
      { smoothingPrior: { power: 0, rate: -1, exponent: 1 } },
      /smoothingPrior.rate must be > 0, got -1; /,
    ],
    [
      "backgroundScalePrior",
      { backgroundScalePrior: { shape: 1, rate: -1 } },
      /backgroundScalePrior.rate must be >= 0, got -1; /,
    ],
    ["trace.keep", { trace: { keep: 1 } }, /trace.keep must be a whole number from 2 to .*, got 1; /],
    [
      "trace.every",
      { iterations: 10, trace: { every: 5 } },
      /trace.every must be a whole number from 1 to 4, got 5; /,
    ],
  ];
  it.each(wrong)("%s is refused by the constructor", (_, options, message) => {
    expect(() => new LiraDeconvolver(options)).toThrow(message);
    expect(() => new LiraDeconvolver(options)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
  });

  const square = observe([2, 2]);
  const flat = (value: number, shape: readonly [number, number]) =>
    skyImage(new Float64Array(shape[0] * shape[1]).fill(value), shape);
  const unfit: [string, LiraDeconvolverOptions, RunOptions, RegExp][] = [
    [
      "a list of too many alphas",
      { alphaInit: [1, 1, 1] },
      {},
      /each of the 1 levels of a 2 x 2 image, got 3 values; give a/,
    ],
    [
      "fluxInit of another shape",
      { fluxInit: flat(1, [1, 4]) },
      {},
      /fluxInit must have the shape.*\[2, 2\], got \[1, 4\]; cut it out/,
    ],
    [
      "fluxInit of 0",
      { fluxInit: flat(0, [2, 2]) },
      {},
      /fluxInit must be finite and > 0, got 0 at \[0, 0\]; add a small/,
    ],
    [
      "fluxInit of NaN",
      { fluxInit: flat(Number.NaN, [2, 2]) },
      {},
      /fluxInit must be finite and > 0, got NaN/,
    ],
    [
      "fluxInit that is too short",
      { fluxInit: { data: Float64Array.of(1, 1, 1), shape: [2, 2] } },
      {},
      /fluxInit must/,
    ],
    [
      "too few images in fluxInit",
      { chains: 3, fluxInit: [flat(1, [2, 2])] },
      {},
      /fluxInit must be one image or one for each of the 3 chains, got 1; give one for all/,
    ],
    ["workers", {}, { workers: -1 }, /workers must be a whole number from 0 to 1024, got -1; /],
    ["batch", {}, { batch: 257 }, /batch must be a whole number from 1 to 256, got 257; /],
  ];
  it.each(unfit)("%s is refused when the data are known", async (_, options, how, message) => {
    const deconvolver = new LiraDeconvolver({ iterations: 10, chains: 1, ...options });
    await expect(deconvolver.run(square, how)).rejects.toMatchObject({ code: "INVALID_INPUT", message });
  });

  it("data that break a rule are refused", async () => {
    const deconvolver = new LiraDeconvolver({ iterations: 10, chains: 1 });
    await expect(deconvolver.run([])).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(deconvolver.run([square, data])).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: /all observations must have the shape of the first/,
    });
  });

  it("one starting image for each chain is used by that chain", async () => {
    const images = [flat(1, [2, 2]), flat(5, [2, 2])];
    const [both, single] = await Promise.all([
      new LiraDeconvolver({ iterations: 20, chains: 2, fluxInit: images }).run(square, { workers: 2 }),
      new LiraDeconvolver({ iterations: 20, chains: 2, fluxInit: images[0] }).run(square, { workers: 0 }),
    ]);
    expect(both.trace.parameters.chains[0]).toEqual(single.trace.parameters.chains[0]);
    expect(both.trace.parameters.chains[1]).not.toEqual(single.trace.parameters.chains[1]);
  });
});
