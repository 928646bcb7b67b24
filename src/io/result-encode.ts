/** Results to FITS HDUs; the layout is described in `result-layout.ts`. */

import { concatenated } from "../concatenated.js";
import { presetOf } from "../data/law/presets.js";
import type { Shape, SkyImage } from "../image.js";
import { type DrawSource, traceSource } from "../posterior/draw-source.js";
import type { CountsLedger, PosteriorResult, PosteriorSummary, SamplerConfig } from "../posterior/result.js";
import { asParameterSource, type ParameterSource } from "../posterior/trace.js";
import {
  type FitsCard,
  type FitsColumnInput,
  type FitsHduInput,
  type FitsTableInput,
  fitsCard,
} from "./fits.js";
import { shiftWcs } from "./fits-wcs.js";
import { pixelArea } from "./flux-unit.js";
import { configColumns, flag, numberColumn, real, textColumn, whole } from "./result-config.js";
import {
  CONVERGENCE_COLUMNS,
  isOwnKeyword,
  LEDGER_COLUMNS,
  OUTSIDE_COLUMN,
  RESULT_FORMAT,
} from "./result-layout.js";
import { escapeText } from "./result-text.js";

/** The traces of a result, in memory or in files. */
export interface ResultTraces {
  readonly parameters: ParameterSource;
  readonly images: DrawSource;
}

/** A table whose rows come from elsewhere, piece by piece. */
export interface ParameterTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly format: string }[];
  readonly cards: readonly FitsCard[];
  /** Values of all columns for so many sweeps of a chain. */
  readonly rows: (chain: number, first: number, count: number) => (Int32Array | Float64Array)[];
}

/** A result as HDUs; the traces, by far the largest, are apart so that a file can be written without a copy of them. */
export interface ResultHdus {
  readonly before: readonly FitsHduInput[];
  /** PARAMETER_TRACE, behind `before`. */
  readonly parameterTrace: ParameterTable;
  readonly after: readonly FitsHduInput[];
  /** IMAGE_TRACE, the last HDU, without its planes: draws of chain after chain. */
  readonly imageTrace: {
    readonly name: string;
    readonly cards: readonly FitsCard[];
    readonly planeShape: Shape;
  };
}

/** Traces in memory as sources. */
export function tracesOf({ trace }: PosteriorResult): ResultTraces {
  return { parameters: asParameterSource(trace.parameters), images: traceSource(trace.images) };
}

/** Turn a result into what the FITS writers take. */
export function resultHdus(result: PosteriorSummary, { parameters, images }: ResultTraces): ResultHdus {
  const sky = skyCards(result);
  const unit = result.unit === undefined ? [] : [fitsCard("BUNIT", escapeText(result.unit))];
  const flux = [...unit, ...sky];
  const [means, stds] = [result.chains.map(({ mean }) => mean), result.chains.map(({ std }) => std)];
  return {
    before: [
      image("PRIMARY", result.mean, primaryCards(result)),
      image("POSTERIOR_STD", result.std, flux),
      cube("POSTERIOR_QUANTILES", images.shape, result.quantiles.images, [
        ...unit,
        ...result.quantiles.probabilities.map((value, index) =>
          fitsCard(`PROB${index + 1}`, value, `probability of plane ${index + 1}`),
        ),
        ...sky,
      ]),
      image("RHAT", result.diagnostics.rhat, sky),
      image("ESS", result.diagnostics.ess, sky),
      cube("CHAIN_MEAN", images.shape, means, flux),
      cube("CHAIN_STD", images.shape, stds, flux),
      ...(result.smoothness === undefined ? [] : [cube("SMOOTHNESS", images.shape, result.smoothness, sky)]),
      ...(result.sky === undefined ? [] : [image("SKY", result.sky, [...unit, ...marginCards(result)])]),
    ],
    parameterTrace: parameterTable(parameters),
    after: [diagnosticsTable(result), ledgerTable(result.ledger), configTable(result, parameters, images)],
    imageTrace: {
      name: "IMAGE_TRACE",
      planeShape: images.shape,
      cards: [
        ...unit,
        fitsCard("CHAINS", images.chains, "chains, one after the other"),
        fitsCard("FIRST", images.first, "sweep of the first draw of a chain, from 0"),
        fitsCard("EVERY", images.every, "sweeps between draws"),
        ...sky,
      ],
    },
  };
}

/** An image as an HDU. */
export function image(name: string, { data, shape }: SkyImage, cards: readonly FitsCard[]): FitsHduInput {
  return { kind: "image", name, shape, data, cards };
}

/** Images of one shape as the planes of an HDU. */
export function cube(
  name: string,
  [ny, nx]: Shape,
  planes: readonly SkyImage[],
  cards: readonly FitsCard[],
): FitsHduInput {
  const all = planes.map(({ data }) => data);
  const data = concatenated(Float64Array, all);
  return { kind: "image", name, shape: [planes.length, ny, nx], data, cards };
}

/** Sky coordinates as cards; those that would overwrite a card of ours are left out. */
function skyCards({ wcs }: Pick<PosteriorSummary, "wcs">): FitsCard[] {
  return wcs.filter(({ keyword }) => !isOwnKeyword(keyword));
}

/** Sky coordinates of the whole sky, which begins farther left and below. */
function marginCards({ wcs, config: { upsampling = 1, margin = 0 } }: PosteriorSummary): FitsCard[] {
  const first = -upsampling * margin;
  return skyCards({ wcs: shiftWcs(wcs, first, first) });
}

function primaryCards(result: PosteriorSummary): FitsCard[] {
  const { provenance, config, diagnostics, unit } = result;
  const { state, sentence, remedy } = diagnostics.verdict;
  const { total } = result;
  const preset = config.method === undefined ? presetOf(config) : undefined;
  const number = (keyword: string, value: number, comment: string) =>
    Number.isFinite(value) ? [fitsCard(keyword, value, comment)] : [];
  return [
    fitsCard("TSLIRA", RESULT_FORMAT, "version of this layout of tslira results"),
    fitsCard("CREATOR", `tslira ${escapeText(provenance.version)}`, "program that wrote this file"),
    fitsCard("TITLE", escapeText(result.name)),
    ...(unit === undefined ? [] : [fitsCard("BUNIT", escapeText(unit), "unit of the flux")]),
    ...number("TOTFLUX", total.mean, "flux of the whole image"),
    ...number("TOTFLERR", total.std, "posterior standard deviation of TOTFLUX"),
    fitsCard("REFEXPO", result.referenceExposure, "times this: image of pylira"),
    ...number("PIXAREA", pixelArea(result.wcs, result.mean.shape), "[arcsec2] area of a pixel in the middle"),
    ...targetCards(result.target),
    fitsCard("COMPLETE", result.complete, "whether all sweeps were done"),
    fitsCard("VERDICT", state, "do the chains agree?"),
    fitsCard("VERDTEXT", escapeText(sentence)),
    fitsCard("REMEDY", escapeText(remedy)),
    ...(preset === undefined ? [] : [fitsCard("PRESET", preset, "name of the law that was sampled")]),
    ...gridCards(config),
    ...skyCards(result),
    fitsCard("VERSION", escapeText(provenance.version), "version of tslira"),
    ...(provenance.command === undefined ? [] : [fitsCard("COMMAND", escapeText(provenance.command))]),
    fitsCard("SEED", config.seed, "seed of the random numbers"),
    fitsCard("DATE", provenance.finished.replace(/Z$/, ""), "UTC when the run ended"),
    fitsCard("RUNBEG", escapeText(provenance.started), "start of the run"),
    fitsCard("RUNEND", escapeText(provenance.finished), "end of the run"),
    fitsCard("RUNSECS", provenance.seconds, "[s] wall-clock time of sampling"),
    ...(provenance.device === undefined ? [] : [fitsCard("RUNDEV", escapeText(provenance.device))]),
    ...provenance.inputs.map(({ name, sha256 }, index) =>
      fitsCard(`INPUT${index + 1}`, `${escapeText(sha256)} ${escapeText(name)}`),
    ),
  ];
}

function gridCards({ upsampling = 1, margin = 0 }: SamplerConfig): FitsCard[] {
  if (upsampling === 1 && margin === 0) return [];
  return [
    fitsCard("UPSAMPLE", upsampling, "sky pixels a detector pixel on each axis"),
    fitsCard("MARGIN", margin, "detector pixels of sky beyond each edge"),
  ];
}

function targetCards(target: PosteriorSummary["target"]): FitsCard[] {
  if (target === undefined) return [];
  return [
    fitsCard("TARGET", escapeText(target.until), "convergence that was asked for"),
    fitsCard("MAXSWEEP", target.maxIterations, "most sweeps of a chain to reach it"),
    fitsCard("REACHED", target.reached, "whether it was reached"),
  ];
}

function parameterTable({ names, burnIn, chains, readRows }: ParameterSource): ParameterTable {
  const columns = [
    { name: "iteration", format: "J" },
    { name: "chain", format: "J" },
    ...names.map((name) => ({ name, format: "D" })),
  ];
  const fill = names.includes("logPost") && !names.includes("stepSize");
  const fillAt = names.indexOf("logPost") + 3;
  if (fill) columns.splice(fillAt, 0, { name: "stepSize", format: "D" });
  return {
    name: "PARAMETER_TRACE",
    columns,
    cards: [
      fitsCard("BURNIN", burnIn, "sweeps of burn-in at the start of a chain"),
      fitsCard("CHAINS", chains, "chains, one after the other"),
      fitsCard("STEPFILL", fill, "stepSize is for pylira only, always 0"),
    ],
    rows(chain, first, count) {
      const rows = readRows(chain, first, count);
      const values: (Int32Array | Float64Array)[] = [
        Int32Array.from({ length: count }, (_, row) => first + row + 1),
        new Int32Array(count).fill(chain),
        ...names.map((_, column) =>
          Float64Array.from({ length: count }, (_unused, row) => rows[row * names.length + column]),
        ),
      ];
      if (fill) values.splice(fillAt, 0, new Float64Array(count));
      return values;
    },
  };
}

/** Columns of a table with a row for each of some things with names. */
function columnsOf<Key extends string>(
  rows: readonly ({ readonly name: string } & { readonly [key in Key]?: number })[],
  columns: readonly (readonly [column: string, key: Key])[],
): FitsColumnInput[] {
  const names = rows.map(({ name }) => name);
  const numbers = (key: Key) => rows.map((row) => row[key] ?? 0);
  return [textColumn("name", names), ...columns.map(([name, key]) => numberColumn(name, numbers(key)))];
}

function diagnosticsTable({ diagnostics: { parameters, verdict } }: PosteriorSummary): FitsTableInput {
  const lists = [...parameters.map(() => "parameter"), ...verdict.worst.map(() => "worst")];
  const columns = columnsOf([...parameters, ...verdict.worst], CONVERGENCE_COLUMNS);
  return { kind: "table", name: "DIAGNOSTICS", columns: [textColumn("list", lists), ...columns] };
}

function ledgerTable(rows: readonly CountsLedger[]): FitsTableInput {
  const margin = rows.some(({ outside }) => outside !== undefined);
  const columns = columnsOf(rows, margin ? [...LEDGER_COLUMNS, OUTSIDE_COLUMN] : LEDGER_COLUMNS);
  return { kind: "table", name: "LEDGER", columns };
}

function transitionColumns({ transitions: found }: PosteriorSummary): FitsColumnInput[] {
  if (found === undefined) return [];
  return [
    whole("transitions", found.transitions),
    whole("divergences", found.divergences),
    whole("cut_short", found.cutShort),
    real("gradients", found.gradients),
    { name: "step_sizes", format: `${found.stepSizes.length}D`, values: found.stepSizes },
  ];
}

function configTable(
  result: PosteriorSummary,
  parameters: ParameterSource,
  images: DrawSource,
): FitsTableInput {
  const { config } = result;
  const wholes = (name: string, count: number, of: (chain: number) => number): FitsColumnInput => ({
    ...{ name, format: `${count}K` },
    values: Array.from({ length: count }, (_, chain) => of(chain)),
  });
  return {
    kind: "table",
    name: "CONFIG",
    columns: [
      ...configColumns(config),
      ...transitionColumns(result),
      real("reference_exposure", result.referenceExposure),
      flag("complete", result.complete),
      wholes("chain_sweeps", parameters.chains, parameters.sweeps),
      wholes("chain_draws", result.chains.length, (chain) => result.chains[chain].draws),
      wholes("chain_kept", images.chains, images.draws),
    ],
  };
}
