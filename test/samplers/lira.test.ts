import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { type Shape, skyImage } from "../../src/image.js";
import { compileKernels } from "../../src/kernels.js";
import {
  createLiraChain,
  type LevelChainSettings,
  type LiraChain,
  traceColumns,
} from "../../src/samplers/lira.js";
import { MAX_BATCH } from "../../src/samplers/sampler.js";
import { naiveLogPrior } from "../oracles/multiscale.js";
import {
  referenceExposureOf,
  textbookExpectedCounts,
  textbookLogLikelihood,
  textbookObservation,
} from "../oracles/textbook-model.js";
import { textbookTreeShapes } from "../oracles/textbook-prior.js";
import { textbookRandom } from "../oracles/textbook-random.js";

const PRIORS = {
  totalCountsPrior: { shape: 1.5, rate: 0.01 },
  smoothingPrior: { power: 1, rate: 2, exponent: 1 },
  backgroundScalePrior: { shape: 2, rate: 1 },
};

function settingsFor(shape: Shape, rest: Partial<LevelChainSettings> = {}): LevelChainSettings {
  return {
    boundary: "spill",
    cycleSpin: "random",
    pairTransfers: 0,
    fitAlpha: true,
    alphaInit: textbookTreeShapes(shape)
      .slice(1)
      .map((_, level) => 0.1 + 0.2 * level),
    fitBackgroundScale: true,
    ...PRIORS,
    ...rest,
  };
}

/** Two observations of one sky, with every complication. */
function twoObservations(shape: Shape): Observation[] {
  const random = textbookRandom(41, 0);
  const image = (value: (pixel: number) => number) =>
    skyImage(
      Float64Array.from({ length: shape[0] * shape[1] }, (_, pixel) => value(pixel)),
      shape,
    );
  return [
    {
      counts: image(() => random.below(6)),
      psf: skyImage([1, 2, 1, 2, 8, 4, 0, 3, 1], [3, 3]),
      exposure: image((pixel) => 1 + 0.1 * (pixel % 5)),
      background: image(() => 0.1 + random.uniform()),
    },
    {
      counts: image((pixel) => (pixel === 3 ? 900 : random.below(3))),
      psf: skyImage([1, 3, 2, 6, 1, 2], [2, 3]),
      exposure: image(() => 0.4),
      mask: image((pixel) => (pixel % 7 === 6 ? 0 : 1)),
    },
  ];
}

function bytesOf(...arrays: readonly Float64Array[]): string {
  return arrays
    .map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("base64"),
    )
    .join();
}

/** Sweep in batches; returns the whole trace. */
function sweepBy(chain: LiraChain, sweeps: number, batch: number, burnIn = 0): Float64Array {
  const columns = chain.columns.length;
  const rows = new Float64Array(sweeps * columns);
  for (let done = 0; done < sweeps; done += batch) {
    const count = Math.min(batch, sweeps - done);
    rows.set(chain.sweep(count, Math.max(0, Math.min(count, burnIn - done))), done * columns);
  }
  return rows;
}

const shapes: Shape[] = [
  [1, 1],
  [1, 9],
  [6, 5],
  [8, 8],
];

describe("a chain", () => {
  it.each(shapes)("continues from a saved state to the byte: %i x %i", (ny, nx) => {
    const shape: Shape = [ny, nx];
    const observations = twoObservations(shape);
    const settings = settingsFor(shape);
    const chain = createLiraChain(observations, settings, { seed: 5, chain: 1 });
    sweepBy(chain, 37, 256, 10);
    const state = chain.save();
    const expected = sweepBy(chain, 25, 256);
    const resumed = createLiraChain(observations, settings, { seed: 99, chain: 7 });
    resumed.sweep(3);
    resumed.restore(structuredClone(state));
    expect(resumed.sweeps).toBe(37);
    expect(resumed.totalCounts).toBe(state.arrays.scalars[2 * resumed.levels]);
    expect(bytesOf(sweepBy(resumed, 25, 256))).toBe(bytesOf(expected));
    expect(resumed.save()).toEqual(chain.save());
    expect(resumed.moments.count).toBe(52);
  });

  it("gives the same bytes whatever the batches, and for the same seed only", async () => {
    const shape: Shape = [7, 6];
    const observations = twoObservations(shape);
    const module = await compileKernels();
    const run = (batch: number, options: { seed: number; chain: number; module?: WebAssembly.Module }) => {
      const chain = createLiraChain(observations, settingsFor(shape), options);
      const rows = sweepBy(chain, 300, batch, 41);
      const { mean, squares, count } = chain.moments;
      expect(count).toBe(259);
      return bytesOf(rows, chain.flux, mean, squares);
    };
    const expected = run(256, { seed: 3, chain: 2 });
    for (const batch of [1, 7, 100]) expect(run(batch, { seed: 3, chain: 2 })).toBe(expected);
    expect(run(256, { seed: 3, chain: 2, module })).toBe(expected);
    expect(run(256, { seed: 3, chain: 1 })).not.toBe(expected);
    expect(run(256, { seed: 2, chain: 2 })).not.toBe(expected);
  });

  it("names its columns in the order in which it writes them", () => {
    expect(traceColumns(2, 1)).toEqual([
      "logPost",
      "cycleSpinRow",
      "cycleSpinCol",
      "smoothingParam0",
      "smoothingParam1",
      "expectedMSCounts",
      "bkgScale",
      "logLikelihood",
      "logPrior",
    ]);
    expect(traceColumns(0, 2)).toEqual([
      "logPost",
      "cycleSpinRow",
      "cycleSpinCol",
      "expectedMSCounts",
      "bkgScale0",
      "bkgScale1",
      "logLikelihood",
      "logPrior",
    ]);
    const shape: Shape = [6, 5];
    const chain = createLiraChain(twoObservations(shape), settingsFor(shape), { seed: 1, chain: 0 });
    expect(chain.columns).toEqual(traceColumns(3, 2));
    const rowsSeen = new Set<number>();
    const colsSeen = new Set<number>();
    for (let sweep = 0; sweep < 300; sweep++) {
      const priorBefore = chain.logPrior;
      const row = [...chain.sweep(1)];
      const { logLikelihood, alpha, totalCounts, backgroundScale, kernels } = chain;
      expect(row).toEqual([
        logLikelihood + priorBefore,
        kernels.shiftRow(),
        kernels.shiftCol(),
        ...alpha,
        totalCounts,
        ...backgroundScale,
        logLikelihood,
        priorBefore,
      ]);
      rowsSeen.add(row[1]);
      colsSeen.add(row[2]);
    }
    expect([...rowsSeen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...colsSeen].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it("traces the log-likelihood and the log prior of the state at the sweep's start", () => {
    for (const shape of shapes) {
      for (const boundary of ["spill", "wrap"] as const) {
        const observations = twoObservations(shape);
        const settings = settingsFor(shape, { boundary, cycleSpin: "none" });
        const chain = createLiraChain(observations, settings, { seed: 8, chain: 1 });
        const prepared = observations.map((observation) => textbookObservation(observation, boundary));
        const reference = referenceExposureOf(observations);
        expect(chain.referenceExposure).toBe(reference);
        const counts = prepared.reduce(
          (sum, { counts: image, mask }) => sum + image.reduce((s, value, j) => s + value * mask[j], 0),
          0,
        );
        for (let sweep = 0; sweep < 20; sweep++) {
          const flux = chain.flux.slice();
          const alpha = chain.alpha.slice();
          const scale = chain.backgroundScale;
          const row = chain.sweep(1);
          const [logPost, logLikelihood, logPrior] = [row[0], row.at(-2) ?? 0, row.at(-1) ?? 0];
          const likelihood = prepared.reduce(
            (sum, observation, m) =>
              sum + textbookLogLikelihood(observation, textbookExpectedCounts(observation, flux, scale[m])),
            0,
          );
          expect(Math.abs(logLikelihood - likelihood)).toBeLessThan(1e-6 * (counts + 1));
          const prior = naiveLogPrior(
            flux.map((value) => value * reference),
            shape,
            [0, 0],
            alpha,
            { total: PRIORS.totalCountsPrior, smoothing: PRIORS.smoothingPrior },
          );
          expect(Math.abs(logPrior - prior)).toBeLessThan(1e-8 * (1 + Math.abs(prior)));
          expect(logPost).toBe(logLikelihood + logPrior);
        }
      }
    }
  });

  it("takes the log prior of a shifted tree from that tree", () => {
    const shape: Shape = [6, 5];
    const chain = createLiraChain(twoObservations(shape), settingsFor(shape), { seed: 8, chain: 1 });
    for (let sweep = 0; sweep < 20; sweep++) {
      const row = chain.sweep(1);
      const prior = naiveLogPrior(
        chain.flux.map((value) => value * chain.referenceExposure),
        shape,
        [row[1], row[2]],
        chain.alpha,
        { total: PRIORS.totalCountsPrior, smoothing: PRIORS.smoothingPrior },
      );
      expect(Math.abs(chain.logPrior - prior)).toBeLessThan(1e-8 * (1 + Math.abs(prior)));
    }
  });

  it("keeps the total, alpha, the shift and the scale where the settings fix them", () => {
    const shape: Shape = [6, 5];
    const settings = settingsFor(shape, { cycleSpin: "none", fitAlpha: false, fitBackgroundScale: false });
    const chain = createLiraChain(twoObservations(shape), settings, { seed: 1, chain: 0 });
    for (let sweep = 0; sweep < 20; sweep++) {
      const row = chain.sweep(1);
      expect([...row.subarray(1, 6)]).toEqual([0, 0, ...settings.alphaInit]);
      expect([...chain.backgroundScale]).toEqual([1, 1]);
      const sum = chain.flux.reduce((total, value) => total + value * chain.referenceExposure, 0);
      expect(sum / chain.totalCounts).toBeCloseTo(1, 10);
    }
  });

  it("starts from the image it is given", () => {
    const shape: Shape = [4, 4];
    const fluxInit = skyImage(
      Array.from({ length: 16 }, (_, pixel) => 0.1 + pixel),
      shape,
    );
    const chain = createLiraChain(twoObservations(shape), settingsFor(shape), {
      seed: 1,
      chain: 0,
      fluxInit,
    });
    expect([...chain.flux]).toEqual([...fluxInit.data]);
    chain.sweep(1);
    expect(fluxInit.data[0]).toBe(0.1);
  });

  it("runs on images of any shape with psfs of any size", () => {
    const size = fc.integer({ min: 1, max: 11 });
    fc.assert(
      fc.property(
        fc.tuple(size, size, size, size),
        fc.constantFrom("spill" as const, "wrap" as const),
        fc.nat(100),
        ([ny, nx, psfNy, psfNx], boundary, seed) => {
          const random = textbookRandom(seed, 0);
          const observation: Observation = {
            counts: skyImage(
              Array.from({ length: ny * nx }, () => random.below(3)),
              [ny, nx],
            ),
            psf: skyImage(
              Array.from({ length: psfNy * psfNx }, () => 0.01 + random.uniform()),
              [psfNy, psfNx],
            ),
          };
          const chain = createLiraChain([observation], settingsFor([ny, nx], { boundary }), {
            seed,
            chain: 0,
          });
          const rows = chain.sweep(5);
          expect(rows.every(Number.isFinite)).toBe(true);
          expect(chain.flux.every((value) => value > 0 && value < Number.POSITIVE_INFINITY)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("runs on a psf whose light lies beside its centre", () => {
    // Displaced by more than its own size: legal, with a warning.
    const psf = skyImage(
      new Float64Array(21 * 21)
        .fill(0)
        .with(20 * 21 + 20, 1)
        .with(20 * 21 + 19, 1),
      [21, 21],
    );
    const counts = skyImage(
      Float64Array.from({ length: 32 * 32 }, (_, pixel) => (pixel >= 11 * 32 && pixel % 32 >= 11 ? 1 : 0)),
      [32, 32],
    );
    const prepared = textbookObservation({ counts, psf }, "spill");
    const chain = createLiraChain([{ counts, psf }], settingsFor([32, 32]), { seed: 0, chain: 0 });
    for (let sweep = 0; sweep < 3; sweep++) {
      const flux = chain.flux.slice();
      chain.sweep(1);
      const expected = textbookLogLikelihood(prepared, textbookExpectedCounts(prepared, flux, 1));
      expect(chain.logLikelihood / expected).toBeCloseTo(1, 5);
    }
  });
});

describe("a chain that cannot go on says why", () => {
  const shape: Shape = [2, 2];
  const base: Observation = { counts: skyImage([1, 2, 0, 3], shape), psf: skyImage([1], [1, 1]) };
  const start = (observations: Observation[], fluxInit?: readonly number[]) =>
    createLiraChain(observations, settingsFor(shape), {
      seed: 0,
      chain: 0,
      ...(fluxInit ? { fluxInit: skyImage(fluxInit, shape) } : {}),
    });

  it("no light in a lit pixel", () => {
    const exposure = skyImage(new Float64Array(4).fill(1e-10), shape);
    const chain = start([{ ...base, exposure }], new Array(4).fill(1e-320));
    expect(() => chain.sweep(1)).toThrow(/every pixel with counts must get light.*check psf, exposure/);
    expect(() => start([base], new Array(4).fill(Number.POSITIVE_INFINITY)).sweep(1)).toThrow(
      expect.objectContaining({ code: "NUMERICS" }),
    );
  });

  it("too many missing counts", () => {
    const chain = start([{ ...base, exposure: skyImage([1e12, 1, 1, 1], shape) }], [1, 1, 1, 1]);
    expect(() => chain.sweep(1)).toThrow(/below 2\^30, got more; mask pixels/);
  });

  it("too many counts in all observations together", () => {
    const bright = { ...base, counts: skyImage([2 ** 30, 0, 0, 0], shape) };
    for (const number of [2, 3, 4, 5]) {
      expect(
        () => start(new Array<Observation>(number).fill(bright), [1, 1, 1, 1]).sweep(1),
        `${number} observations`,
      ).toThrow();
    }
  });

  it("too many sweeps in a batch", () => {
    expect(() => start([base]).sweep(MAX_BATCH + 1)).toThrow(
      expect.objectContaining({
        code: "NUMERICS",
        message: "lira: a batch must have at most 256 sweeps, got 257",
      }),
    );
  });

  it("a state of another image", () => {
    const state = start([base]).save();
    const other = createLiraChain(
      [{ counts: skyImage([1, 0, 0, 1, 1, 1], [2, 3]), psf: base.psf }],
      settingsFor([2, 3]),
      { seed: 0, chain: 0 },
    );
    expect(() => other.restore(state)).toThrow(
      /image of 2 x 3, got 4 pixels; use the checkpoint with the inputs it was made from/,
    );
  });

  it("a broken observation", () => {
    expect(() => start([{ ...base, counts: skyImage([-1, 0, 0, 0], shape) }])).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT" }),
    );
  });
});
