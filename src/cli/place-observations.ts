/** Where the observations of a command lie on the sky. */

import type { Observation } from "../data/observation/observation.js";
import { pointingOffsets } from "../data/sky/pointing-offsets.js";
import { twoSkies } from "../data/sky/sky-mapping.js";
import { InvalidInputError, toPlainError } from "../errors.js";
import { type AlignedObservations, alignObservations } from "../model/align-observations.js";
import type { Method } from "../settings/methods.js";
import type { DeconvolveSettings, Offsets } from "./deconvolve-config.js";

/** Distance in pixels from which on headers that disagree with shared pixels are worth a warning. */
const DISPLACED = 0.05;
/** Distance in pixels from which on they are an error. */
const ELSEWHERE = 1;

/** Offsets in the form that the library takes; undefined for shared pixels. */
export function libraryOffsets(offsets: Offsets | undefined) {
  if (offsets === undefined || offsets === "none") return undefined;
  return offsets === "wcs" ? offsets : offsets.map(([x, y]) => ({ x, y }));
}

/**
 * Observations of the same sky pixels: as they are, or with psf, exposure and background moved to where the settings say they lie.
 *
 * @param sampler that takes them: the model of the gradient sampler (nuts) knows of offsets, so that they stay as they are
 * @throws InvalidInputError as `alignObservations`
 */
export function placeObservations(
  observations: readonly Observation[],
  settings: Pick<DeconvolveSettings, "offsets" | "options">,
  sampler?: Method,
): AlignedObservations {
  const { boundary } = settings.options;
  const places = sampler === "nuts" ? undefined : libraryOffsets(settings.offsets);
  if (places !== undefined)
    return alignObservations(observations, places, boundary === undefined ? {} : { boundary });
  return { observations, warnings: displacedHeaders(observations, settings), expected: [] };
}

/**
 * Headers that say that pixels are not shared, where nobody said anything. Small offsets are warnings: headers of one telescope disagree
 * by so much.
 *
 * @throws InvalidInputError when they are a pixel or more apart, turned, or of another size
 */
export function displacedHeaders(
  observations: readonly Observation[],
  { offsets }: Pick<DeconvolveSettings, "offsets">,
): string[] {
  if (offsets !== undefined || observations.length < 2) return [];
  const pairs = observations.map(({ wcs = [] }) => twoSkies(observations[0].wcs ?? [], wcs));
  if (pairs.some(({ skies }) => skies === undefined))
    return pairs.flatMap(({ unread }, index) =>
      unread === undefined
        ? []
        : `${observations[index].name ?? `observation ${index + 1}`}: pixels should be those of the first observation, got sky ` +
          `coordinates that cannot be compared (${unread.reason}); check that they are, or give --offsets`,
    );
  const places = headerOffsets(observations);
  return places.flatMap(({ x, y }, index) => {
    const distance = Math.hypot(x, y);
    if (distance < DISPLACED) return [];
    const text =
      `${observations[index].name ?? `observation ${index + 1}`}: pixels should be those of the first observation, got headers that ` +
      `put them at an offset of (${x.toFixed(2)}, ${y.toFixed(2)}) pixels; add --offsets wcs, or --offsets none if the headers are wrong`;
    if (distance < ELSEWHERE) return [text];
    throw new InvalidInputError(text.replace("pixels should", "pixels must"), {
      fields: { offset: { x, y } },
    });
  });
}

function headerOffsets(observations: readonly Observation[]) {
  try {
    return pointingOffsets(observations).offsets;
  } catch (cause) {
    const { message } = toPlainError(cause);
    throw new InvalidInputError(`${message}, or add --offsets none if the headers are wrong`, { cause });
  }
}
