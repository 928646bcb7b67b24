/** What a result says, for people and for programs. */

import { given } from "../given.js";
import type { ResultSummary } from "../io/result-decode.js";
import { regionFluxUnit } from "../posterior/region.js";
import type { Convergence, CountsLedger } from "../posterior/result.js";
import { durationText } from "../viewer/numbers.js";
import { formatCount, formatNumber, formatWithError, tableLines } from "./format.js";

/** The parts of a result that the summary shows. */
export type Summary = Omit<ResultSummary, "keptDraws">;

/** Width of the first column. */
const LABEL = 13;
/** Characters a line; longer sentences are broken. */
const WIDTH = 100;

/** Lines of `label   text`, continued below the text. */
function entry(label: string, ...lines: readonly string[]): string[] {
  return lines.flatMap(wrap).map((line, index) => `  ${(index === 0 ? label : "").padEnd(LABEL)}${line}`);
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH - LABEL) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/**
 * What the prior on the total takes from the counts, when it shows: given the photons N of the source, T is Gamma(a + N, b + q)
 * with q the detected part, so that on average the source has b * T fewer counts than it would without the rate b.
 */
function priorText({ config, total, referenceExposure, ledger }: Summary): string[] {
  if (config.method !== undefined) return [];
  const { shape, rate } = config.totalCountsPrior;
  const held = rate * total.mean * referenceExposure;
  const observed = ledger.reduce((sum, row) => sum + row.observed, 0);
  if (!(held > 0.5 * Math.sqrt(observed))) return [];
  return [
    `the prior on the total (rate ${rate}) holds back about ${formatCount(held)} counts of the source; ` +
      `--total-counts-prior ${shape},0 lets them in`,
  ];
}

/** Counts ledger in a sentence: observed = source + background (+ outside) + rest, and what was lost. */
function ledgerText({ observed, source, sourceStd, background, lost, outside }: CountsLedger): string {
  const rest = observed - source - background - (outside ?? 0);
  const sign = rest < 0 ? "-" : "+";
  const margin = outside === undefined ? "" : ` + from beyond the frame ${formatCount(outside)}`;
  return (
    `observed ${formatCount(observed)} = source ${formatWithError(source, sourceStd)} + background ` +
    `${formatCount(background)}${margin} ${sign} rest ${formatCount(Math.abs(rest))}; ` +
    `${formatCount(lost)} more source photons landed outside the pixels in use`
  );
}

function convergenceRow({ name, mean, std, rhat, ess }: Convergence): string[] {
  return [
    name,
    formatNumber(mean),
    formatNumber(std),
    Number.isNaN(rhat) ? "-" : rhat.toFixed(3),
    Number.isNaN(ess) ? "-" : formatCount(ess),
  ];
}

/** The summary as lines of text. */
export function summaryLines(result: Summary): string[] {
  const { config, mean, total, ledger, diagnostics, provenance, complete, name, unit, target } = result;
  const [ny, nx] = mean.shape;
  const sweeps = `${formatCount(config.iterations)} sweeps (${formatCount(config.burnIn)} of burn-in)`;
  const worst = diagnostics.verdict.worst.filter(
    (row) => !diagnostics.parameters.some((one) => one.name === row.name),
  );
  const table = tableLines([
    ["", "mean", "std", "R-hat", "ESS"],
    ...diagnostics.parameters.map(convergenceRow),
    ...worst.map(convergenceRow),
  ]);
  return [
    `${name}: ${nx} x ${ny} pixels, ${config.chains} ${config.chains === 1 ? "chain" : "chains"} of ${sweeps}` +
      (complete ? "" : ", stopped early"),
    ...(config.method === undefined ? [] : [`method ${config.method}, ${config.prior}`]),
    "",
    ...entry(
      "total flux",
      `${formatWithError(total.mean, total.std)} ${regionFluxUnit(unit) ?? ""}`.trimEnd(),
    ),
    ...entry(
      "counts",
      ...(ledger.length === 1
        ? [ledgerText(ledger[0])]
        : ledger.map((row) => `${row.name}: ${ledgerText(row)}`)),
      ...priorText(result),
    ),
    "",
    ...table.map((line) => `  ${line}`),
    "",
    ...(target === undefined
      ? []
      : entry("target", `${target.until}: ${target.reached ? "reached" : "not reached"}`)),
    ...entry("verdict", diagnostics.verdict.sentence),
    ...(diagnostics.verdict.remedy === "" ? [] : entry("to do", diagnostics.verdict.remedy)),
    ...transitionsText(result),
    ...entry("time", timeText(provenance.seconds, result)),
  ];
}

function transitionsText({ transitions: found }: Summary): string[] {
  if (found === undefined) return [];
  const { transitions, divergences, cutShort, gradients } = found;
  return entry(
    "transitions",
    `${formatCount(transitions)} after burn-in, ${formatNumber(gradients)} gradients each; ` +
      `${formatCount(divergences)} diverged, ${formatCount(cutShort)} were cut short`,
  );
}

function timeText(seconds: number, { config, complete }: Summary): string {
  const rate = complete
    ? `, ${formatCount((config.chains * config.iterations) / Math.max(seconds, 1e-3))} sweeps a second`
    : "";
  return `${durationText(seconds)} of sampling${rate}`;
}

/** The summary as plain data for `--json`. */
export function summaryData(result: Summary): Record<string, unknown> {
  const {
    name,
    mean,
    unit,
    total,
    ledger,
    diagnostics,
    config,
    complete,
    provenance,
    referenceExposure,
    target,
    transitions,
  } = result;
  const { parameters, verdict } = diagnostics;
  return {
    name,
    shape: mean.shape,
    unit: unit ?? null,
    complete,
    totalFlux: total,
    ledger,
    verdict,
    parameters,
    target: target ?? null,
    ...given({ transitions }),
    config,
    referenceExposure,
    seconds: provenance.seconds,
    provenance,
  };
}
