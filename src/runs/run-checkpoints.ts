/** Runs that can be continued wherever their pieces are kept: a database of the browser, memory, a file. */

import type { CheckedObservation } from "../data/observation/check-observation.js";
import { psfImages } from "../data/observation/psf-set.js";
import { FormatError, InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { DRAWS_VERSION } from "../samplers/draws-version.js";
import { VERSION } from "../version.js";
import { type ChainOutput, keptDraws } from "../workers/chain-job.js";
import type { RunPlan } from "./lira-options.js";
import { planIsOnGpu, planOnCpu } from "./moved-run.js";
import type { PreparedRun } from "./prepare-run.js";
import { type MemoryStore, memoryStore } from "./run-store.js";
import type { RunDecisions } from "./sample-run.js";

/** What a chain has sampled between two checkpoints, with the state to continue from. Plain data, never changed later. */
export interface ChainPiece extends ChainOutput {
  /** Sweeps between the draws of this piece. */
  readonly every: number;
}

/** How a run stands, besides its pieces. Plain data; may hold Infinity, which JSON does not know. */
export interface CheckpointRecord {
  readonly format: number;
  /** Version of tslira that sampled. */
  readonly version: string;
  /** Version of its draws. */
  readonly draws: number;
  readonly plan: RunPlan;
  /** Columns of the rows of its pieces. */
  readonly columns: readonly string[];
  /** Fingerprint of observations and starting images. */
  readonly inputs: string;
  readonly decisions?: RunDecisions;
  /** ISO 8601. */
  readonly started: string;
  /** Seconds of sampling in runs that have ended. */
  readonly seconds: number;
}

/** All that is kept of a run. */
export interface KeptRun {
  readonly record: CheckpointRecord;
  /** In the order in which they were added, chain by chain. */
  readonly pieces: readonly ChainPiece[];
}

/**
 * Where a run keeps what it needs to be continued. Given as the option `checkpoints` of a run: if it holds a run, that one is
 * continued, or extended when more iterations are asked for; if not, it is filled.
 *
 * When a promise is rejected the run ends with that error.
 */
export interface RunCheckpoints {
  /** What an earlier run has left; undefined for none. */
  read(): Promise<KeptRun | undefined>;
  /** Keep how the run stands, in place of what was kept of that before. */
  writeRecord(record: CheckpointRecord): Promise<void>;
  /** Add a piece: whole or not at all, whatever happens on the way. One of the same first sweep is replaced. */
  addPiece(piece: ChainPiece): Promise<void>;
}

/** Layout of what is kept. */
const FORMAT = 2;
const DEFAULT_SECONDS = 30;

/** Where a run begins: anew, or from what was kept. */
export interface TakenUp {
  readonly store: MemoryStore;
  readonly decisions?: RunDecisions;
  readonly started: Date;
  /** Seconds of sampling before. */
  readonly secondsBefore: number;
  /** Whether its chains were on the GPU, and go on on the CPU. */
  readonly moved: boolean;
  /** Remember decisions, and at the end the seconds. */
  remember(change: { readonly decisions?: RunDecisions; readonly seconds?: number }): Promise<void>;
}

/**
 * Take up what a run has kept, or begin to keep one.
 *
 * @throws InvalidInputError when another run is kept there, by its data, settings, version or length
 * @throws FormatError when it is of another layout
 */
export async function takeUp(
  checkpoints: RunCheckpoints,
  { plan, observations, starts, names, shape }: PreparedRun,
  seconds = DEFAULT_SECONDS,
): Promise<TakenUp> {
  const { chains } = plan.config;
  const inputs = fingerprint(observations, starts);
  const kept = await checkpoints.read();
  const memory = memoryStore(chains);
  let record: CheckpointRecord = kept?.record ?? {
    format: FORMAT,
    version: VERSION,
    draws: DRAWS_VERSION,
    plan,
    columns: names,
    inputs,
    started: new Date().toISOString(),
    seconds: 0,
  };
  const decisions = kept && decisionsOf(kept, plan, inputs);
  const { started, seconds: secondsBefore } = record;
  if (kept) {
    const columns = record.columns.length;
    const pixels = shape[0] * shape[1];
    const burnIn = decisions?.burnIn ?? plan.config.burnIn;
    const every = decisions?.every ?? plan.config.traceEvery;
    for (const piece of kept.pieces) {
      const draws = drawsApart(piece, burnIn, every, columns, pixels);
      await memory.accept({ ...piece, draws }, every);
    }
    record = { ...record, plan };
  }
  if (decisions) record = { ...record, decisions };
  await checkpoints.writeRecord(record);
  return {
    store: {
      ...memory,
      continuation: (chain) => ({ ...memory.continuation(chain), pieceSeconds: seconds }),
      async accept(output, every) {
        await memory.accept(output, every);
        if (output.rows.length > 0) await checkpoints.addPiece({ ...output, every });
      },
    },
    ...(decisions && { decisions }),
    started: new Date(started),
    secondsBefore,
    moved: kept !== undefined && moves(kept.record.plan, plan),
    async remember({ decisions: decided, seconds: spent }) {
      record = {
        ...record,
        ...(decided && { decisions: decided }),
        ...(spent !== undefined && { seconds: spent }),
      };
      await checkpoints.writeRecord(record);
    },
  };
}

/** Whether a run that was kept on the GPU is to go on on the CPU. */
const moves = (kept: RunPlan, plan: RunPlan) => planIsOnGpu(kept) && !planIsOnGpu(plan);

/** What was decided before, and for a run that is extended what that comes to; undefined when nothing was. */
function decisionsOf({ record, pieces }: KeptRun, plan: RunPlan, inputs: string): RunDecisions | undefined {
  if (record.format !== FORMAT) {
    throw new FormatError(
      `checkpoints: a kept run must have layout ${FORMAT}, that of tslira ${VERSION}, got layout ${record.format} of tslira ` +
        `${record.version}; continue it with that version`,
    );
  }
  const refuse = (what: string, need: unknown, got: unknown, remedy: string) =>
    new InvalidInputError(
      `checkpoints: a run that is continued must have the ${what} it began with, ${need}, got ${got}; ${remedy}`,
      { fields: { what } },
    );
  if (record.inputs !== inputs) {
    throw refuse("data", record.inputs, inputs, "give the same observations, or other checkpoints");
  }
  // Of priors of functions the name alone is known.
  const lawOf = ({ config: { iterations, burnIn, traceEvery, ...law }, gradient }: RunPlan) =>
    JSON.stringify([law, gradient]);
  const before = moves(record.plan, plan) ? planOnCpu(record.plan) : record.plan;
  if (lawOf(before) !== lawOf(plan)) {
    throw refuse("settings", lawOf(before), lawOf(plan), "give the same settings, or other checkpoints");
  }
  const ends = new Map(pieces.map(({ chain, state }) => [chain, state.sweeps]));
  const sweeps = Math.max(0, ...ends.values());
  const { iterations } = plan.config;
  const short = [...Array(plan.config.chains).keys()].some((chain) => (ends.get(chain) ?? 0) < iterations);
  if (record.draws !== DRAWS_VERSION && short) {
    const of = (draws: number, version: string) => `version ${draws} of the draws (tslira ${version})`;
    throw refuse("law", of(record.draws, record.version), of(DRAWS_VERSION, VERSION), "begin it anew");
  }
  const asked = (one: RunPlan) => JSON.stringify({ ...one, chosenDevice: undefined });
  if (asked(before) === asked(plan)) return record.decisions;
  // Another length: the same chains, looked at as far as they are asked for.
  const burnIn = record.decisions?.burnIn ?? record.plan.config.burnIn;
  const every = record.decisions?.every ?? record.plan.config.traceEvery;
  if (plan.autoBurnIn || plan.target !== undefined || plan.config.burnIn !== burnIn) {
    throw refuse(
      "burn-in",
      burnIn,
      plan.target?.text ?? (plan.autoBurnIn ? "auto" : plan.config.burnIn),
      "extend it by more iterations, with this burn-in and without until",
    );
  }
  if (sweeps > iterations) {
    throw refuse("sweeps", `at least ${sweeps}`, iterations, "give as many iterations, or other checkpoints");
  }
  const steps = Math.log2(plan.config.traceEvery / every);
  if (!Number.isInteger(steps) || steps < 0) {
    throw refuse(
      "sweeps between draws",
      `${every} or that doubled`,
      plan.config.traceEvery,
      `set trace.every, for example to ${every}`,
    );
  }
  return { burnIn, every: plan.config.traceEvery, iterations };
}

/** The draws of a piece that are `every` sweeps apart, counted from burn-in: all, or of a finer piece some. */
function drawsApart(
  { rows, draws, state, every: apart }: ChainPiece,
  burnIn: number,
  every: number,
  columns: number,
  pixels: number,
): Float32Array {
  if (apart === every || draws.length === 0) return draws;
  const before = keptDraws(state.sweeps - rows.length / columns, burnIn, apart);
  const wanted = [...Array(draws.length / pixels).keys()].filter(
    (draw) => ((before + draw + 1) * apart) % every === 0,
  );
  const out = new Float32Array(wanted.length * pixels);
  for (const [index, draw] of wanted.entries()) {
    out.set(draws.subarray(draw * pixels, (draw + 1) * pixels), index * pixels);
  }
  return out;
}

/**
 * 64 bits in hexadecimal digits that tell images apart: FNV-1a over their bytes, 32 bits at a time, from two offsets
 * (Fowler, Noll and Vo; http://www.isthe.com/chongo/tech/comp/fnv/).
 */
function fingerprint(
  observations: readonly CheckedObservation[],
  starts: readonly (SkyImage | undefined)[],
): string {
  const hashes = new Uint32Array([0x811c9dc5, 0x9e3779b9]);
  const add = (values: ArrayLike<number>) => {
    const words = new Uint32Array(Float64Array.from(values).buffer);
    for (let word = 0; word < words.length; word++) {
      for (let one = 0; one < hashes.length; one++) {
        hashes[one] = Math.imul(hashes[one] ^ words[word], 0x01000193 + 2 * one);
      }
    }
  };
  const images = observations.flatMap((one) => [
    one.counts,
    ...psfImages(one.psf),
    one.exposure,
    one.background,
    one.mask,
  ]);
  for (const image of [...images, ...starts]) {
    add(image === undefined ? [0] : [...image.shape, 1]);
    if (image !== undefined) add(image.data);
  }
  return [...hashes].map((hash) => hash.toString(16).padStart(8, "0")).join("");
}
