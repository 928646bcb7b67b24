/** Chains that draw which of several psfs is true. */
import { describe, expect, it } from "vitest";
import { centredPsf, gaussianPsf, psfCentre } from "../../src/data/observation/psf.js";
import {
  psfAt,
  psfAxes,
  psfEnsemble,
  withPointingError,
  withWidthError,
} from "../../src/data/observation/psf-ensemble.js";
import { psfSet } from "../../src/data/observation/psf-set.js";
import { resamplePsf } from "../../src/data/observation/resample-psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { constantImage, skyImage } from "../../src/image.js";
import { psfColumns } from "../../src/posterior/drawn-psf.js";
import type { PixelChainSettings } from "../../src/samplers/lira.js";
import { createSampledPsfChain } from "../../src/samplers/sampled-psf.js";
import {
  textbookExpectedCounts,
  textbookLogLikelihood,
  textbookObservation,
} from "../oracles/textbook-model.js";
import { textbookRandom } from "../oracles/textbook-random.js";

const PRIOR = { shape: 2, rate: 0.5 };
const settings: PixelChainSettings = {
  boundary: "spill",
  pixelPrior: PRIOR,
  pairTransfers: 2,
  fitBackgroundScale: false,
  backgroundScalePrior: { shape: 1, rate: 1 },
};
const psf = psfEnsemble([
  { psf: skyImage([0, 0, 0, 0, 1, 0, 0, 0, 0], [3, 3]), weight: 1 },
  { psf: skyImage([0, 1, 0, 1, 4, 1, 0, 1, 0], [3, 3]), weight: 2 },
  { psf: skyImage([1, 1, 1, 1, 1, 1, 1, 1, 1], [3, 3]), weight: 3 },
]);
const observation = {
  counts: skyImage([9, 2, 0, 3, 1, 0], [2, 3]),
  psf,
  background: skyImage([0.2, 0.1, 0.3, 0.2, 0.1, 0.3], [2, 3]),
};

/** Probabilities of the members by importance sampling from the prior of the image, with their standard errors. */
function exactChances(draws: number) {
  const random = textbookRandom(11, 0);
  const { data } = observation.counts;
  const models = psf.members!.map(({ psf: image }) =>
    textbookObservation({ ...observation, psf: image }, "spill"),
  );
  const weights = models.map(() => new Float64Array(draws));
  for (let draw = 0; draw < draws; draw++) {
    const flux = Float64Array.from(data, () => random.gamma(PRIOR.shape, PRIOR.rate));
    for (const [index, model] of models.entries()) {
      const lambda = textbookExpectedCounts(model, flux, 1);
      let log = Math.log(psf.members![index].weight);
      for (const [pixel, counts] of data.entries()) log += counts * Math.log(lambda[pixel]) - lambda[pixel];
      weights[index][draw] = Math.exp(log);
    }
  }
  const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0);
  const total = weights.reduce((all, values) => all + sum(values), 0);
  return weights.map((values) => {
    const chance = sum(values) / total;
    // Delta method for a ratio of means over the same draws.
    let square = 0;
    for (let draw = 0; draw < draws; draw++) {
      const all = weights.reduce((every, other) => every + other[draw], 0);
      square += (values[draw] - chance * all) ** 2;
    }
    return { chance, error: Math.sqrt(square) / total };
  });
}

describe("a chain that draws its psf", () => {
  it("has members as often as the data and their weights make them, and no other total", () => {
    const exact = exactChances(200_000);
    const chain = createSampledPsfChain([observation], settings, { seed: 5, chain: 0 });
    expect(chain.columns.slice(-1)).toEqual(["psfMember"]);
    const batches = 50;
    const size = 256 * 8;
    const means = psf.members!.map(() => new Float64Array(batches));
    chain.sweep(256);
    for (let batch = 0; batch < batches; batch++) {
      for (let part = 0; part < 8; part++) {
        const rows = chain.sweep(256);
        for (let at = chain.columns.length - 1; at < rows.length; at += chain.columns.length)
          means[rows[at]][batch] += 1 / size;
      }
    }
    for (const [index, { chance, error }] of exact.entries()) {
      const mean = means[index].reduce((sum, value) => sum + value, 0) / batches;
      const spread = means[index].reduce((sum, value) => sum + (value - mean) ** 2, 0);
      const z = (mean - chance) / Math.hypot(error, Math.sqrt(spread / (batches - 1) / batches));
      // Three members: beyond 4.5 by chance once in 50,000 seeds.
      expect(Math.abs(z), `member ${index}: ${mean} for ${chance}`).toBeLessThan(4.5);
    }
    // Neither nearly certain nor nearly excluded: otherwise a chain that never moves would pass.
    for (const { chance } of exact) expect(chance).toBeGreaterThan(0.02);
  });

  it("goes on from a saved state to the bytes of an undisturbed chain", () => {
    const two = [observation, { ...observation, psf: skyImage([1, 2, 1], [1, 3]) }];
    const create = () => createSampledPsfChain(two, settings, { seed: 8, chain: 1 });
    const whole = create();
    expect(whole.columns.slice(-1)).toEqual(["psfMember0"]);
    whole.sweep(40);
    const state = whole.save();
    const rows = whole.sweep(60).slice();
    expect(
      new Set(rows.filter((_, at) => at % whole.columns.length === whole.columns.length - 1)).size,
    ).toBeGreaterThan(1);
    const resumed = create();
    resumed.restore(state);
    expect(resumed.sweep(60)).toEqual(rows);
    expect(resumed.save()).toEqual(whole.save());
    const { psf: _, ...arrays } = state.arrays;
    expect(() => create().restore({ ...state, arrays })).toThrow(/^lira: psf of a saved state must /);
  });

  it("names its columns by what is uncertain", () => {
    const known = skyImage([1, 2, 1], [1, 3]);
    expect(psfColumns([{ psf: known }])).toEqual([]);
    expect(psfColumns([{ psf: withWidthError(psf, 0.1) }])).toEqual(["psfMember", "psfWidth"]);
    const pointing = withPointingError(known, 0.3);
    expect(psfColumns([{ psf: known }, { psf: pointing }])).toEqual(["pointingX1", "pointingY1"]);
  });
});

describe("a chain that draws the width of psfs at places", () => {
  const places = [
    { psf: skyImage([0, 1, 0, 1, 12, 1, 0, 2, 0], [3, 3]), x: 0, y: 0 },
    { psf: skyImage([1, 2, 1, 3, 6, 2, 1, 2, 1], [3, 3]), x: 2, y: 1 },
  ];
  const set = psfSet(places);
  const seen = { ...observation, counts: skyImage([0, 2, 0, 2, 14, 1], [2, 3]) };

  it("has widths and totals as the data and the prior make them", () => {
    const psf = withWidthError(set, 0.2);
    const axes = psfAxes(psf);
    const [axis] = axes;
    // By importance sampling from the prior of image and width, whose models are made once.
    const models = new Map<number, ReturnType<typeof textbookObservation>>();
    const random = textbookRandom(12, 0);
    const { data } = seen.counts;
    const sums = { one: 0, width: 0, total: 0 };
    const draws: (readonly [weight: number, width: number, total: number])[] = [];
    for (let draw = 0; draw < 40_000; draw++) {
      let index = 0;
      do index = Math.floor(random.uniform() * axis.count);
      while (random.uniform() > Math.exp(axis.logWeight(index)));
      const model =
        models.get(index) ?? textbookObservation({ ...seen, psf: psfAt(psf, axes, [index]) }, "spill");
      models.set(index, model);
      const flux = Float64Array.from(data, () => random.gamma(PRIOR.shape, PRIOR.rate));
      const weight = Math.exp(textbookLogLikelihood(model, textbookExpectedCounts(model, flux, 1)));
      const total = flux.reduce((sum, value) => sum + value, 0);
      draws.push([weight, axis.value(index), total]);
      sums.one += weight;
      sums.width += weight * axis.value(index);
      sums.total += weight * total;
    }
    const exact = [sums.width / sums.one, sums.total / sums.one];
    const errors = exact.map(
      (mean, which) =>
        Math.sqrt(draws.reduce((sum, draw) => sum + (draw[0] * (draw[which + 1] - mean)) ** 2, 0)) / sums.one,
    );

    const chain = createSampledPsfChain([{ ...seen, psf }], settings, { seed: 6, chain: 0 });
    expect(chain.columns.at(-1)).toBe("psfWidth");
    const [width, total] = ["psfWidth", "expectedMSCounts"].map((name) => chain.columns.indexOf(name));
    const batches = 25;
    const size = 256 * 6;
    const means = [0, 1].map(() => new Float64Array(batches));
    chain.sweep(256);
    for (let batch = 0; batch < batches; batch++) {
      for (let part = 0; part < 6; part++) {
        const rows = chain.sweep(256);
        for (let at = 0; at < rows.length; at += chain.columns.length) {
          means[0][batch] += rows[at + width] / size;
          means[1][batch] += rows[at + total] / size;
        }
      }
    }
    for (const [which, batchMeans] of means.entries()) {
      const mean = batchMeans.reduce((sum, value) => sum + value, 0) / batches;
      const spread = batchMeans.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      const z =
        (mean - exact[which]) / Math.hypot(errors[which], Math.sqrt(spread / (batches - 1) / batches));
      // Two means: beyond 4.5 by chance once in 70,000 seeds.
      expect(Math.abs(z), `${which}: ${mean} for ${exact[which]}`).toBeLessThan(4.5);
    }
    // The data ask for a narrower psf than the prior does.
    expect(1 - exact[0]).toBeGreaterThan(8 * errors[0]);
  });

  it("looks at the data through the psfs that are drawn, moved ones too, also after a restart", () => {
    const psf = withPointingError(withWidthError(set, 0.15), 0.3);
    const axes = psfAxes(psf);
    const create = () => createSampledPsfChain([{ ...seen, psf }], settings, { seed: 7, chain: 0 });
    const chain = create();
    for (let time = 0; time < 6; time++) {
      chain.sweep(7);
      const model = textbookObservation({ ...seen, psf: psfAt(psf, axes, chain.chosen[0]) }, "spill");
      const expected = textbookLogLikelihood(model, textbookExpectedCounts(model, chain.flux, 1));
      // Sums over the pixels in f32.
      expect(chain.inner.kernels.likelihood()).toBeCloseTo(expected, 4);
    }
    expect(new Set(chain.chosen[0]).size).toBeGreaterThan(1);
    const resumed = create();
    resumed.restore(chain.save());
    expect(resumed.sweep(20)).toEqual(chain.sweep(20));
  });
});

describe("a chain that fits where an observation lies", () => {
  it("finds a displacement of half a pixel, and says so in the trace", () => {
    const shape = [24, 24] as const;
    const flux = constantImage(shape, 0.1);
    flux.data[10 * 24 + 9] = 800;
    flux.data[15 * 24 + 16] = 500;
    const sharp = gaussianPsf(1.3, [13, 13]);
    // What lies half a pixel farther right and 0.3 lower has its sources farther left and higher.
    const moved = resamplePsf(
      { psf: sharp, centre: psfCentre(sharp) },
      { upsampling: 1, shift: { x: -0.5, y: 0.3 } },
    );
    const two = [
      { counts: simulateCounts(flux, sharp, { seed: 1 }), psf: sharp },
      { counts: simulateCounts(flux, centredPsf(moved), { seed: 2 }), psf: withPointingError(sharp, 0.5) },
    ];
    const chain = createSampledPsfChain(two, settings, { seed: 3, chain: 0 });
    const width = chain.columns.length;
    expect(chain.columns.slice(-2)).toEqual(["pointingX1", "pointingY1"]);
    const sums = [0, 0];
    for (let batch = 0; batch < 12; batch++) {
      const rows = chain.sweep(250);
      for (let at = width; batch >= 4 && at <= rows.length; at += width) {
        sums[0] += rows[at - 2] / 2000;
        sums[1] += rows[at - 1] / 2000;
      }
    }
    // 1,300 photons of a psf of 1.3 pixels in each observation: 0.051 pixels; six of them.
    expect(Math.abs(sums[0] - 0.5)).toBeLessThan(0.3);
    expect(Math.abs(sums[1] + 0.3)).toBeLessThan(0.3);
    console.info(`pointing: ${sums[0].toFixed(3)}, ${sums[1].toFixed(3)} for 0.5, -0.3`);
  });
});
