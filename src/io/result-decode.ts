/** FITS HDUs to results; the layout is described in `result-layout.ts`. */

import type { WcsCard } from "../data/observation/observation.js";
import { FormatError } from "../errors.js";
import { type Shape, type SkyImage, skyImage } from "../image.js";
import type {
  CountsLedger,
  Diagnostics,
  Moments,
  PosteriorResult,
  PosteriorSummary,
  Provenance,
  SamplerConfig,
  Verdict,
} from "../posterior/result.js";
import type { ImageTrace, ParameterTrace } from "../posterior/trace.js";
import { settingsOfColumns } from "../settings/columns.js";
import { hashedInputs } from "./file-origin.js";
import {
  carriedCards,
  columnNumbers,
  type FitsHdu,
  type FitsHeader,
  type FitsTable,
  findColumn,
  imageToSkyImage,
  readImageData,
  readTable,
} from "./fits.js";
import { fileOf } from "./hdu.js";
import {
  CONVERGENCE_COLUMNS,
  isOwnKeyword,
  LEDGER_COLUMNS,
  OUTSIDE_COLUMN,
  RESULT_FORMAT,
  type ResultHduName,
} from "./result-layout.js";
import {
  AMOUNT,
  type ChainLengths,
  checkConfig,
  checkedImage,
  checkedNumber,
  checkNumbers,
  checkQuantiles,
  damaged,
  FIGURE,
  KNOWN,
  type NumberRule,
  POSITIVE,
  WHOLE,
} from "./result-rules.js";
import { unescapeText } from "./result-text.js";
import { isResult, noResult } from "./tslira-file.js";

/** What a result says, without the traces that make up most of its size. */
export type ResultSummary = Omit<PosteriorResult, "trace" | "chains" | "quantiles"> & {
  /** Kept draws of each chain. */
  readonly keptDraws: readonly number[];
};

/** HDUs that `decodeSummary` needs. */
export const SUMMARY_HDUS: readonly string[] =
  "SKY PRIMARY POSTERIOR_STD RHAT ESS DIAGNOSTICS SMOOTHNESS LEDGER CONFIG".split(" ");

/** What messages call the file. */
const nameOf = ([first]: readonly FitsHdu[]) => (first === undefined ? "result" : fileOf(first));

function hduNamed(hdus: readonly FitsHdu[], name: ResultHduName): FitsHdu {
  const found = name === "PRIMARY" ? hdus[0] : hdus.find((hdu) => hdu.name === name);
  if (found !== undefined) return found;
  throw damaged(nameOf(hdus), `must hold HDU ${name}, got none`);
}

/** @throws FormatError unless the HDUs are a result of this version's layout */
function checkFormat(hdus: readonly FitsHdu[]): void {
  const version = isResult(hdus) ? hdus[0].header.get("TSLIRA") : undefined;
  const label = nameOf(hdus);
  if (version === undefined) throw noResult(label, hdus);
  if (version !== RESULT_FORMAT) {
    throw new FormatError(
      `${label}: result must have layout ${RESULT_FORMAT}, got ${String(version)}; read it with the tslira that wrote it (${hdus[0].header.text("CREATOR") ?? "unknown"})`,
      { fields: { version: String(version) } },
    );
  }
}

/**
 * Rebuild a result from all HDUs of its file.
 *
 * @throws FormatError when they are not a result, or damaged
 */
export function decodeHdus(hdus: readonly FitsHdu[]): PosteriorResult {
  const { result, keptDraws, sweeps } = decodeLiraSummary(hdus);
  return {
    ...result,
    trace: {
      parameters: parameterTrace(hduNamed(hdus, "PARAMETER_TRACE"), sweeps),
      images: imageTrace(hduNamed(hdus, "IMAGE_TRACE"), keptDraws, sweeps, result.mean.shape),
    },
  };
}

/** A result without its traces, and their lengths. */
export interface DecodedSummary {
  readonly result: PosteriorSummary;
  /** Kept draws of each chain. */
  readonly keptDraws: readonly number[];
  /** Sweeps of each chain, burn-in included. */
  readonly sweeps: readonly number[];
}

/**
 * All of a result but its traces.
 *
 * @param hdus of a result, those of the traces need not be among them
 * @throws FormatError when they are not of a result, or damaged
 */
export function decodeLiraSummary(hdus: readonly FitsHdu[]): DecodedSummary {
  const [{ keptDraws, ...summary }, { draws, sweeps }] = decodeLengths(hdus);
  const imagePlanes = (name: ResultHduName, rule: NumberRule) => {
    const hdu = hduNamed(hdus, name);
    return planes(hdu).map((image) =>
      checkedImage(hdu.label, image, { rule, alike: ["mean", summary.mean] }),
    );
  };
  const means = imagePlanes("CHAIN_MEAN", AMOUNT);
  const stds = imagePlanes("CHAIN_STD", FIGURE);
  if (means.length !== draws.length || stds.length !== draws.length) {
    throw damaged("CHAIN_MEAN", `must have ${draws.length} planes, got ${means.length} and ${stds.length}`);
  }
  const { header, label } = hduNamed(hdus, "POSTERIOR_QUANTILES");
  const images = imagePlanes("POSTERIOR_QUANTILES", AMOUNT);
  const probabilities = images.map((_, index) => numberCard(header, `PROB${index + 1}`));
  checkQuantiles(label, probabilities, images);
  return {
    result: {
      ...summary,
      quantiles: { probabilities, images },
      chains: draws.map((count, index): Moments => ({ mean: means[index], std: stds[index], draws: count })),
    },
    keptDraws,
    sweeps,
  };
}

/**
 * What a result says without its traces.
 *
 * @param hdus at least those of `SUMMARY_HDUS`, the primary first
 * @throws FormatError when they are not of a result, or damaged
 */
export function decodeSummary(hdus: readonly FitsHdu[]): ResultSummary {
  return decodeLengths(hdus)[0];
}

/** The same, and the lengths of the chains. */
function decodeLengths(hdus: readonly FitsHdu[]): [summary: ResultSummary, lengths: ChainLengths] {
  checkFormat(hdus);
  const primary = hduNamed(hdus, "PRIMARY");
  const { header } = primary;
  const configHdu = hduNamed(hdus, "CONFIG");
  const table = readTable(configHdu);
  const config = samplerConfig(table);
  const lengths = chainLengths(configHdu.label, table);
  checkConfig(configHdu.label, config, lengths);
  const unit = header.text("BUNIT");
  const mean = imageToSkyImage(primary);
  checkNumbers(primary.label, mean.data, AMOUNT);
  const alike = ["mean", mean] as const;
  const image = (name: ResultHduName, rule: NumberRule) => {
    const hdu = hduNamed(hdus, name);
    return checkedImage(hdu.label, imageToSkyImage(hdu), { rule, alike });
  };
  const exposure = real(table, "reference_exposure");
  checkedNumber(configHdu.label, "reference_exposure", exposure, POSITIVE);
  const total = (keyword: string, rule: NumberRule) =>
    checkedNumber(primary.label, keyword, numberCard(header, keyword), rule);
  const smoothness = hdus.find(({ name }) => name === "SMOOTHNESS");
  const sky = hdus.find(({ name }) => name === "SKY");
  const summary = {
    mean,
    std: image("POSTERIOR_STD", FIGURE),
    ...(sky && { sky: checkedImage(sky.label, imageToSkyImage(sky), { rule: AMOUNT }) }),
    ...(smoothness && {
      smoothness: planes(smoothness).map((plane) =>
        checkedImage(smoothness.label, plane, { rule: KNOWN, alike }),
      ),
    }),
    diagnostics: {
      ...convergenceLists(hduNamed(hdus, "DIAGNOSTICS"), header),
      rhat: image("RHAT", FIGURE),
      ess: image("ESS", FIGURE),
    },
    ledger: ledgerRows(hduNamed(hdus, "LEDGER")),
    config,
    ...transitions(table),
    referenceExposure: exposure,
    complete: flag(table, "complete"),
    wcs: skyCards(header),
    ...(unit === undefined ? {} : { unit: unescapeText(unit) }),
    name: textCard(header, "TITLE"),
    provenance: provenance(header),
    ...runTarget(header),
    total: { mean: total("TOTFLUX", AMOUNT), std: total("TOTFLERR", FIGURE) },
    keptDraws: lengths.kept,
  };
  return [summary, lengths];
}

/** Sweeps and draws of each chain. @throws FormatError unless all are whole numbers >= 0 */
function chainLengths(where: string, table: FitsTable): ChainLengths {
  const [sweeps, draws, kept] = ["chain_sweeps", "chain_draws", "chain_kept"].map((name) =>
    checkNumbers(`${where}: ${name}`, numberList(table, name), WHOLE),
  );
  return { sweeps, draws, kept };
}

function numberCard(header: FitsHeader, keyword: string): number {
  return header.number(keyword) ?? Number.NaN;
}

function textCard(header: FitsHeader, keyword: string): string {
  const value = header.get(keyword);
  return typeof value === "string" ? unescapeText(value) : "";
}

function skyCards(header: FitsHeader): WcsCard[] {
  const cards: WcsCard[] = [];
  for (const { keyword, value, comment } of carriedCards(header)) {
    if (isOwnKeyword(keyword) || keyword === "" || keyword === "COMMENT" || keyword === "HISTORY") continue;
    if (value === undefined || typeof value === "bigint") continue;
    cards.push(comment === undefined || comment === "" ? { keyword, value } : { keyword, value, comment });
  }
  return cards;
}

function provenance(header: FitsHeader): Provenance {
  return {
    version: textCard(header, "VERSION"),
    ...(header.has("COMMAND") ? { command: textCard(header, "COMMAND") } : {}),
    started: textCard(header, "RUNBEG"),
    finished: textCard(header, "RUNEND"),
    seconds: numberCard(header, "RUNSECS"),
    ...(header.has("RUNDEV") ? { device: textCard(header, "RUNDEV") } : {}),
    inputs: hashedInputs(header),
  };
}

function runTarget(header: FitsHeader): Pick<PosteriorResult, "target"> {
  if (!header.has("TARGET")) return {};
  return {
    target: {
      until: textCard(header, "TARGET"),
      maxIterations: numberCard(header, "MAXSWEEP"),
      reached: header.get("REACHED") === true,
    },
  };
}

const STATES: ReadonlySet<string> = new Set<Verdict["state"]>(["agree", "weak", "disagree", "unknown"]);

function convergenceLists(hdu: FitsHdu, primary: FitsHeader): Pick<Diagnostics, "parameters" | "verdict"> {
  const table = readTable(hdu);
  const lists = texts(table, "list");
  const rows = rowsOf(hdu.label, table, CONVERGENCE_COLUMNS);
  const state = textCard(primary, "VERDICT");
  return {
    parameters: rows.filter((_, row) => lists[row] === "parameter"),
    verdict: {
      state: STATES.has(state) ? (state as Verdict["state"]) : "unknown",
      sentence: textCard(primary, "VERDTEXT"),
      remedy: textCard(primary, "REMEDY"),
      worst: rows.filter((_, row) => lists[row] === "worst"),
    },
  };
}

/** What numbers of the tables of rows may be. */
const ROW_RULES: Readonly<Record<string, NumberRule>> = {
  ...{ std: FIGURE, rhat: FIGURE, ess: FIGURE, mcse: FIGURE, source_std: FIGURE },
  ...{ observed: AMOUNT, source: AMOUNT, background: AMOUNT },
  // Differences of sums, which may round to less than 0.
  ...{ lost: KNOWN, outside: KNOWN },
};

/** Rows of a name and numbers, as an object each. */
function rowsOf<Key extends string>(
  where: string,
  table: FitsTable,
  columns: readonly (readonly [column: string, key: Key])[],
): ({ readonly name: string } & Readonly<Record<Key, number>>)[] {
  const values = columns.map(([name, key]) => {
    const rule = ROW_RULES[name];
    const column = numbers(table, name);
    return [key, rule === undefined ? column : checkNumbers(`${where}: ${name}`, column, rule)] as const;
  });
  return texts(table, "name").map((name, row) => ({
    name,
    ...(Object.fromEntries(values.map(([key, of]) => [key, of[row]])) as Record<Key, number>),
  }));
}

function ledgerRows(hdu: FitsHdu): CountsLedger[] {
  const table = readTable(hdu);
  const margin = findColumn(table, OUTSIDE_COLUMN[0]) !== undefined;
  return rowsOf(hdu.label, table, margin ? [...LEDGER_COLUMNS, OUTSIDE_COLUMN] : LEDGER_COLUMNS);
}

/** What the gradient sampler did. */
function transitions(table: FitsTable): Pick<PosteriorSummary, "transitions"> {
  if (findColumn(table, "transitions") === undefined) return {};
  return {
    transitions: {
      transitions: real(table, "transitions"),
      divergences: real(table, "divergences"),
      cutShort: real(table, "cut_short"),
      gradients: real(table, "gradients"),
      stepSizes: numberList(table, "step_sizes"),
    },
  };
}

function samplerConfig(table: FitsTable): SamplerConfig {
  const method = findColumn(table, "method") === undefined ? undefined : texts(table, "method")[0];
  if (method !== undefined && method !== "gibbs" && method !== "nuts" && method !== "own") {
    throw damaged("result", `must come from a known sampler, got ${method}`);
  }
  const { config, missing } = settingsOfColumns(method ?? "lira", (name, { type }) => {
    if (findColumn(table, name) === undefined) return undefined;
    if (type === "flag") return flag(table, name);
    if (type === "choice" || type === "text") return texts(table, name)[0];
    return type === "numbers" || type === "object" ? numberList(table, name) : real(table, name);
  });
  // What is missing is told as it is of other tables.
  for (const name of missing) column(table, name);
  return { ...config, ...(method && { method }) } as unknown as SamplerConfig;
}

function column(table: FitsTable, name: string) {
  const found = findColumn(table, name);
  if (found === undefined) throw damaged("result", `tables must have a column ${name}, got none`);
  return found;
}

function numbers(table: FitsTable, name: string): Float64Array {
  return columnNumbers(column(table, name));
}

function numberList(table: FitsTable, name: string): number[] {
  return Array.from(numbers(table, name));
}

function real(table: FitsTable, name: string): number {
  const [value] = numbers(table, name);
  return value ?? Number.NaN;
}

function flag(table: FitsTable, name: string): boolean {
  return (column(table, name).values as ArrayLike<unknown>)[0] === true;
}

function texts(table: FitsTable, name: string): string[] {
  return Array.from(column(table, name).values as ArrayLike<unknown>, (text) => unescapeText(String(text)));
}

/** The planes of a cube as images. */
export function planes(hdu: FitsHdu): SkyImage[] {
  const { shape, data } = readImageData(hdu);
  const [count, ny, nx] = shape;
  if (shape.length !== 3) throw damaged(hdu.label, `must have three axes, got [${shape.join(", ")}]`);
  const values = data instanceof Float64Array ? data : Float64Array.from(data);
  return Array.from({ length: count }, (_, index) =>
    skyImage(values.slice(index * ny * nx, (index + 1) * ny * nx), [ny, nx]),
  );
}

/** The columns of the table PARAMETER_TRACE that are parameters. */
export function parameterColumns({ columns }: FitsTable, header: FitsHeader): FitsTable["columns"] {
  const fill = header.get("STEPFILL") === true;
  return columns.filter(
    ({ name }) => name !== "iteration" && name !== "chain" && !(fill && name === "stepSize"),
  );
}

function parameterTrace(hdu: FitsHdu, sweeps: readonly number[]): ParameterTrace {
  const table = readTable(hdu);
  const columns = parameterColumns(table, hdu.header);
  const values = columns.map(columnNumbers);
  const rows = sweeps.reduce((sum, count) => sum + count, 0);
  if (rows !== table.rows) throw damaged(hdu.label, `must have ${rows} rows, got ${table.rows}`);
  let row = 0;
  const chains = sweeps.map((count) => {
    const chain = new Float64Array(count * values.length);
    for (let sweep = 0; sweep < count; sweep++, row++) {
      for (let index = 0; index < values.length; index++) {
        chain[sweep * values.length + index] = values[index][row];
      }
    }
    return chain;
  });
  return { names: columns.map(({ name }) => name), burnIn: traceBurnIn(hdu.header, sweeps), chains };
}

/**
 * Where kept draws come from in the sweeps, by the header of IMAGE_TRACE.
 *
 * @param kept, sweeps of each chain
 * @throws FormatError when they cannot come from there
 */
export function traceSteps(
  header: FitsHeader,
  kept: readonly number[],
  sweeps: readonly number[],
): Pick<ImageTrace, "first" | "every"> {
  const [first, every] = [wholeCard(header, "FIRST", 0), wholeCard(header, "EVERY", 1)];
  const chain = kept.findIndex((draws, index) => draws > 0 && first + (draws - 1) * every >= sweeps[index]);
  if (chain < 0) return { first, every };
  throw damaged(
    "IMAGE_TRACE",
    `${kept[chain]} draws of chain ${chain + 1} must come from its ${sweeps[chain]} sweeps, got FIRST ${first} and EVERY ${every}`,
  );
}

/**
 * Sweeps of burn-in, by the header of PARAMETER_TRACE.
 *
 * @param sweeps of each chain
 * @throws FormatError when it is longer than a chain
 */
export function traceBurnIn(header: FitsHeader, sweeps: readonly number[]): number {
  return wholeCard(header, "BURNIN", 0, Math.min(...sweeps));
}

function wholeCard(
  header: FitsHeader,
  keyword: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = numberCard(header, keyword);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw damaged("result", `card ${keyword} must be a whole number from ${least} to ${most}, got ${value}`);
}

function imageTrace(hdu: FitsHdu, kept: readonly number[], sweeps: readonly number[], of: Shape): ImageTrace {
  const { shape, data } = readImageData(hdu);
  const [count, ny, nx] = shape;
  const total = kept.reduce((sum, draws) => sum + draws, 0);
  if (
    shape.length !== 3 ||
    count !== total ||
    [ny, nx].join() !== of.join() ||
    !(data instanceof Float32Array)
  ) {
    throw damaged(
      hdu.label,
      `must hold ${total} draws of [${of.join(", ")}] in f4, got shape [${shape.join(", ")}]`,
    );
  }
  checkNumbers(hdu.label, data, AMOUNT);
  let start = 0;
  const chains = kept.map((draws) => {
    const chain = data.subarray(start, start + draws * ny * nx);
    start += draws * ny * nx;
    return chain;
  });
  return {
    shape: [ny, nx],
    ...traceSteps(hdu.header, kept, sweeps),
    chains,
  };
}
