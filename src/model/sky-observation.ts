import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { centredPsf, type PsfWindow, psfCentre } from "../data/observation/psf.js";
import { mapPsf, type Psf } from "../data/observation/psf-set.js";
import { constantImage, type SkyImage } from "../image.js";
import { detectionProbability } from "./detection.js";
import { detectedExposure, referenceExposure } from "./exposure.js";
import { isPlain, ontoSky, type SkyGrid } from "./sky-grid.js";
import { psfInSkyPixels, type SkyPsf, trimmedPsf } from "./sky-psf.js";

/**
 * An observation on the pixels of the sky, for samplers that know one grid.
 *
 * Counts of a detector pixel stand at the first of its sky pixels, all other sky pixels hold none and are not looked at. With
 * `psf` the sum over the sky pixels of a detector pixel,
 *
 *     psf[k] = sum over 0 <= a, b < upsampling of fine psf[k + (a, b)]
 *
 * the expected counts there are the same convolution as on a plain grid, and equal those of `createForwardModel`. Beyond the frame
 * the exposure and the background of the nearest pixel hold (`ontoSky`): effective areas change slowly, and where the edge of a frame
 * saw nothing, nothing is seen beyond it.
 */
export interface SkyObservation {
  /** Counts `[ny, nx]` of the sky; 0 where no detector pixel in use has its first sky pixel. */
  readonly counts: SkyImage;
  /** Cut down to what can carry light; sums to `upsampling` squared at most. */
  readonly psf: SkyPsf;
  /** `[ny, nx]` of the sky. */
  readonly exposure: SkyImage;
  /** `[ny, nx]` of the sky, in the unit of the flux of a sky pixel. */
  readonly background: SkyImage;
  /** Exposure times the probability to be detected `[ny, nx]` of the sky. */
  readonly detected: SkyImage;
}

/** All observations on the pixels of the sky. */
export interface SkyObservations {
  readonly observations: readonly SkyObservation[];
  /** Sum of `detected`. */
  readonly total: SkyImage;
  /** Reference exposure of the prior; see `referenceExposure`. */
  readonly reference: number;
}

/**
 * Lay observations over the sky.
 *
 * @param checked at least one, of the grid's detector
 */
export function skyObservations(
  checked: readonly CheckedObservation[],
  grid: SkyGrid,
  boundary: Boundary,
): SkyObservations {
  const observations = checked.map((one) => onSky(one, grid, boundary));
  const total = constantImage(grid.shape, 0);
  for (const { detected } of observations) {
    for (let index = 0; index < total.data.length; index++) total.data[index] += detected.data[index];
  }
  return { observations, total, reference: referenceExposure(checked) };
}

function onSky(observation: CheckedObservation, grid: SkyGrid, boundary: Boundary): SkyObservation {
  const { counts, mask } = observation;
  if (isPlain(grid)) {
    return {
      counts,
      psf: trimmedPsf(observation.psf, grid.shape, boundary),
      exposure: observation.exposure,
      background: observation.background,
      detected: detectedExposure(observation, boundary),
    };
  }
  const { upsampling } = grid;
  const here = { x: 0, y: 0 };
  const [skyNy, skyNx] = grid.shape;
  const first = new Float64Array(skyNy * skyNx);
  const used = new Float64Array(skyNy * skyNx);
  eachDetectorPixel(grid, (pixel, start) => {
    if (mask?.data[pixel] === 0) return;
    first[start] = counts.data[pixel];
    for (let row = 0; row < upsampling; row++) {
      used.fill(1, start + row * skyNx, start + row * skyNx + upsampling);
    }
  });
  const exposure = ontoSky(observation.exposure, grid, here, boundary);
  const perDetectorPixel = ontoSky(observation.background, grid, here, boundary);
  const fine = psfInSkyPixels(observation.psf, grid);
  const detection = detectionProbability(fine, grid.shape, {
    boundary,
    mask: { data: used, shape: grid.shape },
  });
  return {
    counts: { data: first, shape: grid.shape },
    psf: psfOfFirstPixels(fine, grid, boundary),
    exposure,
    background: {
      data: perDetectorPixel.data.map((value) => value / (upsampling * upsampling)),
      shape: grid.shape,
    },
    detected: { data: exposure.data.map((value, index) => value * detection.data[index]), shape: grid.shape },
  };
}

/** What a psf on the pixels of the sky, as `psfInSkyPixels` gives it, is for the detector's pixels by their first sky pixels. */
export function psfOfFirstPixels(fine: Psf, grid: SkyGrid, boundary: Boundary): SkyPsf {
  const { upsampling, shape } = grid;
  const summed = upsampling === 1 ? fine : mapPsf(fine, (image) => centredPsf(binnedPsf(image, upsampling)));
  return trimmedPsf(summed, shape, boundary);
}

/** Visit the detector's pixels with the index of the first sky pixel of each. */
export function eachDetectorPixel(
  { detector: [ny, nx], shape, upsampling, margin }: SkyGrid,
  visit: (pixel: number, start: number) => void,
): void {
  for (let row = 0, pixel = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++, pixel++) {
      visit(pixel, (row + margin) * upsampling * shape[1] + (col + margin) * upsampling);
    }
  }
}

/** Light that reaches any of the sky pixels of a detector pixel, by the distance to its first. */
function binnedPsf(psf: SkyImage, upsampling: number): PsfWindow {
  const [ny, nx] = psf.shape;
  const [height, width] = [ny + upsampling - 1, nx + upsampling - 1];
  const data = new Float64Array(height * width);
  // Cell k of the sum takes cells k + a of the psf, 0 <= a < upsampling.
  for (let a = 0; a < upsampling; a++) {
    for (let b = 0; b < upsampling; b++) {
      for (let row = 0; row < ny; row++) {
        const to = (row + upsampling - 1 - a) * width + upsampling - 1 - b;
        for (let col = 0; col < nx; col++) data[to + col] += psf.data[row * nx + col];
      }
    }
  }
  const [centreRow, centreCol] = psfCentre(psf);
  return {
    psf: { data, shape: [height, width] },
    centre: [centreRow + upsampling - 1, centreCol + upsampling - 1],
  };
}

/** Counts of an observation as light on the sky, for starting images: per sky pixel, going on over the margin. */
export function countsOnSky({ counts }: CheckedObservation, grid: SkyGrid, boundary: Boundary): SkyImage {
  if (isPlain(grid)) return counts;
  const { data, shape } = ontoSky(counts, grid, { x: 0, y: 0 }, boundary);
  return { data: data.map((value) => value / (grid.upsampling * grid.upsampling)), shape };
}
