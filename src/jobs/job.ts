/**
 * A job: many independent tasks in one folder, run by one executor or another with the same bytes as result.
 *
 *     job.json           what the job is: kind, settings, number of tasks
 *     tasks.jsonl        one line a task, all of one width, so that a task reads its own line alone
 *     inputs/000/...     data of the tasks, frozen when the job was made
 *     results/000/...    one file a task; its name holds length and SHA-256 of its bytes
 *     failures/000/...   what went wrong with a task, until it succeeds
 *     work/              checkpoints of tasks that run or were interrupted
 *     submissions/       what was handed to a scheduler: lists of tasks, script, numbers of the arrays
 *     logs/              output of the scheduler's jobs
 *
 * A thousand files a folder. Nothing in it but `submissions/` and `logs/` knows where the folder is.
 */

import type { PlainError } from "../errors.js";
import type { LiraSummary } from "../posterior/result.js";
import type { LiraDeconvolverOptions, RunPlan } from "../runs/lira-options.js";
import type { SignificanceRun } from "../significance/task.js";

/** What the tasks of a job are. */
export type JobKind = "chains" | "observations" | "tiles" | "replicates";

/** Settings of a run of LIRA that can be written down. */
export type JobOptions = Omit<LiraDeconvolverOptions, "fluxInit">;

/** How to ask Slurm for the tasks of a job. Every entry may be left out. */
export interface SlurmSettings {
  readonly partition?: string;
  /** Time limit of one array element, for example `"02:00:00"`; it runs `bundle` tasks. */
  readonly time?: string;
  /** Memory of one array element, for example `"2G"`. */
  readonly memory?: string;
  /** Cores of one array element; default 1. So many tasks run side by side, or chains of one task. */
  readonly cpusPerTask?: number;
  /** Most array elements that run at the same time; default: as many as the scheduler allows. */
  readonly throttle?: number;
  /** Tasks that one array element runs, one after the other; default 1. */
  readonly bundle?: number;
  /** Most elements of one array; default 1000, the limit of Slurm as it is installed (`MaxArraySize` 1001). */
  readonly arraySize?: number;
  /** Further options as they stand behind `#SBATCH`, for example `"--account=x"`. */
  readonly lines?: readonly string[];
  /** Shell lines to run before, for example `"module load nodejs/20"`. */
  readonly setup?: readonly string[];
  /** Folder for checkpoints and unfinished files on the node itself, expanded there, for example `"$TMPDIR"`. */
  readonly scratch?: string;
  /** How tslira is called on the nodes, for example `["tslira"]`; default: the program that submits, by its full path. */
  readonly program?: readonly string[];
}

/** How a large image is cut into tiles. */
export interface TileSettings {
  /** Shape of the part of the image that each tile answers for, `[ny, nx]`; the last ones are smaller. */
  readonly tile: readonly [ny: number, nx: number];
  /** Pixels around it that are deconvolved with it; at least the width of the psf. */
  readonly margin: number;
}

/** `job.json`. */
export interface JobManifest {
  readonly format: number;
  /** Version of tslira that made the job. */
  readonly version: string;
  /** Version of the draws; its tasks are run by no other. */
  readonly draws: number;
  /** Letters and digits that tell this job from others in a queue. */
  readonly id: string;
  readonly kind: JobKind;
  readonly name: string;
  /** ISO 8601, UTC: the date of all results. */
  readonly created: string;
  readonly options: JobOptions;
  /** For chains: the plan of their run, of any sampler. */
  readonly plan?: RunPlan;
  /** Where collected results go: a file or a folder, relative to the job's folder or absolute. */
  readonly output: string;
  readonly tasks: {
    readonly count: number;
    /** Bytes of a line of `tasks.jsonl`. */
    readonly width: number;
    /** SHA-256 of `tasks.jsonl`. */
    readonly sha256: string;
  };
  readonly slurm?: SlurmSettings;
  readonly command?: string;
  /** Files that the data came from, when all tasks share them. */
  readonly sources: LiraSummary["provenance"]["inputs"];
  readonly unit?: string;
  /** For replicates of a significance run: all that its tasks need besides the data. */
  readonly significance?: SignificanceRun;
  /** For replicates: fluxes whose excess is asked for. */
  readonly thresholds?: readonly number[];
  /** For tiles. */
  readonly mosaic?: TileSettings & {
    readonly shape: readonly [ny: number, nx: number];
    readonly psf: readonly [ny: number, nx: number];
    /** First border between tiles, `[row, col]`. */
    readonly offset: readonly [row: number, col: number];
    /** The whole observations, relative to the folder, and their SHA-256. */
    readonly input: string;
    readonly sha256: string;
    readonly observations: readonly string[];
  };
}

/** A line of `tasks.jsonl`. */
export interface TaskRecord {
  /** Number of the task, from 0. */
  readonly index: number;
  readonly name: string;
  readonly seed: number;
  /** Data of the task, relative to the folder, and its SHA-256; both empty where there are none because of a `problem`. */
  readonly input: string;
  readonly sha256: string;
  /** Why its data could not be had when the job was made: the task fails with it, the others run. */
  readonly problem?: PlainError;
  /** Number of the chain, for chains. */
  readonly chain?: number;
  /** Number of the tile, for tiles; those without exposure have no task. */
  readonly tile?: number;
  /** Settings that differ from those of the job. */
  readonly options?: JobOptions;
  /** Names of the observations in the input. */
  readonly observations: readonly string[];
  /** Files that the data came from, when they are the task's own. */
  readonly sources?: LiraSummary["provenance"]["inputs"];
  readonly unit?: string;
}

/** Layout of a job folder. */
export const JOB_FORMAT = 2;

/** Files of one folder. */
export const SHARD = 1000;

/** Number of a task in six digits or more, which is also how its files are named. */
export function taskName(index: number): string {
  return String(index).padStart(6, "0");
}

/** Folder of a thousand files that those of a task are in. */
export function shardName(index: number): string {
  return String(Math.floor(index / SHARD)).padStart(3, "0");
}
