/**
 * Is a null called a source, and a source found? 240 observations drawn from the null hypothesis are tested, each against 40
 * others, and sources of rising flux against the first 40. One core, about a minute.
 *
 * A bound on a p-value must be at or below 0.05 in at most 5 % of the nulls. The 240 shares are compared with that rate at three
 * binomial standard errors (false-alarm rate below 0.2 % a region at the limit; the bound is conservative, so far below it).
 */
import { beforeAll, describe, expect, it } from "vitest";
import { collectSignificance, type SignificanceEstimate } from "../../src/significance/collect.js";
import type { SignificanceTaskResult } from "../../src/significance/task.js";
import { asReplicate, observe, smallRun } from "./null-observations.js";

const NULLS = 240;
const REPLICATES = 40;
const LEVEL = 0.05;
const FLUXES = [0, 4, 8, 16, 32, 64];
const SOURCES = 12;

const run = smallRun({ replicates: REPLICATES });
const nulls: SignificanceTaskResult[] = [];

/** Test one result against some of the nulls. */
function judge(observed: SignificanceTaskResult, replicates: readonly number[]): SignificanceEstimate {
  return collectSignificance(run, [
    { ...observed, index: 0 },
    ...replicates.map((number, index) => asReplicate(nulls[number], index + 1)),
  ]);
}

beforeAll(async () => {
  for (let number = 0; number < NULLS; number++) nulls.push(await observe(run, 5_000 + number));
}, 1_200_000);

describe("calibration of the test of Stein et al.", () => {
  it("calls at most 5 % of null observations significant at 5 %, in each region", () => {
    const estimates = nulls.map((observed, number) =>
      judge(
        observed,
        Array.from({ length: REPLICATES }, (_, index) => (number + 1 + index) % NULLS),
      ),
    );
    const most = LEVEL + 3 * Math.sqrt((LEVEL * (1 - LEVEL)) / NULLS);
    for (const region of run.regions.keys()) {
      const rows = estimates.map(({ regions }) => regions[region]);
      const share = rows.filter(({ bound }) => bound <= LEVEL).length / NULLS;
      const direct = rows.filter((row) => row.direct <= LEVEL).length / NULLS;
      const nominal = rows.filter((row) => row.direct <= 0.5).length / NULLS;
      console.log(
        `${run.regions[region].name}: bound <= 0.05 in ${(100 * share).toFixed(1)} %, by rank ${(100 * direct).toFixed(1)} %, ` +
          `rank <= 0.5 in ${(100 * nominal).toFixed(1)} %`,
      );
      expect(share).toBeLessThanOrEqual(most);
      expect(direct).toBeLessThanOrEqual(most);
      // The rank is uniform: half of the p-values (20 of 41) lie at or below 1/2, with three binomial errors.
      expect(Math.abs(nominal - 20 / 41)).toBeLessThan(3 * Math.sqrt(0.25 / NULLS));
    }
  });

  it("finds sources the more surely the brighter they are, and all of the brightest", async () => {
    const first = Array.from({ length: REPLICATES }, (_, index) => index);
    const rates: number[] = [];
    for (const flux of FLUXES) {
      let found = 0;
      for (let source = 0; source < SOURCES; source++) {
        const { regions } = judge(await observe(run, 90_000 + 1_000 * flux + source, flux), first);
        if (regions[0].bound <= LEVEL) found++;
      }
      rates.push(found / SOURCES);
    }
    console.log(FLUXES.map((flux, index) => `${flux}: ${(100 * rates[index]).toFixed(0)} %`).join(", "));
    // Each step may fall by a chance of two binomial errors at most; the ends must be right.
    for (let index = 1; index < rates.length; index++) {
      expect(rates[index]).toBeGreaterThanOrEqual(rates[index - 1] - 2 * Math.sqrt(0.25 / SOURCES));
    }
    expect(rates[0]).toBeLessThanOrEqual(0.25);
    expect(rates.at(-1)).toBe(1);
  });
});
