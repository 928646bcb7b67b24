import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { simulateDisk, simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { createChainsJob } from "../../src/jobs/create-job-node.js";
import { createObservationsJob } from "../../src/jobs/create-survey-job-node.js";
import { readJob, readTask, readTaskInput } from "../../src/jobs/job-folder-node.js";
import { jobStatus } from "../../src/jobs/job-status-node.js";
import { acceptResult, findResult, noteFailure, scanResults } from "../../src/jobs/result-files-node.js";
import { taskSeed } from "../../src/jobs/task-seed.js";

const place = mkdtempSync(join(tmpdir(), "tslira-jobs-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));
let made = 0;
const fresh = () => join(place, `${made++}.job`);
const small = { shape: [8, 8] as const, flux: 50 };
const survey = (count: number) => ({
  count,
  entry: async (index: number) => ({
    name: `field-${index}`,
    observations: [simulateDisk({ ...small, seed: index, name: `fïeld ${index}` })],
  }),
});

async function fakeResult(job: Awaited<ReturnType<typeof readJob>>, index: number, text = `result ${index}`) {
  const path = join(place, `fake-${index}`);
  writeFileSync(path, text);
  return acceptResult(job, index, path);
}

describe("a job folder", () => {
  it("keeps tasks in lines of one width, each readable alone, and data as they were given", async () => {
    const folder = fresh();
    const job = await createObservationsJob(folder, survey(12), { iterations: 20, seed: 4 });
    const { count, width } = job.manifest.tasks;
    const text = readFileSync(join(folder, "tasks.jsonl"));
    expect(text).toHaveLength(count * width);
    for (const [line, one] of text.toString().trimEnd().split("\n").entries()) {
      expect(JSON.parse(one)).toEqual(readTask(job, line));
    }
    const again = await readJob(folder);
    const names = Array.from({ length: count }, (_, index) => readTask(again, index).name);
    expect(names).toEqual(Array.from({ length: 12 }, (_, index) => `field-${index}`));
    const task = readTask(again, 11);
    expect(task.seed).toBe(taskSeed(4, 11));
    const { flux: _, ...observation } = simulateDisk({ ...small, seed: 11, name: "fïeld 11" });
    expect(await readTaskInput(again, task)).toEqual([observation]);
  });

  it("works where it is moved to, and notices data that were changed", async () => {
    const folder = fresh();
    await createChainsJob(folder, simulatePointSource(small), { iterations: 20, chains: 3 });
    const moved = fresh();
    renameSync(folder, moved);
    const job = await readJob(moved);
    const task = readTask(job, 2);
    expect(task).toMatchObject({ chain: 2, input: "inputs/000/000000.fits" });
    expect(readdirSync(join(moved, "inputs/000"))).toHaveLength(1);
    const input = join(moved, task.input);
    const bytes = readFileSync(input);
    bytes[bytes.length - 3000] ^= 1;
    writeFileSync(input, bytes);
    await expect(readTaskInput(job, task)).rejects.toThrow(/must have SHA-256 [0-9a-f]{64}, got/);
  });

  it("is made whole or not at all, and never over another", async () => {
    const folder = fresh();
    const twice = { count: 2, entry: async () => await survey(1).entry(0) };
    await expect(createObservationsJob(folder, twice, { iterations: 20 })).rejects.toThrow(
      'cluster: observation 2 must have a name of its own of letters, digits and . _ + -, got "field-0" a second time; give another',
    );
    expect(readdirSync(place).filter((name) => name.startsWith(folder.slice(place.length + 1)))).toEqual([]);
    await createObservationsJob(folder, survey(1), { iterations: 20 });
    await expect(createObservationsJob(folder, survey(1), { iterations: 20 })).rejects.toThrow(
      "job folder must be new",
    );
    await expect(
      createChainsJob(fresh(), simulatePointSource(small), { until: "rhat<1.01" }),
    ).rejects.toThrow("chains of a job run apart and cannot be compared on the way, got until");
  });

  it("refuses a job of another version, and tasks that it does not have", async () => {
    const folder = fresh();
    const job = await createObservationsJob(folder, survey(2), { iterations: 20 });
    expect(() => readTask(job, 2)).toThrow("task must be a whole number from 0 to 1, got 2");
    const { runTasks } = await import("../../src/jobs/run-task-node.js");
    const old = { ...job, manifest: { ...job.manifest, version: "0.0.1", draws: 0 } };
    await expect(runTasks(old, [0])).rejects.toThrow(
      /must be run with version 0 of the draws, that of tslira 0.0.1, which made it, got version \d+ \(tslira \d/,
    );
    const path = join(folder, "job.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"format": 2', '"format": 1'));
    await expect(readJob(folder)).rejects.toThrow(
      /must be a job of layout 2, that of tslira .*, got layout 1 of tslira \d/,
    );
    await expect(readJob(place)).rejects.toThrow("must be a job folder with a job.json, got none");
    const changed = (from: string, to: string) =>
      writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
    changed('"format": 1', '"format": 2');
    changed('"output": "collected"', '"output": "../elsewhere"');
    expect((await readJob(folder)).manifest.output).toBe("../elsewhere");
    changed('"iterations": 20', '"iterations": 30');
    await expect(readJob(folder)).rejects.toThrow("job must have the checksum that it was written with");
  });
});

describe("results", () => {
  it("are good when they are what their names say", async () => {
    const job = await createObservationsJob(fresh(), survey(6), { iterations: 20 });
    for (const index of [0, 1, 2, 3]) await fakeResult(job, index);
    await noteFailure(job, 5, new Error("no luck"), "here");
    // Cut short; of the same length but other bytes; two that differ.
    writeFileSync(findResult(job, 1) ?? "", "result");
    writeFileSync(findResult(job, 2) ?? "", "RESULT 2");
    await fakeResult(job, 3, "another result 3");
    expect([0, 1, 2, 3, 4].map((index) => findResult(job, index) !== undefined)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    const { corrupt } = scanResults(job);
    expect(corrupt.map(({ index, reason }) => [index, reason.replace(/[0-9a-f]{16}/g, "*")])).toEqual([
      [1, "length must be 8 bytes, got 6"],
      [2, "SHA-256 must begin with *, got *"],
      [3, "another result of the same task has other bytes"],
    ]);
    const status = await jobStatus(job);
    expect(status).toMatchObject({
      total: 6,
      done: 1,
      corrupt: 3,
      failed: 1,
      missing: 1,
      todo: [1, 2, 3, 4, 5],
    });
    expect(status.failures).toMatchObject([
      { index: 5, name: "field-5", host: "here", error: { message: "no luck" } },
    ]);
    // Lengths alone miss the other bytes.
    expect(await jobStatus(job, { verify: false })).toMatchObject({ done: 2, corrupt: 2 });
  });

  it("of a task that succeeds at last take away the note of its failure", async () => {
    const job = await createObservationsJob(fresh(), survey(1), { iterations: 20 });
    await noteFailure(job, 0, new Error("no luck"), "here");
    expect(await jobStatus(job)).toMatchObject({ failed: 1 });
    await fakeResult(job, 0);
    expect(await jobStatus(job)).toMatchObject({ failed: 0, done: 1, failures: [], todo: [] });
  });
});

it("seeds of tasks are whole numbers below 2^53 and all different", () => {
  const seeds = Array.from({ length: 10_000 }, (_, index) => taskSeed(2 ** 53 - 1, index));
  expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  expect(new Set(seeds).size).toBe(10_000);
  // SplitMix64 of the seed 0 ^ "taskseed", its upper 53 bits; computed with Python's integers.
  expect([taskSeed(0, 0), taskSeed(0, 1)]).toEqual([1_389_191_089_077_737, 6_581_167_823_815_357]);
});
