import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulatePointSource } from "tslira";
import { collectJob, createChainsJob, createObservationsJob, runTasks } from "tslira/cluster";
import { afterAll, expect, it } from "vitest";
import type { Job } from "../../src/jobs/job-folder-node.js";
import { acceptResult, clearTask, findResult } from "../../src/jobs/result-files-node.js";

const place = mkdtempSync(join(tmpdir(), "tslira-swapped-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));
const field = (seed: number) => simulatePointSource({ shape: [8, 8], flux: 60, seed });
const RUN = { iterations: 20, burnIn: 4, chains: 2, seed: 1 };

/** Put the result of a task in the place of another's, under a name that its bytes agree with. */
async function swap(job: Job, from: number, to: number): Promise<void> {
  const copy = join(place, "copy.fits");
  copyFileSync(findResult(job, from) ?? "", copy);
  await clearTask(job, to);
  await acceptResult(job, to, copy);
  expect(readFileSync(findResult(job, to) ?? "")).toEqual(readFileSync(findResult(job, from) ?? ""));
}

it.each([
  ["chain", () => createChainsJob(join(place, "chains.job"), field(1), RUN)],
  [
    "field",
    () => {
      const entry = async (index: number) => ({ name: `field-${index}`, observations: [field(index)] });
      return createObservationsJob(join(place, "survey.job"), { count: 2, entry }, RUN);
    },
  ],
])("the result of another %s is not collected", async (_kind, make) => {
  const job = await make();
  expect(await runTasks(job, [0, 1], { workers: 1 })).toMatchObject({ done: 2 });
  await expect(collectJob(job)).resolves.toMatchObject({ collected: 2 });
  await swap(job, 1, 0);
  await expect(collectJob(job)).rejects.toMatchObject({
    code: "FORMAT",
    message: expect.stringContaining("run task 0 again"),
  });
});
