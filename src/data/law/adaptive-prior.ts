import { InvalidInputError } from "../../errors.js";
import type { AdaptivePrior } from "./prior-parameters.js";

/** Most states of an adaptive prior. */
export const MAX_STATES = 32;

/** Alphas of the default states: from lone points (0.02) to light as smooth as 60 counts a child (docs/priors.md). */
const DEFAULT_ALPHAS = [0.02, 0.06, 0.2, 0.6, 2, 6, 20, 60];

/** Transitions between states in a row: each has some weight, its neighbours more, itself the most. */
export function neighbouringTransitions(states: number): number[][] {
  return Array.from({ length: states }, (_, from) =>
    Array.from({ length: states }, (_, to) => (from === to ? 1.3 : Math.abs(from - to) === 1 ? 0.6 : 0.3)),
  );
}

/** The default: eight states, alike for all children of a block. */
export const DEFAULT_ADAPTIVE_PRIOR: AdaptivePrior = {
  alphas: DEFAULT_ALPHAS,
  transitions: neighbouringTransitions(DEFAULT_ALPHAS.length),
};

/** The four alphas of each state, `[K * 4]`. */
export function stateAlphas({ alphas }: AdaptivePrior): Float64Array {
  return Float64Array.from(
    alphas.flatMap((alpha) => (typeof alpha === "number" ? [alpha, alpha, alpha, alpha] : alpha)),
  );
}

/** The prior of the given alphas, `[K * 4]`, and transitions, `[K * K]`, in a file; the inverse of `stateAlphas` and `flat`. */
export function adaptivePriorOf(alphas: readonly number[], transitions: readonly number[]): AdaptivePrior {
  const states = alphas.length / 4;
  return {
    alphas: Array.from({ length: states }, (_, state) => {
      const [first, second, third, fourth] = alphas.slice(4 * state);
      return first === second && first === third && first === fourth ? first : [first, second, third, fourth];
    }),
    transitions: Array.from({ length: states }, (_, state) =>
      transitions.slice(states * state, states * (state + 1)),
    ),
  };
}

/** Check an adaptive prior. @throws InvalidInputError naming the first value that breaks its rule */
export function checkAdaptivePrior({ alphas, transitions }: AdaptivePrior, where = "lira"): void {
  const refuse = (name: string, rule: string, value: unknown): never => {
    throw new InvalidInputError(
      `${where}: adaptivePrior.${name} must be ${rule}, got ${JSON.stringify(value)}; see docs/priors.md`,
      { fields: { [name]: value } },
    );
  };
  const states = alphas.length;
  if (states < 2 || states > MAX_STATES) refuse("alphas", `2 to ${MAX_STATES} states`, states);
  for (const [state, alpha] of alphas.entries()) {
    const values = typeof alpha === "number" ? [alpha] : alpha;
    if (values.length !== 1 && values.length !== 4) refuse(`alphas[${state}]`, "one number or four", alpha);
    // The kernels multiply up to 64 factors n + alpha.
    if (!values.every((value) => value >= 1e-3 && value <= 1e3)) {
      refuse(`alphas[${state}]`, "from 0.001 to 1000", alpha);
    }
  }
  if (transitions.length !== states || transitions.some((row) => row.length !== states)) {
    refuse("transitions", `${states} rows of ${states} numbers, one for each state`, transitions);
  }
  if (!transitions.every((row) => row.every((value) => value > 0 && value <= 1e6))) {
    refuse("transitions", "numbers > 0 and at most 1e6", transitions);
  }
}
