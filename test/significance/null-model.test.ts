import { describe, expect, it } from "vitest";
import { type CheckedObservation, checkObservations } from "../../src/data/observation/check-observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, type SkyImage } from "../../src/image.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import {
  drawNullParameters,
  type FittedNull,
  fitNull,
  type NullKind,
  nullBaselines,
} from "../../src/significance/null-model.js";
import { betaShape, gaussianShape, withPoint } from "../../src/significance/null-shape.js";

const SHAPE = [24, 28] as const;
const PSF = gaussianPsf(1, [7, 7]);

function observed(flux: SkyImage, seed: number, background = 0): CheckedObservation {
  const exposure = constantImage(SHAPE, 2);
  const counts = simulateCounts(flux, PSF, { exposure, background, seed });
  const data = { counts, psf: PSF, exposure, background: constantImage(SHAPE, background) };
  return checkObservations([data], {}).observations[0];
}

function imageOf(form: ReturnType<typeof betaShape>, theta: readonly number[]): SkyImage {
  const image = constantImage(SHAPE, 0);
  form.add(theta, image.data);
  return image;
}

const log = Math.log;
// A bright source, so that the normal approximation holds: total 1500, width 3, constant 0.4; seven and six parameters.
const CASES: readonly [string, NullKind, boolean, ReturnType<typeof betaShape>, readonly number[]][] = [
  ["gaussian", "gaussian", false, gaussianShape(SHAPE, false), [log(1500), 14.3, 10.6, log(3), log(0.4)]],
  [
    "elliptical gaussian",
    "gaussian",
    true,
    gaussianShape(SHAPE, true),
    [log(1500), 14.3, 10.6, log(4), log(2), 0.5, log(0.4)],
  ],
  ["beta model", "beta", false, betaShape(SHAPE), [log(30), 14.3, 10.6, log(3), log(2), log(0.2)]],
  ["point", "point", false, withPoint(SHAPE, undefined), [log(800), 14.3, 10.6, log(0.4)]],
  [
    "point and Gaussian",
    "point+gaussian",
    false,
    withPoint(SHAPE, undefined, gaussianShape(SHAPE, false)),
    [log(800), 14.3, 10.6, log(1500), 12.2, 9.8, log(4), log(0.4)],
  ],
];

describe("fits of the null hypothesis", () => {
  it.each(CASES)("%s: the truth is within its errors", (_, kind, elliptical, form, truth) => {
    const observation = observed(imageOf(form, truth), 5);
    const fitted = fitNull([observation], { kind, elliptical });
    expect(fitted.converged).toBe(true);
    // Twice the logarithm of the likelihood ratio is about chi^2: 99.9 % of it with 8 degrees of freedom lie below 26.2.
    const ratio = createForwardModel(observation).cash(imageOf(form, truth).data) - fitted.cash;
    expect(ratio).toBeGreaterThan(0);
    expect(ratio).toBeLessThan(26.2);
    // A fit that begins at the result stays there.
    const again = fitNull([observation], { kind, elliptical, start: fitted.theta });
    expect(again.cash).toBeCloseTo(fitted.cash, 3);
  });

  it("a point whose place is known leaves its flux and the constant to fit", () => {
    const at = { x: 14, y: 10.5 };
    const truth = [log(800), log(0.4)];
    const { parameters } = fitNull([observed(imageOf(withPoint(SHAPE, at), truth), 6)], {
      kind: "point",
      at,
    });
    expect(parameters.map(({ name }) => name)).toEqual(["point", "constant"]);
    for (const [index, { value, error }] of parameters.entries()) {
      expect(Math.abs(value - Math.exp(truth[index])), parameters[index].name).toBeLessThan(3.5 * error);
    }
    // Its light is all there, and its mean place is the given one.
    const { data } = imageOf(withPoint(SHAPE, at), [log(800), -30]);
    expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(800, 6);
    expect(data.reduce((sum, value, pixel) => sum + value * Math.floor(pixel / 28), 0) / 800).toBeCloseTo(
      10.5,
      6,
    );
  });

  it("errors are the scatter of fits of repeated observations", () => {
    const [, kind, elliptical, form, truth] = CASES[0];
    const sky = imageOf(form, truth);
    const fits = Array.from({ length: 40 }, (_, repeat) =>
      fitNull([observed(sky, 100 + repeat)], { kind, elliptical, start: truth }),
    );
    for (const parameter of truth.keys()) {
      const values = fits.map(({ theta }) => theta[parameter]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const std = Math.sqrt(
        values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
      );
      const logarithmic = form.logarithmic[parameter];
      const errors = fits.map(
        ({ parameters }) => parameters[parameter].error / (logarithmic ? parameters[parameter].value : 1),
      );
      const error = errors.reduce((sum, value) => sum + value, 0) / errors.length;
      // The standard deviation of 40 values is good to 11 %: three of these.
      expect(Math.abs(std / error - 1), form.names[parameter]).toBeLessThan(0.35);
    }
  }, 60_000);

  it("the scale of a background is the ratio of counts, by its known answer", () => {
    const observation = observed(constantImage(SHAPE, 0.6), 8, 0.4);
    const fitted = fitNull([observation], { kind: "scale" });
    const total = observation.counts.data.reduce((sum, value) => sum + value, 0);
    // Flux 0.6 and background 0.4 are 1, that is 2.5 backgrounds; spill at the edge is the same for both.
    expect(Math.abs(fitted.parameters[0].value - 2.5)).toBeLessThan(3 * fitted.parameters[0].error);
    expect(fitted.parameters[0].error / fitted.parameters[0].value).toBeCloseTo(1 / Math.sqrt(total), 10);
    const [baseline] = nullBaselines([observation], fitted);
    expect(baseline!.data[0]).toBeCloseTo(0.4 * fitted.parameters[0].value, 12);
  });

  it("leaves regions out when it is told to", () => {
    const flux = constantImage(SHAPE, 0);
    const without = constantImage(SHAPE, 0);
    for (let row = 6; row < 12; row++) for (let col = 6; col < 12; col++) flux.data[row * 28 + col] = 20;
    for (let row = 2; row < 16; row++) for (let col = 2; col < 16; col++) without.data[row * 28 + col] = 1;
    const observation = observed(flux, 9, 1);
    const all = fitNull([observation], { kind: "scale" }).parameters[0];
    const outside = fitNull([observation], { kind: "scale", without }).parameters[0];
    expect(all.value).toBeGreaterThan(1.5);
    expect(Math.abs(outside.value - 1)).toBeLessThan(3 * outside.error);
    const everything = constantImage(SHAPE, 1);
    expect(() => fitNull([observation], { kind: "scale", without: everything })).toThrow(
      /outside of all regions/,
    );
  });

  it("draws have the mean and the errors of the fit", () => {
    const [, kind, elliptical, form, truth] = CASES[0];
    const observation = observed(imageOf(form, truth), 5);
    const fitted = fitNull([observation], { kind, elliptical });
    const stream = randomStream(3);
    const draws = Array.from({ length: 2000 }, () => drawNullParameters([observation], fitted, stream));
    for (const [index, { error, value }] of fitted.parameters.entries()) {
      const scale = form.logarithmic[index] ? error / value : error;
      const column = draws.map((draw) => draw[index]);
      const mean = column.reduce((sum, entry) => sum + entry, 0) / column.length;
      const std = Math.sqrt(
        column.reduce((sum, entry) => sum + (entry - mean) ** 2, 0) / (column.length - 1),
      );
      // Four standard errors of 2000 draws.
      expect(Math.abs(mean - fitted.theta[index])).toBeLessThan((4 * scale) / Math.sqrt(2000));
      expect(Math.abs(std / scale - 1)).toBeLessThan(4 / Math.sqrt(4000));
    }
  });

  it("refuses to scale a background of zeros", () => {
    const observation = observed(constantImage(SHAPE, 1), 1);
    expect(() => fitNull([observation], { kind: "scale" })).toThrow(/must be > 0 somewhere/);
  });

  it("a fit survives JSON", () => {
    const [, kind, elliptical, form, truth] = CASES[0];
    const fitted = fitNull([observed(imageOf(form, truth), 5)], { kind, elliptical, start: truth });
    expect(JSON.parse(JSON.stringify(fitted)) as FittedNull).toEqual(fitted);
  });
});
