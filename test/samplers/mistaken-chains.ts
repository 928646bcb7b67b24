/** Chains of the package with a mistake added, which calibration must notice. */
import { type StartChain, startChainOf, startLiraChain } from "./samplers-under-test.js";

/** What transfers after each sweep are made to believe. */
export interface TransferBelief {
  /** Rows by which the tree of the transfers lies off that of the sweep. */
  readonly rows: number;
  /** Factor on every alpha. */
  readonly alpha: number;
}

/** Rounds of transfers after each sweep: enough to come near their own law, whatever the sweep drew. */
const ROUNDS = 8;

/** The chain with further rounds of pair transfers after each sweep, right when `rows` is 0 and `alpha` 1. */
export function startWithTransfers({ rows, alpha }: TransferBelief): StartChain {
  return (observations, settings, options) => {
    const chain = startChainOf(
      { pairTransfers: settings.pairTransfers ?? 0 },
      observations,
      settings,
      options,
    );
    return Object.create(chain, {
      sweep: {
        value(count: number) {
          for (let index = 0; index < count; index++) {
            chain.sweep(1);
            const { row, col } = chain.cycleSpin;
            const kept = chain.alpha.slice();
            chain.alpha.set(kept.map((value) => value * alpha));
            for (let round = 0; round < ROUNDS; round++) {
              chain.kernels.stepTransfers((row + rows) % chain.shape[0], col);
            }
            chain.alpha.set(kept);
          }
        },
      },
    });
  };
}

/** The chain with its shift shown backwards. */
export const startWithShiftBackwards: StartChain = (observations, settings, options) => {
  const chain = startLiraChain(observations, settings, options);
  const [ny, nx] = chain.shape;
  return Object.create(chain, {
    cycleSpin: {
      get: () => ({ row: (ny - chain.cycleSpin.row) % ny, col: (nx - chain.cycleSpin.col) % nx }),
    },
  });
};
