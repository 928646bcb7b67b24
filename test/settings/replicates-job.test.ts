/** A job of null replicates refuses settings that it would not heed; none is dropped in silence. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJob, readJobFile } from "../../src/cli/cluster-config.js";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { writeFitsFile } from "../../src/io/fits-file-node.js";
import { createReplicatesJob } from "../../src/jobs/create-job-node.js";
import { readJob } from "../../src/jobs/job-folder-node.js";
import { circularRegion } from "../../src/posterior/region.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-replicates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const data = simulatePointSource({ shape: [16, 16], seed: 1 });
beforeAll(async () => {
  for (const name of ["counts", "psf", "background"] as const) {
    const { data: values, shape } = data[name]!;
    await writeFitsFile(join(folder, `${name}.fits`), [{ kind: "image", data: values, shape }]);
  }
});

async function makeJob(name: string, more: object) {
  const file = join(folder, `${name}.json`);
  const files = { counts: "counts.fits", psf: "psf.fits", background: "background.fits" };
  const run = { iterations: 100, chains: 2, replicates: 3, circles: ["8,8,2"] };
  writeFileSync(file, JSON.stringify({ kind: "replicates", ...files, ...run, ...more }));
  return createJob(await readJobFile(file), "tslira cluster submit", () => undefined);
}

describe("a job of replicates", () => {
  it.each([
    ["automatic", { burnIn: "auto" }, /the same number of sweeps, got "burnIn/],
    ["until", { until: "rhat<1.01" }, /the same number of sweeps, got "until/],
    ["most", { maxIterations: 500 }, /the same number of sweeps, got "maxIterations/],
    ["gradients without a prior", { method: "nuts" }, /must come with --prior/],
    [
      "acceptance",
      { targetAcceptance: 0.9 },
      /targetAcceptance must come with the method nuts, got it with lira/,
    ],
    ["an image of one method", { method: "map" }, /method must be lira, nuts, gibbs/],
  ])("refuses %s", async (name, more, message) => {
    await expect(makeJob(name, more)).rejects.toThrow(message);
    expect(existsSync(join(folder, `${name}.job`))).toBe(false);
  });

  it("does so from the library too, and holds what it was given", async () => {
    const region = circularRegion({ x: 8, y: 8, radius: 2 }, [16, 16]);
    const options = { iterations: 100, burnIn: "auto" } as object;
    await expect(createReplicatesJob(join(folder, "a.job"), data, [region], options)).rejects.toThrow(
      /the same number of sweeps, got "burnIn \\"auto/,
    );
    await makeJob("good", { burnIn: 30, pairTransfers: 7, totalCountsPrior: { shape: 2, rate: 0.1 } });
    const { manifest } = await readJob(join(folder, "good.job"));
    expect(manifest.significance?.config).toMatchObject({
      ...{ iterations: 100, burnIn: 30, chains: 2, pairTransfers: 7 },
      totalCountsPrior: { shape: 2, rate: 0.1 },
    });
  });
});
