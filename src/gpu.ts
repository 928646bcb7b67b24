/** The only door to WebGPU: of a browser, or in Node of the package `webgpu`, which is installed apart; `TSLIRA_WEBGPU` may say where. */

import { JobError } from "./errors.js";

/** A device that is ready, and what to call it. */
export interface OpenGpu {
  readonly device: GPUDevice;
  /** Where it comes from. To be kept as long as the device: the package webgpu ends its devices when its entry is forgotten. */
  readonly entry: GPU;
  /** Of the adapter, for messages and tables. */
  readonly name: string;
  /** Give the device back. */
  close(): void;
}

/** The face that the package `webgpu` shows. */
interface GpuPackage {
  readonly create: (flags: readonly string[]) => GPU;
}

const REMEDY =
  "or choose device cpu, on which a run that began on a GPU goes on too; docs/gpu.md says what a GPU needs";

async function findGpu(): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own) return own;
  if (globalThis.process?.versions?.node === undefined) {
    throw new JobError(
      "gpu: the browser must offer WebGPU on this page, got none; use a browser with WebGPU and a page of https or localhost, or choose device cpu, on which a run that began on a GPU goes on too",
    );
  }
  // Named at a distance: compilers and bundlers must do without it.
  const name = globalThis.process.env.TSLIRA_WEBGPU ?? "webgpu";
  try {
    return ((await import(/* @vite-ignore */ name)) as GpuPackage).create([]);
  } catch (cause) {
    throw new JobError(
      `gpu: the package webgpu must be installed, got none that loads; npm install webgpu, ${REMEDY}`,
      {
        cause,
      },
    );
  }
}

const FASTEST = { powerPreference: "high-performance" } as const;

function nameOf({ info: { vendor, architecture, device: model, description } }: GPUAdapter): string {
  return description || [vendor, model || architecture].filter(Boolean).join(" ") || "unnamed adapter";
}

/** Name of the adapter that chains would run on, for pages that offer it; undefined where there is none. */
export async function adapterName(): Promise<string | undefined> {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter(FASTEST);
  return adapter ? nameOf(adapter) : undefined;
}

/**
 * Open the fastest adapter with the largest buffers that it allows.
 *
 * @throws JobError when there is no package or no adapter: one sentence that says what to install
 */
export async function openGpu(): Promise<OpenGpu> {
  const gpu = await findGpu();
  const adapter = await gpu.requestAdapter(FASTEST);
  if (adapter === null)
    throw new JobError(
      `gpu: the machine must offer an adapter of WebGPU, got none; install a driver of Vulkan, Metal or Direct3D 12, ${REMEDY}`,
    );
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  return { device, entry: gpu, name: nameOf(adapter), close: () => device.destroy() };
}
