/**
 * Monte Carlo errors of chains in groups against the spread of the estimates over independent repetitions: two groups of two
 * AR(1) chains with means 0 and 1.5 and standard deviations 1 and 0.7. The spread of 600 repetitions is known to
 * 1 / sqrt(1,200) = 2.9 %; the limit of 12 % is 4 sigma, a false alarm in 16,000 a comparison (seeds are fixed).
 */
import { expect, it } from "vitest";
import { summariseQuantity } from "../../src/posterior/quantity-summary.js";
import { ar1Chains } from "./chains.js";

const REPETITIONS = 600;
const DRAWS = 1000;
const PHI = 0.6;
const PROBABILITIES = [0.16, 0.5, 0.84];

it("errors of mean, std and quantiles of a mixture are the spread of their estimates", () => {
  const names = ["mean", "std", ...PROBABILITIES.map((probability) => `quantile ${probability}`)];
  const estimates = names.map((): number[] => []);
  const squaredErrors = names.map(() => 0);
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const [a, b, c, d] = ar1Chains(PHI, 4, DRAWS, 5000 + repetition);
    const narrow = (chain: readonly number[]) => chain.map((value) => 1.5 + 0.7 * value);
    const { mean, mcse, std, stdMcse, quantiles } = summariseQuantity(
      "mixture",
      [a, b, narrow(c), narrow(d)],
      PROBABILITIES,
      [
        [0, 1],
        [2, 3],
      ],
    );
    const pairs = [
      [mean, mcse],
      [std, stdMcse],
      ...quantiles.map(({ value, mcse: error }) => [value, error]),
    ];
    for (const [index, [value, error]] of pairs.entries()) {
      estimates[index].push(value);
      squaredErrors[index] += error ** 2 / REPETITIONS;
    }
  }
  for (const [index, name] of names.entries()) {
    const values = estimates[index];
    const centre = values.reduce((sum, value) => sum + value, 0) / REPETITIONS;
    const spread = Math.sqrt(
      values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (REPETITIONS - 1),
    );
    const ratio = Math.sqrt(squaredErrors[index]) / spread;
    console.log(`${name}: quoted error over spread ${ratio.toFixed(3)}`);
    expect(Math.abs(ratio - 1), name).toBeLessThan(0.12);
  }
});
