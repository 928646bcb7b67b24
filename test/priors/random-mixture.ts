import type { PatchMixture } from "../../src/data/law/patch-mixture.js";
import { randomStream } from "../../src/data/random/random.js";
import type { SkyImage } from "../../src/image.js";

/** A small mixture with full random covariances. */
export function randomMixture(
  patchSize: number,
  components: number,
  patchNorm: PatchMixture["patchNorm"],
): PatchMixture {
  const random = randomStream(patchSize + 10 * components);
  const n = patchSize * patchSize;
  const covariances = new Float64Array(components * n * n);
  for (let k = 0; k < components; k++) {
    const root = Float64Array.from({ length: n * n }, () => random.uniform() - 0.5);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = i === j ? 0.3 : 0;
        for (let m = 0; m < n; m++) sum += root[i * n + m] * root[j * n + m];
        covariances[k * n * n + i * n + j] = sum;
      }
    }
  }
  const raw = Float64Array.from({ length: components }, () => 0.2 + random.uniform());
  const total = raw.reduce((sum, value) => sum + value, 0);
  return {
    patchSize,
    patchNorm,
    weights: raw.map((value) => value / total),
    means: Float64Array.from({ length: components * n }, () => random.uniform() - 0.5),
    covariances,
  };
}

/** An image of fluxes from 0.1 to 1.1. */
export function randomImage(shape: [number, number]): SkyImage {
  const random = randomStream(shape[0]);
  return { data: Float64Array.from({ length: shape[0] * shape[1] }, () => 0.1 + random.uniform()), shape };
}
