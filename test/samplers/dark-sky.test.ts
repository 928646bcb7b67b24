/** Chains that leave out what no photon can reach: what they leave out, what they show of it, and that looking changes nothing. */
import { describe, expect, it } from "vitest";
import { neighbouringTransitions } from "../../src/data/law/adaptive-prior.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { type Shape, skyImage } from "../../src/image.js";
import { startingAlpha } from "../../src/priors/multiscale.js";
import {
  type AdaptiveChainSettings,
  type ChainSettings,
  createLiraChain,
  type LiraChain,
  type LiraChainOptions,
} from "../../src/samplers/lira.js";
import { stateTree } from "../oracles/smoothing-states.js";

const ALPHAS = [0.4, 1.5, 6];

function settingsFor(changes: Partial<AdaptiveChainSettings> = {}): AdaptiveChainSettings {
  return {
    boundary: "spill",
    cycleSpin: "ensemble",
    pairTransfers: 16,
    fitBackgroundScale: false,
    totalCountsPrior: { shape: 1, rate: 0 },
    backgroundScalePrior: { shape: 1, rate: 1 },
    adaptivePrior: { alphas: ALPHAS, transitions: neighbouringTransitions(ALPHAS.length) },
    ...changes,
  };
}

/** A few photons in a corner, and one in the middle. */
function observe([ny, nx]: Shape, changes: Partial<Observation> = {}): Observation {
  const counts = new Float64Array(ny * nx);
  counts[2 * nx + 3] = 9;
  counts[3 * nx + 5] = 2;
  counts[Math.floor(ny / 2) * nx + Math.floor(nx / 2)] = 1;
  return {
    counts: skyImage(counts, [ny, nx]),
    psf: skyImage([1, 2, 1, 2, 8, 4, 0, 3, 1], [3, 3]),
    ...changes,
  };
}

function start(
  observation: Observation,
  settings: ChainSettings = settingsFor(),
  options: Partial<LiraChainOptions> = {},
): LiraChain {
  return createLiraChain([observation], settings, { seed: 5, chain: 2, darkSky: "always", ...options });
}

const isDark = (chain: LiraChain) => Number(chain.kernels.hasDark.value) === 1;

/** Everything that a chain saves, as numbers. */
function bytesOf(chain: LiraChain): Record<string, readonly number[]> {
  const { moments, arrays } = chain.save();
  return Object.fromEntries(
    Object.entries({ ...arrays, mean: moments.mean, squares: moments.squares }).map(([name, values]) => [
      name,
      Array.from(values as ArrayLike<number>),
    ]),
  );
}

describe("what is dark", () => {
  it("is left out of large skies most of which no photon reaches, by itself", () => {
    expect(isDark(start(observe([256, 256]), settingsFor(), { darkSky: "automatic" }))).toBe(true);
    expect(isDark(start(observe([128, 128]), settingsFor(), { darkSky: "automatic" }))).toBe(false);
    expect(isDark(start(observe([256, 256]), settingsFor(), { darkSky: "never" }))).toBe(false);
  });

  it("is drawn where the law is not that of four equal children under one tree", () => {
    const [ny, nx] = [40, 48];
    const exposure = skyImage(
      Float64Array.from({ length: ny * nx }, (_, pixel) => 1 + pixel / 1e4),
      [ny, nx],
    );
    expect(isDark(start(observe([ny, nx])))).toBe(true);
    expect(isDark(start(observe([ny, nx], { exposure })))).toBe(false);
    expect(isDark(start(observe([ny, nx]), settingsFor({ cycleSpin: "random", pairTransfers: 0 })))).toBe(
      false,
    );
    const directed = { alphas: [0.5, [1, 1, 3, 3] as const], transitions: neighbouringTransitions(2) };
    expect(isDark(start(observe([ny, nx]), settingsFor({ adaptivePrior: directed })))).toBe(false);
    const { adaptivePrior: _, ...tree } = settingsFor();
    const level = { fitAlpha: true, alphaInit: startingAlpha(0.1, [ny, nx]) };
    const smoothingPrior = { power: 0, rate: 1000, exponent: 3 };
    expect(isDark(start(observe([ny, nx]), { ...tree, ...level, smoothingPrior }))).toBe(false);
  });

  it("is not what a mask hides, since the photons behind it are unknown", () => {
    const shape = [40, 48] as const;
    const hidden = new Float64Array(40 * 48).fill(1);
    for (let row = 12; row < 40; row++) hidden.fill(0, row * 48, (row + 1) * 48);
    const open = start(observe(shape));
    const masked = start(observe(shape, { mask: skyImage(hidden, shape) }));
    expect(Number(masked.kernels.rootCount.value)).toBeLessThan(Number(open.kernels.rootCount.value));
  });
});

describe("a chain that leaves out what is dark", () => {
  const shape = [40, 48] as const;
  const background = skyImage(new Float64Array(40 * 48).fill(1e-3), shape);
  const cases: [string, Observation, AdaptiveChainSettings][] = [
    ["alone", observe(shape), settingsFor()],
    [
      "with a background",
      observe(shape, { background }),
      settingsFor({ boundary: "wrap", fitBackgroundScale: true }),
    ],
  ];

  it.each(cases)(
    "goes on to the same bytes after it was saved and looked at: %s",
    (_name, observation, settings) => {
      const [whole, looked] = [start(observation, settings), start(observation, settings)];
      expect(isDark(whole)).toBe(true);
      whole.sweep(60, 20);
      looked.sweep(30, 20);
      expect(looked.flux).toEqual(looked.flux);
      const image = looked.flux.slice();
      const resumed = start(observation, settings);
      resumed.restore(structuredClone(looked.save()));
      expect(resumed.flux).toEqual(image);
      for (const chain of [looked, resumed]) {
        const trace = chain.sweep(30).slice();
        expect(trace.every(Number.isFinite)).toBe(true);
        expect(bytesOf(chain)).toEqual(bytesOf(whole));
        expect(chain.flux).not.toEqual(image);
      }
    },
  );

  it("draws all of a chain that began on the GPU, which leaves nothing out", () => {
    const observation = observe(shape);
    const first = start(observation);
    first.sweep(20);
    const saved = first.save();
    const chain = start(observation);
    chain.restore({ ...saved, arrays: { ...saved.arrays, gpuSweeps: Float64Array.of(20) } });
    expect(isDark(chain)).toBe(false);
    expect(chain.moments.mean).toEqual(saved.moments.mean);
    chain.sweep(5);
    expect(chain.moments.mean.length).toBe(40 * 48);
  });

  it.each(cases)("shows an image whose total is the chain's: %s", (_name, observation, settings) => {
    const chain = start(observation, settings);
    for (let look = 0; look < 20; look++) {
      chain.sweep(3);
      const sum = chain.flux.reduce((total, value) => total + value, 0) * chain.referenceExposure;
      expect(sum / chain.totalCounts).toBeCloseTo(1, 10);
      expect(chain.flux.every((value) => value > 0)).toBe(true);
    }
  });

  it.each(cases)(
    "has the mean, the spread and the smoothness of the images shown: %s",
    (_name, observation, settings) => {
      const sweeps = 4000;
      const chain = start(observation, settings);
      chain.sweep(200, 200);
      // Of each sweep: squares of the flux of all pixels that are dark, one of them, and ln alpha of all nodes of each level.
      const [ny, nx] = shape;
      const dark = darkPixels(chain);
      expect(dark.length).toBeGreaterThan(600);
      const tree = stateTree(shape);
      const looks: number[][] = [];
      for (let sweep = 0; sweep < sweeps; sweep++) {
        chain.sweep(1);
        const { flux, states } = chain;
        looks.push([
          dark.reduce((sum, pixel) => sum + flux[pixel] ** 2, 0),
          flux[dark[0]],
          flux[dark[0]] ** 2,
          ...tree.start.map((first, level) => {
            const nodes = states.subarray(first, tree.start[level + 1] ?? tree.nodes);
            return nodes.reduce((sum, state) => sum + Math.log(ALPHAS[state]), 0);
          }),
        ]);
      }
      const { moments, arrays } = chain.save();
      const second = moments.squares.map((value, pixel) => value / sweeps + moments.mean[pixel] ** 2);
      const expected = [
        dark.reduce((sum, pixel) => sum + second[pixel], 0),
        moments.mean[dark[0]],
        second[dark[0]],
        ...tree.start.map((first, level) => {
          const nodes = Array.from(arrays.smoothness).slice(first, tree.start[level + 1] ?? tree.nodes);
          return nodes.reduce((sum, value) => sum + value / sweeps, 0);
        }),
      ];
      expect(moments.mean.length).toBe(ny * nx);
      // Given the chain the images shown are independent, so that this error is too large if anything: at 4.5 of it 9 quantities of two cases
      // fail by chance less than once in 10,000.
      const scores = expected.map((value, index) => {
        const values = looks.map((look) => look[index]);
        const mean = values.reduce((sum, one) => sum + one, 0) / sweeps;
        const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (sweeps - 1);
        return (mean - value) / Math.sqrt(variance / sweeps + 1e-24);
      });
      for (const score of scores) expect(Math.abs(score)).toBeLessThan(4.5);
    },
  );
});

/** Pixels of the image below dark nodes. */
function darkPixels({ kernels, shape: [ny, nx] }: LiraChain): number[] {
  const drawn = new Set<number>();
  for (let row = 0; row < ny; row++) {
    const runs = new Int32Array(kernels.memory.buffer, kernels.imageRunsOf(row));
    for (let run = 0; runs[run] >= 0; run += 2) {
      for (let col = runs[run]; col < runs[run + 1]; col++) drawn.add(row * nx + col);
    }
  }
  return Array.from({ length: ny * nx }, (_, pixel) => pixel).filter((pixel) => !drawn.has(pixel));
}
