import type { Observation } from "../data/observation/observation.js";
import type { PosteriorResult } from "../posterior/result.js";
import { MOVED_NOTE } from "./moved-run.js";
import { prepareOnDevice } from "./prepare-on-device.js";
import type { ChainRunOptions } from "./prepare-run.js";
import { type RunCheckpoints, takeUp } from "./run-checkpoints.js";
import { memoryStore } from "./run-store.js";
import { type SamplingOptions, sampleRun } from "./sample-run.js";
import { summariseRun } from "./summarise-run.js";

/** How to run, and what to write into the result about it; none of these changes the draws. */
export interface RunOptions extends SamplingOptions {
  /** The command or call behind the run, for the result's provenance. */
  readonly command?: string;
  /** Name and SHA-256 of input files, for the result's provenance. */
  readonly inputs?: PosteriorResult["provenance"]["inputs"];
  /** Unit of the flux for headers and figures; default none. */
  readonly unit?: string;
  /**
   * Where the run keeps what it needs to be continued, in this program or a later one, with the same result in the end.
   * Runs with files keep theirs in a folder (`deconvolveToFile` of `tslira/node`). One that began on a GPU goes on on the CPU when it is
   * given device `"cpu"`. Default: nowhere.
   */
  readonly checkpoints?: RunCheckpoints;
  /** Seconds between checkpoints; default 30. */
  readonly checkpointSeconds?: number;
}

/** Run all chains of a sampler and summarise them. */
export async function runChains(
  data: Observation | readonly Observation[],
  settings: ChainRunOptions,
  options: RunOptions = {},
): Promise<PosteriorResult> {
  const { checkpoints, checkpointSeconds } = options;
  const prepared = await prepareOnDevice(
    data,
    settings,
    options,
    async () => (await checkpoints?.read())?.record.plan,
  );
  const kept = checkpoints && (await takeUp(checkpoints, prepared, checkpointSeconds));
  if (kept?.moved) options.onNote?.(MOVED_NOTE);
  const { store, started, secondsBefore } = kept ?? {
    store: memoryStore(prepared.plan.config.chains),
    started: new Date(),
    secondsBefore: 0,
  };
  const run = await sampleRun(prepared, store, options, kept?.decisions, (decisions) =>
    kept?.remember({ decisions }),
  );
  await kept?.remember({ seconds: secondsBefore + run.seconds });
  const held = run.early ?? store;
  const summary = await summariseRun(prepared, run, held.open(run.extent), {
    ...options,
    started,
    secondsBefore,
  });
  return { ...summary, trace: held.traces(run.extent) };
}
