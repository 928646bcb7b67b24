/** The log density of patches on the GPU: the host's side of kernels-gpu/patches.wgsl. */

import type { PatchNorm, PreparedMixture } from "../data/law/patch-mixture.js";
import { patchesWgsl } from "../generated/patches-wgsl.js";
import type { OpenGpu } from "../gpu.js";
import { checkRoom, createGpuProgram, type GpuBuffer, shaderConstants } from "../gpu-program.js";
import type { PatchDensity } from "./patch-density.js";

/** Buffers in the order of their bindings. */
const BUFFERS = { mixture: 0, places: 1, image: 2, found: 4 } as const;
/** As in the shader. */
const GROUP = 256;
/** What the shader calls the norms of patches. */
const NORMS: Readonly<Record<PatchNorm, string>> = {
  none: "NONE",
  "subtract-mean": "SUBTRACT_MEAN",
  relative: "RELATIVE",
};

/** A `PatchDensity` that has to be waited for. */
export type GpuPatchDensity = (...of: Parameters<PatchDensity>) => Promise<number>;

/**
 * `patchDensity` on a GPU, in f32, for images of one size and grids of patches of one stride. Log densities of patches are added up in
 * double precision, and derivatives in a fixed order.
 *
 * @param of the first images and grid
 * @throws JobError when the device has no room
 */
export async function createGpuPatchDensity(
  gpu: OpenGpu,
  mixture: PreparedMixture,
  [, [ny, nx], firstTops, firstLefts]: Readonly<Parameters<PatchDensity>>,
): Promise<GpuPatchDensity> {
  const { patchSize, patchNorm } = mixture;
  const pixels = ny * nx;
  const cells = patchSize * patchSize;
  const laid = layOutMixture(mixture);
  // Another shift has one more row and column at most.
  const [mostRows, mostCols] = [firstTops.length + 1, firstLefts.length + 1];
  const most = mostRows * mostCols;
  const [tops, lefts] = [2, 2 + mostRows];
  const [firstDown, firstAcross] = [lefts + mostCols, lefts + mostCols + ny];
  const words = {
    ...{ NY: ny, NX: nx, PIXELS: pixels, SIDE: patchSize, N: cells, QUADS: Math.ceil(cells / 4) },
    ...{ COMPONENTS: mixture.weights.length, COMPONENT: laid.component, MOST: most },
    ...{ TOPS: tops, LEFTS: lefts, FIRST_DOWN: firstDown, FIRST_ACROSS: firstAcross },
    ...{ NONE: 0, SUBTRACT_MEAN: 1, RELATIVE: 2, NORM: NORMS[patchNorm] },
  };
  const buffers: readonly GpuBuffer[] = [
    { numbers: laid.numbers.length, readOnly: true },
    { numbers: firstAcross + nx, readOnly: true },
    { numbers: pixels, readOnly: true },
    { numbers: cells * most },
    { numbers: pixels + most },
  ];
  checkRoom(gpu, buffers, "all patches of a sky", "take a larger stride");
  const program = await createGpuProgram(
    gpu,
    shaderConstants(words) + patchesWgsl,
    buffers,
    {
      judge: { entryPoint: "judgePatches", groups: [Math.ceil(most / GROUP)] },
      gather: { entryPoint: "gatherSlopes", groups: [Math.ceil(pixels / GROUP)] },
    },
    pixels + most,
  );
  program.write(BUFFERS.mixture, 0, laid.numbers);

  return async (image, _shape, down, across, out) => {
    const places = new Uint32Array(firstAcross + nx);
    places.set([down.length, across.length]);
    places.set(down, tops);
    places.set(across, lefts);
    places.set(firstWith(down, patchSize, ny), firstDown);
    places.set(firstWith(across, patchSize, nx), firstAcross);
    program.write(BUFFERS.places, 0, places);
    program.write(BUFFERS.image, 0, Float32Array.from(image));
    const patches = down.length * across.length;
    const logs = { buffer: BUFFERS.found, at: pixels, numbers: patches };
    const found = await program.run(
      out ? ["judge", "gather"] : ["judge"],
      out ? [logs, { buffer: BUFFERS.found, at: 0, numbers: pixels }] : [logs],
    );
    let sum = 0;
    for (const log of found.subarray(0, patches)) sum += log;
    if (out) for (let pixel = 0; pixel < pixels; pixel++) out[pixel] += found[patches + pixel];
    return sum;
  };
}

/** For each row (or column) of the image the first of the patches that has it. */
function firstWith(starts: readonly number[], patchSize: number, size: number): Uint32Array {
  const first = new Uint32Array(size);
  for (let at = 0, patch = 0; at < size; at++) {
    while (starts[patch] + patchSize <= at) patch++;
    first[at] = patch;
  }
  return first;
}

/** What the shader has of a mixture, and how many vectors of each component. */
function layOutMixture({ patchSize, weights, means, whitening, logNorms }: PreparedMixture): {
  readonly numbers: Float32Array<ArrayBuffer>;
  readonly component: number;
} {
  const n = patchSize * patchSize;
  const quads = Math.ceil(n / 4);
  const component = 1 + quads + 2 * quads * (quads + 1);
  const numbers = new Float32Array(4 * component * weights.length);
  for (let k = 0; k < weights.length; k++) {
    const own = numbers.subarray(4 * component * k, 4 * component * (k + 1));
    own[0] = logNorms[k];
    own.set(means.subarray(k * n, (k + 1) * n), 4);
    for (let row = 0; row < n; row++) {
      const quad = row >> 2;
      const first = 4 * (1 + quads + 2 * quad * (quad + 1)) + (row & 3);
      for (let col = 0; col <= row; col++) own[first + 4 * col] = whitening[(k * n + row) * n + col];
    }
  }
  return { numbers, component };
}
