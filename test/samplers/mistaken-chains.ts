/** Chains of the package with a mistake added, which calibration must notice. */
import { type StartChain, startLiraChain } from "./samplers-under-test.js";

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
