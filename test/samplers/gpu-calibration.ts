/** Simulation-based calibration of many chains at once, each of counts of its own; see `test/oracles/calibration.ts`. */
import { type GpuChainSettings, openGpuChains } from "../../src/samplers/gpu-chain.js";
import {
  autocorrelationTime,
  type CalibrationReport,
  type CalibrationScenario,
  simulate,
  testUniform,
} from "../oracles/calibration.js";
import type { AdaptiveSettings } from "../oracles/textbook-adaptive.js";
import { textbookRandom } from "../oracles/textbook-random.js";

/** Rank each truth among draws of its chain, equally far apart; `short` counts chains in which a quantity moves too slowly for that. */
export async function calibrateOnGpu(
  scenario: CalibrationScenario<AdaptiveSettings>,
  options: {
    readonly simulations: number;
    readonly seed: number;
    readonly draws: number;
    readonly sweeps: number;
  },
  truthOf: CalibrationScenario<AdaptiveSettings> = scenario,
): Promise<CalibrationReport> {
  const { simulations, seed, draws, sweeps } = options;
  const { settings, pixels, transitions = [] } = scenario;
  const random = textbookRandom(seed, 0);
  const all = Array.from({ length: simulations }, (_, chain) => simulate(truthOf, random, { seed, chain }));
  const law = { pairTransfers: 0, ...settings, device: "gpu" } as GpuChainSettings;
  const device = await openGpuChains(scenario.observations, law, simulations, true);
  try {
    const chains = all.map(({ observations }, chain) =>
      device.open(chain, { seed, chain, counts: observations.map(({ counts }) => counts) }),
    );
    const states = settings.adaptivePrior.alphas.length;
    const [total, scale] = ["expectedMSCounts", "bkgScale"].map((name) => chains[0].columns.indexOf(name));
    const names = [
      "total",
      "scale",
      ...pixels.map((pixel) => `flux${pixel}`),
      ...transitions.map((entry) => `lnTransition${entry}`),
      "logLikelihood",
    ];
    const look = (
      simulation: number,
      flux: Float64Array,
      scalars: { readonly total: number; readonly scale: number },
      matrix: ArrayLike<number>,
    ) => [
      scalars.total,
      scalars.scale,
      ...pixels.map((pixel) => flux[pixel]),
      ...transitions.map((entry) => Math.log(matrix[entry])),
      all[simulation].logLikelihood(flux, Float64Array.of(scalars.scale)),
    ];
    const series = all.map(() => names.map((): number[] => []));
    // A quarter as long as the rest to come in from the start.
    await Promise.all(chains.map((chain) => chain.sweep(Math.ceil(sweeps / 4))));
    for (let sweep = 0; sweep < sweeps; sweep++) {
      const rows = await Promise.all(chains.map((chain) => chain.sweep(1)));
      for (const [simulation, row] of rows.entries()) {
        const { scalars } = chains[simulation].save().arrays;
        const values = look(
          simulation,
          chains[simulation].flux,
          { total: row[total], scale: row[scale] },
          scalars.subarray(scalars.length - states ** 2),
        );
        for (const [quantity, value] of values.entries()) series[simulation][quantity].push(value);
      }
    }
    const ranks = names.map((): number[] => []);
    let short = 0;
    for (const [simulation, { truth }] of all.entries()) {
      const truths = look(
        simulation,
        truth.flux,
        { total: truth.totalCounts, scale: truth.backgroundScale[0] },
        truth.transitions,
      );
      let tooShort = false;
      for (const [quantity, values] of series[simulation].entries()) {
        const wanted = Math.ceil(2 * autocorrelationTime(values));
        const step = Math.floor(sweeps / draws);
        if (wanted > step) tooShort = true;
        let below = 0;
        let equal = 0;
        for (let draw = 1; draw <= draws; draw++) {
          const value = values[draw * step - 1];
          if (value < truths[quantity]) below++;
          else if (value === truths[quantity]) equal++;
        }
        ranks[quantity].push((below + random.below(equal + 1) + random.uniform()) / (draws + 1));
      }
      if (tooShort) short++;
    }
    return {
      name: scenario.name,
      simulations,
      quantities: names.map((name, quantity) => testUniform(name, ranks[quantity])),
      short,
      sweeps,
    };
  } finally {
    device.close();
  }
}
