/**
 * Every point at which a writer can be stopped: small runs are repeated for their file operations and the things that can go wrong
 * there. Afterwards a file is whole, the old one or the new one; an error is one of ours; and the next attempt ends in the bytes
 * of an undisturbed one, with nothing else left in the folder.
 */
import { execFileSync } from "node:child_process";
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
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { randomStream } from "../../src/data/random/random.js";
import { toPlainError } from "../../src/errors.js";
import { readResult, writeResult } from "../../src/io/result-file-node.js";
import { collectJob } from "../../src/jobs/collect-job-node.js";
import { createChainsJob, createReplicatesJob, createTilesJob } from "../../src/jobs/create-job-node.js";
import { createObservationsJob } from "../../src/jobs/create-survey-job-node.js";
import { readJob } from "../../src/jobs/job-folder-node.js";
import { jobStatus } from "../../src/jobs/job-status-node.js";
import { runTasks } from "../../src/jobs/run-task-node.js";
import { circularRegion } from "../../src/posterior/region.js";
import { deconvolveToFile, resumeRun } from "../../src/runs/deconvolve-to-file-node.js";
import type { LiraDeconvolverOptions } from "../../src/runs/lira-options.js";
import { runSignificance } from "../../src/significance/estimate.js";
import { writeSignificance } from "../../src/significance/significance-file-node.js";
import { openTaskFolder } from "../../src/significance/task-folder-node.js";
import { emptyObservation, smallRun } from "../significance/null-observations.js";
import { type Fault, faultsAt, type Operation, runProgram } from "./faulty-disk.js";
import { runThreadsHere } from "./program-threads.js";

/** What is pushed to the disk is known to the layer: a disk in memory does as well. */
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const place = mkdtempSync(join(memory, "tslira-crash-"));
const undo = runThreadsHere();
/** Points tried of each writer. */
const tried: Record<string, number> = {};
afterAll(() => {
  undo();
  rmSync(place, { recursive: true });
  process.stdout.write(`points tried, every ${STEP} from ${FIRST}: ${JSON.stringify(tried)}\n`);
});

/** Something that writes files, and does it again after it was stopped. */
interface Writer {
  /** What the folder begins with. */
  readonly prepare?: (folder: string) => Promise<unknown> | unknown;
  /** Do it, or go on with it, looking at what is there. */
  readonly run: (folder: string) => Promise<unknown>;
  /** Files that are whole at any time. */
  readonly outputs: readonly string[];
  /** Files that are not compared at the end: those that differ between two undisturbed runs. */
  readonly differing?: RegExp;
}

const data = simulatePointSource({ shape: [8, 8], flux: 60, seed: 4 });
const narrow = { data: Float64Array.of(0, 1, 0, 1, 4, 1, 0, 1, 0), shape: [3, 3] as const };
const DATE = "2026-01-01T00:00:00.000Z";
const WATCH = { workers: 0, batch: 25, checkpointSeconds: 60 };
/** Extended twice (the target is out of reach), draws halved; checkpoints between the extensions. */
const SETTINGS: LiraDeconvolverOptions = {
  ...{ iterations: 12, burnIn: 4, chains: 2, seed: 6, until: "ess>1000000", maxIterations: 27 },
  trace: { keep: 4 },
};

/** Begin a run, or resume it. @param name of its checkpoint in the folder */
async function deconvolve(folder: string, name: string): Promise<void> {
  const checkpoint = join(folder, name);
  const output = join(folder, "result.fits");
  if (existsSync(join(checkpoint, "run.json"))) await resumeRun(checkpoint, { ...WATCH, output });
  else await deconvolveToFile(data, SETTINGS, output, { ...WATCH, checkpoint, overwrite: true, date: DATE });
}

/** A run of one chain, its result in the folder. */
async function makeResult(folder: string): Promise<void> {
  const settings = { iterations: 8, chains: 1, seed: 1 };
  await deconvolveToFile(data, settings, join(folder, "in.fits"), { ...WATCH, date: DATE });
}

const significance = smallRun({ iterations: 8, burnIn: 2, replicates: 2, trace: { every: 3 } });

/** Run the tasks that have no result, and collect. */
async function finishJob(folder: string): Promise<void> {
  const job = await readJob(join(folder, "a.job"));
  const { todo } = await jobStatus(job);
  const { failed } = await runTasks(job, todo, { workers: 1, checkpointSeconds: 60 });
  // As the program does: what failed is told, and not collected.
  if (failed > 0) throw toPlainError({ code: "JOB", message: "a task failed" });
  await collectJob(job);
}

const old = (name: string) => (folder: string) => writeFileSync(join(folder, name), "an old file");

const WRITERS: Readonly<Record<string, Writer>> = {
  "a run": {
    prepare: old("result.fits"),
    run: (folder) => deconvolve(folder, "a checkpoint"),
    outputs: ["result.fits"],
  },
  "the resumption of a run": {
    // Killed after the first of its extensions.
    prepare: async (folder) => {
      const run = () => deconvolve(folder, "result.fits.checkpoint");
      expect(await runProgram(run, { at: 110, kind: "kill" })).toMatchObject({ killed: true });
    },
    run: (folder) => deconvolve(folder, "result.fits.checkpoint"),
    outputs: ["result.fits"],
  },
  ...Object.fromEntries(
    ["out.fits", "out.fits.gz"].map((name): [string, Writer] => [
      name.endsWith("gz") ? "a result, gzip" : "a result",
      {
        prepare: async (folder) => {
          await makeResult(folder);
          old(name)(folder);
        },
        run: async (folder) => writeResult(await readResult(join(folder, "in.fits")), join(folder, name)),
        outputs: [name],
      },
    ]),
  ),
  "a significance run": {
    prepare: old("s.fits"),
    run: async (folder) => {
      const store = await openTaskFolder(join(folder, "s.fits.tasks"), significance, emptyObservation());
      const estimate = await runSignificance(emptyObservation(), significance, { store, workers: 0 });
      await writeSignificance(estimate, join(folder, "s.fits"));
      await store.remove();
    },
    outputs: ["s.fits"],
  },
  "the making of a job": {
    run: async (folder) => {
      if (existsSync(join(folder, "a.job"))) await readJob(join(folder, "a.job"));
      else await createChainsJob(join(folder, "a.job"), data, { iterations: 8, chains: 2, seed: 1 });
    },
    outputs: [],
    // Its number and its date.
    differing: /job\.json$/,
  },
  "a job of chains": {
    prepare: (folder) =>
      createChainsJob(
        join(folder, "a.job"),
        data,
        { iterations: 8, burnIn: 2, chains: 2, seed: 1 },
        { output: "../c.fits" },
      ),
    run: finishJob,
    outputs: ["c.fits"],
  },
  "a survey": {
    prepare: (folder) =>
      createObservationsJob(
        join(folder, "a.job"),
        {
          count: 2,
          entry: async (index) => ({
            name: `field-${index}`,
            observations: [simulatePointSource({ shape: [8, 8], flux: 60, seed: index })],
          }),
        },
        { iterations: 8, burnIn: 2, chains: 1, seed: 4, trace: { keep: 3 } },
        { output: "../survey" },
      ),
    run: finishJob,
    outputs: [
      "survey/catalogue.fits",
      "survey/catalogue.csv",
      "survey/catalogue.json",
      "survey/field-0.fits",
    ],
  },
  "a job of tiles": {
    prepare: (folder) =>
      createTilesJob(
        join(folder, "a.job"),
        { counts: simulatePointSource({ shape: [8, 16], flux: 60, seed: 4 }).counts, psf: narrow },
        { iterations: 8, burnIn: 2, chains: 1, seed: 4 },
        { output: "../tiles.fits", tile: [8, 8] },
      ),
    run: finishJob,
    outputs: ["tiles.fits"],
  },
  "a job of replicates": {
    prepare: (folder) =>
      createReplicatesJob(
        join(folder, "a.job"),
        emptyObservation(),
        [circularRegion({ x: 8, y: 8, radius: 2 }, [16, 16], "middle")],
        { iterations: 8, burnIn: 2, replicates: 2, seed: 1 },
        { output: "../s.json" },
      ),
    run: finishJob,
    outputs: ["s.json"],
  },
};

const empty = Buffer.alloc(0);

/** All files of a folder by path. */
function contents(folder: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (statSync(path).isFile()) found.set(relative(folder, path), readFileSync(path));
  }
  return found;
}

/** Of all points every so many: all of them with `TSLIRA_EVERY_FAULT=1`, which takes a quarter of an hour. */
const STEP = Number(process.env.TSLIRA_EVERY_FAULT ?? 5);
/** The first of them, by the commit: five commits in a row try most points, and one commit the same ones every time. */
const FIRST = Number.parseInt(commit(), 16) % STEP;

/** Start of the name of the commit at hand; 0 outside of a repository. */
function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short=8", "HEAD"], { encoding: "utf8", stdio: "pipe" });
  } catch {
    return "0";
  }
}

interface Point {
  readonly at: number;
  readonly kind: Fault;
}

describe.each(Object.entries(WRITERS))("%s", (title, { prepare, run, outputs, differing = /^$/ }) => {
  const start = mkdtempSync(join(place, "start-"));
  let before = new Map<string, Buffer>();
  let after = new Map<string, Buffer>();
  let operations: readonly Operation[] = [];
  let points: readonly Point[] = [];
  const wrong: string[] = [];
  const fresh = () => {
    const folder = join(place, "trial");
    rmSync(folder, { recursive: true, force: true });
    cpSync(start, folder, { recursive: true, preserveTimestamps: true });
    return folder;
  };

  beforeAll(async () => {
    await prepare?.(start);
    before = contents(start);
    const undisturbed = fresh();
    const { error, ...whole } = await runProgram(() => run(undisturbed));
    expect(error).toBeUndefined();
    operations = whole.operations;
    after = contents(undisturbed);
    expect(outputs.filter((name) => !after.has(name))).toEqual([]);
    points = operations.flatMap((operation, at) => faultsAt(operation).map((kind) => ({ at, kind })));
    points = [...points, { at: operations.length, kind: "power" }];
  });

  const named = ({ at, kind }: Point) => {
    const { name = "the end", path = "" } = operations[at] ?? {};
    return `${kind} at ${at}: ${name} ${relative(place, path)}`;
  };

  /** Meet a fault: what is found of outputs is whole, and an error is one of ours. */
  async function attempt(folder: string, point: Point): Promise<void> {
    const { killed, error } = await runProgram(() => run(folder), point);
    tried[title] = (tried[title] ?? 0) + 1;
    for (const name of outputs) {
      const path = join(folder, name);
      const found = existsSync(path) ? readFileSync(path) : undefined;
      const whole = [before.get(name), after.get(name)].some((one) => one?.equals(found ?? empty) ?? !found);
      if (!whole) wrong.push(`${named(point)}: ${name} is neither the old nor the new one`);
    }
    const { code } = toPlainError(error);
    if (!killed && error !== undefined && code !== "INVALID_INPUT" && code !== "JOB") {
      wrong.push(`${named(point)}: ${(error as Error).stack}`);
    }
  }

  /** Do it again without a fault: the end is that of an undisturbed run. */
  async function completes(folder: string, faults: readonly Point[]): Promise<void> {
    const { error } = await runProgram(() => run(folder));
    const found = contents(folder);
    const others = [...new Set([...found.keys(), ...after.keys()])].filter((name) => {
      const [one, other] = [found.get(name), after.get(name)];
      return differing.test(name) ? !one !== !other : !one || !other?.equals(one);
    });
    if (error !== undefined || others.length > 0) {
      wrong.push(
        `after ${faults.map(named).join(", ")}: ${String(error)}; other than undisturbed: ${others.join(", ")}`,
      );
    }
  }

  it("ends in the same bytes twice", async () => {
    await completes(fresh(), []);
    expect(wrong).toEqual([]);
  });

  it("is whole after a fault at any operation, and ends in the same bytes when it is done again", async () => {
    for (const point of points.filter((_, index) => index % STEP === FIRST)) {
      const folder = fresh();
      await attempt(folder, point);
      await completes(folder, [point]);
    }
    expect(wrong).toEqual([]);
  });

  it("stays so when faults follow each other", async () => {
    const random = randomStream(7);
    for (let trial = 0; trial < 5; trial++) {
      const folder = fresh();
      const faults = Array.from({ length: 4 }, () => points[Math.floor(random.uniform() * points.length)]);
      for (const point of faults) await attempt(folder, point);
      await completes(folder, faults);
    }
    expect(wrong).toEqual([]);
  });
});
