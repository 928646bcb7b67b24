/** The forward model on the GPU: Cash statistic and gradient of several skies at once. */

import { forwardWgsl } from "../generated/forward-wgsl.js";
import type { OpenGpu } from "../gpu.js";
import { createGpuProgram } from "../gpu-program.js";
import type { ForwardModel } from "./forward-model.js";
import { DARK, FORWARD_BUFFERS, layOutForward } from "./gpu-forward-layout.js";

/** What a sky has on the GPU. */
export interface GpuSky {
  /** `ny * nx` values >= 0: expected counts a pixel for unit exposure. */
  readonly flux: ArrayLike<number>;
  /** Scale of each observation's background. */
  readonly backgroundScale: readonly number[];
  /** `ny * nx` values, overwritten: d cash / d flux. */
  readonly gradient: Float64Array;
}

/** How well a sky describes the counts. */
export interface GpuCash {
  /** Cash statistic as `ForwardModel.cash`; Infinity when counts lie where none are expected. */
  readonly cash: number;
  /** Its derivative by each background scale. */
  readonly scaleGradient: readonly number[];
}

/** A forward model whose evaluations have to be waited for. */
export interface GpuForwardModel {
  /** Skies that there is room for at once. */
  readonly images: number;
  /**
   * Cash statistic and gradient of skies, `images` at most. Those of a sky have the same bytes whatever stands beside it.
   *
   * f32: a sum of n cells of a psf is off by (34 + n / 289) 6e-8 of itself at most. The statistic is the deviance, whose terms are small
   * near the counts, summed by 256 in f32 and from there in double precision, and what the counts alone give: an error e of an expected
   * number lambda of n counts changes it by 2 e (lambda - n) / lambda, so that all of them together come to 1e-6 times the root of the counts.
   *
   * @throws JobError when the device is lost
   */
  cashGradients(skies: readonly GpuSky[]): Promise<GpuCash[]>;
}

/**
 * Lay a model out on the GPU.
 *
 * @param wanted most skies that are evaluated at once; there may be room for fewer
 * @throws InvalidInputError for psfs that vary over the field
 * @throws JobError when the device has no room
 */
export async function createGpuForwardModel(
  gpu: OpenGpu,
  model: ForwardModel,
  wanted = 1,
): Promise<GpuForwardModel> {
  const layout = layOutForward(gpu, model, wanted);
  const { images, pixels, observations, pixelGroups, sums, state, image, reference } = layout;
  const program = await createGpuProgram(
    gpu,
    layout.constants + forwardWgsl,
    layout.buffers,
    layout.steps,
    images * (pixels + 2 * sums),
  );
  program.write(FORWARD_BUFFERS.inputs, 0, layout.inputs);
  program.write(FORWARD_BUFFERS.places, 0, layout.places);
  const backgrounds = model.backgroundCounts();
  const laid = new Float32Array(pixels);
  return {
    images,
    async cashGradients(skies) {
      for (const [index, { flux, backgroundScale }] of skies.entries()) {
        for (let pixel = 0; pixel < pixels; pixel++) laid[pixel] = flux[pixel] * reference;
        program.write(FORWARD_BUFFERS.images, index * image, laid);
        program.write(FORWARD_BUFFERS.states, index * state, Float32Array.from(backgroundScale));
      }
      const found = await program.run(
        ["predict", "compare", "back"],
        skies.flatMap((_, index) => [
          { buffer: FORWARD_BUFFERS.images, at: index * image + pixels, numbers: pixels },
          { buffer: FORWARD_BUFFERS.sums, at: 2 * index * sums, numbers: 2 * sums },
        ]),
        skies.length,
      );
      return skies.map(({ gradient }, index) => {
        const own = found.subarray(index * (pixels + 2 * sums));
        for (let pixel = 0; pixel < pixels; pixel++) {
          gradient[pixel] = 2 * (model.sensitivity[pixel] - own[pixel] * reference);
        }
        let half = 0;
        const ratios = new Float64Array(observations);
        for (let group = 0; group < sums; group++) {
          half += own[pixels + 2 * group];
          ratios[Math.floor(group / pixelGroups)] += own[pixels + 2 * group + 1];
        }
        return {
          cash: half >= DARK ? Number.POSITIVE_INFINITY : 2 * half + layout.cashOfCounts,
          scaleGradient: backgrounds.map((expected, m) => 2 * (expected - ratios[m])),
        };
      });
    },
  };
}
