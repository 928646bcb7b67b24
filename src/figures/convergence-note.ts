import type { Convergence } from "../posterior/result.js";
import { ESS_PER_CHAIN, RHAT_LIMIT } from "../posterior/verdict.js";
import { formatNumber } from "./ticks.js";

/** R-hat and effective sample size beside the name of a quantity: `R̂ 1.002, ESS 950`. */
export function convergenceNote({ rhat, ess }: Pick<Convergence, "rhat" | "ess">): string {
  const shown = Number.isFinite(rhat) ? (rhat < 9.9995 ? rhat.toFixed(3) : formatNumber(rhat)) : "–";
  return `R\u0302 ${shown}, ESS ${Number.isFinite(ess) ? Math.round(ess) : "–"}`;
}

/** Whether the figures call for a warning, by the thresholds of `Verdict`. */
export function isDoubtful({ rhat, ess }: Pick<Convergence, "rhat" | "ess">, chains: number): boolean {
  return rhat >= RHAT_LIMIT || ess < ESS_PER_CHAIN * chains;
}
