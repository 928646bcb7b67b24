/** The sweeps of many chains on the GPU: buffers, and the order of the dispatches. */

import { JobError } from "../errors.js";
import { shaderWgsl } from "../generated/shader-wgsl.js";
import type { OpenGpu } from "../gpu.js";
import { createGpuProgram, type GpuStep, largestBuffer } from "../gpu-program.js";
import type { GpuLayout, LevelSpan } from "./gpu-layout.js";
import type { LiraChainSettings } from "./lira.js";
import { MAX_BATCH } from "./sampler.js";

/** A chain that takes part in a batch of sweeps. */
export interface GpuJob {
  readonly slot: number;
  /** Number of the chain. */
  readonly chain: number;
  readonly seed: number;
  /** Sweeps done so far. */
  readonly sweeps: number;
  /** Sweeps of this batch that stay out of the moments. */
  readonly skip: number;
  /** Sweeps in the moments so far. */
  readonly draws: number;
}

/** What a chain has after a batch. */
export interface GpuBatch {
  /** `[sweeps, layout.row]`. */
  readonly trace: Float32Array;
  /** The first `layout.head` numbers of the chain. */
  readonly head: Float32Array;
  /** 0, or bits of what went wrong: 1 a lit pixel without light, 2 too many counts. */
  readonly flags: number;
  readonly shift: readonly [row: number, col: number];
}

/** Chains side by side on one device, each in a slot. */
export interface GpuEngine {
  readonly layout: GpuLayout;
  /** Chains that there is room for. */
  readonly slots: number;
  /** Name of the adapter. */
  readonly name: string;
  /** Put a chain into a slot: the first numbers of `reals`, its shift, and counts of its own. */
  place(
    slot: number,
    head: Float32Array<ArrayBuffer>,
    shift: readonly [number, number],
    counts: readonly number[],
  ): void;
  /**
   * Do sweeps of some of the chains.
   *
   * @throws JobError when the device is lost or refuses
   */
  run(jobs: readonly GpuJob[], sweeps: number): Promise<GpuBatch[]>;
  close(): void;
}

/** Numbers of a job in its buffer. */
const JOB_WORDS = 8;
/** Buffers in the order of their bindings. */
const INPUTS = 0;
const PLACES = 1;
const JOBS = 2;
const REALS = 3;
const WHOLE = 4;
const TRACE = 5;

/** Bytes that one chain takes on the device, what is read back of it included. */
const bytesOfChain = ({ reals, whole, row, parts, head }: GpuLayout) =>
  4 * Math.max(reals, whole, MAX_BATCH * row, parts, head + 3 + MAX_BATCH * row);

/** Chains that fit at once, at most `wanted`. @throws JobError when not even one does */
function slotsFor(layout: GpuLayout, gpu: OpenGpu, wanted: number): number {
  const { name } = gpu;
  const most = largestBuffer(gpu);
  const slots = Math.min(wanted, Math.floor(most / bytesOfChain(layout)));
  if (slots >= 1 && 4 * layout.inputs.length <= most) return slots;
  throw new JobError(
    `gpu: a chain must fit into buffers of ${most} bytes of ${name}, got ${bytesOfChain(layout)}; cut out a smaller image or choose device cpu`,
    { fields: { bytes: bytesOfChain(layout), most } },
  );
}

const forEachChain = (groups: number) => ({ groups: [groups] as const, repeated: "y" as const });

/** Dispatches of a sweep: entry point, its constants, workgroups. */
function stepsOf(layout: GpuLayout, settings: LiraChainSettings): GpuStep[] {
  const { pixelGroups, litGroups, brightGroups, spans, levels, cells } = layout;
  const over = (entryPoint: string, { first, last, groups }: LevelSpan) => ({
    entryPoint,
    constants: { FIRST: first, LAST: last, GROUPS: groups },
    ...forEachChain(groups),
  });
  const plain = (entryPoint: string, groups: number) => ({ entryPoint, ...forEachChain(groups) });
  const downwards = [...spans].reverse();
  const fitAlpha = settings.adaptivePrior === undefined && settings.fitAlpha;
  return [
    plain("fillLight", pixelGroups),
    plain("redistributeCounts", litGroups),
    ...(brightGroups > 0 ? [plain("redistributeBright", brightGroups)] : []),
    plain("drawSourceCounts", pixelGroups),
    ...spans.map((span) => over("collectTree", span)),
    ...(fitAlpha ? [plain("drawSmoothing", levels)] : []),
    ...(settings.adaptivePrior === undefined
      ? []
      : [...downwards.map((span) => over("settleStates", span)), plain("drawTransitionMatrix", 1)]),
    ...downwards.map((span) => over("drawImage", span)),
    ...(settings.fitBackgroundScale ? [plain("drawScales", 1)] : []),
    ...(settings.pairTransfers > 0
      ? [
          ...spans.map((span) => over("sumMasses", span)),
          plain("predictLight", litGroups),
          ...(cells > 0 ? [plain("transferFlux", cells)] : []),
          plain("transferFlux", 1),
        ]
      : []),
    plain("addToMoments", pixelGroups),
    plain("finishSweep", 1),
  ];
}

/**
 * Set up a device for chains.
 *
 * @param chains how many are wanted at once; there may be room for fewer
 */
export async function createGpuEngine(
  gpu: OpenGpu,
  layout: GpuLayout,
  settings: LiraChainSettings,
  chains: number,
): Promise<GpuEngine> {
  const slots = slotsFor(layout, gpu, chains);
  const { reals, whole, row, parts, head } = layout;
  const steps = stepsOf(layout, settings);
  const numbered = Object.fromEntries(steps.map((step, index) => [String(index), step]));
  const program = await createGpuProgram(
    gpu,
    layout.constants + shaderWgsl,
    [
      { numbers: layout.inputs.length, readOnly: true },
      { numbers: layout.places.length, readOnly: true },
      { numbers: JOB_WORDS * slots },
      { numbers: reals * slots },
      { numbers: whole * slots },
      { numbers: MAX_BATCH * row * slots },
      { numbers: parts * slots },
    ],
    numbered,
    (head + 3 + MAX_BATCH * row) * slots,
  );
  program.write(INPUTS, 0, layout.inputs);
  program.write(PLACES, 0, layout.places);
  const order = Object.keys(numbered);

  return {
    layout,
    slots,
    name: program.name,
    place(slot, numbers, shift, counts) {
      program.write(REALS, reals * slot, numbers);
      const words = new Uint32Array(layout.shift + 2 + counts.length);
      words.set([...shift, ...counts], layout.shift);
      program.write(WHOLE, whole * slot, words);
    },
    async run(jobs, sweeps) {
      const words = new Uint32Array(JOB_WORDS * jobs.length);
      for (const [index, { slot, chain, seed, sweeps: done, skip, draws }] of jobs.entries()) {
        words.set(
          [slot, chain, seed % 2 ** 32, Math.floor(seed / 2 ** 32), done, 0, skip, draws],
          JOB_WORDS * index,
        );
      }
      program.write(JOBS, 0, words);
      const numbers = await program.run(
        Array.from({ length: sweeps }, () => order).flat(),
        jobs.flatMap(({ slot }) => [
          { buffer: REALS, at: reals * slot, numbers: head },
          { buffer: WHOLE, at: whole * slot, numbers: 3 },
          { buffer: TRACE, at: MAX_BATCH * row * slot, numbers: sweeps * row },
        ]),
        jobs.length,
      );
      const length = head + 3 + sweeps * row;
      return jobs.map((_, index) => {
        const own = numbers.subarray(length * index, length * (index + 1));
        const [flags, ...shift] = new Uint32Array(own.buffer, own.byteOffset + 4 * head, 3);
        return {
          head: own.subarray(0, head),
          trace: own.subarray(head + 3),
          flags,
          shift: [shift[0], shift[1]],
        };
      });
    },
    close: () => program.close(),
  };
}
