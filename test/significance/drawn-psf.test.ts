/** Null replicates under a psf that is not known exactly: each has a psf of its own, drawn before the data are seen. */
import { describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import {
  drawPsf,
  psfEnsemble,
  withPointingError,
  withPsfLaw,
  withWidthError,
} from "../../src/data/observation/psf-ensemble.js";
import type { Psf } from "../../src/data/observation/psf-set.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage } from "../../src/image.js";
import { readFits, writeFits } from "../../src/io/fits.js";
import { observationHdus, observationsOf } from "../../src/io/observation-hdus.js";
import { circularRegion, regionPixels } from "../../src/posterior/region.js";
import { GIVEN_BACKGROUND } from "../../src/significance/null-model.js";
import { planSignificance } from "../../src/significance/plan.js";
import {
  runSignificanceTask,
  type SignificanceRun,
  significanceTasks,
  simulateNull,
} from "../../src/significance/task.js";

const SHAPE = [12, 12] as const;
const SIGMA = 1.5;
const ERROR = 0.15;
/** A known point of 4000 photons, whose wings lie in the region that is tested beside it. */
const background = constantImage(SHAPE, 0.5);
background.data[6 * 12 + 5] = 4000;
const beside = circularRegion({ x: 8, y: 6, radius: 1.6 }, SHAPE, "beside");
const { pixels } = regionPixels(beside, SHAPE);
const uncertain = withWidthError(gaussianPsf(SIGMA, [11, 11]), ERROR);
const observed = (psf: Psf, counts = constantImage(SHAPE, 0)): Observation => ({ counts, psf, background });
const null_ = { config: { boundary: "spill" }, null: GIVEN_BACKGROUND, propagate: true } as SignificanceRun;

const OBSERVATIONS = 100;
const REPLICATES = 19;
/** 99.99 % quantile of chi^2 with 9 degrees of freedom: false alarms of 1 in 10^4. */
const LARGEST = 33.7;

/** How far from uniform the ranks are of counts in the region, of observations whose psf is of a true width that is drawn: chi^2 of ten bins. */
function chiSquare(psf: Psf, seed: number): number {
  const random = randomStream(seed);
  const { observation } = checkObservation(observed(psf));
  const inside = (data: Float64Array) => Array.from(pixels).reduce((sum, pixel) => sum + data[pixel], 0);
  const bins = new Array<number>(10).fill(0);
  for (let number = 0; number < OBSERVATIONS; number++) {
    let z = Number.POSITIVE_INFINITY;
    while (Math.abs(z) > 2.5)
      z = Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
    const truth = gaussianPsf(SIGMA * (1 + ERROR * z), [17, 17]);
    const own = inside(simulateCounts(constantImage(SHAPE, 0), truth, { background, seed: number }).data);
    const nulls = Array.from({ length: REPLICATES }, (_, index) =>
      inside(simulateNull([observation], null_, 1000 * (number + 1) + index)[0].counts.data),
    );
    // Ties are broken at random.
    const ties = nulls.filter((value) => value === own).length;
    const rank = nulls.filter((value) => value > own).length + Math.floor(random.uniform() * (ties + 1));
    bins[Math.floor(rank / 2)]++;
  }
  const expected = OBSERVATIONS / bins.length;
  return bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("null replicates under a psf that is not known exactly", () => {
  it("make ranks uniform where the width has an error, which they are not with the width taken as exact", () => {
    expect(chiSquare(uncertain, 5)).toBeLessThan(LARGEST);
    // Wings half as bright again look like a source, or the want of one: both ends have several times their share.
    expect(chiSquare(withPsfLaw(uncertain, "fixed"), 5)).toBeGreaterThan(2 * LARGEST);
  });

  it("have psfs of an ensemble by their weights, and a known psf takes no random number", () => {
    const [sharp, wide] = [gaussianPsf(1, [5, 5]), gaussianPsf(2, [5, 5])];
    const ensemble = psfEnsemble([{ psf: sharp }, { psf: wide, weight: 3 }]);
    const random = randomStream(8);
    const wides = Array.from({ length: 400 }, () => drawPsf(ensemble, random)).filter(
      ({ data }) => data[12] === ensemble.members![1].psf.data[12],
    ).length;
    // Binomial with a standard deviation of 8.7: four of these.
    expect(Math.abs(wides - 300)).toBeLessThan(35);
    const before = random.uniform;
    expect(drawPsf(sharp, { ...random, uniform: () => expect.unreachable() })).toBe(sharp);
    expect(random.uniform).toBe(before);
  });

  it("are the same wherever they are made, also of the files of a job", async () => {
    const data = observed(
      withPointingError(uncertain, 0.3),
      simulateCounts(constantImage(SHAPE, 0), uncertain, { background, seed: 4 }),
    );
    const run = planSignificance(data, [beside], { replicates: 2, iterations: 12, burnIn: 4, seed: 6 });
    const tasks = significanceTasks(run);
    const filed = observationsOf(readFits(writeFits(observationHdus([data]))), ["observation"]);
    const [first, second] = await Promise.all(
      tasks.slice(1).map((task) => runSignificanceTask(data, run, task)),
    );
    expect(await runSignificanceTask(filed, run, tasks[1])).toEqual(first);
    expect(second.ratios).not.toEqual(first.ratios);
  });
});
