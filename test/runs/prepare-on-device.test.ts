/** Runs whose settings leave the device open, on a machine without a GPU. With one: test/samplers/gpu.slow.test.ts. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { decodeResult, encodeResult } from "../../src/io/result-file.js";
import { deconvolveToFile } from "../../src/runs/deconvolve-to-file-node.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { memoryCheckpoints } from "./memory-checkpoints.js";

const data = simulatePointSource({ seed: 4, shape: [8, 8], psfShape: [3, 3], psfSigma: 1 });
const SETTINGS = { iterations: 40, burnIn: 10, chains: 2, seed: 3 } as const;
const NO_PACKAGE =
  "device: chains run on the CPU; for the GPU the package webgpu must be installed, got none that loads";

let named: string | undefined;
beforeAll(() => {
  named = process.env.TSLIRA_WEBGPU;
  process.env.TSLIRA_WEBGPU = "webgpu-that-is-not-there";
});
afterAll(() => {
  if (named === undefined) delete process.env.TSLIRA_WEBGPU;
  else process.env.TSLIRA_WEBGPU = named;
});

describe("the device auto", () => {
  it("is the CPU without a GPU, says why, and keeps it in the result and its file", async () => {
    const notes: string[] = [];
    const onNote = (note: string) => void notes.push(note);
    const result = await new LiraDeconvolver({ ...SETTINGS, device: "auto" }).run(data, {
      workers: 0,
      onNote,
    });
    const plain = await new LiraDeconvolver(SETTINGS).run(data, { workers: 0 });
    expect(notes).toEqual([NO_PACKAGE]);
    expect(result.config).toEqual(plain.config);
    expect(result.trace).toEqual(plain.trace);
    expect(result.provenance.device).toBe(NO_PACKAGE);
    expect(decodeResult(encodeResult(result)).provenance.device).toBe(NO_PACKAGE);
    expect(plain.provenance).not.toHaveProperty("device");
  });

  it("is the CPU for what the GPU does not do", async () => {
    const deconvolver = new LiraDeconvolver({ ...SETTINGS, device: "auto", cycleSpin: "sampled" });
    const { provenance, config } = await deconvolver.run(data, { workers: 0 });
    expect(provenance.device).toMatch(
      /^device: chains run on the CPU; for the GPU cycleSpin must be none, ens/,
    );
    expect(config.cycleSpin).toBe("sampled");
  });

  it("stays with a run that is continued, which does not ask again", async () => {
    const deconvolver = new LiraDeconvolver({ ...SETTINGS, device: "auto" });
    const checkpoints = memoryCheckpoints();
    checkpoints.refuseAfter = checkpoints.added + 3;
    const killed = deconvolver.run(data, { workers: 0, batch: 2, checkpoints, checkpointSeconds: 0 });
    await expect(killed).rejects.toThrow("the program was killed");
    checkpoints.refuseAfter = Number.POSITIVE_INFINITY;
    process.env.TSLIRA_WEBGPU = "another-that-would-be-asked-for";
    const notes: string[] = [];
    const onNote = (note: string) => void notes.push(note);
    const result = await deconvolver.run(data, { workers: 0, checkpoints, onNote });
    expect(notes).toEqual([]);
    expect(result.provenance.device).toBe(NO_PACKAGE);
    expect(result.trace).toEqual((await new LiraDeconvolver(SETTINGS).run(data, { workers: 0 })).trace);
  });
});

describe("the device gpu", () => {
  it("leaves no folder of a run without a GPU, in which nothing began", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tslira-device-"));
    try {
      const run = deconvolveToFile(data, { ...SETTINGS, device: "gpu" }, join(folder, "result.fits"), {
        workers: 0,
      });
      await expect(run).rejects.toMatchObject({ code: "JOB", message: /webgpu must be installed/ });
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
