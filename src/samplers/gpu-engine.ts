/** The sweeps of many chains on the GPU: buffers, and the order of the dispatches. */

import { JobError } from "../errors.js";
import { shaderWgsl } from "../generated/shader-wgsl.js";
import type { OpenGpu } from "../gpu.js";
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

// Flags of WebGPU, whose names are not there before a device is.
const STORAGE = 0x80;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;
const MAP_READ = 0x01;
const COMPUTE = 0x4;
const READ = 0x1;

/** Numbers of a job in its buffer. */
const JOB_WORDS = 8;
/** Read-only bindings come first. */
const READ_ONLY = 2;

/** Bytes that one chain takes on the device, what is read back of it included. */
const bytesOfChain = ({ reals, whole, row, parts, head }: GpuLayout) =>
  4 * Math.max(reals, whole, MAX_BATCH * row, parts, head + 3 + MAX_BATCH * row);

/** Chains that fit at once, at most `wanted`. @throws JobError when not even one does */
function slotsFor(layout: GpuLayout, { device, name }: OpenGpu, wanted: number): number {
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  const slots = Math.min(wanted, Math.floor(most / bytesOfChain(layout)));
  if (slots >= 1 && 4 * layout.inputs.length <= most) return slots;
  throw new JobError(
    `gpu: a chain must fit into buffers of ${most} bytes of ${name}, got ${bytesOfChain(layout)}; cut out a smaller image or choose device cpu`,
    { fields: { bytes: bytesOfChain(layout), most } },
  );
}

/** Dispatches of a sweep: entry point, its constants, workgroups. */
function stepsOf(layout: GpuLayout, settings: LiraChainSettings) {
  const { pixelGroups, litGroups, brightGroups, spans, levels, cells } = layout;
  const over = (entryPoint: string, { first, last, groups }: LevelSpan) => ({
    entryPoint,
    constants: { FIRST: first, LAST: last, GROUPS: groups },
    groups,
  });
  const plain = (entryPoint: string, groups: number) => ({ entryPoint, constants: {}, groups });
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
  const { device, name } = gpu;
  const slots = slotsFor(layout, gpu, chains);
  const { reals, whole, row, parts, head } = layout;
  let lost: string | undefined;
  void device.lost.then(({ reason, message }) => {
    lost = message || reason || "no reason";
  });
  const refuse = (got: string): never => {
    throw new JobError(
      `gpu: the device ${name} must stay and do its work, got ${got}; continue from the last checkpoint, there or with device cpu`,
      { fields: { device: name } },
    );
  };
  device.pushErrorScope("validation");
  device.pushErrorScope("out-of-memory");
  const buffer = (numbers: number, usage: number) =>
    device.createBuffer({ size: 4 * Math.max(4, numbers), usage });
  const storage = (numbers: number) => buffer(numbers, STORAGE | COPY_SRC | COPY_DST);
  const inputs = storage(layout.inputs.length);
  const places = storage(layout.places.length);
  const jobBuffer = storage(JOB_WORDS * slots);
  const realBuffer = storage(reals * slots);
  const wholeBuffer = storage(whole * slots);
  const traceBuffer = storage(MAX_BATCH * row * slots);
  const partBuffer = storage(parts * slots);
  const staging = buffer((head + 3 + MAX_BATCH * row) * slots, MAP_READ | COPY_DST);
  device.queue.writeBuffer(inputs, 0, layout.inputs);
  device.queue.writeBuffer(places, 0, layout.places);
  const bound = [inputs, places, jobBuffer, realBuffer, wholeBuffer, traceBuffer, partBuffer];
  const bindings = device.createBindGroupLayout({
    entries: bound.map((_, binding) => ({
      binding,
      visibility: COMPUTE,
      buffer: { type: binding < READ_ONLY ? "read-only-storage" : "storage" },
    })),
  });
  const bindGroup = device.createBindGroup({
    layout: bindings,
    entries: bound.map((one, binding) => ({ binding, resource: { buffer: one } })),
  });
  const module = device.createShaderModule({ code: layout.constants + shaderWgsl });
  const problems = (await module.getCompilationInfo()).messages.filter(({ type }) => type === "error");
  if (problems.length > 0) refuse(`a shader that it does not compile: ${problems[0].message}`);
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [bindings] });
  // Compiled once where a step comes twice.
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  const pipelineOf = (entryPoint: string, constants: Readonly<Record<string, number>>) => {
    const key = JSON.stringify([entryPoint, constants]);
    const made =
      pipelines.get(key) ??
      device.createComputePipelineAsync({
        layout: pipelineLayout,
        compute: { module, entryPoint, constants },
      });
    pipelines.set(key, made);
    return made;
  };
  const steps = await Promise.all(
    stepsOf(layout, settings).map(async ({ entryPoint, constants, groups }) => ({
      groups,
      pipeline: await pipelineOf(entryPoint, constants),
    })),
  );
  for (let scope = 0; scope < 2; scope++) {
    const problem = await device.popErrorScope();
    if (problem) refuse(problem.message);
  }

  return {
    layout,
    slots,
    name,
    place(slot, numbers, shift, counts) {
      device.queue.writeBuffer(realBuffer, 4 * reals * slot, numbers);
      const words = new Uint32Array(layout.shift + 2 + counts.length);
      words.set([...shift, ...counts], layout.shift);
      device.queue.writeBuffer(wholeBuffer, 4 * whole * slot, words);
    },
    async run(jobs, sweeps) {
      if (lost !== undefined) refuse(`lost (${lost})`);
      device.pushErrorScope("validation");
      device.pushErrorScope("out-of-memory");
      const words = new Uint32Array(JOB_WORDS * jobs.length);
      for (const [index, { slot, chain, seed, sweeps: done, skip, draws }] of jobs.entries()) {
        words.set(
          [slot, chain, seed % 2 ** 32, Math.floor(seed / 2 ** 32), done, 0, skip, draws],
          JOB_WORDS * index,
        );
      }
      device.queue.writeBuffer(jobBuffer, 0, words);
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setBindGroup(0, bindGroup);
      for (let sweep = 0; sweep < sweeps; sweep++) {
        for (const { pipeline, groups } of steps) {
          pass.setPipeline(pipeline);
          pass.dispatchWorkgroups(groups, jobs.length);
        }
      }
      pass.end();
      const length = head + 3 + sweeps * row;
      for (const [index, { slot }] of jobs.entries()) {
        const to = 4 * length * index;
        encoder.copyBufferToBuffer(realBuffer, 4 * reals * slot, staging, to, 4 * head);
        encoder.copyBufferToBuffer(wholeBuffer, 4 * whole * slot, staging, to + 4 * head, 12);
        encoder.copyBufferToBuffer(
          traceBuffer,
          4 * MAX_BATCH * row * slot,
          staging,
          to + 4 * (head + 3),
          4 * sweeps * row,
        );
      }
      device.queue.submit([encoder.finish()]);
      const problems = [device.popErrorScope(), device.popErrorScope()];
      try {
        await staging.mapAsync(READ, 0, 4 * length * jobs.length);
      } catch (error) {
        refuse(lost === undefined ? String(error) : `lost (${lost})`);
      }
      const numbers = new Float32Array(staging.getMappedRange(0, 4 * length * jobs.length).slice(0));
      staging.unmap();
      for (const problem of await Promise.all(problems)) if (problem) refuse(problem.message);
      if (lost !== undefined) refuse(`lost (${lost})`);
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
    close: () => gpu.close(),
  };
}
