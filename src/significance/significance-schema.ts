/** What the JSON of a significance file must look like, as far as tables, figures and pages go into it. */

import * as v from "valibot";
import { wholeNumber } from "../io/side-file.js";

/** A number, NaN and the infinities included. */
const number = v.union([v.number(), v.nan()]);
const numbers = v.array(number);
/** Entries that are numbers. */
const numbersOf = <const Key extends string>(...keys: Key[]) =>
  Object.fromEntries(keys.map((key) => [key, number])) as Record<Key, typeof number>;
const interval = v.looseObject({ probability: number, low: number, high: number });
const intervals = v.pipe(v.array(interval), v.minLength(3));
const estimated = v.looseObject({ mean: number, std: number, median: number, intervals });
const pixel = wholeNumber(0, 2 ** 26);
const card = v.looseObject({
  keyword: v.string(),
  value: v.union([v.string(), number, v.boolean()]),
  comment: v.optional(v.string()),
});

const tailTest = {
  ...numbersOf(
    "gamma",
    "tailValue",
    "tailProbability",
    "tailError",
    "test",
    "testError",
    "bound",
    "boundError",
  ),
  nullTests: numbers,
};
const region = v.looseObject({
  ...tailTest,
  name: v.string(),
  pixels: pixel,
  ...numbersOf("boundBonferroni", "boundHolm", "direct", "directBonferroni", "directHolm"),
  ...numbersOf("likelihoodRatio", "ratio", "ratioBonferroni", "ratioHolm", "rhat", "ess"),
  nullRatios: numbers,
  share: estimated,
  nullShares: numbers,
  otherTests: v.array(v.looseObject(tailTest)),
  products: v.looseObject({
    flux: estimated,
    source: estimated,
    upperLimits: v.pipe(v.array(v.looseObject({ probability: number, limit: number })), v.minLength(2)),
    exceeds: v.array(v.looseObject({ threshold: number, probability: number })),
    centroid: v.looseObject(numbersOf("x", "y", "xStd", "yStd", "correlation", "major", "minor", "angle")),
    width: estimated,
  }),
  distribution: v.looseObject({
    ...numbersOf("low", "high"),
    ...{ observed: numbers, pooled: numbers, nulls: v.array(numbers) },
  }),
});

const pair = v.looseObject({
  first: v.string(),
  second: v.string(),
  ratio: v.looseObject({ median: number, intervals }),
  brighter: number,
  offset: v.looseObject({ dx: estimated, dy: estimated, distance: estimated, correlation: number }),
});

/** How a data set of the run is deconvolved and compared. */
const run = v.looseObject({
  config: v.looseObject({
    iterations: wholeNumber(1),
    burnIn: wholeNumber(0),
    chains: wholeNumber(1, 10_000),
    seed: wholeNumber(0),
    traceEvery: wholeNumber(1),
  }),
  regions: v.array(v.looseObject({ name: v.string(), pixels: v.array(pixel), weights: v.optional(numbers) })),
  gamma: number,
  otherGammas: numbers,
  replicates: wholeNumber(0),
  null: v.looseObject({
    kind: v.string(),
    at: v.optional(v.looseObject({ x: number, y: number })),
    theta: numbers,
    root: numbers,
    parameters: v.array(v.looseObject({ name: v.string(), value: number, error: number })),
    cash: number,
    converged: v.boolean(),
  }),
  propagate: v.boolean(),
  refit: v.boolean(),
  fitOutside: v.boolean(),
  scan: v.optional(v.looseObject({ radius: number, step: wholeNumber(1) })),
  shape: v.tuple([wholeNumber(1, 2 ** 26), wholeNumber(1, 2 ** 26)]),
  name: v.string(),
  wcs: v.array(card),
  unit: v.optional(v.string()),
});

/** `SignificanceEstimate` as JSON, its maps aside. */
export const ESTIMATE_SCHEMA = v.looseObject({
  run,
  replicates: wholeNumber(0),
  complete: v.boolean(),
  regions: v.array(region),
  pairs: v.array(pair),
  scan: v.optional(
    v.looseObject({
      radius: number,
      step: wholeNumber(1),
      peak: v.looseObject({ x: number, y: number, excess: number, global: number }),
      nullPeaks: numbers,
    }),
  ),
  warnings: v.array(v.string()),
});

/** `run.json` of a folder of tasks. */
export const STAMP_SCHEMA = v.looseObject({ version: v.string(), sha256: v.string() });
