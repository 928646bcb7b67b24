/**
 * Chains on the GPU: sweeps of the law of those on the CPU, calibration of the adaptive prior, and the same bytes again. Without a device
 * of WebGPU this is skipped with a printed reason; `TSLIRA_REQUIRE_GPU=1` makes its absence an error.
 */
import { afterAll, describe, expect, it, vi } from "vitest";
import { multiscaleLevels } from "../../src/data/observation/multiscale-decomposition.js";
import type { Observation } from "../../src/data/observation/observation.js";
import {
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../../src/data/observation/simulated-datasets.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { planRun } from "../../src/runs/lira-options.js";
import { type GpuChainSettings, openGpuChains } from "../../src/samplers/gpu-chain.js";
import type { LiraChainSettings } from "../../src/samplers/lira.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { formatCalibration, judgeCalibration } from "../oracles/calibration.js";
import { squareScenario } from "../oracles/calibration-scenarios.js";
import { memoryCheckpoints } from "../runs/memory-checkpoints.js";
import { calibrateOnGpu } from "./gpu-calibration.js";
import { compareDevices } from "./gpu-chains.js";
import { missingReferences, readReferenceCase } from "./reference-case.js";

const found = await findTestGpu();
if ("missing" in found) console.warn(`gpu.slow.test.ts skipped: ${found.missing}`);
const here = "gpu" in found;
afterAll(() => {
  if ("gpu" in found) found.gpu.close();
});
const missing = missingReferences();
if (missing !== undefined) console.warn(`gpu.slow.test.ts, point32 skipped: ${missing}`);

/** A reference case under LIRA's law, and a small sky under the default one. */
const referenceCase = async (name: string) => {
  const { observation, settings } = await readReferenceCase(name);
  const { alphaInit, backgroundScalePrior, ...law } = settings;
  const levels = multiscaleLevels(observation.counts.shape);
  const prior = backgroundScalePrior ?? { shape: 0.001, rate: 0 };
  const alphas = new Array<number>(levels).fill(0.1);
  return { observation, law: { ...law, alphaInit: alphas, backgroundScalePrior: prior, pairTransfers: 0 } };
};
type Case = [string, () => Promise<{ observation: Observation; law: LiraChainSettings }>, number];
const SMALL: Case = [
  "adaptive, spill",
  async () => ({
    observation: simulateGaussianAndPoints({ seed: 5, shape: [24, 20] }),
    law: planRun({ device: "gpu" }, [24, 20]).config,
  }),
  40,
];
/** All transfers where prior, edges and blocks are others; few enough counts to see the background. */
const faintPoint = () =>
  simulatePointSource({ seed: 5, shape: [13, 12], psfShape: [9, 9], psfSigma: 1.5, background: 1 });
const LEVELS: Case = [
  "an alpha a level, wrap, fitted background, transfers",
  async () => ({ observation: faintPoint(), law: faintLaw }),
  40,
];
const faintLaw = planRun(
  {
    device: "gpu",
    preset: "lira",
    cycleSpin: "ensemble",
    pairTransfers: 14,
    fitBackgroundScale: true,
    backgroundScalePrior: { shape: 1, rate: 1 },
  },
  [13, 12],
).config;
/** Four cells of 4 x 4 pixels of each colour, which trade flux at the same time, and pairs that lie in two. */
const CELLS: Case = [
  "adaptive, pairs of four cells at once",
  async () => ({
    observation: simulateGaussianAndPoints({ seed: 5, shape: [16, 16], psfShape: [3, 3], psfSigma: 0.8 }),
    law: planRun({ device: "gpu" }, [16, 16]).config,
  }),
  40,
];
const CASES: Case[] = [
  ...(missing === undefined ? [["point32", () => referenceCase("point32"), 40] as Case] : []),
  SMALL,
  LEVELS,
  CELLS,
];

/**
 * Root mean squares of t of 7 degrees of freedom that 2e-4 exceed, by how many independent ones there are (2 million simulated, of 30 and 64
 * 400,000). Of many it is near the root of the variance, 7/5, of which half is added, since neighbours are correlated.
 */
const RMS_BOUNDS = [
  [120, 1.5 * Math.sqrt(7 / 5)],
  [64, 2.02],
  [30, 2.47],
  [16, 2.95],
  [12, 3.21],
  [9, 3.52],
  [4, 4.51],
] as const;

/** Root mean square of the t of so many blocks, 4 and more, that is not to be exceeded. */
function mostRms(count: number): number {
  const found = RMS_BOUNDS.find(([least]) => count >= least);
  if (found === undefined) throw new Error(`blocks must be 4 or more, got ${count}; make the image larger`);
  return found[1];
}

describe.skipIf(!here)("chains on the GPU", () => {
  it.each(CASES)("sweep as those of the CPU do: %s", async (_, makeCase, sweeps) => {
    const { observation, law } = await makeCase();
    const report = await compareDevices(observation, law, { chains: 8, skip: 2, sweeps, seed: 2004 });
    console.log(
      report.blocks.map(({ blockSize, rms }) => `${blockSize}: ${rms.toFixed(2)}`).join(", "),
      report.columns.map(({ name, t }) => `${name} ${t.toFixed(2)}`).join(", "),
    );
    // Beyond |t| = 7.06 of 7 degrees of freedom lies 2e-4; some twelve columns a case.
    for (const { blockSize, count, rms } of report.blocks) {
      expect(rms, `${count} blocks of ${blockSize}`).toBeLessThan(mostRms(count));
    }
    for (const { name, t } of report.columns) expect(Math.abs(t), name).toBeLessThan(7.06);
  });

  it("are told apart from chains whose transfers count the Jacobian twice", async () => {
    vi.doMock("../../src/generated/shader-wgsl.js", async (original) => {
      const { shaderWgsl } = await original<typeof import("../../src/generated/shader-wgsl.js")>();
      const right = "var pending = vec2<f32>(1.0);";
      expect(shaderWgsl).toContain(right);
      return { shaderWgsl: shaderWgsl.replace(right, "var pending = vec2<f32>(2.0);") };
    });
    vi.resetModules();
    const { compareDevices: compare } = await import("./gpu-chains.js");
    vi.doUnmock("../../src/generated/shader-wgsl.js");
    const report = await compare(faintPoint(), faintLaw, { chains: 8, skip: 2, sweeps: 40, seed: 2004 });
    expect(Math.max(...report.columns.map(({ t }) => Math.abs(t)))).toBeGreaterThan(7.06);
  });

  it("are calibrated under the adaptive prior, with transfers", async () => {
    // 100 simulations at once; the false-alarm rate is 1e-3 over the ten quantities of a new seed. Draws of slow chains still depend on
    // each other, which spreads ranks: that can raise an alarm, but hide none.
    const work = { simulations: 100, seed: 1998, draws: 3, sweeps: 54 };
    const report = await calibrateOnGpu(squareScenario(), work);
    console.log(formatCalibration(report));
    expect(judgeCalibration([{ ...report, short: 0 }], 1e-3).reasons).toEqual([]);
  });

  it("are calibrated with pairs in several cells at once", async () => {
    // Cells of 2 x 2 pixels, the least that keep psfs of 3 x 3 apart: too small to be worth it, but all else is small too.
    vi.doMock("../../src/samplers/gpu-cells.js", () => ({
      cellsFor: () => ({ level: 1, rows: 2, cols: 2 }),
    }));
    vi.resetModules();
    const { calibrateOnGpu: calibrate } = await import("./gpu-calibration.js");
    vi.doUnmock("../../src/samplers/gpu-cells.js");
    const work = { simulations: 40, seed: 1999, draws: 2, sweeps: 36 };
    const report = await calibrate(squareScenario(), work);
    console.log(formatCalibration(report));
    expect(judgeCalibration([{ ...report, short: 0 }], 1e-3).reasons).toEqual([]);
  });

  it("draw the same bytes with pairs in several cells, in batches of any size, and when they are restored", async () => {
    const { observation, law } = await CELLS[1]();
    const device = await openGpuChains([observation], { ...law, device: "gpu" } as GpuChainSettings, 2);
    const [one, other] = [0, 1].map((slot) => device.open(slot, { seed: 3, chain: 5 }));
    await one.sweep(12, 4);
    await other.sweep(5, 4);
    await other.sweep(1);
    other.restore(other.save());
    await other.sweep(6);
    expect(other.save()).toEqual(one.save());
    device.close();
  });
});

describe.skipIf(!here)("a run on the GPU", () => {
  const data = simulatePointSource({
    seed: 4,
    shape: [12, 10],
    psfShape: [5, 5],
    psfSigma: 1,
    background: 0.2,
  });
  const deconvolver = new LiraDeconvolver({
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
    expect(expected.config).toMatchObject({ device: "gpu", pairTransfers: 14 });
    const checkpoints = memoryCheckpoints();
    let breaks = 0;
    for (;;) {
      checkpoints.refuseAfter = checkpoints.added + 3 + 100 * breaks;
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

describe.skipIf(!here)("the device auto", () => {
  it("is the one whose sweeps cost less, and says both costs", async () => {
    const data = simulatePointSource({ seed: 4, shape: [16, 16], psfShape: [5, 5], psfSigma: 1 });
    const deconvolver = new LiraDeconvolver({ device: "auto", iterations: 8, burnIn: 2, chains: 3 });
    const { config, provenance } = await deconvolver.run(data, { workers: 0 });
    const told =
      /^device: chains run on the (CPU|GPU); for a sweep of all 3 chains (.*) takes? (.*) ms, (.*) takes? (.*) ms$/;
    const [, device, , less, , more] = told.exec(provenance.device ?? "") ?? [];
    expect(Number(less)).toBeGreaterThan(0);
    expect(Number(less)).toBeLessThanOrEqual(Number(more));
    expect(config.device ?? "cpu").toBe(device.toLowerCase());
  });
});

describe("what the GPU does not do is refused", () => {
  it("a shift that is sampled", () => {
    expect(() => new LiraDeconvolver({ device: "gpu", cycleSpin: "sampled" })).toThrow(
      'lira: cycleSpin must be none, ensemble or random with device "gpu", got sampled; change it or choose device "cpu"',
    );
  });
});
