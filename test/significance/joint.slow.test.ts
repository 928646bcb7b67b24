/**
 * Two observations of one sky, displaced against each other, tested together and each alone: on 200 pairs without a source, each against
 * 40 others, and on 40 pairs with a point that one observation alone shows badly. One core, about half a minute.
 *
 * Shares of the 200 are compared with their rates: of bounds at three binomial standard errors, one-sided, of ranks at 3.3, two-sided
 * (false-alarm rate 1e-3 each).
 */
import { beforeAll, describe, expect, it } from "vitest";
import { convolve } from "../../src/data/observation/convolution.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { drawPoisson } from "../../src/data/random/poisson.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage } from "../../src/image.js";
import { alignObservations } from "../../src/model/align-observations.js";
import { circularRegion } from "../../src/posterior/region.js";
import { collectSignificance, type RegionSignificance } from "../../src/significance/collect.js";
import { planSignificance } from "../../src/significance/plan.js";
import {
  runSignificanceTask,
  type SignificanceRun,
  type SignificanceTaskResult,
} from "../../src/significance/task.js";
import { asReplicate } from "./null-observations.js";

const PAIRS = 200;
const REPLICATES = 40;
const SOURCES = 40;
const LEVEL = 0.05;
/** Flux of the source: 6 and 12 photons on 12 and 13 of background in the region. */
const FLUX = 6;
const SHAPE = [10, 10] as const;
const REGIONS = [circularRegion({ x: 5, y: 5, radius: 2 }, SHAPE, "source")];

const exposures = [constantImage(SHAPE, 1), constantImage(SHAPE, 2)];
const empty: readonly Observation[] = alignObservations(
  [
    {
      counts: constantImage(SHAPE, 0),
      psf: gaussianPsf(1, [7, 7]),
      exposure: exposures[0],
      background: constantImage(SHAPE, 0.9),
    },
    {
      counts: constantImage(SHAPE, 0),
      psf: gaussianPsf(0.9, [7, 7]),
      exposure: exposures[1],
      background: constantImage(SHAPE, 0.5),
    },
  ],
  [
    { x: 0, y: 0 },
    { x: 1, y: -0.5 },
  ],
).observations;

/** Counts of both observations of one sky: independent draws. */
function observe(seed: number, flux: number): Observation[] {
  const stream = randomStream(seed);
  return empty.map((one) => {
    const emitted = one.background!.data.map(
      (value, pixel) => one.exposure!.data[pixel] * (value + (pixel === 55 ? flux : 0)),
    );
    const expected = convolve({ data: emitted, shape: SHAPE }, one.psf, "spill").data;
    const counts = expected.map((mean, pixel) => drawPoisson(stream, mean) * (one.mask?.data[pixel] ?? 1));
    return { ...one, counts: { data: counts, shape: SHAPE } };
  });
}

/** One way to look at a pair: which of its observations. */
interface Look {
  readonly name: string;
  readonly of: (pair: readonly Observation[]) => readonly Observation[];
  readonly run: SignificanceRun;
  readonly nulls: SignificanceTaskResult[];
}

function look(name: string, of: Look["of"]): Look {
  const run = planSignificance(of(empty), REGIONS, {
    ...{ replicates: REPLICATES, iterations: 150, burnIn: 50, chains: 1, cycleSpin: "none", seed: 3 },
  });
  return { name, of, run, nulls: [] };
}

const looks = [
  look("both", (pair) => pair),
  look("first", (pair) => pair.slice(0, 1)),
  look("second", (pair) => pair.slice(1)),
];

const measure = ({ of, run }: Look, pair: readonly Observation[], seed: number) =>
  runSignificanceTask(of(pair), run, { index: 0, name: "observation", seed });

function judge({ run, nulls }: Look, observed: SignificanceTaskResult, first: number): RegionSignificance {
  const replicates = Array.from({ length: REPLICATES }, (_, index) =>
    asReplicate(nulls[(first + index) % PAIRS], index + 1),
  );
  return collectSignificance(run, [observed, ...replicates]).regions[0];
}

beforeAll(async () => {
  for (let pair = 0; pair < PAIRS; pair++) {
    const seen = observe(20_000 + pair, 0);
    for (const one of looks) one.nulls.push(await measure(one, seen, 100 + pair));
  }
}, 1_200_000);

describe("two observations tested together", () => {
  it("keep the bound, and ranks are uniform, without a source", () => {
    const [both] = looks;
    const rows = both!.nulls.map((observed, pair) => judge(both!, observed, pair + 1));
    const atMost = (of: (row: RegionSignificance) => number, level: number) =>
      rows.filter((row) => of(row) <= level + 1e-12).length / PAIRS;
    const bound = atMost(({ bound }) => bound, LEVEL);
    const error = (rate: number) => Math.sqrt((rate * (1 - rate)) / PAIRS);
    // Ranks among 41: multiples of 1/41 up to the level.
    const ranks = [0.05, 0.25, 0.5, 0.75].map((level) => ({
      rate: Math.floor(41 * level) / 41,
      share: atMost(({ direct }) => direct, level),
    }));
    console.log(
      `both, no source: bound <= 0.05 in ${100 * bound} %, ranks ${ranks.map(({ share }) => share).join(", ")}`,
    );
    expect(bound).toBeLessThanOrEqual(LEVEL + 3 * error(LEVEL));
    for (const { rate, share } of ranks) expect(Math.abs(share - rate)).toBeLessThan(3.3 * error(rate));
  });

  it("show a source more clearly than either alone", async () => {
    const found = looks.map(() => ({ bound: 0, direct: 0, test: 0 }));
    for (let source = 0; source < SOURCES; source++) {
      const seen = observe(80_000 + source, FLUX);
      for (const [index, one] of looks.entries()) {
        const row = judge(one, await measure(one, seen, 9_000 + source), 5 * source);
        if (row.bound <= LEVEL) found[index].bound++;
        if (row.direct <= LEVEL) found[index].direct++;
        found[index].test += row.test / SOURCES;
      }
    }
    for (const [index, { name }] of looks.entries()) {
      const { bound, direct, test } = found[index];
      console.log(
        `${name}: bound <= 0.05 in ${bound} of ${SOURCES}, by rank ${direct}, mean T ${test.toFixed(3)}`,
      );
    }
    const [both, ...alone] = found;
    for (const one of alone) {
      expect(both!.test).toBeGreaterThan(one.test);
      expect(both!.bound).toBeGreaterThan(one.bound);
      expect(both!.direct).toBeGreaterThanOrEqual(one.direct);
    }
  });
});
