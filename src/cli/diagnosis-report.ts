/** What `diagnose` found, for people and for programs. */

import type { PredictiveCheck } from "../checks/predictive-check.js";
import { labelParameters, parameterLabel } from "../figures/parameter-label.js";
import type { BurnInCheck } from "../posterior/burn-in.js";
import type { Quantities } from "../posterior/quantities.js";
import type { QuantitySummary } from "../posterior/quantity-summary.js";
import type { PosteriorSummary } from "../posterior/result.js";
import type { PriorSensitivity } from "../runs/prior-sensitivity.js";
import { formatCount, formatNumber, tableLines } from "./format.js";

/** Everything that was found out. */
export interface Diagnosis {
  readonly path: string;
  readonly result: PosteriorSummary;
  readonly quantities: Quantities;
  /** Empty when the data are not at hand. */
  readonly predictive: readonly PredictiveCheck[];
  /** Why there are no predictive checks; empty when there are. */
  readonly missing: string;
  readonly sensitivity?: PriorSensitivity;
}

/** A number in few digits, `-` when it is undefined. */
function short(value: number, digits = 3): string {
  if (Number.isNaN(value)) return "-";
  return Number.isFinite(value) ? formatNumber(Number(value.toPrecision(digits))) : String(value);
}

function quantityRow(row: QuantitySummary): string[] {
  return [
    parameterLabel(row.name),
    formatNumber(row.mean),
    short(row.mcse, 2),
    short(row.std),
    short(row.stdMcse, 2),
    ...row.quantiles.map(({ value }) => short(value, 4)),
    Number.isFinite(row.rhat) ? row.rhat.toFixed(3) : short(row.rhat),
    Number.isNaN(row.ess) ? "-" : formatCount(row.ess),
    Number.isNaN(row.tailEss) ? "-" : formatCount(row.tailEss),
    short(row.autocorrelationTime),
  ];
}

function quantityLines(title: string, rows: readonly QuantitySummary[]): string[] {
  if (rows.length === 0) return [];
  const [{ quantiles }] = rows;
  const head = [
    title,
    ...["mean", "mcse", "std", "mcse"],
    ...quantiles.map(({ probability }) => `${short(100 * probability)} %`),
    ...["R-hat", "ESS", "tail ESS", "tau"],
  ];
  return ["", ...tableLines([head, ...rows.map(quantityRow)])];
}

const GEWEKE_SHOWN = 5;

function burnInLines({ burnIn, rows, limit, passed, suggested }: BurnInCheck): string[] {
  const judged = rows.filter((row) => row.judged);
  const drifting = judged.filter(({ p }) => p < limit);
  const text =
    judged.length === 0
      ? "the chains are too short, or too slow, for Geweke's check (effective sample size below 20 in their first tenth)"
      : passed
        ? `the first tenth of each chain agrees with its last half (Geweke, ${judged.length} of ${rows.length} tests possible)`
        : `${drifting.length} of ${judged.length} tests find a drift (Geweke, p below ${short(limit, 2)})`;
  const advice =
    suggested !== undefined
      ? `; ${formatCount(suggested)} sweeps would pass`
      : drifting.length > 0
        ? "; no burn-in up to half of the sweeps would do: run longer"
        : "";
  return [
    "",
    `Burn-in of ${formatCount(burnIn)} sweeps: ${text}${advice}.`,
    ...(judged.length === 0
      ? []
      : tableLines([
          ["  Geweke", "chain", "z", "p"],
          ...judged
            .slice(0, passed ? 1 : GEWEKE_SHOWN)
            .map(({ name, chain, z, p }) => [
              `  ${parameterLabel(name)}`,
              String(chain),
              short(z),
              short(p, 2),
            ]),
        ])),
  ];
}

function predictiveLines(check: PredictiveCheck): string[] {
  const { name, kind, discrepancies, draws, replicates, sentence } = check;
  return [
    "",
    `Predictive check (${kind}) of ${name}: ${formatCount(replicates)} replicated images from ${formatCount(draws)} draws`,
    ...tableLines([
      ["  discrepancy", "observed", "replicated", "std", "p", "error", "two-sided", ""],
      ...discrepancies.map((row) => [
        `  ${row.name}`,
        formatNumber(row.observed),
        formatNumber(row.replicated.mean),
        short(row.replicated.std),
        short(row.p, 2),
        short(row.pError, 1),
        short(row.twoSided, 2),
        row.flagged ? "<--" : "",
      ]),
    ]),
    sentence,
  ];
}

function sensitivityLines({ sentence, changes }: PriorSensitivity): string[] {
  return [
    "",
    `Prior sensitivity: ${sentence}`,
    ...tableLines([
      ["  pixel", "prior", "mean", "changed", "sigma"],
      ...changes.flatMap(({ factor, largest }) =>
        largest.map(({ x, y, baseline, changed, change }) => [
          `  (${x}, ${y})`,
          `rate x ${factor}`,
          formatNumber(baseline),
          formatNumber(changed),
          short(change),
        ]),
      ),
    ]),
  ];
}

/** The diagnosis as lines of text. */
export function diagnosisLines(diagnosis: Diagnosis): string[] {
  const { path, result, quantities, predictive, missing, sensitivity } = diagnosis;
  const { verdict } = result.diagnostics;
  return [
    `${path}: ${labelParameters(verdict.sentence)}`,
    ...(verdict.remedy === "" ? [] : [`To do: ${verdict.remedy}`]),
    ...quantityLines("parameter", quantities.parameters),
    ...quantityLines("worst pixels", quantities.pixels),
    ...quantityLines("region", quantities.regions),
    ...burnInLines(quantities.burnIn),
    ...predictive.flatMap(predictiveLines),
    ...(missing === "" ? [] : ["", `No predictive check: ${missing}.`]),
    ...(sensitivity === undefined ? [] : sensitivityLines(sensitivity)),
  ];
}

/** The diagnosis as plain data; images are left out. */
export function diagnosisData(diagnosis: Diagnosis): Record<string, unknown> {
  const { path, result, quantities, predictive, missing, sensitivity } = diagnosis;
  return {
    file: path,
    verdict: result.diagnostics.verdict,
    ...quantities,
    predictive: predictive.map(({ predicted: _, residuals: __, ...check }) => check),
    predictiveMissing: missing === "" ? null : missing,
    sensitivity:
      sensitivity === undefined
        ? null
        : {
            sentence: sensitivity.sentence,
            changes: sensitivity.changes.map(({ mean: _, change: __, error: ___, ...change }) => change),
          },
  };
}
