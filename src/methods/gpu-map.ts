/** What `map` asks for, from the GPU: the Cash statistic with its gradient, and the densities of patches. */

import type { PreparedMixture } from "../data/law/patch-mixture.js";
import type { OpenGpu } from "../gpu.js";
import { awaited, type Inquiry } from "../inquiry.js";
import type { ForwardModel } from "../model/forward-model.js";
import { createGpuForwardModel, type GpuForwardModel } from "../model/gpu-forward-model.js";
import { createGpuPatchDensity, type GpuPatchDensity } from "../priors/gpu-patch-density.js";
import type { PosteriorQuestion } from "./positive-flux.js";

/**
 * The result of an inquiry of `map`, with its questions answered by a GPU in f32. What else is to be computed, such as other priors, the
 * minimiser's own sums, the prediction of the result and errors from the curvature, stays on the CPU in double precision.
 *
 * @throws InvalidInputError for psfs that vary over the field
 * @throws JobError when the device has no room or is lost
 */
export async function mapOnGpu<Result>(
  gpu: OpenGpu,
  inquiry: Inquiry<PosteriorQuestion, Result>,
): Promise<Result> {
  // Laid out when they are first asked for: a search for the strength of a prior has models of its own.
  const models = new Map<ForwardModel, GpuForwardModel>();
  const densities = new Map<PreparedMixture, GpuPatchDensity>();
  return awaited(inquiry, async (question) => {
    if ("mixture" in question) {
      const { mixture, of } = question;
      const density = densities.get(mixture) ?? (await createGpuPatchDensity(gpu, mixture, of));
      densities.set(mixture, density);
      return density(...of);
    }
    const { model, flux, out } = question;
    const onGpu = models.get(model) ?? (await createGpuForwardModel(gpu, model));
    models.set(model, onGpu);
    const [{ cash }] = await onGpu.cashGradients([
      { flux, backgroundScale: model.backgroundScale, gradient: out },
    ]);
    return cash;
  });
}
