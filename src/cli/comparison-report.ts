/** What `tslira compare` found, for people and for programs. */

import { csvCell } from "../csv-cell.js";
import { durationText } from "../viewer/numbers.js";
import type { ComparedData, PlainScore } from "./compare-worker.js";
import { formatCount, formatNumber, tableLines } from "./format.js";

/** A comparison, whole or as far as it came. */
export interface Comparison {
  readonly data: ComparedData;
  readonly scores: readonly PlainScore[];
  readonly heldOut: false | { readonly fraction?: number; readonly seed?: number };
  readonly complete: boolean;
  readonly command: string;
  readonly version: string;
}

const signed = (text: string) => (text.startsWith("-") ? text : `+${text}`);
const percent = (part: number | undefined) =>
  part === undefined || Number.isNaN(part) ? "-" : `${(100 * part).toFixed(0)} %`;
const fixed = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(3));

/** The least Cash statistic of photons held out; undefined when there is none. */
function leastCash(scores: readonly PlainScore[]): number | undefined {
  const values = scores.flatMap(({ heldOutCash }) => (heldOutCash === undefined ? [] : [heldOutCash]));
  return values.length === 0 ? undefined : Math.min(...values);
}

/** The table as lines of text. */
export function comparisonLines({ data, scores, heldOut }: Comparison): string[] {
  const least = leastCash(scores);
  const known = data.truth !== undefined;
  const judged = scores.some(({ coverage }) => coverage !== undefined);
  const rows = scores.map((score) => [
    score.name,
    ...(known
      ? [
          fixed(score.rmsError),
          fixed(score.similarity),
          score.fluxBias === undefined ? "-" : signed(`${(100 * score.fluxBias).toFixed(1)} %`),
        ]
      : []),
    ...(judged ? [percent(score.coverage?.covered)] : []),
    ...(least === undefined
      ? []
      : [score.heldOutCash === undefined ? "-" : signed((score.heldOutCash - least).toFixed(1))]),
    durationText(score.seconds),
  ]);
  const head = [
    "method",
    ...(known ? ["NRMSE", "SSIM", "flux bias"] : []),
    ...(judged ? ["68 % covers"] : []),
    ...(least === undefined ? [] : ["held-out Cash"]),
    "time",
  ];
  const fraction = heldOut === false ? undefined : (heldOut.fraction ?? 0.5);
  return [
    `${data.name}, ${formatCount(data.counts)} counts`,
    "",
    ...tableLines([head, ...rows]),
    "",
    ...(known ? ["NRMSE, SSIM, flux bias: against the truth (0, 1 and 0 are perfect)."] : []),
    ...(judged
      ? ["68 % covers: pixels with 90 % of the true flux whose 68 % interval holds the truth."]
      : []),
    ...(least === undefined
      ? []
      : [
          `held-out Cash: of ${percent(fraction)} of the photons under the image of the others, above the least, ` +
            `${formatNumber(least)}; lower is better.`,
        ]),
  ];
}

/** One record a method: what tables of programs hold. */
function records({ scores }: Comparison) {
  const least = leastCash(scores);
  return scores.map((score) => ({
    name: score.name,
    method: score.method,
    nrmse: score.rmsError,
    ssim: score.similarity,
    fluxBias: score.fluxBias,
    coverage68: score.coverage?.covered,
    coveragePixels: score.coverage?.pixels,
    heldOutCash: score.heldOutCash,
    heldOutCashAboveLeast:
      least === undefined || score.heldOutCash === undefined ? undefined : score.heldOutCash - least,
    seconds: score.seconds,
    note: score.note,
  }));
}

/** JSON of a comparison; numbers that do not exist are null. */
export function comparisonJson(comparison: Comparison): string {
  const { data, heldOut, complete, command, version } = comparison;
  const methods = records(comparison).map((record) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, value ?? null])),
  );
  const { name, counts, inputs } = data;
  return `${JSON.stringify(
    {
      data: { name, counts, truth: data.truth !== undefined, inputs },
      heldOut: heldOut === false ? null : { fraction: 0.5, seed: 0, ...heldOut },
      complete,
      methods,
      command,
      version,
    },
    undefined,
    2,
  )}\n`;
}

/** CSV of a comparison (RFC 4180): a header, then a line a method; what does not exist is empty. */
export function comparisonCsv(comparison: Comparison): string {
  const rows = records(comparison);
  const names = Object.keys(rows[0] ?? {});
  const cell = (value: string | number | undefined) =>
    value === undefined || Number.isNaN(value) ? "" : csvCell(value);
  const lines = rows.map((row) => Object.values(row).map(cell).join(","));
  return `${[names.join(","), ...lines].join("\r\n")}\r\n`;
}
