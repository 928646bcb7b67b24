import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { createForwardModel } from "./forward-model.js";
import { predictedCounts } from "./predicted-counts.js";
import { frameShape, isPlain, type SkyGrid, type SkyGridOptions, setFrame, skyGrid } from "./sky-grid.js";

/** The sky that an image of the frame was fitted with. */
export interface FittedSky extends SkyGridOptions {
  readonly boundary: Boundary;
  /** Mean of the whole sky `[ny, nx]`, for the light from the margin; needed where there is one. */
  readonly sky?: SkyImage;
}

/** Expected counts of images of the frame. */
export interface FramePrediction {
  readonly grid: SkyGrid;
  readonly fitted: FittedSky;
  /**
   * Expected counts `[ny, nx]` of the detector for a flux in the frame and a scale of the background. What shines in from the margin is
   * that of the mean sky, whatever the image.
   *
   * @param flux `ny * nx` values of the frame
   */
  predict(flux: Float64Array, scale: number): SkyImage;
}

/**
 * How an observation looks for images of the frame.
 *
 * @param where beginning of messages
 * @throws InvalidInputError when the sky has a margin and its mean is not given, or has another shape
 */
export function framePrediction(
  observation: CheckedObservation,
  fitted: FittedSky,
  where: string,
): FramePrediction {
  const { boundary, upsampling = 1, margin = 0, sky } = fitted;
  const grid = skyGrid(observation.counts.shape, boundary, { upsampling, margin }, where);
  if (isPlain(grid)) {
    const { shape } = observation.counts;
    return {
      grid,
      fitted,
      predict: (data, scale) => predictedCounts({ data, shape }, observation, { boundary, scale }),
    };
  }
  if (margin > 0 && sky?.shape.join() !== grid.shape.join()) {
    throw new InvalidInputError(
      `${where}: sky must be the whole one, [${grid.shape.join(", ")}], where it has a margin of ${margin}, got ` +
        `${sky === undefined ? "none" : `[${sky.shape.join(", ")}]`}; give that of the result`,
    );
  }
  const model = createForwardModel(observation, { boundary, upsampling, margin });
  const [ny, nx] = frameShape(grid);
  const whole = margin > 0 && sky !== undefined ? sky.data.slice() : new Float64Array(ny * nx);
  return {
    grid,
    fitted,
    predict(flux, scale) {
      setFrame(whole, flux, grid);
      model.setBackgroundScale([scale]);
      return model.predict(whole)[0];
    },
  };
}
