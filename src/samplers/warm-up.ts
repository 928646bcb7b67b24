import { exponential, naturalLog } from "../data/random/exponential.js";
import type { Inquiry } from "../inquiry.js";
import type { NutsChain, Transition } from "./nuts.js";
import type { SavedArrays } from "./sampler.js";

/*
 * The warm-up of the gradient sampler, in the windows of Stan (Carpenter et al. 2017, J. Stat. Softw. 76; Stan reference manual,
 * "HMC algorithm parameters"): the step length is adapted throughout by dual averaging (Hoffman & Gelman 2014, section 3.2); the
 * diagonal of the mass matrix is set from the variances of windows that double in length, between a first stretch that finds
 * the typical set and a last one that settles the step.
 */

/** Lengths of a warm-up of 150 or more transitions; shorter ones are divided 15 : 75 : 10. */
const FIRST = 75;
const LAST = 50;
const WINDOW = 25;
/** Shorter warm-ups adapt the step alone. */
const SHORTEST = 20;

/** Dual averaging. */
const GAMMA = 0.05;
const T0 = 10;
const KAPPA = 0.75;

/** Follows a chain through its warm-up, whose steps ask what the chain asks. */
export interface WarmUp<Question> {
  /** Find a first step, before the first transition; again: nothing. */
  begin(): Inquiry<Question, void>;
  /** Take note of a transition of the warm-up, and adapt the chain to it. */
  adapt(transition: Transition): Inquiry<Question, void>;
  /** Copy how far it is. */
  save(): SavedArrays;
  /** Go on from a copy, which also knows how long the warm-up is. */
  restore(saved: SavedArrays): void;
}

/** Numbers of transitions after which a window ends, the first being 1; the last is where the closing stretch begins. */
export function windowEnds(transitions: number): number[] {
  if (transitions < SHORTEST) return [];
  const enough = transitions >= FIRST + WINDOW + LAST;
  const first = enough ? FIRST : Math.floor(0.15 * transitions);
  const last = transitions - (enough ? LAST : Math.floor(0.1 * transitions));
  const ends: number[] = [];
  let length = enough ? WINDOW : last - first;
  for (let at = first; at < last; ) {
    // A window after which the next, twice as long, would not fit takes all that is left.
    const end = at + 3 * length > last ? last : at + length;
    ends.push(end);
    at = end;
    length *= 2;
  }
  return ends;
}

/**
 * Adapt a chain over its first transitions.
 *
 * @param length how many, >= 0; after the last one the step is fixed
 * @param target acceptance to aim at, in (0, 1)
 */
export function warmUp<Question>(
  chain: NutsChain<Question>,
  length: number,
  target: number,
): WarmUp<Question> {
  let transitions = length;
  let ends = windowEnds(transitions);
  const size = chain.position.length;
  const mean = new Float64Array(size);
  const squares = new Float64Array(size);
  let draws = 0;
  let done = 0;

  // Dual averaging of the logarithm of the step towards `centre`.
  let count = 0;
  let error = 0;
  let centre = 0;
  let averaged = 0;
  function* restart(): Inquiry<Question, void> {
    yield* chain.findStepSize();
    count = 0;
    error = 0;
    averaged = 0;
    centre = naturalLog(10 * chain.stepSize);
  }

  return {
    *begin() {
      if (Number.isNaN(chain.stepSize)) yield* restart();
    },
    *adapt({ acceptance }) {
      if (done >= transitions) return;
      const first = transitions >= FIRST + WINDOW + LAST ? FIRST : Math.floor(0.15 * transitions);
      done++;
      count++;
      error += (target - acceptance - error) / (count + T0);
      const logStep = centre - (Math.sqrt(count) / GAMMA) * error;
      const weight = exponential(-KAPPA * naturalLog(count));
      averaged += weight * (logStep - averaged);
      chain.stepSize = exponential(logStep);
      if (ends.length > 0 && done > first && done <= ends[ends.length - 1]) {
        draws++;
        for (let i = 0; i < size; i++) {
          const delta = chain.position[i] - mean[i];
          mean[i] += delta / draws;
          squares[i] += delta * (chain.position[i] - mean[i]);
        }
        if (ends.includes(done)) {
          // Variances are drawn towards a small one by as much as five draws would.
          for (let i = 0; i < size; i++) {
            const variance = squares[i] / Math.max(1, draws - 1);
            chain.inverseMass[i] = (draws * variance + 5 * 1e-3) / (draws + 5);
          }
          mean.fill(0);
          squares.fill(0);
          draws = 0;
          if (done < transitions) yield* restart();
        }
      }
      if (done === transitions && count > 0) chain.stepSize = exponential(averaged);
    },
    save: () => ({
      warmUp: Float64Array.of(transitions, done, draws, count, error, centre, averaged),
      warmUpMean: mean.slice(),
      warmUpSquares: squares.slice(),
    }),
    restore(saved) {
      [transitions, done, draws, count, error, centre, averaged] = Array.from(saved.warmUp);
      ends = windowEnds(transitions);
      mean.set(saved.warmUpMean);
      squares.set(saved.warmUpSquares);
    },
  };
}
