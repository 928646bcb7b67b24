/** A device of WebGPU for tests: of this machine's GPU, or the SwiftShader that comes with Chromium. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenGpu, openGpu } from "../../src/gpu.js";

const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** A GPU, or why there is none. `TSLIRA_REQUIRE_GPU=1` makes its absence an error. */
export async function findTestGpu(): Promise<{ readonly gpu: OpenGpu } | { readonly missing: string }> {
  if (process.env.VK_ICD_FILENAMES === undefined && existsSync(SWIFTSHADER)) {
    process.env.VK_ICD_FILENAMES = SWIFTSHADER;
  }
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), "tslira-gpu-"));
  try {
    return { gpu: await openGpu() };
  } catch (error) {
    const reason = (error as Error).message;
    if (process.env.TSLIRA_REQUIRE_GPU === "1") throw new Error(`${reason}, and TSLIRA_REQUIRE_GPU=1`);
    return { missing: reason };
  }
}

/**
 * Run `body`, statements of WGSL that give `value` for the thread `index`, in `count` threads.
 *
 * @param code what the statements call
 * @param type of the value: `u32` or `f32`
 */
export async function shaderValues(
  { device }: OpenGpu,
  code: string,
  body: string,
  count: number,
  type: "u32" | "f32",
): Promise<Uint32Array | Float32Array> {
  const size = 4 * count;
  const out = device.createBuffer({ size, usage: 0x80 | 0x04 });
  const staging = device.createBuffer({ size, usage: 0x01 | 0x08 });
  const module = device.createShaderModule({
    code: `${code}
@group(0) @binding(0) var<storage, read_write> out: array<${type}>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x;
  if (index >= ${count}u) { return; }
  var value: ${type};
  ${body}
  out[index] = value;
}`,
  });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: out } }],
    }),
  );
  pass.dispatchWorkgroups(Math.ceil(count / 64));
  pass.end();
  encoder.copyBufferToBuffer(out, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const bytes = staging.getMappedRange().slice(0);
  staging.unmap();
  out.destroy();
  staging.destroy();
  return type === "u32" ? new Uint32Array(bytes) : new Float32Array(bytes);
}
