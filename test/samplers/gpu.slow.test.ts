/**
 * Chains on the GPU: the reference posterior of LIRA, calibration of the adaptive prior, and the same bytes again. Without a device
 * of WebGPU this is skipped with a printed reason; `TSLIRA_REQUIRE_GPU=1` makes its absence an error.
 */
import { afterAll, describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { LiraDeconvolver, type LiraDeconvolverOptions } from "../../src/runs/lira-deconvolver.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { compareWithReference, formatAcceptance, sampleBatches } from "../oracles/acceptance.js";
import { formatCalibration, judgeCalibration } from "../oracles/calibration.js";
import { squareScenario } from "../oracles/calibration-scenarios.js";
import { memoryCheckpoints } from "../runs/memory-checkpoints.js";
import { calibrateOnGpu } from "./gpu-calibration.js";
import { runGpuChains } from "./gpu-chains.js";
import { missingReferences, readReferenceCase } from "./reference-case.js";
import { startLiraChain } from "./samplers-under-test.js";

const found = await findTestGpu();
if ("missing" in found) console.warn(`gpu.slow.test.ts skipped: ${found.missing}`);
const here = "gpu" in found;
afterAll(() => {
  if ("gpu" in found) found.gpu.close();
});
const missing = missingReferences();
if (missing !== undefined) console.warn(`gpu.slow.test.ts, reference: skipped: ${missing}`);

describe.skipIf(!here)("chains on the GPU", () => {
  it.skipIf(missing !== undefined)("find the posterior of the original LIRA", async () => {
    const reference = await readReferenceCase("point32");
    const { settings, observation, fluxInit } = reference;
    // As little work for a GPU that is a CPU as still tells: chains begin where those of the CPU are after the reference's burn-in.
    const chains = 6;
    const begun = Array.from({ length: chains }, (_, chain) => {
      const running = startLiraChain([observation], settings, { seed: 77, chain, fluxInit });
      running.sweep(reference.burnIn);
      return { flux: running.flux.slice(), alpha: running.alpha.slice() };
    });
    const levels = begun[0].alpha.length;
    const alphaInit = Array.from(
      { length: levels },
      (_, level) => begun.reduce((sum, { alpha }) => sum + alpha[level], 0) / chains,
    );
    const starts = begun.map(({ flux }) => ({ data: flux, shape: fluxInit.shape }));
    const ours = await sampleBatches(
      { ...reference, settings: { ...settings, alphaInit } },
      runGpuChains(starts),
      {
        ...{ seed: 2004, chains },
        ...{ iterations: 180, burnIn: 20 },
      },
    );
    const report = compareWithReference(reference, ours);
    console.log(formatAcceptance(report));
    expect(report.reasons).toEqual([]);
  });

  it("are calibrated under the adaptive prior", async () => {
    // 100 simulations at once; the false-alarm rate is 1e-3 over the ten quantities of a new seed.
    const report = await calibrateOnGpu(squareScenario(), {
      simulations: 100,
      seed: 1998,
      draws: 6,
      sweeps: 120,
    });
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).reasons).toEqual([]);
  });
});

describe.skipIf(!here).each([
  { preset: "adaptive", cycleSpin: "ensemble" },
  { preset: "lira", cycleSpin: "random" },
] as const satisfies LiraDeconvolverOptions[])("a run on the GPU, preset $preset", (law) => {
  const data = simulatePointSource({
    seed: 4,
    shape: [12, 10],
    psfShape: [5, 5],
    psfSigma: 1,
    background: 0.2,
  });
  const deconvolver = new LiraDeconvolver({
    ...law,
    device: "gpu",
    iterations: 24,
    burnIn: 6,
    chains: 4,
    seed: 3,
  });
  const bytesOf = ({ mean, std, trace, config }: Awaited<ReturnType<typeof deconvolver.run>>) =>
    structuredClone({ mean, std, rows: trace.parameters, draws: trace.images, config });

  it("gives the same bytes again, in batches of any size, and when it is broken off and continued", async () => {
    const expected = await deconvolver.run(data);
    expect(expected.config).toMatchObject({ device: "gpu", pairTransfers: 0 });
    expect(bytesOf(await deconvolver.run(data, { batch: 1 }))).toEqual(bytesOf(expected));
    const checkpoints = memoryCheckpoints();
    let breaks = 0;
    for (;;) {
      checkpoints.refuseAfter = checkpoints.added + 2 + 4 * breaks;
      try {
        const result = await deconvolver.run(data, { batch: 2, checkpoints, checkpointSeconds: 0 });
        expect(bytesOf(result)).toEqual(bytesOf(expected));
        break;
      } catch (error) {
        expect((error as Error).message).toBe("the program was killed");
        breaks++;
      }
    }
    expect(breaks).toBeGreaterThan(0);
  });
});

describe("what the GPU does not do is refused", () => {
  it("transfers", () => {
    expect(() => new LiraDeconvolver({ device: "gpu", pairTransfers: 8 })).toThrow(
      'lira: pairTransfers must be 0 with device "gpu", which has none, got 8; leave it out or choose device "cpu"',
    );
  });

  it("a shift that is sampled", async () => {
    const data = simulatePointSource({ seed: 4, shape: [8, 8], psfShape: [5, 5], psfSigma: 1 });
    await expect(new LiraDeconvolver({ device: "gpu", cycleSpin: "sampled" }).run(data)).rejects.toThrow(
      "gpu: cycleSpin must be none, ensemble or random on the GPU, got sampled; choose device cpu for it",
    );
  });
});
