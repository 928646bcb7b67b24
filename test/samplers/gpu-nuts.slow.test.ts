/**
 * The gradient sampler with its likelihood on the GPU: the trajectories of the CPU, an exact posterior, and the same bytes again. Without a
 * device of WebGPU this is skipped with a printed reason; `TSLIRA_REQUIRE_GPU=1` makes its absence an error.
 */
import { describe, expect, it } from "vitest";
import { naturalLog } from "../../src/data/random/exponential.js";
import { randomStream } from "../../src/data/random/random.js";
import type { PosteriorResult } from "../../src/posterior/result.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import { gammaPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import { type ChainRunOptions, prepareRun } from "../../src/runs/prepare-run.js";
import { type GpuNutsLaw, openGpuNuts } from "../../src/samplers/gpu-nuts.js";
import type { NutsLaw } from "../../src/samplers/nuts-sampler.js";
import { openChain } from "../../src/samplers/open-chain.js";
import type { ChainState } from "../../src/samplers/sampler.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { randomObservation } from "../model/random-observation.js";
import { memoryCheckpoints } from "../runs/memory-checkpoints.js";

const found = await findTestGpu();
if ("missing" in found) console.warn(`gpu-nuts.slow.test.ts skipped: ${found.missing}`);
else found.gpu.close();
const here = "gpu" in found;

/** All that the model has, on one tile of the shader: SwiftShader takes 5 ms and more for a gradient of each chain. */
const both = [randomObservation(11, 5, 6), randomObservation(11, 5, 6)];
const everything: ChainRunOptions = {
  method: "nuts",
  prior: ({ reference }) => multiscalePrior({ alpha: 0.7, fitAlpha: true, referenceExposure: reference }),
  ...{ fitBackgroundScale: true, backgroundScalePrior: { shape: 2, rate: 2 }, upsampling: 2, margin: 1 },
  offsets: [
    { x: 0, y: 0 },
    { x: 0.3, y: -1 },
  ],
  ...{ iterations: 12, burnIn: 4, chains: 4, maxDepth: 3 },
};
const lawsOf = (data: Parameters<typeof prepareRun>[0], settings: ChainRunOptions) => {
  const { law, inputs } = prepareRun(data, settings);
  return { inputs, cpu: law as NutsLaw, gpu: { ...law, device: "gpu" } as GpuNutsLaw };
};

/** Pixels of one's own: no psf, no background, a Gamma prior, so that pixel j of n counts has the law Gamma(shape + n, rate + 1). */
const some = [0, 1, 3, 0, 12, 2, 40, 0, 5, 0, 0, 7, 1, 0, 150, 0];
const counts = Array.from({ length: 400 }, (_, pixel) => some[pixel % some.length]);
const apart = {
  counts: { data: Float64Array.from(counts), shape: [20, 20] as const },
  psf: { data: Float64Array.of(1), shape: [1, 1] as const },
};
const [SHAPE, RATE] = [1, 0.25];
/** A Gamma number of a whole shape, as a sum of exponential numbers. */
const drawGamma = (random: { uniform(): number }, shape: number) =>
  Array.from({ length: shape }, () => -naturalLog(1 - random.uniform())).reduce((sum, one) => sum + one, 0);

describe.skipIf(!here)("chains of the gradient sampler on the GPU", () => {
  it("go where those of the CPU go, and draw the same bytes whoever goes beside them and when they are restored", async () => {
    const { inputs, cpu, gpu } = lawsOf(both, everything);
    const device = await openGpuNuts(inputs, gpu, 4);
    const own = await openChain(inputs, cpu, { seed: 3, chain: 1 });
    const [alone, ...others] = [1, 0, 1, 2].map((chain, slot) => device.open(slot, { seed: 3, chain }));
    const { columns } = alone;
    expect(columns).toEqual(own.columns);
    const rows = (await alone.sweep(4, 2)).slice();
    const expected = await own.sweep(4, 2);
    // The same random numbers lead both along the same trajectories. What f32 does to the likelihood, 1e-7 of it, came to 2e-6 of an
    // acceptance of 1e-12 and to less of all other columns.
    for (const [at, value] of rows.entries()) {
      const name = `sweep ${Math.floor(at / columns.length)}, ${columns[at % columns.length]}`;
      expect(Math.abs(value - expected[at]), name).toBeLessThanOrEqual(1e-5 * Math.abs(expected[at]));
    }
    expect(alone.moments.count).toBe(2);
    await Promise.all(others.map((chain) => chain.sweep(1, 1)));
    const again = others[1];
    again.restore(structuredClone(again.save()));
    await Promise.all([again.sweep(3, 1), others[2].sweep(2)]);
    expect(again.save()).toEqual(alone.save());
    device.close();
    await expect(alone.sweep(1)).rejects.toThrow(/must stay and do its work, got lost/);
  });

  it("leave an exact posterior as it is", async () => {
    const chains = 12;
    const { inputs, gpu } = lawsOf(apart, {
      ...{ method: "nuts", prior: gammaPrior({ shape: SHAPE, rate: RATE }), maxDepth: 3 },
      ...{ iterations: 10, burnIn: 0, chains },
    });
    const device = await openGpuNuts(inputs, gpu, chains);
    const random = randomStream(2011);
    const pixels = counts.length;
    const draw = (count: number) => drawGamma(random, SHAPE + count) / (RATE + 1);
    // Each begins at an exact draw, with the scales and about the step that a warm-up would find.
    const report = await Promise.all(
      Array.from({ length: chains }, async (_, chain) => {
        const sampler = device.open(chain, { seed: 5, chain });
        const { arrays, ...state }: ChainState = sampler.save();
        sampler.restore({
          ...state,
          arrays: {
            ...arrays,
            position: Float64Array.from(counts, (count) => naturalLog(draw(count))),
            inverseMass: Float64Array.from(counts, (count) => 1 / (SHAPE + count)),
            stepSize: Float64Array.of(0.35),
          },
        });
        const before = sampler.save().arrays.position;
        await sampler.sweep(3);
        const { mean, squares } = sampler.moments;
        const after = sampler.save().arrays.position;
        let [first, second, moved] = [0, 0, 0];
        for (const [pixel, count] of counts.entries()) {
          const variance = (SHAPE + count) / (RATE + 1) ** 2;
          const off = mean[pixel] - (SHAPE + count) / (RATE + 1);
          first += off / Math.sqrt(variance) / pixels;
          second += ((squares[pixel] / 3 + off * off) / variance - 1) / pixels;
          moved += ((SHAPE + count) * (after[pixel] - before[pixel]) ** 2) / pixels;
        }
        return { first, second, moved };
      }),
    );
    device.close();
    const studentOf = (values: readonly number[]) => {
      const mean = values.reduce((sum, value) => sum + value / chains, 0);
      const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return mean / Math.sqrt(square / (chains - 1) / chains);
    };
    const [first, second] = [report.map((one) => one.first), report.map((one) => one.second)].map(studentOf);
    const moved = report.reduce((sum, one) => sum + one.moved / chains, 0);
    console.log({ first, second, moved });
    // t of 11 degrees of freedom: beyond 5.45 lies 2e-4, for each of the two. A Cash statistic times 1.2 has -1.9 and -7.8. Two independent
    // draws differ by 2 variances.
    expect(Math.abs(first)).toBeLessThan(5.45);
    expect(Math.abs(second)).toBeLessThan(5.45);
    expect(moved).toBeGreaterThan(1);
  });
});

describe.skipIf(!here)("a run of the gradient sampler on the GPU", () => {
  const settings = {
    ...{ method: "nuts" as const, prior: gammaPrior({ shape: SHAPE, rate: RATE }), maxDepth: 2 },
    ...{ iterations: 8, burnIn: 4, chains: 2, seed: 3, trace: { every: 1 } },
  };
  const sampledOf = ({ mean, std, trace, transitions }: PosteriorResult) => ({
    mean,
    std,
    trace,
    transitions,
  });

  it("ends in the same bytes when it is broken off, and goes on on the CPU where the GPU is gone", async () => {
    const onGpu = { ...settings, device: "gpu" as const };
    const whole = await deconvolve(apart, onGpu);
    expect(whole.config).toMatchObject({ method: "nuts", device: "gpu" });
    const checkpoints = memoryCheckpoints();
    checkpoints.refuseAfter = 5;
    const often = { batch: 1, checkpoints, checkpointSeconds: 0 };
    await expect(deconvolve(apart, { ...onGpu, ...often })).rejects.toThrow("the program was killed");
    checkpoints.refuseAfter = Number.POSITIVE_INFINITY;
    const kept = await checkpoints.read();
    const copy = memoryCheckpoints();
    await copy.writeRecord(kept!.record);
    for (const piece of kept!.pieces) await copy.addPiece(piece);
    expect(sampledOf(await deconvolve(apart, { ...onGpu, ...often }))).toEqual(sampledOf(whole));

    const notes: string[] = [];
    const onNote = (note: string) => void notes.push(note);
    const moved = await deconvolve(apart, { ...settings, ...often, checkpoints: copy, workers: 0, onNote });
    expect(notes).toEqual(["device: chains that began on the GPU go on on the CPU"]);
    expect(moved.config).not.toHaveProperty("device");
    expect(moved.provenance.device).toMatch(
      /^device: chains began on the GPU and went on on the CPU after \d( to \d)? sweeps, in double precision$/,
    );
    // With the random numbers that it had: what is drawn differs by what f32 does to the likelihood.
    const [there, own] = [whole, moved].map(({ mean }) => mean.data);
    for (const [pixel, value] of own.entries()) {
      expect(Math.abs(value / there[pixel] - 1)).toBeLessThan(1e-4);
    }
    // There is no way back.
    await expect(deconvolve(apart, { ...onGpu, checkpoints: copy })).rejects.toThrow(
      /must have the settings it began with/,
    );
  });
});
