import { InvalidInputError } from "../../errors.js";
import type { SkyImage } from "../../image.js";
import { checkNames, type NamesOf } from "../../known-names.js";
import { drawPoisson } from "../random/poisson.js";
import { randomStream } from "../random/random.js";
import { type Boundary, checkBoundary } from "./boundary.js";
import { checkObservation } from "./check-observation.js";
import { convolve } from "./convolution.js";
import type { Observation } from "./observation.js";
import { pointLight } from "./point-light.js";
import { checkFlux, type PointSource } from "./simulated-datasets.js";

/** Options of `injectSources`. */
export interface InjectSourcesOptions {
  /** Whole number in [0, 2^53); default 0. */
  readonly seed?: number;
  /** Default `"spill"`. */
  readonly boundary?: Boundary;
}

/** An observation with sources added to what was there. */
export interface InjectedSources {
  /** Observed counts and the drawn ones `[ny, nx]`; as they were in masked pixels. */
  readonly counts: SkyImage;
  /** Flux of the sources alone `[ny, nx]`, in the unit of the flux. */
  readonly flux: SkyImage;
  /** Counts that each source added. */
  readonly drawn: readonly number[];
}

/**
 * Add point sources to an observation: to the counts comes a Poisson draw of each source through exposure and psf, so that one can ask how
 * well sources are recovered among all that is really there.
 *
 * A source between pixel centres is shared among the four around it.
 *
 * ```ts
 * const { counts } = injectSources(observation, [{ x: 40.2, y: 17, flux: 30 }], { seed: 1 });
 * const result = await deconvolve({ ...observation, counts });
 * ```
 *
 * @param observation not changed
 * @param sources positions in pixels from 0, within half a pixel of the image; flux >= 0 in the unit of the flux
 * @throws InvalidInputError when the observation or a source breaks its rule
 */
export function injectSources(
  observation: Observation,
  sources: readonly PointSource[],
  options: InjectSourcesOptions = {},
): InjectedSources {
  const names: NamesOf<InjectSourcesOptions> = { seed: true, boundary: true };
  checkNames("injectSources", options, Object.keys(names));
  const { seed = 0, boundary = "spill" } = options;
  checkBoundary("injectSources", boundary);
  const { exposure, psf, mask } = checkObservation(observation, { boundary }).observation;
  const { shape } = observation.counts;
  const counts = Float64Array.from(observation.counts.data);
  const flux = new Float64Array(counts.length);
  const stream = randomStream(seed);
  const drawn = sources.map((source) => {
    checkSource(source, shape);
    const light = pointLight(source, shape).map((part) => part * source.flux);
    const data = light.map((value, pixel) => value * exposure.data[pixel]);
    const expected = convolve({ data, shape }, psf, boundary);
    let added = 0;
    for (let pixel = 0; pixel < counts.length; pixel++) {
      flux[pixel] += light[pixel];
      const photons = drawPoisson(stream, expected.data[pixel]);
      if (mask?.data[pixel] === 0) continue;
      counts[pixel] += photons;
      added += photons;
    }
    return added;
  });
  return { counts: { data: counts, shape }, flux: { data: flux, shape }, drawn };
}

function checkSource({ x, y, flux }: PointSource, [ny, nx]: SkyImage["shape"]): void {
  if (!(x >= -0.5 && y >= -0.5 && x <= nx - 0.5 && y <= ny - 0.5)) {
    throw new InvalidInputError(
      `injectSources: a source must lie on the image, -0.5 <= x <= ${nx - 0.5} and -0.5 <= y <= ${ny - 0.5}, got (${x}, ${y}); ` +
        "positions are (x, y), in pixels from 0",
      { fields: { x, y, shape: [ny, nx] } },
    );
  }
  checkFlux("injectSources", flux);
}
