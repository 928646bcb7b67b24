import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openCollectedPlace } from "../../src/jobs/collected-place-node.js";
import type { Job } from "../../src/jobs/job-folder-node.js";
import { claimWorkFolder, removeFinishedWork } from "../../src/jobs/work-folder-node.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-collected-"));
afterAll(() => rmSync(folder, { recursive: true }));
/** All that is asked of a job. */
const job = { folder, manifest: { sources: [] } } as unknown as Job;
const foreign = { code: "INVALID_INPUT", message: expect.stringContaining("--overwrite") };

it("a job replaces what it wrote, and nothing else unless it may", async () => {
  const output = join(folder, "out.fits");
  writeFileSync(output, "somebody's");
  await expect(openCollectedPlace(job, output, false)).rejects.toMatchObject(foreign);
  const first = await openCollectedPlace(job, output, true);
  writeFileSync(output, "collected");
  await first.written();
  // Again, and again after a program was killed on the way.
  await openCollectedPlace(job, output, false);
  const second = await openCollectedPlace(job, output, false);
  writeFileSync(output, "collected again");
  await second.written();
  writeFileSync(output, "somebody's again");
  await expect(openCollectedPlace(job, output, false)).rejects.toMatchObject(foreign);
});

it("a job never replaces what it was made from, under whatever name", async () => {
  const output = join(folder, "counts.fits");
  writeFileSync(output, "counts");
  const sources = [{ name: "elsewhere.fits", sha256: createHash("sha256").update("counts").digest("hex") }];
  const made = { ...job, manifest: { sources } } as unknown as Job;
  await expect(openCollectedPlace(made, output, true)).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining("elsewhere.fits, which is read"),
  });
});

it("a survey takes a folder that is empty, not one of somebody", async () => {
  const output = join(folder, "survey");
  mkdirSync(output);
  const place = await openCollectedPlace(job, output, false);
  writeFileSync(join(output, "catalogue.csv"), "");
  await place.written();
  await openCollectedPlace(job, output, false);
  const other = join(folder, "other");
  mkdirSync(other);
  writeFileSync(join(other, "notes.txt"), "");
  await expect(openCollectedPlace(job, other, false)).rejects.toMatchObject(foreign);
});

it("work folders of tasks that are done go when their program is gone", () => {
  const root = join(folder, "work");
  const ours = claimWorkFolder(root, 1);
  const dead = (index: number) =>
    ours.path.replace("000001", `00000${index}`).replace(/\d+$/, String(2 ** 22 + 1));
  // No process has the number 2^22 or more (proc(5), pid_max).
  for (const index of [1, 2]) mkdirSync(dead(index));
  removeFinishedWork(root, (index) => index === 1);
  expect([dead(1), ours.path, dead(2)].map((path) => existsSync(path))).toEqual([false, true, true]);
  ours.remove();
});
