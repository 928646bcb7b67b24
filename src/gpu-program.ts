/** A shader with its buffers on one device: what it needs before it runs, and what may go wrong while it does. */

import { JobError } from "./errors.js";
import type { OpenGpu } from "./gpu.js";

/** A buffer of numbers of 4 bytes, bound in the order given. */
export interface GpuBuffer {
  readonly numbers: number;
  /** What no shader writes. */
  readonly readOnly?: boolean;
}

/** An entry point of the shader and its constants, ready to run. */
export interface GpuStep {
  readonly entryPoint: string;
  readonly constants?: Readonly<Record<string, number>>;
  /** Workgroups on each axis; those not given are 1. */
  readonly groups: readonly [x: number, y?: number, z?: number];
  /** Axis along which those of an image or a chain are repeated for each that takes part in a run; default: they are not. */
  readonly repeated?: "x" | "y" | "z";
}

/** Numbers of a buffer, by its place among those given. */
export interface GpuRange {
  readonly buffer: number;
  readonly at: number;
  readonly numbers: number;
}

/** Compiled steps, and the buffers that they share. */
export interface GpuProgram<Name extends string> {
  /** Name of the adapter. */
  readonly name: string;
  /** Write numbers into a buffer. */
  write(buffer: number, at: number, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void;
  /**
   * Run steps one after the other, each seeing what those before it wrote, and read what they left.
   *
   * @param times how many images or chains take part; default 1
   * @returns the ranges one after the other
   * @throws JobError when the device is lost or refuses
   */
  run(
    steps: readonly Name[],
    ranges: readonly GpuRange[],
    times?: number,
  ): Promise<Float32Array<ArrayBuffer>>;
  close(): void;
}

// Flags of WebGPU, whose names are not there before a device is.
const STORAGE = 0x80;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;
const MAP_READ = 0x01;
const COMPUTE = 0x4;
const READ = 0x1;

/** Most bytes of a buffer on a device. */
export function largestBuffer({ device }: OpenGpu): number {
  return Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
}

/** What a shader calls its constants: whole numbers are u32, text stands as it is. */
export function shaderConstants(words: Readonly<Record<string, number | boolean | string>>): string {
  return Object.entries(words)
    .map(([name, value]) => `const ${name} = ${typeof value === "number" ? `${value}u` : value};\n`)
    .join("");
}

/**
 * Check that a device has room for buffers.
 *
 * @param what is to fit, and what else than the CPU would help
 * @throws JobError when it has not
 */
export function checkRoom(gpu: OpenGpu, buffers: readonly GpuBuffer[], what: string, remedy: string): void {
  const most = largestBuffer(gpu);
  const bytes = 4 * Math.max(...buffers.map(({ numbers }) => numbers));
  if (bytes <= most) return;
  throw new JobError(
    `gpu: ${what} must fit into buffers of ${most} bytes of ${gpu.name}, got ${bytes}; ${remedy} or choose device cpu`,
    { fields: { bytes, most } },
  );
}

/**
 * Compile steps over buffers.
 *
 * @param code WGSL whose bindings of group 0 are the buffers in their order
 * @param steps by the names under which they run; undefined where one is not wanted
 * @param readBack most numbers that a run reads
 * @throws JobError when the device refuses
 */
export async function createGpuProgram<Name extends string>(
  gpu: OpenGpu,
  code: string,
  buffers: readonly GpuBuffer[],
  steps: Readonly<Partial<Record<Name, GpuStep>>>,
  readBack: number,
): Promise<GpuProgram<Name>> {
  const { device, name } = gpu;
  let lost: string | undefined;
  void device.lost.then(({ reason, message }) => {
    lost = message || reason || "no reason";
  });
  const refuse = (got: string): never => {
    throw new JobError(
      `gpu: the device ${name} must stay and do its work, got ${got}; continue from the last checkpoint or begin again, there or with device cpu`,
      { fields: { device: name } },
    );
  };
  device.pushErrorScope("validation");
  device.pushErrorScope("out-of-memory");
  const buffer = (numbers: number, usage: number) =>
    device.createBuffer({ size: 4 * Math.max(4, numbers), usage });
  const bound = buffers.map(({ numbers }) => buffer(numbers, STORAGE | COPY_SRC | COPY_DST));
  const staging = buffer(readBack, MAP_READ | COPY_DST);
  const bindings = device.createBindGroupLayout({
    entries: buffers.map(({ readOnly }, binding) => ({
      binding,
      visibility: COMPUTE,
      buffer: { type: readOnly ? "read-only-storage" : "storage" },
    })),
  });
  const bindGroup = device.createBindGroup({
    layout: bindings,
    entries: bound.map((one, binding) => ({ binding, resource: { buffer: one } })),
  });
  const module = device.createShaderModule({ code });
  const problems = (await module.getCompilationInfo()).messages.filter(({ type }) => type === "error");
  if (problems.length > 0) refuse(`a shader that it does not compile: ${problems[0].message}`);
  const layout = device.createPipelineLayout({ bindGroupLayouts: [bindings] });
  // Compiled once where a step comes twice.
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  const pipelineOf = (entryPoint: string, constants: Readonly<Record<string, number>>) => {
    const key = JSON.stringify([entryPoint, constants]);
    const compute = { module, entryPoint, constants };
    const made = pipelines.get(key) ?? device.createComputePipelineAsync({ layout, compute });
    pipelines.set(key, made);
    return made;
  };
  const prepared = new Map(
    await Promise.all(
      (Object.entries(steps) as [Name, GpuStep][]).map(
        async ([key, { entryPoint, constants = {}, ...size }]) => {
          return [key, { pipeline: await pipelineOf(entryPoint, constants), ...size }] as const;
        },
      ),
    ),
  );
  for (let scope = 0; scope < 2; scope++) {
    const problem = await device.popErrorScope();
    if (problem) refuse(problem.message);
  }

  return {
    name,
    write: (number, at, values) => device.queue.writeBuffer(bound[number], 4 * at, values),
    async run(names, ranges, times = 1) {
      if (lost !== undefined) refuse(`lost (${lost})`);
      device.pushErrorScope("validation");
      device.pushErrorScope("out-of-memory");
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setBindGroup(0, bindGroup);
      for (const key of names) {
        const step = prepared.get(key);
        if (step === undefined) throw new TypeError(`gpu: steps must be compiled, got ${key}; name it`);
        const [x, y = 1, z = 1] = step.groups;
        const on = (axis: GpuStep["repeated"]) => (step.repeated === axis ? times : 1);
        pass.setPipeline(step.pipeline);
        pass.dispatchWorkgroups(x * on("x"), y * on("y"), z * on("z"));
      }
      pass.end();
      let length = 0;
      for (const { buffer: number, at, numbers } of ranges) {
        encoder.copyBufferToBuffer(bound[number], 4 * at, staging, 4 * length, 4 * numbers);
        length += numbers;
      }
      device.queue.submit([encoder.finish()]);
      const told = [device.popErrorScope(), device.popErrorScope()];
      try {
        await staging.mapAsync(READ, 0, 4 * length);
      } catch (error) {
        refuse(lost === undefined ? String(error) : `lost (${lost})`);
      }
      const values = new Float32Array(staging.getMappedRange(0, 4 * length).slice(0));
      staging.unmap();
      for (const problem of await Promise.all(told)) if (problem) refuse(problem.message);
      if (lost !== undefined) refuse(`lost (${lost})`);
      return values;
    },
    close: () => gpu.close(),
  };
}
