/** Displacements of several observations. */

import {
  alignObservations,
  type Observation,
  type PixelPosition,
  parseWcs,
  pointingOffsets,
} from "../node.js";

/** Where observations point. */
export interface Pointing {
  /** As for `deconvolve`; absent when all share the pixels of the first. */
  readonly offsets?: readonly PixelPosition[];
  readonly warnings: readonly string[];
  /** A line of text on each that is displaced. */
  readonly lines: readonly string[];
}

/** Parts of a pixel below which pointings are the same. */
const SAME = 1e-3;

/**
 * Find the displacements of observations.
 *
 * @param choice `"none"`: all share the pixels of the first. `"wcs"`: sky coordinates must be there. Default: they are used
 *   where all observations have any
 * @throws InvalidInputError as `pointingOffsets`
 */
export function pointingOf(
  observations: readonly Observation[],
  choice: "wcs" | "none" | undefined,
): Pointing {
  const nothing = { warnings: [], lines: [] };
  if (choice === "none" || observations.length < 2) return nothing;
  const placed = observations.filter(({ wcs = [] }) => parseWcs(wcs).wcs !== undefined);
  if (choice === undefined && placed.length < observations.length) {
    if (placed.length === 0) return nothing;
    const lost = observations.filter((one) => !placed.includes(one)).map(({ name }) => name);
    return {
      warnings: [
        `${lost.join(", ")}: observations should all have sky coordinates, got none; all are taken to share the pixels of the ` +
          "first, say --offsets none if they do",
      ],
      lines: [],
    };
  }
  const { offsets, warnings } = pointingOffsets(observations);
  const moved = (offset: PixelPosition) => Math.hypot(offset.x, offset.y) >= SAME;
  if (!offsets.some(moved)) return { warnings, lines: [] };
  const lines = offsets.flatMap((offset, index) =>
    moved(offset)
      ? [
          `${observations[index].name}: lies (${offset.x.toFixed(2)}, ${offset.y.toFixed(2)}) pixels (x, y) from ` +
            `${observations[0].name}`,
        ]
      : [],
  );
  return { offsets, warnings, lines };
}

/** Observations on one sky; the same array where nothing is displaced. */
export function aligned(
  observations: readonly Observation[],
  { offsets }: Pointing,
  boundary: "spill" | "wrap" | undefined,
): readonly Observation[] {
  if (offsets === undefined) return observations;
  return alignObservations(observations, offsets, boundary === undefined ? {} : { boundary });
}
