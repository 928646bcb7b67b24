/** The models that simulation-based calibration goes through. */
import type { Observation } from "../../src/data/observation/observation.js";
import {
  psfEnsemble,
  withComponents,
  withPointingError,
  withWidthError,
} from "../../src/data/observation/psf-ensemble.js";
import { psfSet } from "../../src/data/observation/psf-set.js";
import { type Shape, skyImage } from "../../src/image.js";
import { alignObservations } from "../../src/model/align-observations.js";
import type { CalibrationScenario } from "./calibration.js";
import type { NaiveAdaptivePrior } from "./smoothing-states.js";
import type { AdaptiveSettings } from "./textbook-adaptive.js";
import type { ModelSettings, TextbookSettings } from "./textbook-prior.js";

/** Two observations of a sky: one to be taken alone, the other with a mask and another psf. */
function twoObservations([ny, nx]: Shape): [Observation, Observation] {
  const image = (value: (row: number, col: number) => number) =>
    skyImage(
      Array.from({ length: ny * nx }, (_, j) => value(Math.floor(j / nx), j % nx)),
      [ny, nx],
    );
  return [
    {
      counts: image(() => 0),
      // Not symmetric, so that a mirrored psf shows.
      psf: skyImage([1, 2, 1, 2, 8, 4, 0, 3, 1], [3, 3]),
      exposure: image((row, col) => (row === 1 && col === 1 ? 0 : 1 + (0.9 * row) / ny - (0.5 * col) / nx)),
      background: image((row, col) => 0.3 + 0.1 * ((row + 2 * col) % 3)),
    },
    {
      counts: image(() => 0),
      psf: skyImage([1, 3, 2, 6, 0, 2], [2, 3]),
      exposure: image((row) => 0.4 + (0.6 * row) / ny),
      background: image(() => 0.5),
      mask: image((row, col) => (row === 0 && col === 2 ? 0 : 1)),
    },
  ];
}

/** A corner, the pixel without exposure, one in the middle and the far corner. */
function rankedPixels([ny, nx]: Shape): number[] {
  return [0, nx + 1, 2 * nx + 2, ny * nx - 1];
}

function scenario(
  shape: Shape,
  count: 1 | 2,
  changes: Pick<TextbookSettings, "boundary" | "fitBackgroundScale"> & Partial<TextbookSettings>,
): CalibrationScenario<TextbookSettings> {
  const settings: TextbookSettings = {
    cycleSpin: "none",
    fitAlpha: true,
    alphaInit: 1,
    totalCountsPrior: { shape: 3, rate: 0.05 },
    smoothingPrior: { power: 2, rate: 1, exponent: 1 },
    backgroundScalePrior: { shape: 4, rate: 4 },
    ...changes,
  };
  return {
    name: nameOf(shape, count, settings),
    observations: twoObservations(shape).slice(0, count),
    settings,
    pixels: rankedPixels(shape),
    rankPrior: movesOf(settings).length > 0,
  };
}

function movesOf({ cycleSpin, pairTransfers = 0 }: ModelSettings): string[] {
  return [
    ...(cycleSpin === "none" ? [] : [`shift ${cycleSpin}`]),
    ...(pairTransfers > 0 ? [`${pairTransfers} pair transfers`] : []),
  ];
}

function nameOf([ny, nx]: Shape, count: 1 | 2, settings: ModelSettings): string {
  const scale = `scale ${settings.fitBackgroundScale ? "fitted" : "fixed"}`;
  return [settings.boundary, scale, `${count} of ${ny} x ${nx}`, ...movesOf(settings)].join(", ");
}

/** The eight standard scenarios: spill or wrap, fixed or fitted scale, one or two observations. */
export function calibrationScenarios(): CalibrationScenario<TextbookSettings>[] {
  return (["spill", "wrap"] as const).flatMap((boundary) =>
    [false, true].flatMap((fitBackgroundScale) =>
      ([1, 2] as const).map((count) => {
        // Neither square nor a power of two where two observations meet, as well as the tree's simplest shape.
        const shape = count === 2 || fitBackgroundScale ? ([6, 5] as const) : ([4, 4] as const);
        return scenario(shape, count, { boundary, fitBackgroundScale });
      }),
    ),
  );
}

/** Scenarios of the exact chain that mixes: transfers between pairs, the shift as a parameter, and both. */
export function mixingScenarios(): CalibrationScenario<TextbookSettings>[] {
  return [
    scenario([4, 4], 1, { boundary: "wrap", fitBackgroundScale: false, pairTransfers: 8 }),
    scenario([6, 5], 2, { boundary: "spill", fitBackgroundScale: true, pairTransfers: 8 }),
    scenario([4, 4], 1, { boundary: "spill", fitBackgroundScale: false, cycleSpin: "sampled" }),
    scenario([6, 5], 2, {
      boundary: "wrap",
      fitBackgroundScale: true,
      cycleSpin: "sampled",
      pairTransfers: 8,
    }),
    scenario([8, 8], 1, {
      boundary: "spill",
      fitBackgroundScale: true,
      cycleSpin: "sampled",
      pairTransfers: 16,
    }),
    scenario([12, 20], 1, {
      boundary: "spill",
      fitBackgroundScale: false,
      pairTransfers: 40,
    }),
    scenario([12, 20], 2, {
      boundary: "wrap",
      fitBackgroundScale: true,
      cycleSpin: "sampled",
      pairTransfers: 40,
    }),
  ];
}

/** Two exposures of one sky, the second displaced by parts of a pixel, as the sampler is given them. */
export function displacedScenario(): CalibrationScenario<TextbookSettings> {
  const base = scenario([4, 4], 2, { boundary: "spill", fitBackgroundScale: false });
  // Counts for the checks; calibration replaces them.
  const { observations } = alignObservations(base.observations, [
    { x: 0, y: 0 },
    { x: 0.5, y: -0.3 },
  ]);
  return { ...base, name: `${base.name}, the second displaced`, observations };
}

/** K states, the law of their chain as the package's default has it: states last, and change to their neighbours. */
function adaptivePrior(alphas: NaiveAdaptivePrior["alphas"]): NaiveAdaptivePrior {
  return {
    alphas,
    transitions: alphas.map((_, a) =>
      alphas.map((_, b) => 0.3 + (a === b ? 1 : 0) + (Math.abs(a - b) === 1 ? 0.3 : 0)),
    ),
  };
}

const THREE_STATES = adaptivePrior([0.1, 0.8, 6]);
/** One state favours the upper left and lower right children, one the upper two. */
const DIRECTIONS = adaptivePrior([0.15, [4, 0.3, 0.5, 2], 3, [1.5, 6, 0.2, 0.4]]);
/** Each state favours another of the four children: where one photon fell tells much. */
const CORNERS = adaptivePrior([
  [6, 0.3, 0.3, 0.3],
  [0.3, 6, 0.3, 0.3],
  [0.3, 0.3, 6, 0.3],
  [0.3, 0.3, 0.3, 6],
]);
/** Eight as by default, without the smallest, under which pixels of a model of 240 would underflow. */
const EIGHT_STATES = adaptivePrior([0.05, 0.12, 0.3, 0.8, 2, 6, 20, 60]);

function adaptiveScenario(
  shape: Shape,
  count: 1 | 2,
  prior: readonly [string, NaiveAdaptivePrior],
  changes: Pick<ModelSettings, "boundary" | "fitBackgroundScale"> & Partial<ModelSettings>,
): CalibrationScenario<AdaptiveSettings> {
  const [states, adaptive] = prior;
  const settings: AdaptiveSettings = {
    cycleSpin: "none",
    totalCountsPrior: { shape: 3, rate: 0.05 },
    backgroundScalePrior: { shape: 4, rate: 4 },
    ...changes,
    adaptivePrior: adaptive,
  };
  const last = adaptive.alphas.length ** 2 - 1;
  return {
    name: `${states}, ${nameOf(shape, count, settings)}`,
    observations: twoObservations(shape).slice(0, count),
    settings,
    pixels: rankedPixels(shape),
    rankPrior: true,
    transitions: [0, 1, last],
  };
}

/** Scenarios of the adaptive prior: shift none, kept or sampled, with and without transfers, states with a direction. */
export function adaptiveScenarios(): CalibrationScenario<AdaptiveSettings>[] {
  const three = ["3 states", THREE_STATES] as const;
  const directions = ["4 states, 2 of them directed", DIRECTIONS] as const;
  const corners = ["faint, 4 states of one child each", CORNERS] as const;
  const eight = ["8 states", EIGHT_STATES] as const;
  return [
    adaptiveScenario([4, 4], 1, three, { boundary: "wrap", fitBackgroundScale: false }),
    adaptiveScenario([6, 5], 1, three, {
      boundary: "spill",
      fitBackgroundScale: true,
      cycleSpin: "ensemble",
    }),
    adaptiveScenario([6, 5], 2, three, { boundary: "spill", fitBackgroundScale: false, pairTransfers: 8 }),
    adaptiveScenario([6, 5], 2, directions, {
      boundary: "wrap",
      fitBackgroundScale: true,
      cycleSpin: "ensemble",
      pairTransfers: 8,
    }),
    adaptiveScenario([6, 5], 1, directions, {
      boundary: "spill",
      fitBackgroundScale: false,
    }),
    adaptiveScenario([6, 5], 1, corners, {
      boundary: "wrap",
      fitBackgroundScale: false,
      totalCountsPrior: { shape: 2, rate: 0.3 },
    }),
    adaptiveScenario([4, 4], 1, three, {
      boundary: "spill",
      fitBackgroundScale: false,
      cycleSpin: "sampled",
    }),
    adaptiveScenario([6, 5], 2, directions, {
      boundary: "wrap",
      fitBackgroundScale: true,
      cycleSpin: "sampled",
      pairTransfers: 8,
    }),
    adaptiveScenario([12, 20], 1, eight, {
      boundary: "spill",
      fitBackgroundScale: false,
      cycleSpin: "ensemble",
      pairTransfers: 40,
    }),
    adaptiveScenario([12, 20], 2, three, { boundary: "wrap", fitBackgroundScale: true }),
  ];
}

/** The scenario of many chains at once: states with and without a direction, on a tree of whole blocks. */
export function squareScenario(): CalibrationScenario<AdaptiveSettings> {
  const directions = ["4 states, 2 of them directed", DIRECTIONS] as const;
  return adaptiveScenario([8, 8], 1, directions, {
    boundary: "spill",
    fitBackgroundScale: true,
    pairTransfers: 8,
  });
}

/**
 * Scenarios of skies with few photons and an even exposure, most of which no photon can reach: alone without a background, and two of them
 * with a faint one whose scale is fitted.
 */
export function darkScenarios(): CalibrationScenario<AdaptiveSettings>[] {
  const eight = ["8 states", EIGHT_STATES] as const;
  return ([1, 2] as const).map((count) => {
    const shape = [24, 40] as const;
    const isAlone = count === 1;
    const base = adaptiveScenario(shape, count, eight, {
      boundary: isAlone ? "spill" : "wrap",
      fitBackgroundScale: !isAlone,
      cycleSpin: "ensemble",
      pairTransfers: 40,
      totalCountsPrior: { shape: 2, rate: 0.4 },
    });
    const image = (value: number) => skyImage(new Array<number>(960).fill(value), shape);
    const observations = base.observations.map(({ counts, psf }, index) => ({
      counts,
      psf,
      exposure: image(1 - 0.4 * index),
      ...(isAlone ? {} : { background: image(0.002 + 0.001 * index) }),
    }));
    return { ...base, name: `dark sky, ${base.name}`, observations, pixels: [0, 41, 500, 959] };
  });
}

/** Four psfs, from a narrow one to a wide one that is not round, at the corners of the images. */
function withFourPsfs<Scenario extends CalibrationScenario>(scenario: Scenario): Scenario {
  const [{ counts, ...first }, ...others] = scenario.observations;
  const [ny, nx] = counts.shape;
  const cells = [
    [0, 1, 0, 1, 14, 2, 0, 1, 0],
    [1, 2, 1, 2, 8, 4, 0, 3, 1],
    [3, 0, 0, 1, 4, 1, 0, 2, 5],
    [1, 2, 3, 4, 3, 4, 3, 2, 6],
  ];
  const places = cells.map((values, index) => ({
    psf: skyImage(values, [3, 3]),
    x: index % 2 === 0 ? 0 : nx - 1,
    y: index < 2 ? 0.5 : ny - 1,
  }));
  return {
    ...scenario,
    name: `set of four psfs, ${scenario.name}`,
    observations: [{ ...first, counts, psf: psfSet(places) }, ...others],
  };
}

/** Scenarios of a psf that varies over the field: alone with one alpha a level, and beside an observation with one psf. */
export function psfSetScenarios(): CalibrationScenario[] {
  return [
    withFourPsfs(scenario([6, 5], 1, { boundary: "spill", fitBackgroundScale: true, pairTransfers: 8 })),
    withFourPsfs(
      adaptiveScenario([6, 5], 2, ["3 states", THREE_STATES], {
        boundary: "spill",
        fitBackgroundScale: false,
        pairTransfers: 8,
      }),
    ),
  ];
}

/** An ensemble of five psfs, not equally likely, in place of the psf of the last observation. */
function withFiveMembers<Scenario extends CalibrationScenario>(scenario: Scenario): Scenario {
  const observations = [...scenario.observations];
  const last = observations.pop()!;
  const psf = psfEnsemble([
    { psf: skyImage([0, 1, 0, 1, 14, 2, 0, 1, 0], [3, 3]), weight: 1 },
    { psf: skyImage([1, 2, 1, 2, 8, 4, 0, 3, 1], [3, 3]), weight: 2 },
    { psf: skyImage([1, 2, 3, 4, 3, 4, 3, 2, 6], [3, 3]), weight: 4 },
    { psf: skyImage([3, 0, 0, 1, 4, 1, 0, 2, 5], [3, 3]), weight: 2 },
    { psf: skyImage([1, 8, 1], [1, 3]), weight: 1 },
  ]);
  return {
    ...scenario,
    name: `five psfs of which one is true, ${scenario.name}`,
    observations: [...observations, { ...last, psf }],
  };
}

/** The psf of the last observation is the mean of the five and something of each of three components. */
function withThreeComponents<Scenario extends CalibrationScenario>(scenario: Scenario): Scenario {
  const five = withFiveMembers(scenario);
  const observations = [...five.observations];
  const last = observations.pop()!;
  return {
    ...five,
    name: `three components of five psfs, ${scenario.name}`,
    observations: [...observations, { ...last, psf: withComponents(last.psf, 3) }],
  };
}

/** The last observation lies where it is to be found. */
function withPointing<Scenario extends CalibrationScenario>(scenario: Scenario): Scenario {
  const observations = [...scenario.observations];
  const last = observations.pop()!;
  return {
    ...scenario,
    name: `psfs of a fitted pointing and width, ${scenario.name}`,
    observations: [...observations, { ...last, psf: withWidthError(withPointingError(last.psf, 0.5), 0.1) }],
  };
}

/**
 * Scenarios of a psf that is one of several: alone with one alpha a level, and beside an observation whose psf is known; of one between
 * several; and of a second observation whose pointing is fitted, and the width of its psf.
 */
export function psfEnsembleScenarios(): CalibrationScenario[] {
  return [
    withFiveMembers(scenario([8, 8], 1, { boundary: "spill", fitBackgroundScale: true, pairTransfers: 8 })),
    withFiveMembers(
      adaptiveScenario([6, 5], 2, ["3 states", THREE_STATES], {
        boundary: "wrap",
        fitBackgroundScale: false,
        pairTransfers: 8,
      }),
    ),
    withThreeComponents(
      scenario([8, 8], 1, { boundary: "spill", fitBackgroundScale: true, pairTransfers: 8 }),
    ),
    withPointing(scenario([6, 5], 2, { boundary: "spill", fitBackgroundScale: false, pairTransfers: 8 })),
  ];
}
