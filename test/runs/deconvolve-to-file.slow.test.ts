import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LiraDeconvolver, type LiraDeconvolverOptions, simulateGaussianAndPoints } from "tslira";
import { deconvolveToFile, readResult, resumeRun, writeResult } from "tslira/node";
import { afterAll, describe, expect, it } from "vitest";
import { dataUnits } from "./data-units.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-runs-"));
afterAll(() => rmSync(folder, { recursive: true }));

// A psf whose sum is not 1: normalised once, not again when a run is continued.
const simulated = simulateGaussianAndPoints({ seed: 4 });
const data = {
  ...simulated,
  psf: { ...simulated.psf, data: simulated.psf.data.map((value) => 0.9907 * value) },
};

/** Fixed length; burn-in found on the way and extended twice (ESS is out of reach), kept draws halved once. */
const SETTINGS: readonly LiraDeconvolverOptions[] = [
  { iterations: 1000, burnIn: 200, chains: 2, seed: 5, trace: { keep: 50 } },
  {
    iterations: 600,
    burnIn: "auto",
    chains: 3,
    seed: 6,
    until: "ess>1000000",
    maxIterations: 1300,
    trace: { keep: 60 },
  },
];

describe.each(SETTINGS.map((settings, index) => ({ settings, index })))(
  "run $index in files",
  ({ settings, index }) => {
    const inMemory = join(folder, `memory-${index}.fits`);

    it("equals the run in memory", async () => {
      const expected = await new LiraDeconvolver(settings).run(data, { workers: 1 });
      await writeResult(expected, inMemory);
      const output = join(folder, `file-${index}.fits`);
      const { summary, checkpoint } = await deconvolveToFile(data, settings, output, { workers: 2 });
      expect(checkpoint).toBeUndefined();
      expect(existsSync(`${output}.checkpoint`)).toBe(false);
      expect(summary.complete).toBe(true);
      expect(summary.config).toEqual(expected.config);
      expect(dataUnits(readFileSync(output))).toEqual(dataUnits(readFileSync(inMemory)));
      expect((await readResult(output)).target).toEqual(expected.target);
    });

    it("is continued after it was stopped, with the same bytes", async () => {
      const output = join(folder, `stopped-${index}.fits`);
      const stop = new AbortController();
      const options = {
        workers: 1,
        batch: 7,
        signal: stop.signal,
        onProgress: ({ done }: { done: number }) => {
          if (done > 150) stop.abort();
        },
      };
      const { checkpoint = "" } = await deconvolveToFile(data, settings, output, options);
      expect((await readResult(output)).complete).toBe(false);
      expect(readdirSync(checkpoint)).toContain("run.json");
      const { summary } = await resumeRun(checkpoint, { workers: 0 });
      expect(summary.complete).toBe(true);
      expect(dataUnits(readFileSync(output))).toEqual(dataUnits(readFileSync(inMemory)));
      expect(existsSync(checkpoint)).toBe(false);
    });
  },
);

describe("a run of 4 chains on 2 workers", () => {
  const settings = { iterations: 1000, burnIn: 200, chains: 4, seed: 8, trace: { every: 10 } };
  const whole = join(folder, "whole.fits");

  // At 5 % every chain is in its burn-in, whatever the order in which they had the workers; at 60 % none is.
  it.each([0.05, 0.2, 0.6])("has a result when stopped after a fraction of %f", async (fraction) => {
    if (!existsSync(whole)) await deconvolveToFile(data, settings, whole, { workers: 0 });
    const output = join(folder, `part-${fraction}.fits`);
    const stop = new AbortController();
    const { checkpoint = "" } = await deconvolveToFile(data, settings, output, {
      workers: 2,
      batch: 5,
      signal: stop.signal,
      onProgress: ({ done, total }) => {
        if (done >= fraction * total) stop.abort();
      },
    });
    const { complete, mean, std, trace, diagnostics } = await readResult(output);
    expect(complete).toBe(false);
    expect([...mean.data, ...std.data].every((value) => value >= 0)).toBe(true);
    expect(trace.images.chains).toHaveLength(4);
    for (const chain of trace.images.chains)
      expect(chain.length / mean.data.length).toBeGreaterThanOrEqual(2);
    if (fraction === 0.05) {
      expect(diagnostics.verdict).toMatchObject({ state: "unknown", remedy: "Continue the run." });
      expect(diagnostics.verdict.sentence).toContain("stopped before every chain had two draws");
    }
    await resumeRun(checkpoint, { workers: 2 });
    expect(dataUnits(readFileSync(output))).toEqual(dataUnits(readFileSync(whole)));
  });
});

describe("checkpoints", () => {
  it("are not overwritten", async () => {
    const output = join(folder, "twice.fits");
    const stop = AbortSignal.abort();
    await expect(
      deconvolveToFile(data, SETTINGS[0], output, { workers: 0, signal: stop }),
    ).rejects.toMatchObject({
      code: "ABORTED",
    });
    await expect(deconvolveToFile(data, SETTINGS[0], output, { workers: 0 })).rejects.toThrow(
      "checkpoint must not exist yet, got one of an earlier run",
    );
  });

  it("must be there to be continued", async () => {
    await expect(resumeRun(join(folder, "nothing"))).rejects.toThrow(
      "checkpoint must be a folder with a run.json",
    );
  });
});

it("nothing replaces a file that was read, not when a run is resumed either", async () => {
  const [counts, output] = [join(folder, "read.fits"), join(folder, "never.fits")];
  writeFileSync(counts, "counts");
  const inputs = [{ name: "read.fits", sha256: createHash("sha256").update("counts").digest("hex") }];
  const refused = { code: "INVALID_INPUT", message: expect.stringContaining("which is read") };
  const settings = { iterations: 20, burnIn: 2, chains: 1, seed: 1 };
  const options = { workers: 0, overwrite: true, inputs };
  await expect(deconvolveToFile(data, settings, counts, options)).rejects.toMatchObject(refused);
  const signal = AbortSignal.abort();
  await expect(deconvolveToFile(data, settings, output, { ...options, signal })).rejects.toMatchObject({
    code: "ABORTED",
  });
  const again = { workers: 0, overwrite: true, output: counts };
  await expect(resumeRun(`${output}.checkpoint`, again)).rejects.toMatchObject(refused);
  expect(readFileSync(counts, "utf8")).toBe("counts");
});

it("a run that is refused leaves no checkpoint behind", async () => {
  const output = join(folder, "refused.fits");
  const settings = { iterations: 20, burnIn: 2, chains: 1, seed: 1 };
  const refused = (message: string) => ({
    code: "INVALID_INPUT",
    message: expect.stringContaining(message),
  });
  await expect(deconvolveToFile(data, settings, output, { workers: 1e9 })).rejects.toMatchObject(
    refused("workers must be"),
  );
  const both = { workers: 0, checkpoint: output };
  await expect(deconvolveToFile(data, settings, output, both)).rejects.toMatchObject(
    refused("names of their own"),
  );
  expect(readdirSync(folder).filter((name) => name.includes("refused"))).toEqual([]);
});
