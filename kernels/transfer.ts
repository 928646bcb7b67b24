// A transfer moves mass between two places whose sum m stays fixed, with the photons integrated out: a Metropolis step
// in the share f = first / m that the first place holds. Everything that depends on f is
//
//     g(z) = sum over terms of c log(s + f)  +  sum over terms of c log(s + 1 - f)        tree prior, s = siblings / m
//          + sum over lit pixels of counts log lambda(f) - slope f                         likelihood
//
// in z = logit f (the Jacobian f (1 - f) is among the terms with s = 0), with lambda linear in f (line.ts).
//
// The proposal does not depend on the current f, only on the line, and is close to g (share-proposal.ts). The likelihood of the
// line decides. As g / q is constant in the tails, it does not matter that a share below the range of numbers cannot be
// told from another.

import { logLightRatio, measureLine } from "./line";
import { drawUniform } from "./random";
import {
  drawnLog,
  LARGEST_Z,
  logFarTermsPair,
  logInterpolant,
  logTailsPair,
  logTermsPair,
  proposeShare,
} from "./share-proposal";
import { exp, log, logPair } from "./special";

/** Shares of the two places that `drawShare` proposed. */
export let proposedFirst: f64 = 0;
export let proposedSecond: f64 = 0;

/**
 * One Metropolis step along the line whose pixels have been collected, with the terms added since `beginTransfer`.
 *
 * @param first current share f of the first place, > 0
 * @param second current share 1 - f of the second place, > 0; both are given because either may be tiny
 * @param slope loss of log-likelihood by expected counts for each unit of f
 * @returns whether the proposal, then in `proposedFirst` and `proposedSecond`, is accepted
 */
export function drawShare(first: f64, second: f64, slope: f64): bool {
  measureLine(first);
  const z = max(-LARGEST_Z, min(LARGEST_Z, proposeShare(slope)));
  // 1 / (1 + e^-z) and 1 / (1 + e^z), both to full relative accuracy.
  const odds = exp(-abs(z));
  const larger = 1 / (1 + odds);
  const smaller = odds / (1 + odds);
  proposedFirst = z > 0 ? larger : smaller;
  proposedSecond = z > 0 ? smaller : larger;
  const firsts = f64x2.replace_lane(f64x2.splat(first), 1, proposedFirst);
  const seconds = f64x2.replace_lane(f64x2.splat(second), 1, proposedSecond);
  const logFirsts = logPair(firsts);
  const logSeconds = logPair(seconds);
  const prior = f64x2.add(
    f64x2.add(logTailsPair(logFirsts, logSeconds), logTermsPair(firsts, seconds)),
    logFarTermsPair(firsts),
  );
  const current = f64x2.extract_lane(logFirsts, 0) - f64x2.extract_lane(logSeconds, 0);
  const ratio =
    f64x2.extract_lane(prior, 1) -
    f64x2.extract_lane(prior, 0) +
    logLightRatio(first, proposedFirst) -
    slope * (proposedFirst - first) +
    logInterpolant(max(-LARGEST_Z, min(LARGEST_Z, current))) -
    drawnLog;
  return log(drawUniform()) < ratio;
}
