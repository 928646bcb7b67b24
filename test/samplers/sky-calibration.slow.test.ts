/**
 * Simulation-based calibration on skies that are finer or larger than the frame: images are drawn from the prior on the pixels of the
 * sky, counts from the model on the detector's, and the chain is given the detector's. 100 simulations a model, fixed seeds; the
 * false-alarm rate is 1e-3 a model for a new seed.
 */
import { describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { centredPsf, type PsfWindow } from "../../src/data/observation/psf.js";
import { skyImage } from "../../src/image.js";
import { skyGrid } from "../../src/model/sky-grid.js";
import { skyObservations } from "../../src/model/sky-observation.js";
import {
  type CalibrationScenario,
  calibrate,
  formatCalibration,
  judgeCalibration,
  type StartCalibrationChain,
} from "../oracles/calibration.js";
import { perLevel, type TextbookSettings, textbookTreeShapes } from "../oracles/textbook-prior.js";
import { startChainOf } from "./samplers-under-test.js";

const OPTIONS = { simulations: 100, seed: 1914, draws: 24 };
const SETTINGS: TextbookSettings = {
  boundary: "spill",
  fitBackgroundScale: false,
  cycleSpin: "none",
  fitAlpha: true,
  alphaInit: 1,
  totalCountsPrior: { shape: 3, rate: 0.05 },
  smoothingPrior: { power: 2, rate: 1, exponent: 1 },
  backgroundScalePrior: { shape: 4, rate: 4 },
};

/** A frame with an asymmetric psf, uneven exposure and a background; its counts are replaced. */
function frame(ny: number, nx: number) {
  const image = (value: (row: number, col: number) => number) =>
    skyImage(
      Array.from({ length: ny * nx }, (_, index) => value(Math.floor(index / nx), index % nx)),
      [ny, nx],
    );
  return checkObservation({
    counts: image(() => 0),
    psf: skyImage([1, 2, 1, 2, 8, 4, 0, 3, 1], [3, 3]),
    exposure: image((row, col) => 1 + (0.9 * row) / ny - (0.5 * col) / nx),
    background: image((row, col) => 0.3 + 0.1 * ((row + 2 * col) % 3)),
  }).observation;
}

/**
 * The textbook's model of a sky. It normalises the psf, which here sums to the sky pixels of a detector pixel: the exposure takes the factor
 * over, and the chain's prior of the total, in counts at a reference exposure so many times smaller, has a rate so many times larger.
 */
function skyScenario([ny, nx]: readonly [number, number], options: { upsampling: number; margin: number }) {
  const detector = frame(ny, nx);
  const grid = skyGrid([ny, nx], "spill", options);
  const { upsampling, margin } = grid;
  const cells = upsampling * upsampling;
  const [laid] = skyObservations([detector], grid, "spill").observations;
  const firsts = Array.from(
    { length: ny * nx },
    (_, pixel) =>
      upsampling * (margin + Math.floor(pixel / nx)) * grid.shape[1] + upsampling * (margin + (pixel % nx)),
  );
  const mask = new Float64Array(grid.shape[0] * grid.shape[1]);
  for (const index of firsts) mask[index] = 1;
  // The reference is that of the detector's exposure, whose largest value interpolation may miss.
  const most = detector.exposure.data.reduce((a, b) => Math.max(a, b), 0);
  const interpolated = laid.exposure.data.reduce((a, b) => Math.max(a, b), 0);
  const factor = (cells * interpolated) / most;
  const scenario: CalibrationScenario<TextbookSettings> = {
    name: `upsampling ${upsampling}, margin ${margin}, ${ny} x ${nx}`,
    observations: [
      {
        counts: laid.counts,
        psf: centredPsf(laid.psf as PsfWindow),
        exposure: skyImage(
          laid.exposure.data.map((value) => cells * value),
          grid.shape,
        ),
        background: laid.background,
        mask: skyImage(mask, grid.shape),
      },
    ],
    settings: SETTINGS,
    pixels: [0, grid.shape[1] + 1, 2 * grid.shape[1] + 2, mask.length - 1],
  };
  const { shape, rate } = SETTINGS.totalCountsPrior;
  const levels = textbookTreeShapes(grid.shape).length - 1;
  const start: StartCalibrationChain = ([{ counts }], settings, origin) => {
    const seen = {
      ...detector,
      counts: skyImage(
        firsts.map((index) => counts.data[index]),
        [ny, nx],
      ),
    };
    const chain = startChainOf(
      {
        pairTransfers: 8,
        ...options,
        alphaInit: [...perLevel(1, levels)],
        totalCountsPrior: { shape, rate: rate * factor },
      },
      [seen],
      settings,
      origin,
    );
    return new Proxy(chain, {
      get: (target, key) =>
        key === "totalCounts" ? target.totalCounts * factor : Reflect.get(target, key, target),
    });
  };
  return { scenario, start };
}

describe("calibration on skies of another grid than the detector's", () => {
  it.each([
    [[3, 3], { upsampling: 2, margin: 0 }],
    [[3, 3], { upsampling: 1, margin: 1 }],
  ] as const)("%j, %j", (detector, options) => {
    const { scenario, start } = skyScenario(detector, options);
    const report = calibrate(scenario, start, OPTIONS);
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).reasons).toEqual([]);
  });
});
