import type { TransitionReport, Verdict } from "./result.js";
import { asParameterSource, type ParameterSource, type ParameterTrace } from "./trace.js";

/** Columns in which the gradient sampler keeps its books. */
export const TRANSITION_COLUMNS = ["stepSize", "treeDepth", "gradients", "acceptance", "divergent"] as const;

/** Count what the gradient sampler did after burn-in, from its trace. */
export function reportTransitions(
  trace: ParameterTrace | ParameterSource,
  maxDepth: number,
): TransitionReport {
  const source = asParameterSource(trace);
  const width = source.names.length;
  const [step, depth, gradient, , divergent] = TRANSITION_COLUMNS.map((name) => source.names.indexOf(name));
  let transitions = 0;
  let divergences = 0;
  let cutShort = 0;
  let gradients = 0;
  const stepSizes: number[] = [];
  for (let chain = 0; chain < source.chains; chain++) {
    const count = Math.max(0, source.sweeps(chain) - source.burnIn);
    const rows = source.readRows(chain, source.burnIn, count);
    for (let row = 0; row < count; row++) {
      const at = row * width;
      transitions++;
      divergences += rows[at + divergent];
      if (rows[at + depth] >= maxDepth) cutShort++;
      gradients += rows[at + gradient];
    }
    stepSizes.push(count > 0 ? rows[(count - 1) * width + step] : Number.NaN);
  }
  return { transitions, divergences, cutShort, gradients: gradients / Math.max(1, transitions), stepSizes };
}

/** A verdict that knows of divergences: after any, chains that agree may still have missed the same part of the posterior. */
export function judgeTransitions(verdict: Verdict, { transitions, divergences }: TransitionReport): Verdict {
  if (divergences === 0) return verdict;
  const many = divergences > 0.25 * transitions;
  const remedy = many
    ? "The prior may not be normalisable, or its gradient wrong: see checkGradient."
    : "Aim at a higher acceptance (targetAcceptance 0.95, --target-acceptance 0.95).";
  return {
    ...verdict,
    state: verdict.state === "agree" ? "weak" : verdict.state,
    sentence: `${verdict.sentence} ${divergences} of ${transitions} transitions diverged: a part of the posterior may be missing.`,
    remedy: verdict.remedy === "" ? remedy : `${verdict.remedy} ${remedy}`,
  };
}
