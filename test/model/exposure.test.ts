import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { constantImage, skyImage } from "../../src/image.js";
import { skyGrid } from "../../src/model/sky-grid.js";
import { skyObservations } from "../../src/model/sky-observation.js";
import { amounts, boundaries, psfs, shapes } from "../data/random-images.js";
import { naiveDetection } from "../oracles/convolution.js";

describe("detected exposure", () => {
  it("is exposure times detection probability, summed over observations, and never above the reference", () => {
    const inputs = shapes.chain((shape) => {
      const one = fc.tuple(amounts(shape), psfs).filter(([{ data }]) => data.some((value) => value > 0));
      return fc.tuple(fc.array(one, { minLength: 1, maxLength: 3 }), boundaries);
    });
    fc.assert(
      fc.property(inputs, ([pairs, boundary]) => {
        const observations = pairs.map(([exposure, psf]) => {
          const counts = constantImage(exposure.shape, 0);
          return checkObservation({ counts, exposure, psf }, { boundary }).observation;
        });
        const grid = skyGrid(observations[0].counts.shape, boundary);
        const found = skyObservations(observations, grid, boundary);
        const expected = observations.map(({ exposure, psf }) => {
          const q = naiveDetection(psf, exposure.shape, boundary);
          return [...exposure.data].map((value, index) => value * q[index]);
        });
        let reference = 0;
        for (const { exposure } of observations) reference += Math.max(...exposure.data);
        expect(found.reference).toBe(reference);
        for (const [m, image] of expected.entries()) {
          for (const [index, value] of image.entries())
            expect(found.observations[m].detected.data[index]).toBeCloseTo(value, 10);
        }
        for (const [index, value] of found.total.data.entries()) {
          expect(value).toBeCloseTo(
            expected.reduce((sum, image) => sum + image[index], 0),
            9,
          );
          expect(value).toBeLessThanOrEqual(reference);
        }
      }),
    );
  });

  it("counts masked pixels as off the detector", () => {
    const { observation } = checkObservation({
      counts: constantImage([1, 3], 0),
      psf: skyImage([0.25, 0.5, 0.25], [1, 3]),
      exposure: constantImage([1, 3], 2),
      mask: skyImage([1, 0, 1], [1, 3]),
    });
    const { total } = skyObservations([observation], skyGrid([1, 3], "spill"), "spill");
    expect([...total.data]).toEqual([1, 1, 1]);
  });
});
