/** Pair transfers alone, on images small enough for their law to be known by quadrature, and what they keep in step. */
import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation.js";
import { type Shape, skyImage } from "../../src/image.js";
import { type ImageModel, logImageDensity, pairDistribution } from "../oracles/pair-transfer.js";
import { textbookExpectedCounts, textbookObservation } from "../oracles/textbook-model.js";
import { createStepChain, type StepChain, type StepSettings } from "./step-kernels.js";

const PSF = skyImage([0.02, 0.1, 0.03, 0.08, 0.4, 0.12, 0.05, 0.15, 0.05], [3, 3]);

function chainOf(observations: readonly Observation[], settings: StepSettings, alpha: readonly number[]) {
  const shape = observations[0].counts.shape;
  const chain = createStepChain(shape, observations, { cycleSpin: "none", fitAlpha: false, ...settings });
  chain.alpha.set(alpha);
  return chain;
}

function modelOf(
  chain: StepChain,
  observations: readonly Observation[],
  boundary: "spill" | "wrap",
  shift: Shape = [0, 0],
): ImageModel {
  return {
    shape: observations[0].counts.shape,
    shift,
    alpha: chain.alpha,
    totalCountsPrior: { shape: 1, rate: 0.05 },
    observations: observations.map((observation) => textbookObservation(observation, boundary)),
    backgroundScale: observations.map((_, index) => chain.scale(index)),
    referenceExposure: chain.reference,
  };
}

/** Largest distance of the two distribution functions, times sqrt(draws). */
function kolmogorov(
  values: number[],
  { points, below }: { points: Float64Array; below: Float64Array },
): number {
  const sorted = values.toSorted((a, b) => a - b);
  let largest = 0;
  let cell = 0;
  sorted.forEach((value, index) => {
    while (cell + 2 < points.length && points[cell + 1] < value) cell++;
    const part = Math.min(1, Math.max(0, (value - points[cell]) / (points[cell + 1] - points[cell])));
    const at = below[cell] + part * (below[cell + 1] - below[cell]);
    largest = Math.max(
      largest,
      Math.abs(at - index / values.length),
      Math.abs(at - (index + 1) / values.length),
    );
  });
  return largest * Math.sqrt(values.length);
}

const LINES: readonly [string, Shape, Partial<Observation>, StepSettings, number[], number, number][] = [
  ["1 x 2, alpha 0.3", [1, 2], {}, {}, [0.3], 7, 4],
  ["2 x 1, alpha 0.02: mostly off or on", [2, 1], {}, {}, [0.02], 3, 2],
  ["1 x 2 periodic, psf wider than the image", [1, 2], {}, { boundary: "wrap" }, [0.5], 9, 1],
  [
    "2 x 1, uneven exposure and a background",
    [2, 1],
    { exposure: skyImage([0.2, 1.5], [2, 1]), background: skyImage([2, 1], [2, 1]) },
    {},
    [0.8],
    5,
    6,
  ],
  ["1 x 2, a pixel masked", [1, 2], { mask: skyImage([1, 0], [1, 2]) }, {}, [0.4], 4, 3],
  ["1 x 2, many counts", [1, 2], {}, {}, [1.5], 4_000, 3_000],
  ["1 x 2, no counts", [1, 2], {}, {}, [0.3], 0, 0],
];

describe("transferPairs", () => {
  it.each(LINES)(
    "%s: the share has the law of quadrature",
    (_, shape, changes, settings, alpha, first, second) => {
      const observation = { counts: skyImage([first, second], shape), psf: PSF, ...changes };
      // One transfer in 10 meets the other pixel (the rest point off the image): 200 give some 30 steps between draws.
      const chain = chainOf([observation], { ...settings, pairTransfers: 100, seed: 3 }, alpha);
      chain.flux.set([0.5 * (first + second) + 0.5, 0.5 * (first + second) + 0.5]);
      const model = modelOf(chain, [observation], settings.boundary ?? "spill");
      const image = chain.flux.map((value) => value * chain.reference);
      const expected = pairDistribution(image, 0, 1, model);
      const values = Array.from({ length: 4_000 }, () => {
        expect(chain.kernels.stepTransfers(0, 0)).toBe(1);
        return Math.log(chain.flux[0]) - Math.log(chain.flux[1]);
      });
      // Kolmogorov's distribution exceeds 2.23 once in 10,000 independent samples.
      expect(kolmogorov(values, expected)).toBeLessThan(2.23);
      const tried = Number(chain.kernels.transfersTried.value);
      expect(Number(chain.kernels.transfersAccepted.value) / tried).toBeGreaterThan(0.8);
    },
  );

  it.each([
    ["3 x 3, blocks of 1, 2 and 4", [3, 3], "spill", [0, 0]],
    ["4 x 4 shifted", [4, 4], "spill", [1, 3]],
    ["5 x 3 periodic, shifted", [5, 3], "wrap", [2, 1]],
  ] as const)(
    "%s: a neighbour's share has the law of quadrature given all others",
    (_, shape, boundary, shift) => {
      // All pixels but two are put back after each transfer, so that the law is that of one line.
      const [ny, nx] = shape;
      const pixels = ny * nx;
      const counts = Float64Array.from({ length: pixels }, (_value, pixel) => [0, 3, 1, 0, 7, 2][pixel % 6]);
      const observations = [
        { counts: skyImage(counts, shape), psf: PSF },
        {
          counts: skyImage(
            counts.map((value) => (value + 1) % 4),
            shape,
          ),
          psf: skyImage([0.3, 0.7], [1, 2]),
          exposure: skyImage(
            counts.map((_value, pixel) => 0.5 + 0.1 * pixel),
            shape,
          ),
          background: skyImage(
            counts.map(() => 0.3),
            shape,
          ),
        },
      ];
      const alpha = [0.4, 0.9, 1.7].slice(0, Math.ceil(Math.log2(Math.max(ny, nx))));
      const chain = chainOf(observations, { boundary, pairTransfers: 1, seed: 8 }, alpha);
      chain.setScale(1, 1.3);
      const start = Float64Array.from({ length: pixels }, (_value, pixel) => 0.1 + ((pixel * 7) % 5));
      const model = modelOf(chain, observations, boundary, shift);
      for (const [first, second] of [
        [0, 1],
        [nx, 2 * nx],
        [nx + 1, 2 * nx + 2],
        [0, 2],
      ]) {
        const expected = pairDistribution(
          start.map((value) => value * chain.reference),
          first,
          second,
          model,
        );
        const together = start[first] + start[second];
        let share = start[first];
        const values: number[] = [];
        for (let tries = 0; values.length < 1_500 && tries < 1_000_000; tries++) {
          chain.flux.set(start);
          chain.flux[first] = share;
          chain.flux[second] = together - share;
          chain.kernels.stepTransfers(shift[0], shift[1]);
          const moved = chain.flux[first] !== share;
          const others = chain.flux.some(
            (value, pixel) => pixel !== first && pixel !== second && value !== start[pixel],
          );
          if (!moved || others) continue;
          share = chain.flux[first];
          values.push(Math.log(share) - Math.log(chain.flux[second]));
          // A share too small to survive `together - share` would leave the line.
          if (share < 1e-12 * together || together - share < 1e-12 * together) share = 0.5 * together;
        }
        // Rejections are not counted: with an acceptance of 0.98 this bends the law by less than the test can see.
        expect(kolmogorov(values, expected)).toBeLessThan(2.23);
      }
    },
  );

  it("leaves lambda and the masses of the tree those of the image", () => {
    const shape: Shape = [6, 7];
    const counts = Float64Array.from({ length: 42 }, (_, pixel) => (pixel * 5) % 4);
    const observation = {
      counts: skyImage(counts, shape),
      psf: PSF,
      background: skyImage(
        counts.map(() => 0.2),
        shape,
      ),
    };
    const chain = chainOf([observation], { pairTransfers: 2_000, seed: 1 }, [0.3, 0.6, 1]);
    const model = modelOf(chain, [observation], "spill", [4, 5]);
    chain.flux.set(counts.map((value) => value + 0.1));
    chain.kernels.stepTransfers(4, 5);
    const image = chain.flux.map((value) => value * chain.reference);
    expect(Number.isFinite(logImageDensity(image, model))).toBe(true);
    // A chain that starts at this image knows the same log prior and, after a sweep, log-likelihood.
    const lambda = textbookExpectedCounts(model.observations[0], chain.flux, 1);
    const sumLog = chain.kernels.stepRedistribute();
    let expected = 0;
    for (let pixel = 0; pixel < 42; pixel++)
      if (counts[pixel] > 0) expected += counts[pixel] * Math.log(lambda[pixel]);
    // f32 sums over the psf.
    expect(Math.abs(sumLog - expected)).toBeLessThan(1e-5);
    const total = image.reduce((sum, value) => sum + value, 0);
    expect(total).toBeCloseTo(
      counts.reduce((sum, value) => sum + (value + 0.1) * chain.reference, 0),
      9,
    );
  });
});
