import { exponential, naturalLog } from "../data/random/exponential.js";
import { normalStream } from "../data/random/normal.js";
import type { SavedStream } from "../data/random/random.js";
import { NumericsError } from "../errors.js";
import type { Inquiry } from "../inquiry.js";
import type { SavedArrays } from "./sampler.js";

/*
 * The no-U-turn sampler (Hoffman & Gelman 2014, JMLR 15, 1593) in its multinomial form (Betancourt 2017, arXiv:1701.02434,
 * appendix A). A transition draws a momentum p ~ N(0, M), follows Hamilton's equations of
 *
 *     H(q, p) = potential(q) + p' M^-1 p / 2
 *
 * forwards and backwards, doubling the trajectory until it turns back on itself, and draws the next q from its points with
 * weights exp(-H). M^-1 is diagonal. The points of a doubling are visited one after the other, so that nothing but the ends of
 * the open subtrees is remembered (Phan, Pradhan & Jankowiak 2019, arXiv:1912.11554, appendix A); all memory is laid out before
 * the first transition.
 */

/** Minus a log density with its gradient, perhaps after questions. */
export interface Potential<Question> {
  /** Number of coordinates. */
  readonly size: number;
  /**
   * The potential at a place: not finite where the density is 0 or cannot be computed.
   *
   * @param position `size` numbers, not changed
   * @param gradient `size` numbers, overwritten
   */
  ask(position: Float64Array, gradient: Float64Array): Inquiry<Question, number>;
}

/** What a transition did. */
export interface Transition {
  /** Mean over the trajectory of min(1, exp(H of the start - H)): what the step length is adapted to. */
  readonly acceptance: number;
  /** Doublings of the trajectory. */
  readonly depth: number;
  /** Gradients evaluated. */
  readonly gradients: number;
  /** The energy rose by more than 1,000: the step is too long for the place. */
  readonly divergent: boolean;
}

/** A chain of the sampler, whose steps ask what its potential asks. */
export interface NutsChain<Question> {
  /** Where the chain stands: a view. */
  readonly position: Float64Array;
  /** Potential there; NaN before the first step, and after `restore` before the next. */
  readonly potential: number;
  /** Diagonal of M^-1: the scale of each coordinate, squared. May be changed between transitions. */
  readonly inverseMass: Float64Array;
  /** Leapfrog step, > 0; NaN before one was found. */
  stepSize: number;
  /**
   * Do a transition; the object returned is reused by the next. Like `findStepSize` it throws a NumericsError when the potential or its
   * gradient is not finite where the chain starts.
   */
  transition(): Inquiry<Question, Transition>;
  /** Set `stepSize` so that a single step is accepted with a probability near 0.8 (Hoffman & Gelman 2014, algorithm 4). */
  findStepSize(): Inquiry<Question, void>;
  /** Copy place, scales, step and random numbers. */
  save(): SavedArrays;
  /** Go on from a copy. */
  restore(saved: SavedArrays): void;
}

/** Rise of the energy at which a trajectory has left the region where the integrator is stable. */
const DIVERGENCE = 1_000;
/** A step length is sought between these. */
const SHORTEST_STEP = 1e-10;
const LONGEST_STEP = 1e7;
/** Acceptance of a single step that a first step length is set to. */
const SINGLE_STEP = 0.8;

/**
 * Set up a chain.
 *
 * @param start `potential.size` numbers of finite potential
 * @param maxDepth most doublings: a trajectory has at most `2^maxDepth - 1` steps
 */
export function createNutsChain<Question>(
  potential: Potential<Question>,
  start: Float64Array,
  stream: SavedStream,
  maxDepth: number,
): NutsChain<Question> {
  const { size } = potential;
  const normal = normalStream(stream);
  const array = () => new Float64Array(size);
  const inverseMass = array().fill(1);

  // The state, the draw of the doubling at hand, and the two ends of the trajectory.
  const state = { position: start.slice(), gradient: array(), potential: Number.NaN };
  const proposed = { position: array(), gradient: array(), potential: 0 };
  const ends = [0, 1].map(() => ({ position: array(), momentum: array(), gradient: array() }));
  const momentumSum = array();
  const doublingSum = array();
  // Momenta at the first leaves of the open subtrees of a doubling, and sums of momenta up to them.
  const firstMomenta = Array.from({ length: maxDepth }, array);
  const sumsBefore = Array.from({ length: maxDepth }, array);

  /** Learn the potential where the chain stands, unless it is known. */
  function* arrive(): Inquiry<Question, void> {
    if (!Number.isNaN(state.potential)) return;
    state.potential = yield* potential.ask(state.position, state.gradient);
    if (Number.isFinite(state.potential) && state.gradient.every(Number.isFinite)) return;
    throw new NumericsError(
      `nuts: density and gradient must be finite where a chain starts, got potential ${state.potential}; ` +
        "check the prior with checkGradient, or give a start",
    );
  }
  const kinetic = (momentum: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += inverseMass[i] * momentum[i] * momentum[i];
    return 0.5 * sum;
  };
  const drawMomentum = (momentum: Float64Array): void => {
    for (let i = 0; i < size; i++) momentum[i] = normal() / Math.sqrt(inverseMass[i]);
  };
  /** One leapfrog step in place; returns the potential at its end. */
  function* leap(
    { position, momentum, gradient }: (typeof ends)[number],
    step: number,
  ): Inquiry<Question, number> {
    const half = 0.5 * step;
    for (let i = 0; i < size; i++) {
      momentum[i] -= half * gradient[i];
      position[i] += step * inverseMass[i] * momentum[i];
    }
    const value = yield* potential.ask(position, gradient);
    for (let i = 0; i < size; i++) momentum[i] -= half * gradient[i];
    return value;
  }
  /**
   * Whether a stretch of a trajectory turns back (Betancourt 2017, appendix A.4.2), its ends counting half in the sum.
   *
   * @param less subtracted from `sum`; the momentum of the first point is in the difference only if `sum` has it
   */
  const turns = (
    first: Float64Array,
    last: Float64Array,
    sum: Float64Array,
    less?: Float64Array,
  ): boolean => {
    let atFirst = 0;
    let atLast = 0;
    for (let i = 0; i < size; i++) {
      const whole = less === undefined ? sum[i] : sum[i] - less[i] + first[i];
      const along = inverseMass[i] * (whole - 0.5 * (first[i] + last[i]));
      atFirst += first[i] * along;
      atLast += last[i] * along;
    }
    return !(atFirst > 0 && atLast > 0);
  };

  const report = { acceptance: 0, depth: 0, gradients: 0, divergent: false };
  const chain: NutsChain<Question> = {
    position: state.position,
    get potential() {
      return state.potential;
    },
    inverseMass,
    stepSize: Number.NaN,
    *transition() {
      yield* arrive();
      const [back, front] = ends;
      drawMomentum(front.momentum);
      back.momentum.set(front.momentum);
      for (const end of ends) {
        end.position.set(state.position);
        end.gradient.set(state.gradient);
      }
      momentumSum.set(front.momentum);
      const startEnergy = state.potential + kinetic(front.momentum);
      /** Weights exp(startEnergy - H) of all points so far; energies of use are within 1,000 of the start. */
      let logWeight = 0;
      let acceptance = 0;
      let gradients = 0;
      let depth = 0;
      let divergent = false;
      for (; depth < maxDepth; ) {
        const forwards = stream.uniform() < 0.5;
        const end = forwards ? front : back;
        const step = forwards ? chain.stepSize : -chain.stepSize;
        const leaves = 2 ** depth;
        doublingSum.fill(0);
        let doublingWeight = Number.NEGATIVE_INFINITY;
        let ended = false;
        for (let leaf = 0; leaf < leaves; leaf++) {
          const value = yield* leap(end, step);
          gradients++;
          const rise = value + kinetic(end.momentum) - startEnergy;
          if (!(rise <= DIVERGENCE)) {
            divergent = true;
            ended = true;
            break;
          }
          acceptance += rise <= 0 ? 1 : exponential(-rise);
          doublingWeight = logSumExp(doublingWeight, -rise);
          if (leaf === 0 || stream.uniform() < exponential(-rise - doublingWeight)) {
            proposed.position.set(end.position);
            proposed.gradient.set(end.gradient);
            proposed.potential = value;
          }
          for (let i = 0; i < size; i++) doublingSum[i] += end.momentum[i];
          // Aligned subtrees that end at an odd leaf began at leaves whose binary digits it extends.
          const slot = bitCount(leaf >> 1);
          if ((leaf & 1) === 0) {
            firstMomenta[slot].set(end.momentum);
            sumsBefore[slot].set(doublingSum);
          } else {
            const least = slot - trailingOnes(leaf) + 1;
            for (let at = slot; at >= least && !ended; at--) {
              ended = turns(firstMomenta[at], end.momentum, doublingSum, sumsBefore[at]);
            }
            if (ended) break;
          }
        }
        if (ended) break;
        depth++;
        // Biased towards the new half: a better mixing than the uniform choice, with the same law.
        if (doublingWeight >= logWeight || stream.uniform() < exponential(doublingWeight - logWeight)) {
          state.position.set(proposed.position);
          state.gradient.set(proposed.gradient);
          state.potential = proposed.potential;
        }
        logWeight = logSumExp(logWeight, doublingWeight);
        for (let i = 0; i < size; i++) momentumSum[i] += doublingSum[i];
        if (turns(back.momentum, front.momentum, momentumSum)) break;
      }
      report.acceptance = acceptance / gradients;
      report.depth = depth;
      report.gradients = gradients;
      report.divergent = divergent;
      return report;
    },
    *findStepSize() {
      yield* arrive();
      if (Number.isNaN(chain.stepSize)) chain.stepSize = 1;
      const [, end] = ends;
      let direction = 0;
      for (;;) {
        end.position.set(state.position);
        end.gradient.set(state.gradient);
        drawMomentum(end.momentum);
        const before = state.potential + kinetic(end.momentum);
        const value = yield* leap(end, chain.stepSize);
        const rise = value + kinetic(end.momentum) - before;
        const towards = rise < -naturalLog(SINGLE_STEP) ? 1 : -1;
        if (direction === 0) direction = towards;
        else if (towards !== direction) return;
        chain.stepSize *= direction > 0 ? 2 : 0.5;
        if (!(chain.stepSize > SHORTEST_STEP && chain.stepSize < LONGEST_STEP)) {
          throw new NumericsError(
            `nuts: a step length must exist at which energy is kept, got none down to ${SHORTEST_STEP} and up to ` +
              `${LONGEST_STEP}; check the prior with checkGradient, and that its density can be normalised`,
          );
        }
      }
    },
    save: () => ({
      position: state.position.slice(),
      inverseMass: inverseMass.slice(),
      stepSize: Float64Array.of(chain.stepSize),
      random: stream.save(),
      // NaN: no half of a pair of normal numbers is left.
      spare: Float64Array.of(normal.spare ?? Number.NaN),
    }),
    restore({ position, inverseMass: scales, stepSize, random, spare }) {
      state.position.set(position);
      inverseMass.set(scales);
      chain.stepSize = stepSize[0];
      stream.restore(random);
      normal.spare = Number.isNaN(spare[0]) ? undefined : spare[0];
      state.potential = Number.NaN;
    },
  };
  return chain;
}

/** ln(e^a + e^b). */
function logSumExp(a: number, b: number): number {
  const high = a > b ? a : b;
  if (high === Number.NEGATIVE_INFINITY) return high;
  return high + naturalLog(1 + exponential((a > b ? b : a) - high));
}

function bitCount(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

function trailingOnes(value: number): number {
  let count = 0;
  for (let rest = value; (rest & 1) === 1; rest >>= 1) count++;
  return count;
}
