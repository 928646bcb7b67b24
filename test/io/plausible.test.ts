import { describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { constantImage } from "../../src/image.js";
import { checkNotCounts, checkPlausible } from "../../src/io/plausible.js";

describe("checkPlausible", () => {
  const names = { psf: "psf.fits", background: "bkg.fits" };
  const counts = { data: Float64Array.from({ length: 400 }, (_, at) => at % 3), shape: [20, 20] as const };
  const psf = gaussianPsf(1);

  it("lets through what can be meant", () => {
    expect(() => checkPlausible({ counts, psf }, names)).not.toThrow();
    expect(() => checkPlausible({ counts, psf: gaussianPsf(3, [41, 41]) }, names)).not.toThrow();
    expect(() =>
      checkPlausible({ counts, psf, background: constantImage([20, 20], 500) }, names),
    ).not.toThrow();
  });

  it("refuses counts as psf, and a psf as wide as the image", () => {
    for (const role of ["psf", "exposure", "background"] as const)
      expect(() => checkNotCounts(role, counts, counts, "x.fits")).toThrow(
        new RegExp(`^x.fits: ${role} must be .* got the counts themselves; give `),
      );
    const even = constantImage([20, 20], 1);
    expect(() => checkNotCounts("exposure", even, even, "x.fits")).not.toThrow();
    const flat = constantImage([20, 20], 1);
    expect(() => checkPlausible({ counts, psf: flat }, names)).toThrow(
      /half of its light in 200 of its 400 pixels/,
    );
  });

  it.each([1e11, 2.5e13])(
    "refuses a background of counts with an exposure of %f, naming the option",
    (exposure) => {
      // 0.3 counts a pixel expected, given as if for unit exposure.
      const images = {
        exposure: constantImage([20, 20], exposure),
        background: constantImage([20, 20], 0.3),
      };
      expect(() => checkPlausible({ counts, psf, ...images }, names)).toThrow(
        /^bkg.fits: .*--background-unit counts/,
      );
    },
  );

  it("does not name an option that is given already, or would change nothing", () => {
    const background = constantImage([20, 20], 1e7);
    const exposure = constantImage([20, 20], 1);
    const message = /got 4\.00e\+9 expected .*; give the background of these counts/;
    expect(() => checkPlausible({ counts, psf, background }, names)).toThrow(message);
    expect(() => checkPlausible({ counts, psf, background, exposure }, names, true)).toThrow(message);
  });
});
