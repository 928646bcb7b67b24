/**
 * Do chains on the GPU reproduce the posteriors that the original LIRA code finds? As `reference.slow.test.ts`, with sweeps fewer than
 * there: on a processor that plays a GPU they take up to an hour. `TSLIRA_GPU_REFERENCES=1` asks for them; otherwise the file is
 * skipped. The table of docs/gpu.md is what it prints.
 */
import { afterAll, describe, expect, it } from "vitest";
import { skyImage } from "../../src/image.js";
import { openGpuChains } from "../../src/samplers/gpu-chain.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import {
  compareWithReference,
  formatAcceptance,
  type ReferenceCase,
  type RunChains,
  sampleBatches,
} from "../oracles/acceptance.js";
import { perLevel, textbookTreeShapes } from "../oracles/textbook-prior.js";
import { missingReferences, readReferenceCase } from "./reference-case.js";
import { startLiraChain } from "./samplers-under-test.js";

const asked = process.env.TSLIRA_GPU_REFERENCES === "1";
const found = asked ? await findTestGpu() : { missing: "TSLIRA_GPU_REFERENCES=1 asks for it" };
const missing = "missing" in found ? found.missing : missingReferences();
if (missing !== undefined) console.warn(`gpu-reference.slow.test.ts skipped: ${missing}`);
afterAll(() => {
  if ("gpu" in found) found.gpu.close();
});

/** The flux of a chain on the CPU after some sweeps. */
function startOnCpu(
  { observation, settings, fluxInit }: ReferenceCase,
  options: { seed: number; chain: number },
  sweeps: number,
) {
  if (sweeps === 0) return fluxInit;
  const chain = startLiraChain([observation], settings, { ...options, fluxInit });
  chain.sweep(sweeps);
  return skyImage(chain.flux.slice(), chain.shape);
}

/** All chains of a case at once, each sweep read back. */
const runOnGpu =
  (before: number): RunChains =>
  async (reference, { chains, iterations, seed, onDraw }) => {
    const { observation, settings } = reference;
    const levels = textbookTreeShapes(observation.counts.shape).length - 1;
    const law = {
      ...settings,
      alphaInit: [...perLevel(settings.alphaInit, levels)],
      backgroundScalePrior: settings.backgroundScalePrior ?? { shape: 0.001, rate: 0 },
      pairTransfers: 0,
      device: "gpu",
    } as const;
    const device = await openGpuChains([observation], law, chains);
    try {
      const running = Array.from({ length: chains }, (_, chain) =>
        device.open(chain, { seed, chain, fluxInit: startOnCpu(reference, { seed, chain }, before) }),
      );
      const { columns } = running[0];
      const at = (name: string) => columns.indexOf(name);
      const [alpha, total, scale] = [at("smoothingParam0"), at("expectedMSCounts"), at("bkgScale")];
      for (let iteration = 0; iteration < iterations; iteration++) {
        const rows = await Promise.all(running.map((chain) => chain.sweep(1)));
        for (const [chain, row] of rows.entries()) {
          onDraw(chain, iteration, {
            flux: running[chain].flux,
            alpha: row.subarray(alpha, alpha + levels),
            totalCounts: row[total],
            backgroundScale: row.subarray(scale, scale + 1),
          });
        }
      }
    } finally {
      device.close();
    }
  };

/**
 * Sweeps of eight chains after burn-in, of burn-in, and before those on the CPU: alpha and photons are drawn anew in every sweep, so that
 * a chain takes nothing with it but its flux. Of the large image, and of bright points that take a thousand sweeps to settle, only the
 * GPU's own sweeps count, and it is they that must stay.
 */
const CASES: [name: string, sweeps: number, burnIn: number, onCpu: number][] = [
  ["chandra4684", 100, 10, 800],
  ["skew64nb", 240, 100, 0],
  ["point32", 400, 200, 0],
  ["disk32", 400, 200, 0],
  ["gausspoints32", 200, 10, 1000],
];

describe.skipIf(missing !== undefined)("posterior of the original LIRA, on the GPU", () => {
  it.each(CASES)("%s", { timeout: 4 * 3600e3 }, async (name, sweeps, burnIn, onCpu) => {
    const reference = await readReferenceCase(name);
    const ours = await sampleBatches({ ...reference, batches: 20 }, runOnGpu(onCpu), {
      seed: 2004,
      chains: 8,
      iterations: burnIn + sweeps,
      burnIn,
    });
    const report = compareWithReference(reference, ours);
    console.log(formatAcceptance(report));
    expect(report.reasons).toEqual([]);
  });
});
