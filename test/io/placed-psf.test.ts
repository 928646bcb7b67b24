import { describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { imageSum, type SkyImage } from "../../src/image.js";
import { trimToLight } from "../../src/io/placed-psf.js";

describe("trimToLight", () => {
  it.each([
    // A square of half side a holds erf(a / (sigma sqrt 2))^2 of a Gaussian: 0.99769 for a = 6.5, 0.99965 for a = 7.5.
    [2, 63, undefined, 15],
    [2, 62, undefined, 15],
    [2, 63, 0.997, 13],
    // 0.99997 for a = 8.5, and 17 x 17 are more than half of 19 x 19: nothing to gain.
    [2, 19, undefined, 19],
    // 304 of 529 pixels would go: too few to be worth it.
    [2, 23, undefined, 23],
    [2, 19, 0.999, 15],
    [2, 63, "none", 63],
  ] as const)("sigma %f in %i pixels, %s: %i", (sigma, side, share, kept) => {
    const psf = gaussianPsf(sigma, [side, side]);
    const { psf: trimmed, notes } = trimToLight(psf, "psf.fits", share);
    expect(trimmed.shape).toEqual([kept, kept]);
    expect(notes).toHaveLength(kept === side ? 0 : 1);
    // The centre stays where the model has it.
    const middle = (image: SkyImage) =>
      image.data[Math.floor(image.shape[0] / 2) * image.shape[1] + Math.floor(image.shape[1] / 2)];
    expect(middle(trimmed)).toBe(middle(psf));
    if (kept !== side) {
      expect(imageSum(trimmed)).toBeGreaterThan(typeof share === "number" ? share : 0.999);
      expect(notes[0]).toMatch(
        new RegExp(
          `^psf.fits: psf should .*, got ${side} x ${side}; the middle ${kept} x ${kept} with 99\\.\\d+ % .* --psf-trim none$`,
        ),
      );
    }
  });

  it("keeps sides that are short, and leaves wrong values to the checks", () => {
    const { psf } = trimToLight(gaussianPsf(2, [5, 203]), "psf.fits");
    expect(psf.shape).toEqual([5, 15]);
    for (const bad of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      const wrong = {
        data: new Float64Array(441).fill(0).fill(1, 220, 221).fill(bad, 0, 1),
        shape: [21, 21] as const,
      };
      expect(trimToLight(wrong, "psf.fits").psf).toBe(wrong);
    }
    expect(() => trimToLight(gaussianPsf(1), "psf.fits", 0)).toThrow(
      /psf trim: must be .*, got 0; leave it out/,
    );
  });
});
