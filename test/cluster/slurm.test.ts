/**
 * Jobs on a real Slurm of one node: arrays are killed, damaged, submitted again and collected, and give the bytes that this
 * machine gives by itself.
 *
 * Needs Slurm and munge, and root to start them. Without them all tests are skipped with a reason, or the first fails with
 * TSLIRA_REQUIRE_CLUSTER=1. Looks at `dist`.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readResult } from "../../src/io/result-file-node.js";
import { runAlone } from "../cli/run-cli.js";
import { slurmObstacle, startSlurm, stopSlurm } from "./single-node-slurm.js";

const required = process.env.TSLIRA_REQUIRE_CLUSTER === "1";
const obstacle = slurmObstacle();
if (obstacle !== undefined && !required) console.warn(`skipped: ${obstacle}`);

it.skipIf(obstacle === undefined || !required)("finds Slurm", () => {
  throw new Error(`${obstacle} (required by TSLIRA_REQUIRE_CLUSTER=1)`);
});

describe.skipIf(obstacle !== undefined)("jobs on Slurm", () => {
  const folder = mkdtempSync(join(tmpdir(), "tslira-cluster-"));
  const slurm = join(folder, "slurm");

  beforeAll(async () => {
    startSlurm(slurm, 4);
    const made = await runAlone(folder, "simulate", "gaussian-and-points", "-o", "sim", "--quiet");
    expect(made.stderr).toBe("");
  }, 60_000);
  afterAll(() => {
    stopSlurm(slurm);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const files = {
    counts: "sim/counts.fits",
    psf: "sim/psf.fits",
    exposure: "sim/exposure.fits",
    background: "sim/background.fits",
  };

  const describeJob = (name: string, description: object) =>
    writeFileSync(join(folder, name), JSON.stringify({ ...files, ...description }));

  async function tslira(...args: readonly string[]) {
    const run = await runAlone(folder, ...args);
    expect(run.stderr, args.join(" ")).not.toMatch(/^tslira: (?!warning)/m);
    return run;
  }

  async function status(job: string) {
    return JSON.parse((await tslira("cluster", "status", job, "--json")).stdout);
  }

  /** Wait until nothing of a job is in the queue, not even the job that collects. */
  async function settled(job: string): Promise<void> {
    for (let look = 0; look < 600; look++) {
      const queue = execFileSync("squeue", ["--noheader", "--format=%j"], { encoding: "utf8" });
      const { id } = JSON.parse(readFileSync(join(folder, job, "job.json"), "utf8"));
      if (!queue.includes(id)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${job} must end within a minute, got one that runs`);
  }

  /** Names of the results, which hold their SHA-256, checked against what the files hold. */
  function results(job: string): string[] {
    const place = join(folder, job, "results", "000");
    return readdirSync(place)
      .sort()
      .map((name) => {
        const hash = createHash("sha256")
          .update(readFileSync(join(place, name)))
          .digest("hex");
        expect(name).toContain(hash.slice(0, 16));
        return name;
      });
  }

  it("survives killed and damaged tasks of a significance run, and collects the bytes of one machine", async () => {
    // The observation and 20 replicates, four at a time. Made once and copied, so that even the dates are the same.
    describeJob("significance.json", {
      kind: "replicates",
      replicates: 20,
      iterations: 250,
      seed: 11,
      circles: ["16,16,3"],
      slurm: { throttle: 4, time: "00:05:00" },
      folder: "slurm.job",
    });
    const { stdout: commands } = await tslira(
      "cluster",
      "submit",
      "significance.json",
      "--executor",
      "shell",
    );
    expect(commands.trim().split("\n")).toHaveLength(21);
    cpSync(join(folder, "slurm.job"), join(folder, "local.job"), { recursive: true });

    const submitted = JSON.parse(
      (await tslira("cluster", "submit", "slurm.job", "--executor", "slurm", "--json")).stdout,
    );
    expect(submitted).toMatchObject({ executor: "slurm", tasks: 21, bundle: 1 });
    const [{ id }] = submitted.arrays;

    // Two tasks are killed: one that runs, and the last, which waits.
    let started: number[] = [];
    for (let look = 0; look < 200 && started.length === 0; look++) {
      const queue = execFileSync("squeue", ["-h", "--array", `--jobs=${id}`, "--states=R", "--format=%K"]);
      started = String(queue).split("\n").filter(Boolean).map(Number);
      if (started.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    execFileSync("scancel", [`${id}_${started[0]}`, `${id}_20`]);
    const during = await status("slurm.job");
    expect(during.running + during.waiting).toBeGreaterThan(0);
    await settled("slurm.job");

    const killed = await status("slurm.job");
    expect(killed.todo).toEqual([started[0], 20]);
    expect(killed).toMatchObject({
      total: 21,
      done: 19,
      running: 0,
      waiting: 0,
      failed: 0,
      corrupt: 0,
      missing: 2,
    });

    // One result is damaged on the disk: a bit in its middle.
    const place = join(folder, "slurm.job/results/000");
    const victim = readdirSync(place).sort()[5];
    const bytes = readFileSync(join(place, victim));
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(join(place, victim), bytes);
    const damaged = await status("slurm.job");
    expect(damaged).toMatchObject({ done: 18, corrupt: 1, missing: 2 });
    const todo = [Number(victim.slice(0, 6)), started[0], 20].sort((a, b) => a - b);
    expect(damaged.todo).toEqual(todo);

    // Submitted again, these three run alone; the other copy runs on this machine, a task of it by its shell command.
    const again = JSON.parse(
      (await tslira("cluster", "submit", "slurm.job", "--executor", "slurm", "--json")).stdout,
    );
    expect(again).toMatchObject({ number: 2, tasks: 3 });
    execFileSync("sh", ["-c", commands.split("\n")[3].replace("slurm.job", "local.job")], { cwd: folder });
    expect(readdirSync(join(folder, "local.job/results/000"))).toHaveLength(1);
    const [local] = await Promise.all([tslira("cluster", "submit", "local.job"), settled("slurm.job")]);
    expect(local.code).toBe(0);
    expect(await status("slurm.job")).toMatchObject({ done: 21, todo: [] });

    expect(results("slurm.job")).toHaveLength(21);
    expect(results("slurm.job")).toEqual(results("local.job"));
    // Collected by the job that waited for the array, and by hand.
    const table = (job: string) => readFileSync(join(folder, job, "significance.json"), "utf8");
    expect(table("slurm.job")).toBe(table("local.job"));
    expect(JSON.parse(table("slurm.job"))).toMatchObject({ replicates: 20, complete: true });
    rmSync(join(folder, "slurm.job/significance.json"));
    await tslira("cluster", "collect", "slurm.job");
    expect(table("slurm.job")).toBe(table("local.job"));
  });

  it("gives the chains of tslira deconvolve, in bundles and several arrays, from a disk of the node", async () => {
    const run = { iterations: 250, burnIn: 50, chains: 5, seed: 3 };
    const scratch = mkdtempSync(join(tmpdir(), "tslira-scratch-"));
    try {
      describeJob("chains.json", {
        ...run,
        kind: "chains",
        executor: "slurm",
        folder: "chains.job",
        output: "chains.fits",
        // Three elements of two chains, in arrays of at most two elements.
        slurm: {
          bundle: 2,
          arraySize: 2,
          memory: "200M",
          lines: ["--comment=tslira"],
          setup: [`export OWN_DISK=${scratch}`],
          scratch: "$OWN_DISK",
        },
      });
      const submitted = JSON.parse((await tslira("cluster", "submit", "chains.json", "--json")).stdout);
      expect(
        submitted.arrays.map(({ first, elements }: { first: number; elements: number }) => [first, elements]),
      ).toEqual([
        [0, 2],
        [2, 1],
      ]);
      const direct = tslira(
        ...["deconvolve", files.counts, "--psf", files.psf, "--exposure", files.exposure],
        ...["--background", files.background, "--iterations", "250", "--burn-in", "50"],
        ...["--chains", "5", "--seed", "3", "-o", "direct.fits", "--quiet"],
      );
      await Promise.all([direct, settled("chains.job")]);
      const log = readFileSync(join(folder, "chains.job/logs/0001/collect.log"), "utf8");
      expect(log).toContain("collected    all 5");
      expect(readdirSync(scratch).flatMap((name) => readdirSync(join(scratch, name)))).toEqual([]);
      const { provenance: _, ...collected } = await readResult(join(folder, "chains.job/chains.fits"));
      const { provenance: __, ...whole } = await readResult(join(folder, "direct.fits"));
      expect(collected).toEqual(whole);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });

  it("runs the chains of the gradient sampler, and collects what tslira deconvolve writes", async () => {
    const prior = "total-variation:strength=0.5,smoothing=0.3+exponential:rate=0.05";
    const run = { method: "nuts", prior, maxDepth: 5, iterations: 120, burnIn: 60, chains: 4, seed: 6 };
    describeJob("nuts.json", { ...run, kind: "chains", executor: "slurm", folder: "nuts.job" });
    await tslira("cluster", "submit", "nuts.json");
    await Promise.all([
      settled("nuts.job"),
      tslira(
        ...["deconvolve", files.counts, "--psf", files.psf, "--exposure", files.exposure],
        ...["--background", files.background, "--method", "nuts", "--prior", prior, "--max-depth", "5"],
        ...["-n", "120", "--burn-in", "60", "-c", "4", "--seed", "6", "-o", "nuts.fits", "--quiet"],
      ),
    ]);
    const { provenance: _, ...collected } = await readResult(join(folder, "nuts.job/result.fits"));
    const { provenance: __, ...whole } = await readResult(join(folder, "nuts.fits"));
    expect(collected).toEqual(whole);
  });

  it("cancels what runs and waits, and continues it from its checkpoints with the same bytes", async () => {
    const run = { kind: "chains", iterations: 3000, burnIn: 100, chains: 2, seed: 5, trace: { keep: 50 } };
    describeJob("long.json", { ...run, folder: "long.job" });
    await tslira("cluster", "submit", "long.json", "--executor", "shell");
    cpSync(join(folder, "long.job"), join(folder, "undisturbed.job"), { recursive: true });
    await tslira("cluster", "submit", "long.job", "--executor", "slurm", "--no-collect");
    const work = join(folder, "long.job/work");
    const sampled = () =>
      readdirSync(work).some((name) =>
        readdirSync(join(work, name)).some(
          (file) => file.endsWith(".rows") && statSync(join(work, name, file)).size > 0,
        ),
      );
    for (let look = 0; look < 600 && !sampled(); look++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await tslira("cluster", "cancel", "long.job");
    await settled("long.job");
    const cancelled = await status("long.job");
    expect(cancelled).toMatchObject({ running: 0, waiting: 0, failed: 0 });
    expect(cancelled.missing).toBeGreaterThan(0);
    // Interrupted chains left their state, in folders that anybody may take over.
    const left = readdirSync(work).filter((name) => name.endsWith(".free"));
    expect(left.length).toBeGreaterThan(0);
    for (const name of left) {
      expect(existsSync(join(work, name, `chain-${Number(name.slice(0, 6))}.state.fits`))).toBe(true);
    }
    await tslira("cluster", "submit", "long.job");
    await tslira("cluster", "submit", "undisturbed.job");
    expect(results("long.job")).toEqual(results("undisturbed.job"));
    expect(readdirSync(work)).toEqual([]);
    const file = (job: string) => readFileSync(join(folder, job, "result.fits"));
    expect(file("long.job").equals(file("undisturbed.job"))).toBe(true);
  });
});
