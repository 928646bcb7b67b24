import { describe, expect, it } from "vitest";
import type { Boundary } from "../../src/data/observation/boundary.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf, normalisePsf } from "../../src/data/observation/psf.js";
import { randomStream } from "../../src/data/random/random.js";
import type { Shape, SkyImage } from "../../src/image.js";
import { createLiraChain, type LiraChain, type LiraChainSettings } from "../../src/samplers/lira.js";
import { transfer } from "../oracles/convolution.js";
import { gammaTail } from "../oracles/distributions.js";

/*
 * Both schemes of redistribution against the exact law, which the oracle sums cell by cell. Seeds are fixed; were they
 * drawn afresh, a right sampler would fail somewhere in this file with probability below 5e-5: 28 chi-square tests at 1e-6
 * each, and 6,000 pixels whose sums of photons may stray by 6 sigma, 2e-9 each.
 */
const ALARM = 1e-6;

type Scheme = "direct" | "tiles";
const schemes: readonly Scheme[] = ["direct", "tiles"];

function image([ny, nx]: Shape, value: (row: number, col: number) => number): SkyImage {
  const data = Float64Array.from({ length: ny * nx }, (_, index) =>
    value(Math.floor(index / nx), index % nx),
  );
  return { data, shape: [ny, nx] };
}

/** A chain that is only asked for its first step, at a fixed flux. */
function startChain(
  observations: readonly Observation[],
  flux: SkyImage,
  boundary: Boundary,
  redistribution: Scheme | "automatic",
  seed = 1,
): LiraChain {
  const levels = Math.ceil(Math.log2(Math.max(...flux.shape)));
  const settings: LiraChainSettings = {
    boundary,
    cycleSpin: "none",
    pairTransfers: 0,
    fitAlpha: false,
    alphaInit: Array.from({ length: levels }, () => 0.5),
    fitBackgroundScale: false,
    totalCountsPrior: { shape: 1, rate: 0.05 },
    smoothingPrior: { power: 1, rate: 1000, exponent: 3 },
    backgroundScalePrior: { shape: 0.001, rate: 0 },
  };
  return createLiraChain(observations, settings, { seed, chain: 0, fluxInit: flux, redistribution });
}

function photonsOf(chain: LiraChain, observation = 0): Int32Array {
  const pixels = chain.shape[0] * chain.shape[1];
  const at = chain.kernels.photonsArray(chain.handles[observation]);
  return new Int32Array(chain.kernels.memory.buffer, at, pixels);
}

interface Case {
  readonly name: string;
  readonly shape: Shape;
  readonly psf: SkyImage;
  readonly boundary: Boundary;
  readonly flux: SkyImage;
  readonly exposure?: SkyImage;
  readonly background?: SkyImage;
  readonly mask?: SkyImage;
}

const random = randomStream(11);
const rough = (shape: Shape) => image(shape, () => 0.2 + random.uniform());
const spiky = (shape: Shape) => image(shape, () => (random.uniform() < 0.02 ? 1e4 : 1 + random.uniform()));
const asymmetric = (rows: number, cols: number) =>
  normalisePsf(
    image([rows, cols], (row, col) => Math.exp(-0.3 * row - 0.2 * col) * (0.2 + random.uniform())),
  );
/** Almost all light in one cell, thin wings that still matter. */
const delta = (size: number) =>
  normalisePsf(
    image([size, size], (row, col) => {
      const distance = Math.hypot(row - (size >> 1), col - (size >> 1));
      return distance === 0 ? 1 : 0.02 / (1 + distance ** 2);
    }),
  );

const cases: readonly Case[] = [
  {
    name: "spill, asymmetric psf",
    shape: [23, 18],
    psf: asymmetric(9, 13),
    boundary: "spill",
    flux: rough([23, 18]),
  },
  {
    name: "wrap, asymmetric even psf",
    shape: [23, 18],
    psf: asymmetric(12, 8),
    boundary: "wrap",
    flux: rough([23, 18]),
  },
  { name: "delta with wings", shape: [24, 24], psf: delta(21), boundary: "spill", flux: rough([24, 24]) },
  {
    name: "spiky sky",
    shape: [30, 30],
    psf: gaussianPsf(3, [19, 19]),
    boundary: "wrap",
    flux: spiky([30, 30]),
  },
  {
    name: "exposure with zeros, background, mask",
    shape: [26, 21],
    psf: gaussianPsf(2.5, [15, 15]),
    boundary: "spill",
    flux: rough([26, 21]),
    exposure: image([26, 21], (row, col) => (col < 8 || row % 5 === 0 ? 0 : 0.1 + 0.05 * row)),
    background: image([26, 21], (row) => 0.02 * row),
    mask: image([26, 21], (row, col) => Number(col > 1 && (row + col) % 4 !== 0)),
  },
  {
    name: "psf larger than the sky, spill",
    shape: [7, 9],
    psf: asymmetric(17, 19),
    boundary: "spill",
    flux: rough([7, 9]),
  },
  {
    name: "psf larger than the sky, wrap",
    shape: [7, 9],
    psf: asymmetric(17, 19),
    boundary: "wrap",
    flux: rough([7, 9]),
  },
];

/** Probabilities of the sky pixels behind a photon of detector pixel (row, col), and lambda. */
function exactLaw({ shape, psf, boundary, flux, exposure, background }: Case, at: readonly [number, number]) {
  const nx = shape[1];
  const light = Float64Array.from(flux.data, (value, index) => {
    const emitted = (exposure?.data[index] ?? 1) * (value + (background?.data[index] ?? 0));
    return emitted === 0
      ? 0
      : emitted * transfer(psf, shape, boundary, at, [Math.floor(index / nx), index % nx]);
  });
  const lambda = light.reduce((sum, value) => sum + value, 0);
  return { lambda, law: light.map((value) => value / lambda) };
}

/** Probability that chi-square of these counts is as large as it is; cells below 5 expected counts are joined. */
function chiSquareTail(counts: Float64Array, law: Float64Array): number {
  const total = counts.reduce((sum, value) => sum + value, 0);
  let [statistic, bins, restCount, restMean] = [0, 0, 0, 0];
  for (const [index, probability] of law.entries()) {
    const mean = total * probability;
    if (mean === 0) expect(counts[index]).toBe(0);
    if (mean < 5) {
      restCount += counts[index];
      restMean += mean;
      continue;
    }
    statistic += (counts[index] - mean) ** 2 / mean;
    bins++;
  }
  if (restMean > 0) {
    statistic += (restCount - restMean) ** 2 / restMean;
    bins++;
  }
  return gammaTail((bins - 1) / 2, Math.log(statistic / 2));
}

const observationOf = (item: Case, counts: SkyImage): Observation => ({
  counts,
  psf: item.psf,
  ...(item.exposure && { exposure: item.exposure }),
  ...(item.background && { background: item.background }),
  ...(item.mask && { mask: item.mask }),
});

/** Counts of 0 to 3 a pixel in use. */
function faintCounts({ shape, mask }: Case): SkyImage {
  const stream = randomStream(3);
  return image(shape, (row, col) =>
    (mask?.data[row * shape[1] + col] ?? 1) === 0 ? 0 : Math.floor(4 * stream.uniform() ** 2),
  );
}

describe.each(cases)("$name", (item) => {
  const [ny, nx] = item.shape;
  const places: readonly (readonly [number, number])[] = [
    [ny - 2, nx - 3],
    [Math.floor(ny / 2), Math.floor(nx / 2)],
  ];

  describe.each(schemes)("by %s", (scheme) => {
    it.each(places)("a photon of pixel (%i, %i) follows the exact law", (row, col) => {
      const counts = image(item.shape, (r, c) => (r === row && c === col ? 1 : 0));
      const chain = startChain(
        [observationOf(item, counts)],
        item.flux,
        item.boundary,
        scheme,
        100 * row + col,
      );
      expect(chain.kernels.usesTiles(chain.handles[0])).toBe(Number(scheme === "tiles"));
      const { lambda, law } = exactLaw(item, [row, col]);
      const found = new Float64Array(ny * nx);
      const photons = photonsOf(chain);
      for (let repeat = 0; repeat < 8_000; repeat++) {
        const sumLog = chain.kernels.stepRedistribute();
        if (repeat === 0) expect(Math.abs(sumLog - Math.log(lambda))).toBeLessThan(1e-6);
        for (let pixel = 0; pixel < found.length; pixel++) found[pixel] += photons[pixel];
      }
      expect(found.reduce((sum, value) => sum + value, 0)).toBe(8_000);
      expect(chiSquareTail(found, law)).toBeGreaterThan(ALARM);
    });

    it("the photons of all pixels have the right means and are conserved", () => {
      const counts = faintCounts(item);
      const chain = startChain([observationOf(item, counts)], item.flux, item.boundary, scheme);
      const mean = new Float64Array(ny * nx);
      const variance = new Float64Array(ny * nx);
      let sumLog = 0;
      for (const [pixel, value] of counts.data.entries()) {
        if (value === 0) continue;
        const { lambda, law } = exactLaw(item, [Math.floor(pixel / nx), pixel % nx]);
        sumLog += value * Math.log(lambda);
        for (const [sky, probability] of law.entries()) {
          mean[sky] += value * probability;
          variance[sky] += value * probability * (1 - probability);
        }
      }
      const total = counts.data.reduce((sum, value) => sum + value, 0);
      const photons = photonsOf(chain);
      const found = new Float64Array(ny * nx);
      const repeats = 1_000;
      for (let repeat = 0; repeat < repeats; repeat++) {
        const ours = chain.kernels.stepRedistribute();
        if (repeat === 0) expect(Math.abs(ours - sumLog)).toBeLessThan(1e-6 * total);
        let assigned = 0;
        for (let pixel = 0; pixel < found.length; pixel++) {
          found[pixel] += photons[pixel];
          assigned += photons[pixel];
        }
        if (assigned !== total) expect(assigned).toBe(total);
      }
      for (const [sky, value] of found.entries()) {
        if (mean[sky] === 0) expect(value).toBe(0);
        // Six sigma of a sum close to normal; a few photons more where the mean is small.
        else {
          const difference = Math.abs(value - repeats * mean[sky]);
          expect(difference).toBeLessThan(6 * Math.sqrt(repeats * variance[sky]) + 12);
        }
      }
    });
  });
});

describe("redistribution by tiles", () => {
  const shape: Shape = [96, 80];
  const stream = randomStream(7);
  const counts = image(shape, () => Math.floor(3 * stream.uniform()));
  const flux = image(shape, () => 0.5 + stream.uniform());

  it("draws bright, dark and tiled pixels alike", () => {
    const bright: Observation = {
      counts: image(shape, (row, col) =>
        col < 4 ? 0 : row === col ? 30 : row === 70 ? 5_000 : col === 4 ? 1 : 0,
      ),
      psf: gaussianPsf(6, [41, 41]),
      exposure: image(shape, (_, col) => (col < 24 ? 0 : 1)),
    };
    // Pixels of column 4 see light only through the psf's last column.
    const total = bright.counts.data.reduce((sum, value) => sum + value, 0);
    const logs = schemes.map((scheme) => {
      const chain = startChain([bright], flux, "spill", scheme);
      const sumLog = chain.kernels.stepRedistribute();
      expect(photonsOf(chain).reduce((sum, value) => sum + value, 0)).toBe(total);
      return sumLog;
    });
    expect(Math.abs(logs[0] - logs[1])).toBeLessThan(1e-6 * total);
  });

  it("keeps observations of different psfs apart", () => {
    const large: Observation = { counts, psf: gaussianPsf(5, [35, 29]) };
    const small: Observation = { counts, psf: asymmetric(6, 11) };
    const logs = (observations: readonly Observation[]) =>
      startChain(observations, flux, "spill", "tiles").kernels.stepRedistribute();
    const both = startChain([large, small, large], flux, "spill", "tiles");
    const sum = both.kernels.stepRedistribute();
    expect(sum).toBeCloseTo(2 * logs([large]) + logs([small]), 6);
    const total = counts.data.reduce((all, value) => all + value, 0);
    for (let index = 0; index < 3; index++) {
      expect(photonsOf(both, index).reduce((all, value) => all + value, 0)).toBe(total);
    }
  });

  it("repeats itself byte by byte for the same seed, and only then", () => {
    const observation: Observation = { counts, psf: gaussianPsf(4, [33, 33]) };
    const [first, second, other] = [5, 5, 6].map((seed) => {
      const chain = startChain([observation], flux, "wrap", "tiles", seed);
      return { trace: chain.sweep(20).slice(), flux: chain.flux.slice() };
    });
    expect(second).toEqual(first);
    expect(other.flux).not.toEqual(first.flux);
  });

  it("is chosen for large psfs on well-lit images, not for small psfs or few lit pixels", () => {
    const chosen = (psfSize: number, lit: SkyImage) => {
      const chain = startChain(
        [{ counts: lit, psf: gaussianPsf(psfSize / 8, [psfSize, psfSize]) }],
        flux,
        "spill",
        "automatic",
      );
      return chain.kernels.usesTiles(chain.handles[0]) !== 0;
    };
    const few = image(shape, (row, col) => Number(row === 4 && col < 5));
    expect([9, 13, 65].map((size) => chosen(size, counts))).toEqual([false, false, true]);
    expect(chosen(65, few)).toBe(false);
  });

  it("stands a psf whose light lies beyond its centre", () => {
    // Trimming such a psf leaves its centre outside: windows meet only part of the sky.
    for (const boundary of ["spill", "wrap"] as const) {
      const psf = normalisePsf(image([25, 25], (row, col) => (row > 19 && col < 4 ? 1 + row : 0)));
      const item: Case = { name: "", shape: [24, 26], psf, boundary, flux: rough([24, 26]) };
      const at = [20, 3] as const;
      const lit = image(item.shape, (row, col) => (row === at[0] && col === at[1] ? 3 : 0));
      const { lambda } = exactLaw(item, at);
      for (const scheme of schemes) {
        const chain = startChain([{ counts: lit, psf }], item.flux, boundary, scheme);
        expect(chain.kernels.stepRedistribute()).toBeCloseTo(3 * Math.log(lambda), 5);
        expect(photonsOf(chain).reduce((sum, value) => sum + value, 0)).toBe(3);
      }
    }
  });
});
