import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { constantImage, imageSum, type SkyImage, skyImage } from "../../src/image.js";
import { alignObservations } from "../../src/model/align-observations.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { randomFlux, relativeError } from "./random-observation.js";

const SHAPE = [24, 20] as const;

/** A smooth image, so that interpolation between its pixels is nearly exact. */
function smooth(level: number): SkyImage {
  return skyImage(
    Array.from({ length: SHAPE[0] * SHAPE[1] }, (_, pixel) => {
      const [row, col] = [Math.floor(pixel / SHAPE[1]), pixel % SHAPE[1]];
      return level * (1 + 0.3 * Math.sin(row / 9) + 0.2 * Math.cos(col / 7));
    }),
    SHAPE,
  );
}

function observation(name: string): Observation {
  return {
    name,
    counts: constantImage(SHAPE, 1),
    psf: gaussianPsf(1.6, [11, 11]),
    exposure: smooth(2),
    background: smooth(0.3),
  };
}

describe("alignObservations", () => {
  it.each([
    { x: 0.5, y: -0.25 },
    { x: -1.4, y: 2.6 },
    { x: 3, y: 0 },
  ])("is the model with offsets, in other words: %o", (offset) => {
    const observations = [observation("first"), observation("second")];
    const offsets = [{ x: 0, y: 0 }, offset];
    const displaced = createForwardModel(observations, { offsets });
    const aligned = createForwardModel(alignObservations(observations, offsets).observations);
    const flux = randomFlux(SHAPE[0] * SHAPE[1], 3);
    displaced.predict(flux).forEach((expected, index) => {
      const found = aligned.predict(flux)[index];
      const mask = aligned.observations[index].mask?.data;
      const used = [...expected.data.keys()].filter((pixel) => mask === undefined || mask[pixel] > 0);
      const pick = ({ data }: SkyImage) => used.map((pixel) => data[pixel]);
      // The same sums in another order.
      expect(relativeError(pick(found), pick(expected))).toBeLessThan(1e-12);
    });
  });

  it("leaves observations without an offset as they are", () => {
    const { observations, warnings } = alignObservations([observation("only")], [{ x: 0, y: 0 }]);
    expect(observations[0].psf.data).toEqual(gaussianPsf(1.6, [11, 11]).data);
    expect(warnings).toEqual([]);
  });

  it("masks detector pixels beyond the sky, and says how many", () => {
    const { observations, warnings } = alignObservations(
      [observation("first"), observation("second")],
      [
        { x: 0, y: 0 },
        { x: 2, y: 0 },
      ],
    );
    const mask = observations[1].mask ?? constantImage([0, 0], 0);
    expect(imageSum(mask)).toBe(SHAPE[0] * (SHAPE[1] - 2));
    expect(warnings.join()).toMatch(/second: all pixels should lie on the sky .*, got 48 beyond its edge/);
  });

  it("refuses offsets that make no sense, with the remedy", () => {
    const two = [observation("first"), observation("second")];
    expect(() => alignObservations(two, [{ x: 0, y: 0 }])).toThrow(/offsets must be one finite \{x, y\}/);
    const away = [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
    ];
    expect(() => alignObservations(two, away)).toThrow(
      /second: detector must overlap .*leave the observation out/,
    );
    expect(() => alignObservations(two, "wcs")).toThrow(/first: sky coordinates must be in the header/);
  });
});
