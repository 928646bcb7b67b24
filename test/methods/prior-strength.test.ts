import { describe, expect, it } from "vitest";
import { simulateDisk } from "../../src/data/observation/simulated-datasets.js";
import { answeredHere } from "../../src/inquiry.js";
import { maximumAPosteriori } from "../../src/methods/map.js";
import { mapOfHeldOutStrength } from "../../src/methods/prior-strength.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { checkGradient, scaledPrior } from "../../src/priors/flux-prior.js";
import {
  gradientTikhonovPrior,
  markovPrior,
  smoothnessPrior,
  totalVariationPrior,
} from "../../src/priors/neighbour-priors.js";
import { exponentialPrior, inverseGammaPrior, uniformPrior } from "../../src/priors/pixel-priors.js";
import { heldOutCash, splitPhotons } from "../../src/quality/held-out-cash.js";
import { normalisedRmsError } from "../../src/quality/image-error.js";
import { deconvolve } from "../../src/runs/deconvolve.js";

describe("scaledPrior", () => {
  const flux = {
    data: Float64Array.from({ length: 12 }, (_, k) => 0.2 + ((7 * k) % 5)),
    shape: [3, 4] as const,
  };

  it.each([
    ["gradient Tikhonov", (strength: number) => gradientTikhonovPrior({ strength })],
    ["total variation", (strength: number) => totalVariationPrior({ strength, smoothing: 0.1 })],
    ["smoothness", (strength: number) => smoothnessPrior({ strength, sigma: 1 })],
    ["Markov", (strength: number) => markovPrior({ strength })],
    ["exponential", (rate: number) => exponentialPrior({ rate })],
  ])("%s: the same as another strength", (_, family) => {
    const scaled = scaledPrior(family(2), 1.7);
    const direct = family(3.4);
    expect(scaled.measure).toBe(direct.measure);
    expect(scaled.logDensity(flux)).toBeCloseTo(direct.logDensity(flux), 9);
    const [a, b] = [new Float64Array(12), new Float64Array(12)];
    scaled.gradient(flux, a);
    direct.gradient(flux, b);
    for (const [index, value] of a.entries()) expect(value).toBeCloseTo(b[index], 9);
  });

  it("keeps gradient and density together, and refuses factors that are none", () => {
    const scaled = scaledPrior(inverseGammaPrior({ shape: 1, scale: 0.1 }), 0.3);
    expect(checkGradient(scaled, [4, 5]).error).toBeLessThan(1e-6);
    expect(() => scaledPrior(uniformPrior(), 0)).toThrow(/factor must be a finite number > 0, got 0/);
  });
});

describe("mapOfHeldOutStrength", () => {
  const data = simulateDisk({ seed: 4, shape: [20, 20], flux: 2_000 });
  const model = createForwardModel(data);
  const prior = totalVariationPrior({ strength: 1, smoothing: 0.1 });

  it("finds the strength that a scan finds, from a start far off on either side", () => {
    const { training, heldOut } = splitPhotons(data, { seed: 7 });
    const cashOf = (strength: number) =>
      [
        [training, heldOut],
        [heldOut, training],
      ].reduce((sum, [one, other]) => {
        const { flux } = answeredHere(
          maximumAPosteriori(createForwardModel(one), scaledPrior(prior, strength)),
        );
        return sum + heldOutCash(flux, other) / 2;
      }, 0);
    const scan = Array.from({ length: 17 }, (_, k) => 10 ** (k / 4 - 4));
    const least = Math.min(...scan.map(cashOf));
    for (const start of [1e-3, 3]) {
      const found = answeredHere(
        mapOfHeldOutStrength(model, scaledPrior(prior, start), { rule: "held-out", seed: 7 }),
      );
      const strength = start * found.priorStrength!;
      // Where the curve has risen by 1, give or take what steps of a factor of 3 miss of its lowest point.
      expect(cashOf(strength)).toBeGreaterThan(least + 0.2);
      expect(cashOf(strength)).toBeLessThan(least + 1.8);
      expect(cashOf(1.8 * strength)).toBeGreaterThan(least + 1);
      expect(found.stopped).toMatch(/photons held out chose .* times the prior/);
      const direct = answeredHere(maximumAPosteriori(model, scaledPrior(prior, strength)));
      expect(normalisedRmsError(found.flux, direct.flux)).toBeLessThan(0.02);
    }
  });

  it.each([0, 1, 2, 3])("is nearer to the truth than 30 times less or more: seed %i", async (seed) => {
    const error = async (strength: number) => {
      const { flux } = await deconvolve(data, { method: "map", prior, strength });
      return normalisedRmsError(flux, data.flux);
    };
    const strength = { rule: "held-out", seed } as const;
    const held = await deconvolve(data, { method: "map", prior, strength });
    const own = normalisedRmsError(held.flux, data.flux);
    expect(own).toBeLessThan(await error(held.priorStrength! / 30));
    expect(own).toBeLessThan(await error(held.priorStrength! * 30));
  });

  it("tells its stage, and can be ended", () => {
    const stages = new Set<string | undefined>();
    answeredHere(
      mapOfHeldOutStrength(
        model,
        prior,
        { rule: "held-out" },
        {
          iterations: 5,
          onIteration: ({ stage }) => {
            stages.add(stage);
          },
        },
      ),
    );
    expect([...stages]).toEqual(["held-out", undefined]);
    expect(() =>
      answeredHere(mapOfHeldOutStrength(model, prior, { rule: "held-out" }, { onIteration: () => false })),
    ).toThrow(/no image yet: start it again, or give the strength/);
  });

  it("refuses what is no rule, and methods without a prior", async () => {
    await expect(deconvolve(data, { method: "map", prior, strength: "evidence" as never })).rejects.toThrow(
      /strength must be a number > 0, "held-out"/,
    );
    await expect(deconvolve(data, { method: "map", prior, strength: -1 })).rejects.toThrow(
      /factor must be a finite number > 0, got -1/,
    );
    await expect(deconvolve(data, { method: "richardson-lucy", strength: 2 } as never)).rejects.toThrow(
      /strength must be left out with the method "richardson-lucy"/,
    );
  });
});
