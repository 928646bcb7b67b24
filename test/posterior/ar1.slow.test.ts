/**
 * Every figure of convergence against the closed forms of stationary Gaussian AR(1) chains of unit variance, correlation
 * `phi^t` at lag t, n draws in all:
 *
 * - mean: tau = 1 + 2 sum phi^t = (1 + phi) / (1 - phi); ESS = n / tau; MCSE = sqrt(tau / n). The bulk ESS is the same, since
 *   normal scores of normal draws are the draws.
 * - standard deviation: squares have correlation phi^(2 t) (Isserlis), so ESS = n (1 - phi^2) / (1 + phi^2); var(x^2) = 2, so
 *   MCSE = sqrt(2 / ESS) / 2.
 * - quantile z of probability p: the indicators have covariance `C(r) = int_0^asin(r) exp(-z^2 / (1 + sin u)) du / (2 pi)` at
 *   correlation r (Plackett 1954), so ESS = n / (1 + 2 sum C(phi^t) / (p (1 - p))) and MCSE = sqrt(p (1 - p) / ESS) / density(z).
 *   For the median C(r) = asin(r) / (2 pi).
 *
 * The frozen numbers were computed from these by Simpson's rule in a separate Python program; `closedForms` computes
 * them again by midpoint sums. Estimates are averaged over seeds until their standard error, measured and checked, is below 1.2 %,
 * most below 0.5 %; seeds are fixed.
 */
import { describe, expect, it } from "vitest";
import {
  autocorrelationTime,
  bulkEss,
  meanEss,
  meanMcse,
  quantileEss,
  quantileMcse,
  stdEss,
  stdMcse,
} from "../../src/posterior/convergence.js";
import { ar1Chains } from "./chains.js";

const CHAINS = 4;
const DRAWS = 5000;
const TOTAL = CHAINS * DRAWS;
const Z90 = 1.2815515655446004;
const Z95 = 1.6448536269514722;

function closedForms(phi: number): Record<string, number> {
  const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const time = (z: number, p: number) => {
    let sum = 0;
    for (let lag = 1; Math.abs(phi ** lag) > 1e-14; lag++) {
      const end = Math.asin(phi ** lag);
      let integral = 0;
      for (let k = 0; k < 2000; k++)
        integral += Math.exp((-z * z) / (1 + Math.sin((end * (k + 0.5)) / 2000))) / 2000;
      sum += (end * integral) / (2 * Math.PI) / (p * (1 - p));
    }
    return 1 + 2 * sum;
  };
  const tau = (1 + phi) / (1 - phi);
  const tauSquares = (1 + phi * phi) / (1 - phi * phi);
  return {
    autocorrelationTime: tau,
    meanEssPerDraw: 1 / tau,
    bulkEssPerDraw: 1 / tau,
    stdEssPerDraw: 1 / tauSquares,
    medianEssPerDraw: 1 / time(0, 0.5),
    tailEssPerDraw: 1 / time(Z95, 0.95),
    meanMcseRootDraws: Math.sqrt(tau),
    stdMcseRootDraws: Math.sqrt(tauSquares / 2),
    medianMcseRootDraws: Math.sqrt(0.25 * time(0, 0.5)) / density(0),
    upperMcseRootDraws: Math.sqrt(0.09 * time(Z90, 0.9)) / density(Z90),
  };
}

/** Frozen: ESS for a draw, MCSE times the root of the draws. */
const FROZEN: readonly (readonly [phi: number, row: Readonly<Record<string, number>>])[] = [
  [
    0,
    {
      autocorrelationTime: 1,
      meanEssPerDraw: 1,
      bulkEssPerDraw: 1,
      stdEssPerDraw: 1,
      medianEssPerDraw: 1,
      tailEssPerDraw: 1,
      meanMcseRootDraws: 1,
      stdMcseRootDraws: Math.SQRT1_2,
      medianMcseRootDraws: 1.253314,
      upperMcseRootDraws: 1.709418,
    },
  ],
  [
    0.3,
    {
      autocorrelationTime: 1.857143,
      meanEssPerDraw: 0.5384615,
      bulkEssPerDraw: 0.5384615,
      stdEssPerDraw: 0.8348624,
      medianEssPerDraw: 0.6444094,
      tailEssPerDraw: 0.7947341,
      meanMcseRootDraws: 1.36277,
      stdMcseRootDraws: 0.773887,
      medianMcseRootDraws: 1.561274,
      upperMcseRootDraws: 1.987038,
    },
  ],
  [
    0.6,
    {
      autocorrelationTime: 4,
      meanEssPerDraw: 0.25,
      bulkEssPerDraw: 0.25,
      stdEssPerDraw: 0.4705882,
      medianEssPerDraw: 0.3357337,
      tailEssPerDraw: 0.4789077,
      meanMcseRootDraws: 2,
      stdMcseRootDraws: 1.030776,
      medianMcseRootDraws: 2.16303,
      upperMcseRootDraws: 2.637064,
    },
  ],
  [
    -0.4,
    {
      autocorrelationTime: 0.4285714,
      meanEssPerDraw: 2.333333,
      bulkEssPerDraw: 2.333333,
      stdEssPerDraw: 0.7241379,
      medianEssPerDraw: 1.606734,
      tailEssPerDraw: 1.027401,
      meanMcseRootDraws: 0.6546537,
      stdMcseRootDraws: 0.830949,
      medianMcseRootDraws: 0.9887533,
      upperMcseRootDraws: 1.630531,
    },
  ],
];

describe.each(FROZEN)("AR(1) with phi = %f", (phi, frozen) => {
  it("has the frozen closed forms", () => {
    const forms = closedForms(phi);
    for (const [name, value] of Object.entries(frozen)) expect(forms[name] / value, name).toBeCloseTo(1, 5);
  });

  it("is estimated within 2 %", () => {
    const ratios: Record<string, number[]> = {};
    const seeds = 100;
    for (let seed = 0; seed < seeds; seed++) {
      const chains = ar1Chains(phi, CHAINS, DRAWS, 7000 + seed);
      const found = {
        autocorrelationTime: autocorrelationTime(chains),
        meanEssPerDraw: meanEss(chains) / TOTAL,
        bulkEssPerDraw: bulkEss(chains) / TOTAL,
        stdEssPerDraw: stdEss(chains) / TOTAL,
        medianEssPerDraw: quantileEss(chains, 0.5) / TOTAL,
        tailEssPerDraw: quantileEss(chains, 0.95) / TOTAL,
        meanMcseRootDraws: meanMcse(chains) * Math.sqrt(TOTAL),
        stdMcseRootDraws: stdMcse(chains) * Math.sqrt(TOTAL),
        medianMcseRootDraws: quantileMcse(chains, 0.5) * Math.sqrt(TOTAL),
        upperMcseRootDraws: quantileMcse(chains, 0.9) * Math.sqrt(TOTAL),
      };
      for (const [name, value] of Object.entries(found)) {
        ratios[name] ??= [];
        ratios[name].push(value / frozen[name]);
      }
    }
    for (const [name, values] of Object.entries(ratios)) {
      const mean = values.reduce((sum, value) => sum + value, 0) / seeds;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (seeds - 1);
      const error = Math.sqrt(variance / seeds);
      console.log(`phi ${phi}, ${name}: ${(100 * (mean - 1)).toFixed(2)} +- ${(100 * error).toFixed(2)} %`);
      expect(error, name).toBeLessThan(0.012);
      expect(Math.abs(mean - 1), name).toBeLessThan(0.02);
    }
  });
});
