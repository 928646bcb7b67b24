import { brightestPixel, positionOf } from "../data/observation/brightest-pixel.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { psfAt, psfAxes } from "../data/observation/psf-ensemble.js";
import { type Rings, ringsAbout } from "../data/observation/radial-profile.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { SkyImage } from "../image.js";
import { createForwardModel } from "../model/forward-model.js";
import type { FittedSky } from "../model/frame-prediction.js";
import { frameShape, setFrame } from "../model/sky-grid.js";
import type { Circle } from "../posterior/region.js";
import type { WorkerKind } from "../workers/worker-pool.js";
import { countsKernel } from "./counts-kernel.js";
import { DISCREPANCIES, preparePrediction } from "./discrepancy.js";
import { collapseToPoint } from "./point-source.js";

/** What is the same for all posterior draws of one check. */
export interface ReplicateTask {
  readonly observation: CheckedObservation;
  /** The sky that the draws were fitted with. */
  readonly fitted: FittedSky;
  readonly pointSource?: Circle;
  /** Prediction with which counts are compared; default that of each draw. */
  readonly against?: SkyImage;
  /** Rings of the profile. */
  readonly profile: Rings;
  /** Centre of the rings of each draw's own prediction; default its brightest pixel. */
  readonly centre?: PixelPosition;
  /** Side in pixels of the squares of `patches`. */
  readonly side: number;
  /** Whole number >= 0; each posterior draw has a stream of its own. */
  readonly seed: number;
}

/** One posterior draw, and how many images of counts it is to make. */
export interface PosteriorDraw {
  /** Number of the draw among those used. */
  readonly number: number;
  /** Flux `ny * nx` of the frame. */
  readonly flux: Float32Array<ArrayBuffer>;
  /** Scale of the background. */
  readonly scale: number;
  /** The psf that was drawn with it, as `psfAt` takes it; absent where it is known. */
  readonly psf?: readonly number[] | undefined;
  readonly replicates: number;
}

/** Some posterior draws of a check, as a piece of work. */
export interface ReplicateJob {
  readonly task: ReplicateTask;
  readonly draws: readonly PosteriorDraw[];
}

/** What one posterior draw makes of the counts. */
export interface ReplicatedDraw {
  /** Discrepancies of the observed counts, in the order of `DISCREPANCIES`. */
  readonly observed: Float64Array<ArrayBuffer>;
  /** Those of the replicated counts `[replicates, discrepancies]`. */
  readonly values: Float64Array<ArrayBuffer>;
  /** Sums of the replicated counts over the rings of the profile `[replicates, rings]`. */
  readonly profiles: Float64Array<ArrayBuffer>;
}

/**
 * Lay out model and kernels for a check.
 *
 * @returns replicates counts of a posterior draw: the same for a draw wherever and in whatever order
 */
export function replicateKernel(
  task: ReplicateTask,
  module?: WebAssembly.Module,
): (draw: PosteriorDraw) => ReplicatedDraw {
  const { observation, fitted, pointSource, against, profile, centre, side, seed } = task;
  const { counts, mask } = observation;
  const { shape } = counts;
  const { boundary, upsampling = 1, margin = 0, sky: mean } = fitted;
  const axes = psfAxes(observation.psf);
  const modelOf = (chosen?: readonly number[]) => {
    const psf = chosen === undefined ? observation.psf : psfAt(observation.psf, axes, chosen);
    return createForwardModel({ ...observation, psf }, { boundary, upsampling, margin });
  };
  const given = modelOf();
  const kernel = countsKernel(shape, mask, profile, module);
  if (against !== undefined) kernel.compareWith(preparePrediction(against, mask, profile, side));
  const [ny, nx] = frameShape(given.grid);
  const frame = new Float64Array(ny * nx);
  // What shines in from the margin is that of the mean sky.
  const sky = margin > 0 && mean !== undefined ? mean.data.slice() : frame;

  return ({ number, flux, scale, psf, replicates }) => {
    const model = psf === undefined ? given : modelOf(psf);
    if (pointSource === undefined) frame.set(flux);
    else collapseToPoint(flux, shape, pointSource, frame);
    if (sky !== frame) setFrame(sky, frame, model.grid);
    model.setBackgroundScale([scale]);
    const [lambda] = model.predict(sky);
    if (against === undefined) {
      // For uniform p-values the centre may depend on the draw, not on the data.
      const { x, y } = centre ?? positionOf(brightestPixel(lambda, mask), shape);
      const same = x === profile.centre.x && y === profile.centre.y;
      const rings = same ? profile : ringsAbout({ x, y }, shape, profile.edges, mask);
      kernel.compareWith(preparePrediction(lambda, mask, rings, side));
    }
    kernel.drawFrom(lambda.data);
    kernel.seed(seed, number);
    const observed = kernel.discrepanciesOf(counts.data).slice();
    const values = new Float64Array(replicates * DISCREPANCIES.length);
    const profiles = new Float64Array(replicates * profile.count);
    for (let replicate = 0; replicate < replicates; replicate++) {
      const made = kernel.replicate();
      values.set(made.values, replicate * DISCREPANCIES.length);
      profiles.set(made.profile, replicate * profile.count);
    }
    return { observed: observed as Float64Array<ArrayBuffer>, values, profiles };
  };
}

/** Workers for the posterior draws of one check. */
export function replicateWorkers(): WorkerKind<ReplicateJob, readonly ReplicatedDraw[]> {
  let run: ReturnType<typeof replicateKernel> | undefined;
  return {
    script: () => new URL("./replicate-worker.js", import.meta.url),
    webWorker: () => new Worker(new URL("./replicate-worker.js", import.meta.url), { type: "module" }),
    runHere: async ({ task, draws }, { module }) => {
      run ??= replicateKernel(task, module);
      return draws.map(run);
    },
    transferOf: ({ draws }) => draws.map(({ flux }) => flux.buffer),
    nameOf: ({ draws }) => `replicates of draw ${draws[0]?.number}`,
  };
}
