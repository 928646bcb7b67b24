/** The thread in which `tslira compare` works, so that the main one hears Ctrl-C. */

import { parentPort, workerData } from "node:worker_threads";
import type { Observation, WcsCard } from "../data/observation/observation.js";
import { type PlainError, toPlainError } from "../errors.js";
import { given } from "../given.js";
import { imageSum, type SkyImage } from "../image.js";
import type { ObservationFileNames } from "../io/public-datasets-node.js";
import { type CompareProgress, compareMethods, type MethodScore } from "../runs/compare-methods.js";
import { comparedMethod } from "./compared-methods.js";
import type { Offsets } from "./deconvolve-config.js";
import { libraryOffsets } from "./place-observations.js";
import { readImage } from "./read-image.js";
import { readTogether } from "./read-together.js";
import { simulateSky } from "./simulate.js";

/** Data to compare methods on. */
export type CompareData =
  | { readonly sky: string; readonly source: Parameters<typeof simulateSky>[1] }
  | {
      readonly files: readonly ObservationFileNames[];
      readonly truth?: string;
      readonly offsets?: Offsets;
    };

/** What the thread is asked to do. */
export interface CompareTask {
  readonly data: CompareData;
  readonly methods: readonly string[];
  readonly heldOut: false | { readonly fraction?: number; readonly seed?: number };
  /** Shared: becomes 1 when the work shall end. */
  readonly ending: Int32Array;
}

/** What was found about the data before the first method. */
export interface ComparedData {
  readonly name: string;
  readonly counts: number;
  readonly truth?: SkyImage;
  readonly wcs?: readonly WcsCard[];
  readonly unit?: string;
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
  /** What was done to bring files together, one sentence each. */
  readonly notes: readonly string[];
}

/** A score without the result behind it. */
export type PlainScore = Omit<MethodScore, "result">;

/** What it says. */
export type CompareMessage =
  | { readonly type: "data"; readonly data: ComparedData }
  | { readonly type: "progress"; readonly progress: CompareProgress }
  | { readonly type: "score"; readonly score: PlainScore }
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly error: PlainError };

const MILLISECONDS = 100;

function say(message: CompareMessage): void {
  parentPort?.postMessage(message);
}

interface Read {
  readonly observations: readonly Observation[];
  readonly offsets?: NonNullable<ReturnType<typeof libraryOffsets>>;
  readonly data: ComparedData;
}

async function readData(data: CompareData): Promise<Read> {
  if ("sky" in data) {
    const { flux, ...observation } = simulateSky(data.sky, data.source);
    const counts = imageSum(observation.counts);
    return {
      observations: [observation],
      data: { name: observation.name ?? data.sky, counts, truth: flux, inputs: [], notes: [] },
    };
  }
  const { observations, inputs, notes, unit } = await readTogether(data.files);
  const [{ wcs }] = observations;
  const offsets = libraryOffsets(data.offsets);
  return {
    observations,
    ...given({ offsets }),
    data: {
      name: observations.map(({ name }) => name).join(", "),
      counts: observations.reduce((sum, { counts }) => sum + imageSum(counts), 0),
      ...(data.truth === undefined ? {} : { truth: await readImage(data.truth) }),
      ...given({ wcs, unit }),
      inputs,
      notes,
    },
  };
}

async function work({ data: wanted, methods, heldOut, ending }: CompareTask): Promise<void> {
  const { observations, data, offsets } = await readData(wanted);
  const compared = (await Promise.all(methods.map(comparedMethod))).map(({ name, options }) => ({
    ...given({ name }),
    options: offsets === undefined ? options : { ...options, offsets },
  }));
  say({ type: "data", data });
  let last = 0;
  let stage = "";
  await compareMethods(observations, compared, {
    ...given({ truth: data.truth }),
    heldOut,
    onScore({ result: _result, ...score }) {
      say({ type: "score", score });
    },
    onProgress(progress) {
      const now = performance.now();
      const next = `${progress.method} ${progress.photons}`;
      if (next !== stage || now - last >= MILLISECONDS) {
        [last, stage] = [now, next];
        say({ type: "progress", progress });
      }
      return Atomics.load(ending, 0) === 0;
    },
  });
  say({ type: "done" });
}

work(workerData as CompareTask).catch((error) => say({ type: "failed", error: toPlainError(error) }));
