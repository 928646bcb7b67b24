import { InvalidInputError } from "../../errors.js";
import type { Observation } from "../observation/observation.js";
import { frameName, pixelMap, placement } from "./sky-mapping.js";
import { type PixelPosition, parseWcs, type SkyWcs } from "./sky-wcs.js";

/** Where observations lie relative to the first. */
export interface PointingOffsets {
  /** Position of the pixel (0, 0) of each observation in pixels of the first; that of the first is (0, 0). */
  readonly offsets: readonly PixelPosition[];
  /** Largest distance in pixels by which a corner or the middle of an observation lies elsewhere than its offset says. */
  readonly deviations: readonly number[];
  /** What is legal but probably not meant, such as distortions that are not applied. */
  readonly warnings: readonly string[];
}

/**
 * Steps of a pixel in which offsets are told: trigonometric functions of browsers and of Node differ in their last bits, which is
 * 1e-10 of a pixel here, and displaced by a whole pixel or by a little less is not the same.
 */
const STEPS = 1e6;

/** Deviation in pixels up to which images count as displaced only. */
const PARALLEL = 0.1;

/**
 * Offsets between the pixels of several observations of one sky, from their sky coordinates: what `deconvolve` takes as `offsets`.
 *
 * The middle of each image goes through its own coordinates to the sky and back through those of the first; the difference is
 * the offset, to a millionth of a pixel. A source at sky pixel x is then seen at `x - offset.x` of that observation. A rotation or
 * another scale cannot be described by an offset, so corners must not lie elsewhere by more than 0.1 pixel.
 *
 * Headers are taken at their word: aspect errors of a telescope (about 0.4" for Chandra) are the caller's to correct.
 *
 * @param observations at least one, each with `wcs`, except for a single one
 * @throws InvalidInputError when an observation has no sky coordinates that can be read, or pixels are turned or scaled
 */
export function pointingOffsets(observations: readonly Observation[]): PointingOffsets {
  const warnings: string[] = [];
  if (observations.length <= 1) {
    return {
      offsets: observations.map(() => ({ x: 0, y: 0 })),
      deviations: observations.map(() => 0),
      warnings,
    };
  }
  const skies = observations.map(({ wcs = [], name }, index) => {
    const where = name ?? `observation ${index + 1}`;
    const parsed = parseWcs(wcs);
    for (const warning of parsed.warnings) warnings.push(`${where}: ${warning}`);
    if (parsed.wcs === undefined) {
      throw new InvalidInputError(
        `${where}: sky coordinates must be in the header to find its offset, got ` +
          `${wcs.length === 0 ? "none" : "some that cannot be read"}; give the offsets, or leave them out for shared pixels`,
        { fields: { observation: where } },
      );
    }
    return { where, wcs: parsed.wcs };
  });
  const reference = skies[0].wcs;
  const found = observations.map(({ counts: { shape } }, index) => {
    const { where, wcs } = skies[index];
    if (index === 0) return { offset: { x: 0, y: 0 }, deviation: 0 };
    checkFrames(where, reference, wcs);
    const map = pixelMap(wcs, reference)!;
    const { offset, deviation } = placement(map, shape, (pixels) => Math.round(pixels * STEPS) / STEPS);
    if (!(deviation <= PARALLEL)) {
      throw new InvalidInputError(
        `${where}: pixels must lie parallel to those of ${skies[0].where} and be of the same size, got corners that deviate by ` +
          `${deviation.toPrecision(3)} pixels from a mere offset; bin the events of both to one sky grid`,
        { fields: { observation: where, deviation } },
      );
    }
    return { offset, deviation };
  });
  return {
    offsets: found.map(({ offset }) => offset),
    deviations: found.map(({ deviation }) => deviation),
    warnings,
  };
}

function checkFrames(where: string, first: SkyWcs, sky: SkyWcs): void {
  const [own, other] = [frameName(sky), frameName(first)];
  if (own === other) return;
  throw new InvalidInputError(
    `${where}: sky coordinates must be of the system of the first observation, ${other}, got ${own}; transform the header`,
    { fields: { observation: where } },
  );
}
