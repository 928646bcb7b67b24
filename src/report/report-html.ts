import { zlibSync } from "fflate";
import { base64, base64Length } from "../base64.js";
import { checkModel, type ModelCheck } from "../checks/model-check.js";
import type { PredictiveCheck } from "../checks/predictive-check.js";
import { brightestPixel, positionOf } from "../data/observation/brightest-pixel.js";
import type { Observation } from "../data/observation/observation.js";
import { parseWcs, type SkyWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { figureTitle } from "../figures/figure.js";
import { plotParameterDistributions } from "../figures/plot-parameter-distributions.js";
import { plotParameterTraces } from "../figures/plot-parameter-traces.js";
import { plotPosterior } from "../figures/plot-posterior.js";
import { plotRank } from "../figures/plot-rank.js";
import { plotSmoothness } from "../figures/plot-smoothness.js";
import { reportScript, reportScriptHash, reportStyle, reportStyleHash } from "../generated/report-page.js";
import { chainGroups } from "../posterior/chain-groups.js";
import { asDrawSource, type DrawSource } from "../posterior/draw-source.js";
import type { PosteriorSummary } from "../posterior/result.js";
import {
  asParameterSource,
  type ImageTrace,
  type ParameterSource,
  type ParameterTrace,
} from "../posterior/trace.js";
import { escapeXml } from "../xml-text.js";
import { profileFigure, residualFigure } from "./check-figures.js";
import { type EmbeddedDraws, embedDraws } from "./embed-draws.js";
import { explorerHtml, inspectorHtml, playerHtml } from "./live-sections.js";
import { packValues } from "./packed-image.js";
import {
  embeddedText,
  factsHtml,
  figureSection,
  guideHtml,
  ledgerHtml,
  modelCheckHtml,
  parametersHtml,
  predictiveHtml,
  provenanceHtml,
  type ReportSummary,
  referencesHtml,
  reproduceHtml,
  sectionHtml,
  verdictHtml,
} from "./page-sections.js";
import type { DataBlock, LayerData, ReportData, ReportMark } from "./report-data.js";
import { figureHtml, type ReportFigure, type ReportSection } from "./report-figure.js";
import { type ReportInputFiles, reproducingCode } from "./reproduce.js";

/** A result whose traces may be in memory or in a file. */
export interface ReportResult extends Omit<PosteriorSummary, "chains"> {
  readonly trace: {
    readonly parameters: ParameterTrace | ParameterSource;
    readonly images: ImageTrace | DrawSource;
  };
}

/** Options of `reportHtml`. */
export interface ReportOptions {
  /** As for figures: in a browser `document`; in Node `await figureDocument()` from `tslira/node`. */
  readonly document: Document;
  /** Heading; default the object of the header cards, or the name of the result. */
  readonly title?: string;
  /** What was deconvolved, all observations in order; adds counts, expected counts and residuals. */
  readonly observations?: readonly Observation[];
  /** Predictive checks of the observations, from `predictiveCheck`. */
  readonly predictive?: readonly PredictiveCheck[];
  /** Files of each observation, for the code that makes the result again. */
  readonly files?: readonly ReportInputFiles[];
  /** Largest size of the page in bytes, default 5,000,000; decides how many draws it holds. */
  readonly maxBytes?: number;
  /** Circles with names on the pictures, in pixels from 0, that the reader may hide. */
  readonly marks?: readonly ReportMark[];
  /** Further sections, before the one on how the result was made. */
  readonly sections?: readonly ReportSection[];
}

/** Default of `maxBytes`. */
export const REPORT_BYTES = 5_000_000;

/** Significant bits of layers: enough for what is shown, and fewer for images that would fill the page. */
const FINE_BITS: Readonly<Record<LayerData["kind"], number>> = {
  flux: 17,
  std: 12,
  rhat: 14,
  ess: 11,
  counts: 24,
  predicted: 14,
};
const COARSE_BITS: Readonly<Record<LayerData["kind"], number>> = {
  flux: 12,
  std: 9,
  rhat: 11,
  ess: 7,
  counts: 24,
  predicted: 10,
};

/** Bytes that the text around the draws may grow by when they are known. */
const RESERVE = 4_000;

const CHECKS_TITLE = "Counts and model";

/**
 * Make a report: one HTML page that needs nothing else, no network either. It holds what a reader of a paper may ask of a result:
 * verdict, numbers, linked images, traces and correlations of every pixel and region, draws, settings and how to make it again.
 *
 * Images are exact to the digits that are shown. Draws are thinned, and quantised to a byte, until the page fits into
 * `maxBytes`; the page says how many there are and how exact. The same arguments give the same bytes.
 *
 * @param result from `LiraDeconvolver.run` or `readResult`; draws may also come from a file (`DrawSource`). Not changed
 * @throws InvalidInputError when observations do not fit the result, or the page cannot be as small as asked for
 */
export function reportHtml(result: ReportResult, options: ReportOptions): string {
  const {
    maxBytes = REPORT_BYTES,
    observations,
    predictive = [],
    files,
    sections = [],
    marks = [],
    document,
  } = options;
  const source = asDrawSource(result.trace.images);
  const { wcs } = parseWcs(result.wcs);
  const checks = observations === undefined ? [] : checkModel(result, result.trace.parameters, observations);
  const title = options.title ?? figureTitle(result) ?? result.name;
  const kept = Array.from({ length: source.chains }, (_, chain) => source.draws(chain));
  const groups = chainGroups(result.config);
  const { x, y } = positionOf(brightestPixel(result.mean), result.mean.shape);
  const first = [x, y] as const;

  const layers = layerBlocks(result, checks, maxBytes);
  const parameters = parameterFigures(result, document);
  const smoothness = smoothnessFigure(result, document);
  const checksBody = checksHtml(result, checks, predictive, document);
  const data: ReportData = {
    name: title,
    shape: result.mean.shape,
    unit: result.unit ?? "",
    ...(wcs && { wcs }),
    layers: layers.data,
    probabilities: result.quantiles.probabilities,
    observations: checks.map(({ observation: { name } }) => ({ name })),
    kept,
    ...(groups && { groups }),
    ...(marks.length > 0 && { marks: marks.map(({ name, x, y, radius }) => ({ name, x, y, radius })) }),
    first,
  };
  const compose = (embedded: EmbeddedDraws) =>
    pageHtml(title, [
      headerHtml(title, result, wcs, [
        ["images", "Images"],
        ["closer", "A closer look"],
        ...(embedded.film === undefined ? [] : [["draws", "Draws"] as const]),
        ["parameters", "Parameters"],
        ...(checksBody === "" ? [] : [["checks", CHECKS_TITLE] as const]),
        ...sections.map((section) => [section.id, section.title] as const),
        ["made", "How it was made"],
        ["guide", "How to read it"],
      ]),
      explorerHtml(fallbackFigure(result, checks, document), marks.length > 0),
      inspectorHtml(first, result.mean.shape),
      ...(embedded.film === undefined ? [] : [playerHtml(embedded.film.chains)]),
      ...(smoothness === undefined
        ? []
        : [sectionHtml("smoothness", "Points or diffuse light", figureHtml(smoothness))]),
      sectionHtml("parameters", "Parameters", parametersHtml(result) + parameters),
      ...(checksBody === "" ? [] : [sectionHtml("checks", CHECKS_TITLE, checksBody)]),
      ...sections.map(figureSection),
      sectionHtml("made", "How it was made", provenanceHtml(result)),
      sectionHtml(
        "again",
        "Make it again",
        reproduceHtml(result.provenance.command, reproducingCode(result, files)),
      ),
      sectionHtml("guide", "How to read this page", guideHtml(embeddedText(embedded, kept))),
      sectionHtml("references", "Works to cite", referencesHtml()),
      dataHtml(
        {
          ...data,
          ...(embedded.film && { film: embedded.film }),
          ...(embedded.pixelDraws && { pixelDraws: embedded.pixelDraws }),
        },
        [...layers.blocks, ...embedded.blocks],
      ),
    ]);

  const without = byteLength(compose({ blocks: [], filmError: 0, pixelError: 0 }));
  if (without > maxBytes) {
    throw new InvalidInputError(
      `report: a page on this result must have at least ${without} bytes, got a limit of ${maxBytes}; raise it (--max-size ${Math.ceil(without / 900_000)}M)`,
      { fields: { bytes: without, maxBytes } },
    );
  }
  for (let budget = maxBytes - without - RESERVE; ; budget *= 0.9) {
    const html = compose(embedDraws(source, result, budget));
    // Lists of pixels in the JSON are not in the budget: rarely a second round is needed.
    if (budget <= 0 || byteLength(html) <= maxBytes) return html;
  }
}

function byteLength(html: string): number {
  return new TextEncoder().encode(html).length;
}

/** The images of a result, compressed. */
function layerBlocks(
  result: ReportSummary,
  checks: readonly ModelCheck[],
  maxBytes: number,
): { data: LayerData[]; blocks: DataBlock[] } {
  const { mean, std, quantiles, diagnostics } = result;
  const percent = (probability: number) => `${Number((100 * probability).toPrecision(4))} %`;
  const several = checks.length > 1;
  const layers: (LayerData & { readonly values: ArrayLike<number> })[] = [
    { id: "mean", title: "Posterior mean", label: "flux", kind: "flux", values: mean.data },
    { id: "std", title: "Standard deviation", label: "flux", kind: "std", values: std.data },
    ...quantiles.images.map(({ data }, index) => ({
      id: `quantile-${index}`,
      title: `Quantile ${percent(quantiles.probabilities[index])}`,
      label: "flux",
      kind: "flux" as const,
      values: data,
    })),
    { id: "rhat", title: "Convergence, R-hat", label: "R-hat", kind: "rhat", values: diagnostics.rhat.data },
    { id: "ess", title: "Effective sample size", label: "ESS", kind: "ess", values: diagnostics.ess.data },
    ...checks.flatMap(({ observation, predicted, sigma }, index) => {
      const of = several ? `, ${observation.name}` : "";
      return [
        {
          id: `counts-${index}`,
          title: `Counts${of}`,
          label: "counts",
          kind: "counts" as const,
          observation: index,
          // Pixels that are not in use have no counts.
          values: observation.counts.data.map((value, pixel) =>
            observation.mask?.data[pixel] === 0 ? Number.NaN : value,
          ),
        },
        {
          id: `predicted-${index}`,
          title: `Expected counts${of}`,
          label: "counts",
          kind: "predicted" as const,
          observation: index,
          values: predicted.data.map((value, pixel) =>
            Number.isNaN(sigma.data[pixel]) ? Number.NaN : value,
          ),
        },
      ];
    }),
  ];
  const pack = (bits: Readonly<Record<LayerData["kind"], number>>) =>
    layers.map(({ id, kind, values }) => ({
      id,
      bytes: zlibSync(packValues(values, bits[kind]), { level: 9 }),
    }));
  const fine = pack(FINE_BITS);
  const size = fine.reduce((sum, { bytes }) => sum + base64Length(bytes.length), 0);
  return {
    data: layers.map(({ values: _, ...layer }) => layer),
    blocks: size <= maxBytes / 3 ? fine : pack(COARSE_BITS),
  };
}

/** Rows of parameters, all chains together, up to which figures are drawn of them. */
const MOST_ROWS = 4e6;

/** Figures of the parameters; none when nothing varies or the traces are too long to be drawn. */
function parameterFigures({ trace, diagnostics, config }: ReportResult, document: Document): string {
  const source = asParameterSource(trace.parameters);
  const sweeps = Array.from({ length: source.chains }, (_, chain) => source.sweeps(chain));
  const rows = sweeps.reduce((sum, count) => sum + count, 0);
  if (diagnostics.parameters.length === 0 || rows * source.names.length > MOST_ROWS * 16) return "";
  const parameters: ParameterTrace =
    "readRows" in trace.parameters
      ? {
          names: source.names,
          burnIn: source.burnIn,
          chains: sweeps.map((count, chain) => source.readRows(chain, 0, count)),
        }
      : trace.parameters;
  const names = diagnostics.parameters.map(({ name }) => name).filter((name) => source.names.includes(name));
  const groups = chainGroups(config);
  const options = { document, names, ...(groups && { groups }) };
  const pairs = groups
    ? " Each pair of chains has a tree of its own: compare 1 with 2, 3 with 4, and so on."
    : "";
  const figures: ReportFigure[] = [
    {
      svg: plotParameterTraces(parameters, diagnostics, { document }),
      caption:
        "Traces of the parameters, one line a chain, burn-in faded. R-hat and effective sample size stand beside the names, in colour where they fail.",
    },
    {
      svg: plotParameterDistributions(parameters, options),
      caption:
        "Posterior distributions of the parameters: all draws after burn-in filled, each chain as an outline. Outlines that differ are chains that disagree." +
        pairs,
    },
  ];
  if (source.chains > 1) {
    figures.push({
      svg: plotRank(parameters, options),
      caption:
        "Ranks of the draws of each chain among those of all that it can be compared with. Flat within the band: the chains sample the same distribution. A slope is a shift, a bowl or a hill a different width.",
    });
  }
  const [shown, ...folded] = figures.map(figureHtml);
  return `${shown}<details><summary>Distributions${source.chains > 1 ? " and ranks" : ""}</summary>${folded.join("")}</details>`;
}

/** Where the data call for points; undefined when the prior was not the adaptive one. */
function smoothnessFigure(result: ReportSummary, document: Document): ReportFigure | undefined {
  const { smoothness, wcs } = result;
  if (smoothness === undefined) return undefined;
  return {
    svg: plotSmoothness({ smoothness, wcs }, { document }),
    caption:
      "How smooth the data want the image to be: for blocks of several sizes the posterior mean of ln α, where α says how evenly the " +
      "light of a block is spread over its four quarters. Blue blocks hold points, whose light sits in one quarter; red ones hold diffuse " +
      "light; where there are no photons a block takes after the larger one around it.",
  };
}

/** Counts against the model: numbers, predictive checks and their figures. */
function checksHtml(
  { wcs }: ReportSummary,
  checks: readonly ModelCheck[],
  predictive: readonly PredictiveCheck[],
  document: Document,
): string {
  const figures = [
    ...checks.map((check) => residualFigure(check, document)),
    ...predictive.map((check) => profileFigure(check, wcs, document)),
  ].map(figureHtml);
  return (
    (checks.length === 0 ? "" : modelCheckHtml(checks)) +
    predictive.map(predictiveHtml).join("") +
    (figures.length === 0 ? "" : `<div class="side-by-side">${figures.join("")}</div>`)
  );
}

/** What is shown where scripts do not run. */
function fallbackFigure(result: ReportSummary, checks: readonly ModelCheck[], document: Document): string {
  const [check] = checks;
  return figureHtml({
    svg: plotPosterior(result, { document, ...(check && { counts: check.observation.counts }) }),
    caption: "Posterior mean, standard deviation, signal to noise and convergence of each pixel.",
  });
}

/** @param contents identifiers and names of the sections to link to, in their order */
function headerHtml(
  title: string,
  result: ReportSummary,
  wcs: SkyWcs | undefined,
  contents: readonly (readonly [id: string, name: string])[],
): string {
  return (
    `<header><p class="kicker">Posterior of a deconvolved image</p><h1>${escapeXml(title)}</h1>` +
    `<nav aria-label="Contents">${contents.map(([id, name]) => `<a href="#${escapeXml(id)}">${escapeXml(name)}</a>`).join(" ")}</nav></header>` +
    verdictHtml(result.diagnostics) +
    sectionHtml("numbers", "In numbers", factsHtml(result, wcs) + ledgerHtml(result))
  );
}

/** The data of the page. Elements of an unknown script type are not run. */
function dataHtml(data: ReportData, blocks: readonly DataBlock[]): string {
  const json = JSON.stringify(data).replace(/</g, "\\u003c");
  return (
    `<script type="application/json" id="report-data">${json}</script>` +
    blocks
      .map(({ id, bytes }) => `\n<script type="text/plain" id="data-${id}">${base64(bytes)}</script>`)
      .join("")
  );
}

/** A page of these parts, with the script that makes them live unless `live` is false. */
export function pageHtml(title: string, parts: readonly string[], live = true): string {
  const policy =
    `default-src 'none'; img-src data:; style-src '${reportStyleHash}'; ${live ? `script-src '${reportScriptHash}'; ` : ""}` +
    "base-uri 'none'; form-action 'none'";
  return (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">\n` +
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n' +
    '<meta name="referrer" content="no-referrer">\n' +
    `<title>${escapeXml(title)}${live ? ": posterior" : ""}</title>\n<style>${reportStyle}</style>\n</head>\n<body>\n<main>\n` +
    `${parts.join("\n")}\n</main>\n${live ? `<script>${reportScript}</script>\n` : ""}</body>\n</html>\n`
  );
}
