import { randomStream } from "../data/random/random.js";
import { imageSum, type SkyImage } from "../image.js";

/**
 * A starting image for one of several chains, chosen so that the chains begin far apart and R-hat can tell whether
 * they have met: in turn a flat image, the data, random spikes, and the data turned by 180 degrees (displaced
 * sources); further chains start from further random spikes. Totals differ too.
 *
 * Only + - * / are used, so that every engine starts from the same bytes.
 *
 * @param counts `[ny, nx]` on the pixels of the sky, >= 0, 0 where they are not used
 * @param referenceExposure E0 > 0
 * @param chain number of the chain, from 0
 * @returns flux `[ny, nx]`, > 0 everywhere
 */
export function startingImage(
  counts: SkyImage,
  referenceExposure: number,
  seed: number,
  chain: number,
): SkyImage {
  const [ny, nx] = counts.shape;
  const pixels = ny * nx;
  const total = Math.max(imageSum(counts), 1);
  const flat = total / pixels;
  const data = new Float64Array(pixels);
  const kind = chain < 4 ? chain : 2;
  if (kind === 0) {
    data.fill(flat);
  } else if (kind === 2) {
    // 1 / u has a heavy tail: a few pixels hold much of the light.
    const random = randomStream((seed + 0x9e3779b9 * chain) % 2 ** 53);
    let sum = 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      data[pixel] = 1 / (random.uniform() + 1e-3);
      sum += data[pixel];
    }
    for (let pixel = 0; pixel < pixels; pixel++) data[pixel] = (0.5 * total * data[pixel]) / sum;
  } else {
    for (let pixel = 0; pixel < pixels; pixel++) {
      data[pixel] = counts.data[kind === 1 ? pixel : pixels - 1 - pixel] + 0.02 * flat;
    }
  }
  for (let pixel = 0; pixel < pixels; pixel++) data[pixel] = data[pixel] / referenceExposure;
  return { data, shape: [ny, nx] };
}
