/** Files that cannot be what they were given as, by their values. */

import { InvalidInputError } from "../errors.js";
import { type SkyImage, sameShape } from "../image.js";

/** Images of an observation on the pixels of the counts. */
interface GivenImages {
  readonly counts: SkyImage;
  readonly psf: SkyImage;
  readonly exposure?: SkyImage;
  readonly background?: SkyImage;
}

/** A background that predicts so many times the counts is in another unit: no sky varies so much. */
const ABSURD_BACKGROUND = 1e4;
/** A psf as large as the image that needs more than this part of itself for half of its light shows no source. */
const WIDEST_PSF = 0.25;

const MEANT = {
  psf: ["an image of the point spread function", "give the psf of the instrument"],
  exposure: ["a time, or an area times a time", "give the exposure map"],
  background: ["what is expected without sources", "give a model of the background, or leave it out"],
} as const;

/** Refuse counts given as psf, exposure or background, before anything is done to it. @throws InvalidInputError that says so */
export function checkNotCounts(
  role: keyof typeof MEANT,
  image: SkyImage,
  counts: SkyImage,
  name: string,
): void {
  const { data } = image;
  if (!sameShape(image, counts) || data.every((value) => value === data[0])) return;
  if (data.some((value, at) => value !== counts.data[at])) return;
  const [rule, remedy] = MEANT[role];
  throw new InvalidInputError(`${name}: ${role} must be ${rule}, got the counts themselves; ${remedy}`, {
    fields: { image: role },
  });
}

/**
 * Refuse files that cannot be meant: a psf as wide as the image, a background in another unit.
 *
 * Values that other checks refuse (negative, not finite) are left to them.
 *
 * @param names what messages call the files
 * @param inCounts whether the background was given in counts
 * @throws InvalidInputError that says what was probably meant
 */
export function checkPlausible(
  { counts, psf, exposure, background }: GivenImages,
  names: { readonly psf: string; readonly background: string },
  inCounts = false,
): void {
  const wide = psf.shape[0] >= counts.shape[0] && psf.shape[1] >= counts.shape[1];
  const half = wide ? halfLightPixels(psf) : 0;
  if (half > Math.max(9, WIDEST_PSF * psf.data.length)) {
    throw new InvalidInputError(
      `${names.psf}: psf must be narrower than the image, got half of its light in ${half} of its ${psf.data.length} pixels; ` +
        "give the psf of the instrument, on pixels of the counts",
      { fields: { image: "psf", pixels: half } },
    );
  }
  if (background === undefined || !sameShape(background, counts)) return;
  let expected = 0;
  let observed = 0;
  for (let at = 0; at < counts.data.length; at++) {
    if (counts.data[at] > 0) observed += counts.data[at];
    expected += (exposure?.data[at] ?? 1) * background.data[at];
  }
  if (!(expected > ABSURD_BACKGROUND * (observed + 10) && expected < Number.POSITIVE_INFINITY)) return;
  const remedy = inCounts
    ? "give the background of these counts, in expected counts a pixel"
    : exposure === undefined
      ? "give the background of these counts, in expected counts a pixel, or their exposure and the unit (--background-unit)"
      : "add --background-unit counts if it holds expected counts a pixel, else divide it by the exposure";
  throw new InvalidInputError(
    `${names.background}: background times exposure must be of the order of the counts, got ${expected.toPrecision(3)} expected against ` +
      `${observed} observed; ${remedy}`,
    { fields: { image: "background", expected, observed } },
  );
}

/** The fewest pixels that hold half of the light of a psf. */
function halfLightPixels({ data }: SkyImage): number {
  const sorted = Float64Array.from(data).sort().reverse();
  const total = sorted.reduce((sum, value) => sum + value, 0);
  let held = 0;
  return (
    sorted.findIndex((value) => {
      held += value;
      return held >= total / 2;
    }) + 1
  );
}
