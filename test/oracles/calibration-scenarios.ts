/** The models that simulation-based calibration goes through. */
import type { Observation } from "../../src/data/observation.js";
import { type Shape, skyImage } from "../../src/image.js";
import { alignObservations } from "../../src/model/align-observations.js";
import type { CalibrationScenario } from "./calibration.js";
import type { TextbookSettings } from "./textbook-prior.js";

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

function scenario(
  shape: Shape,
  count: 1 | 2,
  changes: Pick<TextbookSettings, "boundary" | "fitBackgroundScale"> & Partial<TextbookSettings>,
): CalibrationScenario {
  const [ny, nx] = shape;
  const settings: TextbookSettings = {
    cycleSpin: "none",
    fitAlpha: true,
    alphaInit: 1,
    totalCountsPrior: { shape: 3, rate: 0.05 },
    smoothingPrior: { power: 2, rate: 1, exponent: 1 },
    backgroundScalePrior: { shape: 4, rate: 4 },
    ...changes,
  };
  const { boundary, fitBackgroundScale, cycleSpin, pairTransfers = 0 } = settings;
  const moves = [
    ...(cycleSpin === "none" ? [] : [`shift ${cycleSpin}`]),
    ...(pairTransfers > 0 ? [`${pairTransfers} pair transfers`] : []),
  ];
  return {
    name: [
      boundary,
      `scale ${fitBackgroundScale ? "fitted" : "fixed"}`,
      `${count} of ${ny} x ${nx}`,
      ...moves,
    ].join(", "),
    observations: twoObservations(shape).slice(0, count),
    settings,
    // A corner, the pixel without exposure, one in the middle and the far corner.
    pixels: [0, nx + 1, 2 * nx + 2, ny * nx - 1],
    rankPrior: moves.length > 0,
  };
}

/** The eight standard scenarios: spill or wrap, fixed or fitted scale, one or two observations. */
export function calibrationScenarios(): CalibrationScenario[] {
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
export function mixingScenarios(): CalibrationScenario[] {
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
export function displacedScenario(): CalibrationScenario {
  const base = scenario([4, 4], 2, { boundary: "spill", fitBackgroundScale: false });
  // Counts for the checks; calibration replaces them.
  const { observations } = alignObservations(base.observations, [
    { x: 0, y: 0 },
    { x: 0.5, y: -0.3 },
  ]);
  return { ...base, name: `${base.name}, the second displaced`, observations };
}
