import { describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { convolve } from "../../src/data/observation/convolution.js";
import { centredPsf, type PsfWindow } from "../../src/data/observation/psf.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { skyGrid, startOnSky } from "../../src/model/sky-grid.js";
import { skyObservations } from "../../src/model/sky-observation.js";
import { randomFlux, randomObservation, relativeError } from "./random-observation.js";

const GRIDS = [
  { upsampling: 1, margin: 0 },
  { upsampling: 1, margin: 3 },
  { upsampling: 2, margin: 0 },
  { upsampling: 2, margin: 2 },
  { upsampling: 3, margin: 1 },
];

describe("skyObservations", () => {
  for (const boundary of ["spill", "wrap"] as const) {
    for (const options of GRIDS.filter(({ margin }) => boundary === "spill" || margin === 0)) {
      const { upsampling, margin } = options;
      it(`is the model of createForwardModel: ${boundary}, upsampling ${upsampling}, margin ${margin}`, () => {
        for (const seed of [1, 2, 3, 4, 5, 6]) {
          const { observation } = checkObservation(randomObservation(seed, 6, 14), { boundary });
          const [ny, nx] = observation.counts.shape;
          const grid = skyGrid([ny, nx], boundary, options);
          const model = createForwardModel(observation, { boundary, ...options });
          const { observations, reference } = skyObservations([observation], grid, boundary);
          const [laid] = observations;
          const flux = randomFlux(grid.shape[0] * grid.shape[1], seed);
          const source = flux.map((value, j) => laid.exposure.data[j] * (value + laid.background.data[j]));
          const expected = convolve(
            { data: source, shape: grid.shape },
            centredPsf(laid.psf as PsfWindow),
            boundary,
          );
          const firsts = Array.from({ length: ny * nx }, (_, pixel) => {
            const row = upsampling * (margin + Math.floor(pixel / nx));
            return row * grid.shape[1] + upsampling * (margin + (pixel % nx));
          });
          // Rounding of sums in another order.
          const lambda = firsts.map((index) => expected.data[index]);
          expect(relativeError(lambda, model.predict(flux)[0].data)).toBeLessThan(1e-12);
          expect(relativeError(laid.detected.data, model.sensitivity)).toBeLessThan(1e-12);
          expect(reference).toBe(model.reference);
          expect(firsts.map((index) => laid.counts.data[index])).toEqual([...observation.counts.data]);
          expect(laid.counts.data.reduce((sum, count) => sum + count, 0)).toBe(
            observation.counts.data.reduce((sum, count) => sum + count, 0),
          );
        }
      });
    }
  }
});

describe("startOnSky", () => {
  const grid = skyGrid([3, 4], "spill", { upsampling: 2, margin: 1 });

  it("goes on beyond the frame", () => {
    const frame = {
      data: Float64Array.from({ length: 48 }, (_, index) => index + 1),
      shape: [6, 8] as const,
    };
    const sky = startOnSky(frame, grid, "start");
    expect(sky.shape).toEqual([10, 12]);
    expect([sky.data[0], sky.data[11], sky.data[2 * 12 + 2], sky.data[119]]).toEqual([1, 8, 1, 48]);
    expect(startOnSky(sky, grid, "start")).toBe(sky);
  });

  it("refuses another shape", () => {
    const wrong = { data: new Float64Array(12).fill(1), shape: [3, 4] as const };
    expect(() => startOnSky(wrong, grid, "start")).toThrow(
      /start must have the shape of the finer pixels, \[6, 8\]/,
    );
  });
});
