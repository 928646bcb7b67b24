/** The psfs that chains drew, where a result is judged and measured. */
import { describe, expect, it } from "vitest";
import { checkModel } from "../../src/checks/model-check.js";
import { predictiveCheck } from "../../src/checks/predictive-check.js";
import { type PosteriorDraw, replicateKernel } from "../../src/checks/replicate-job.js";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { psfAt, psfAxes, psfEnsemble, withWidthError } from "../../src/data/observation/psf-ensemble.js";
import { ringsAbout } from "../../src/data/observation/radial-profile.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { constantImage, imageSum } from "../../src/image.js";
import { predictedCounts } from "../../src/model/predicted-counts.js";
import { drawnPsf, psfColumns, withMeanPsfs } from "../../src/posterior/drawn-psf.js";
import type { PosteriorSummary } from "../../src/posterior/result.js";
import { parameterDraws } from "../../src/posterior/summary.js";
import { asParameterSource } from "../../src/posterior/trace.js";
import { deconvolve } from "../../src/runs/deconvolve.js";

const shape = [12, 12] as const;
const flux = constantImage(shape, 0.5);
flux.data[6 * 12 + 6] = 200;
const two = psfEnsemble([{ psf: gaussianPsf(0.8, [9, 9]) }, { psf: gaussianPsf(2, [9, 9]), weight: 2 }]);
const psf = withWidthError(two, 0.1);
const observation = checkObservation({ counts: simulateCounts(flux, two, { seed: 3 }), psf }).observation;
const axes = psfAxes(psf);

/** Four sweeps of two chains, each with another psf, the first two burn-in. */
const rows = [
  [0, 0.9, 0, 1.1, 0, 1, 1, 1.05],
  [1, 1.1, 1, 0.9, 1, 0.95, 0, 1.125],
];
const parameters = {
  names: ["psfMember", "psfWidth"],
  burnIn: 2,
  chains: rows.map((row) => Float64Array.from(row)),
};
/** Flux of each draw: brighter and brighter. */
const images = {
  shape,
  first: 2,
  every: 1,
  chains: [0, 1].map((chain) =>
    Float32Array.from(
      { length: 2 * 144 },
      (_, index) => flux.data[index % 144] * (1 + chain + (index >= 144 ? 0.5 : 0)),
    ),
  ),
};
const drawn = drawnPsf([observation], 0, asParameterSource(parameters))!;
const oracle = (chain: number, draw: number) => {
  const [member, width] = rows[chain].slice(2 * (2 + draw), 2 * (3 + draw));
  const exact = psfAt(psf, axes, [member, Math.round(500 + (200 * (width - 1)) / 0.1)]);
  const data = Float64Array.from(images.chains[chain].subarray(144 * draw, 144 * (draw + 1)));
  return {
    exact,
    predicted: predictedCounts(
      { data, shape },
      { ...observation, psf: exact },
      { boundary: "spill", scale: 1 },
    ),
  };
};
const each = [0, 1].flatMap((chain) => [0, 1].map((draw) => oracle(chain, draw)));
const meanOf = (arrays: readonly Float64Array[]) =>
  arrays[0].map((_, index) => arrays.reduce((sum, array) => sum + array[index], 0) / arrays.length);

describe("psfs that were drawn", () => {
  it("are those of the trace", () => {
    expect(psfColumns([observation])).toEqual(parameters.names);
    for (const chain of [0, 1]) {
      for (const draw of [0, 1]) {
        expect(psfAt(psf, axes, drawn(chain, 2 + draw))).toEqual(oracle(chain, draw).exact);
      }
    }
    expect(
      drawnPsf([observation], 0, asParameterSource({ ...parameters, names: ["a", "b"] })),
    ).toBeUndefined();
  });

  it("are in the prediction of a predictive check, draw by draw", async () => {
    const [check] = await predictiveCheck(observation, { parameters, images }, { draws: 4, replicates: 5 });
    const expected = meanOf(each.map(({ predicted }) => predicted.data));
    for (const [pixel, value] of expected.entries())
      expect(check.predicted.data[pixel]).toBeCloseTo(value, 9);
  });

  it("make the replicated counts", () => {
    const profile = ringsAbout({ x: 6, y: 6 }, shape, [0, 2, 4]);
    const task = { fitted: { boundary: "spill" as const }, profile, side: 3, seed: 4 };
    const draw: PosteriorDraw = { number: 0, flux: images.chains[0].slice(0, 144), scale: 1, replicates: 20 };
    const own = replicateKernel({ ...task, observation })({ ...draw, psf: drawn(0, 2) });
    const exact = { ...observation, psf: each[0].exact };
    expect(own).toEqual(replicateKernel({ ...task, observation: exact })(draw));
    expect(own.values).not.toEqual(replicateKernel({ ...task, observation })(draw).values);
  });

  it("are a mean where the mean image is looked at", () => {
    const [seen] = withMeanPsfs([observation], parameters);
    const light = meanOf(each.map(({ exact }) => Float64Array.of(exact.data[(exact.data.length - 1) / 2])));
    expect(seen.psf.data[(seen.psf.data.length - 1) / 2]).toBeCloseTo(light[0], 12);
    expect(withMeanPsfs([observation], undefined)[0]).toBe(observation);
    const mean = { data: flux.data, shape };
    const result = { mean, config: { boundary: "spill" }, ledger: [{}] } as unknown as PosteriorSummary;
    const [check] = checkModel(result, parameters, [observation]);
    const expected = predictedCounts(
      mean,
      { ...observation, psf: seen.psf },
      { boundary: "spill", scale: 1 },
    );
    for (const [pixel, value] of expected.data.entries())
      expect(check.predicted.data[pixel]).toBeCloseTo(value, 9);
  });

  it("are in the ledger, whose lines add up to the prediction", async () => {
    // Sources at the edge, which lose less light under the sharp psf.
    const sky = constantImage(shape, 0.5);
    for (const row of [3, 6, 9]) sky.data[row * 12 + 1] = 300;
    const data = {
      counts: simulateCounts(sky, gaussianPsf(0.8, [9, 9]), { background: 0.2, seed: 8 }),
      psf: two,
      background: constantImage(shape, 0.2),
    };
    const result = await deconvolve(data, { iterations: 80, chains: 2, margin: 0, seed: 3, workers: 0 });
    const [{ source, background, lost }] = result.ledger;
    const [check] = checkModel(result, result.trace.parameters, [data]);
    expect((source + background) / imageSum(check.predicted)).toBeCloseTo(1, 10);
    expect((source + lost) / imageSum(result.mean)).toBeCloseTo(1, 10);
    // The chains hold to the sharp psf, which loses less light than the mean of the ensemble.
    const member = result.trace.parameters.names.indexOf("psfMember");
    const draws = parameterDraws(result.trace.parameters, member).flatMap((chain) => [...chain]);
    expect(draws.reduce((sum, value) => sum + value, 0) / draws.length).toBeLessThan(0.05);
    const given = predictedCounts(result.mean, checkObservation(data).observation, {
      boundary: "spill",
      scale: 1,
    });
    expect(imageSum(given) / (source + background)).toBeLessThan(0.97);
  });
});
