/** The thread in which `tslira deconvolve --method` works, so that the main one hears Ctrl-C. */

import { parentPort, workerData } from "node:worker_threads";
import { type PlainError, toPlainError } from "../errors.js";
import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import type { BootstrapOptions } from "../methods/bootstrap.js";
import type { IterationReport } from "../methods/estimate.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { deconvolve } from "../runs/deconvolve.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import { type PointMethodName, pointMethod } from "./method-options.js";
import { displacedHeaders, libraryOffsets } from "./place-observations.js";
import { readImage } from "./read-image.js";
import { readTogether } from "./read-together.js";

/** What the thread is asked to do. */
export interface EstimateTask {
  readonly settings: DeconvolveSettings;
  readonly method: PointMethodName;
  /** Shared: becomes 1 when the work shall end. */
  readonly ending: Int32Array;
}

/** How far the work is. */
export interface EstimateProgress {
  readonly type: "progress";
  readonly stage: "iterations" | "held-out" | "bootstrap";
  readonly done: number;
  readonly total: number;
  /** Of this stage. */
  readonly seconds: number;
  readonly objective?: number;
}

/** What it says. */
export type EstimateMessage =
  | EstimateProgress
  | {
      readonly type: "done";
      readonly result: PointEstimate;
      /** Of the first observation. */
      readonly counts: SkyImage;
      readonly unit: string | undefined;
      readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
    }
  | { readonly type: "failed"; readonly error: PlainError };

/** Iterations of the methods when nothing is said. */
const ITERATIONS = { "richardson-lucy": 100, "gradient-descent": 1_000, map: 1_000, "em-multiscale": 1_000 };
const MILLISECONDS = 100;

function say(message: EstimateMessage): void {
  parentPort?.postMessage(message);
}

async function work({ settings, method, ending }: EstimateTask): Promise<void> {
  const options = await pointMethod(method, settings.options);
  const { observations, inputs, notes, unit } = await readTogether(settings.observations);
  let stage = "";
  let since = 0;
  let last = 0;
  const goOn = (at: Pick<EstimateProgress, "stage" | "done" | "total" | "objective">): boolean => {
    const now = performance.now();
    if (at.stage !== stage) {
      stage = at.stage;
      since = now;
      last = 0;
    }
    if (now - last >= MILLISECONDS) {
      last = now;
      say({ ...at, type: "progress", seconds: (now - since) / 1000 });
    }
    return Atomics.load(ending, 0) === 0;
  };
  const total = options.iterations ?? ITERATIONS[method];
  const onIteration = ({ iteration, objective, stage: phase }: IterationReport) =>
    goOn({ stage: phase ?? "iterations", done: iteration, total, objective });
  const bootstrap: BootstrapOptions | undefined =
    typeof options.bootstrap === "object"
      ? {
          ...options.bootstrap,
          onReplicate: (done, replicates) => goOn({ stage: "bootstrap", done, total: replicates }),
        }
      : undefined;
  const offsets = libraryOffsets(settings.offsets);
  const start = settings.start === undefined ? undefined : await readImage(settings.start);
  const found = await deconvolve(observations, {
    ...options,
    onIteration,
    ...given({ offsets, bootstrap, start }),
  });
  const result = {
    ...found,
    warnings: [...notes, ...found.warnings, ...displacedHeaders(observations, settings)],
  };
  say({ type: "done", result, counts: observations[0].counts, unit, inputs });
}

work(workerData as EstimateTask).catch((error) => say({ type: "failed", error: toPlainError(error) }));
