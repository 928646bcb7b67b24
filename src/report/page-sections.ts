/** The parts of a report that are text, as HTML. */

import type { DiscrepancyName } from "../checks/discrepancy.js";
import type { ModelCheck } from "../checks/model-check.js";
import type { PredictiveCheck } from "../checks/predictive-check.js";
import { pixelSizeAt } from "../data/sky/pixel-size.js";
import type { SkyWcs } from "../data/sky/sky-wcs.js";
import { labelParameters, parameterLabel } from "../figures/parameter-label.js";
import { formatUnit } from "../figures/ticks.js";
import { regionFluxUnit } from "../posterior/region.js";
import type { Convergence, PosteriorSummary, Verdict } from "../posterior/result.js";
import { countText, durationText, errorText, numberText, rhatText } from "../viewer/numbers.js";
import { escapeXml } from "../xml-text.js";
import { settingRows } from "./config-table.js";
import type { EmbeddedDraws } from "./embed-draws.js";
import { REFERENCES } from "./references.js";
import { figureHtml, type ReportSection } from "./report-figure.js";

const text = escapeXml;

/** The parts of a result that are shown as text. */
export type ReportSummary = Omit<PosteriorSummary, "chains">;

/** A section with its heading. */
export function sectionHtml(id: string, title: string, body: string): string {
  return `<section id="${text(id)}" aria-labelledby="${text(id)}-title"><h2 id="${text(id)}-title">${text(title)}</h2>${body}</section>`;
}

/** A section of somebody's text, tables and figures. */
export function figureSection({
  id,
  title,
  text: paragraphs = [],
  tables = [],
  figures = [],
}: ReportSection): string {
  return sectionHtml(
    id,
    title,
    paragraphs.map((paragraph) => `<p>${text(paragraph)}</p>`).join("") +
      tables
        .map(({ caption, heads, rows }) =>
          table(
            caption,
            heads.map(text),
            rows.map((row) => row.map(text)),
          ),
        )
        .join("") +
      figures.map(figureHtml).join(""),
  );
}

/** A table; the first cell of each row is its heading, the others numbers unless said otherwise. */
function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  kind: "numbers" | "words" | "discrepancies" = "numbers",
): string {
  const head = heads.map((cell) => `<th scope="col">${cell}</th>`).join("");
  const body = rows
    .map(
      ([first, ...rest]) =>
        `<tr><th scope="row">${first}</th>${rest.map((cell) => `<td>${cell}</td>`).join("")}</tr>`,
    )
    .join("");
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="${text(caption)}"><table class="${kind}">` +
    `<caption>${text(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
  );
}

const STATES: Readonly<Record<Verdict["state"], string>> = {
  agree: "The chains agree",
  weak: "Too short to be sure",
  disagree: "The chains disagree",
  unknown: "Convergence is not known",
};

/** The name of a quantity; those of pixels lead to the pixel. */
function quantityName(name: string): string {
  const [, x, y] = /\(x, y\) = \((\d+), (\d+)\)$/.exec(name) ?? [];
  if (x === undefined || y === undefined) return text(parameterLabel(name));
  return `<button type="button" class="goto" data-x="${x}" data-y="${y}">${text(name)}</button>`;
}

function convergenceTable(caption: string, rows: readonly Convergence[]): string {
  return table(
    caption,
    ["quantity", "mean", "std", "R-hat", "ESS", "error of the mean"],
    rows.map(({ name, mean, std, rhat, ess, mcse }) => [
      quantityName(name),
      numberText(mean),
      numberText(std, 3),
      rhatText(rhat),
      countText(ess),
      numberText(mcse, 2),
    ]),
  );
}

/** Do the chains agree, and what is worst. */
export function verdictHtml({ verdict }: ReportSummary["diagnostics"]): string {
  const { state, sentence, remedy, worst } = verdict;
  return (
    `<section class="verdict ${state}" id="verdict" aria-labelledby="verdict-title">` +
    `<h2 id="verdict-title">${text(STATES[state])}</h2><p>${text(labelParameters(sentence))}</p>` +
    (remedy === "" ? "" : `<p class="remedy">${text(remedy)}</p>`) +
    (worst.length === 0 ? "" : convergenceTable("Farthest from convergence", worst)) +
    "</section>"
  );
}

/** The run in numbers. */
export function factsHtml(result: ReportSummary, wcs: SkyWcs | undefined): string {
  const { mean, total, ledger, config, provenance, complete, target, unit } = result;
  const [ny, nx] = mean.shape;
  const side = wcs === undefined ? 0 : 3600 * pixelSizeAt(wcs, (nx - 1) / 2, (ny - 1) / 2);
  const scale =
    side === 0 ? "" : side < 60 ? ` of ${numberText(side, 3)}″` : ` of ${numberText(side / 60, 3)}′`;
  const observed = ledger.reduce((sum, row) => sum + row.observed, 0);
  const card = (keyword: string) => {
    const value = result.wcs.find((entry) => entry.keyword === keyword)?.value;
    return typeof value === "string" ? value.trim() : "";
  };
  const instrument = [card("TELESCOP"), card("INSTRUME")].filter((part) => part !== "").join(" ");
  const facts: [string, string][] = [
    ["Total flux", `${errorText(total.mean, total.std)} ${formatUnit(regionFluxUnit(unit) ?? "")}`.trim()],
    ["Observed counts", countText(observed)],
    ["Image", `${nx} × ${ny} pixels${scale}`],
    ...(instrument === "" ? [] : [["Instrument", instrument] as [string, string]]),
    ...(card("DATE-OBS") === "" ? [] : [["Observed", dateText(card("DATE-OBS"))] as [string, string]]),
    [
      "Chains",
      `${config.chains} × ${countText(config.iterations)} sweeps${complete ? "" : ", stopped early"}`,
    ],
    ...(target === undefined
      ? []
      : [["Target", `${target.until}, ${target.reached ? "reached" : "not reached"}`] as [string, string]]),
    ["Burn-in", `${countText(config.burnIn)} sweeps of each`],
    ["Sampled", `${dateText(provenance.finished)} UTC, in ${durationText(provenance.seconds)}`],
    ["Program", `tslira ${provenance.version}, seed ${config.seed}`],
  ];
  return `<dl class="facts">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`).join("")}</dl>`;
}

/** Day and minute of an ISO 8601 time. */
function dateText(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

/** Where the counts went. */
export function ledgerHtml({ ledger, config }: ReportSummary): string {
  const holdsBack = config.method === undefined && config.totalCountsPrior.rate > 0;
  const margin = ledger.some(({ outside }) => outside !== undefined);
  return (
    table(
      "Where the counts went: expected counts in the pixels in use, posterior means",
      [
        ...["observation", "observed", "source", "background"],
        ...(margin ? ["from beyond the frame"] : []),
        ...["rest", "landed outside"],
      ],
      ledger.map(({ name, observed, source, sourceStd, background, lost, outside = 0 }) => [
        text(name),
        countText(observed),
        errorText(source, sourceStd),
        numberText(background),
        ...(margin ? [numberText(outside)] : []),
        numberText(observed - source - background - outside, 3),
        numberText(lost),
      ]),
    ) +
    `<p class="note">Observed = source + background${margin ? " + from beyond the frame" : ""} + rest. The rest is ` +
    `${holdsBack ? "what the prior on the total holds back, and chance" : "chance"}. ` +
    "Photons that landed outside belong to the flux of the image, but no pixel in use saw them.</p>"
  );
}

/** Counts against the posterior mean. */
export function modelCheckHtml(checks: readonly ModelCheck[]): string {
  return (
    table(
      "Counts and their expectation under the posterior mean",
      [
        "observation",
        "observed",
        "expected",
        "C statistic",
        "Cash",
        "pixels",
        "beyond 3 σ",
        "farthest pixel",
      ],
      checks.map((check) => [
        text(check.observation.name),
        countText(check.observed),
        numberText(check.expected, 5),
        numberText(check.cstat, 5),
        numberText(check.cash, 5),
        countText(check.pixels),
        `${countText(check.beyond3)} (by chance ${numberText(check.beyond3Expected, 2)})`,
        `<button type="button" class="goto" data-x="${check.worst.x}" data-y="${check.worst.y}">(${check.worst.x}, ${check.worst.y})</button> ${numberText(check.worst.sigma, 2)} σ`,
      ]),
    ) +
    '<p class="note">Residuals are signed roots of the deviance, which at low counts is closer to a unit normal than ' +
    "(observed − expected) / √expected. The C statistic compares with the number of pixels only where counts are many. " +
    "The same counts made the posterior: a good fit is necessary, not sufficient.</p>"
  );
}

/** What the discrepancies of a predictive check look at. */
const SEES: Readonly<Record<DiscrepancyName, string>> = {
  total: "lost or invented photons",
  maximum: "a peak too sharp or too flat",
  pearson: "scatter that is not Poisson",
  cash: "counts that avoid, or crowd, the bright pixels",
  cstat: "scatter, less moved by faint pixels",
  neighbours: "structure of a few pixels",
  patches: "structure as wide as the psf",
  profile: "a wrong psf, about the brightest pixel",
};

/** Are the counts like counts that the model would make? */
export function predictiveHtml({
  name,
  discrepancies,
  sentence,
  draws,
  replicates,
}: PredictiveCheck): string {
  return (
    `<p>${text(sentence)}</p>` +
    table(
      `Predictive check of ${name}: observed counts against ${countText(replicates)} images replicated from ${countText(draws)} draws`,
      ["discrepancy", "sees", "observed", "replicated", "p", "flagged"],
      discrepancies.map(({ name: which, observed, replicated, p, pError, flagged }) => [
        text(which),
        text(SEES[which]),
        numberText(observed, 5),
        errorText(replicated.mean, replicated.std),
        errorText(p, pError),
        flagged ? "yes" : "no",
      ]),
      "discrepancies",
    ) +
    '<p class="note">p is the probability that replicated counts are at least as discrepant as the observed; near 0 or 1 is bad. ' +
    "Since the counts made the posterior, p gathers about 1/2.</p>"
  );
}

/** Parameters in numbers. */
export function parametersHtml({ diagnostics }: ReportSummary): string {
  return convergenceTable(
    "Convergence of the parameters, from the sweeps after burn-in",
    diagnostics.parameters,
  );
}

/** Inputs and settings. */
export function provenanceHtml({ provenance, config, referenceExposure }: ReportSummary): string {
  const { inputs } = provenance;
  const files =
    inputs.length === 0
      ? '<p class="note">The inputs came from memory; their hashes are not known.</p>'
      : table(
          "Inputs",
          ["file", "SHA-256"],
          inputs.map(({ name, sha256 }) => [text(name), `<code class="hash">${text(sha256)}</code>`]),
          "words",
        );
  return (
    files +
    table(
      "Settings",
      ["setting", "value", "meaning"],
      settingRows(config, referenceExposure).map(({ name, value, meaning }) => [
        `<code>${text(name)}</code>`,
        text(value),
        text(meaning),
      ]),
      "words",
    )
  );
}

/** How to get the same bytes again. */
export function reproduceHtml(command: string | undefined, code: string): string {
  const block = (label: string, content: string) =>
    `<h3>${label}</h3><pre tabindex="0" role="region" aria-label="${label}"><code>${text(content)}</code></pre>`;
  return (
    (command === undefined ? "" : block("Command line", command)) +
    block("JavaScript", code) +
    '<p class="note">With the same version, inputs, settings and seed both give the same posterior, byte by byte, in Node and in ' +
    "browsers and with any number of workers.</p>"
  );
}

/** What the page holds, and how well. */
export function embeddedText(
  { film, pixelDraws, filmError, pixelError }: EmbeddedDraws,
  kept: readonly number[],
): string {
  const total = kept.reduce((sum, count) => sum + count, 0);
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  if (film === undefined) return `None of the ${countText(total)} kept draws fit into this page.`;
  const bits = (top: number) => `${Math.round(Math.log2(top + 1))} bits`;
  const within = (error: number) =>
    `${numberText(error, 2)} standard deviations of the pixel (median of the pixels)`;
  const shown = sum(film.chains);
  const images =
    `Of ${countText(total)} kept draws of the image this page holds ${shown === total ? "all" : countText(shown)}` +
    `${film.step > 1 ? ` (every ${ordinal(film.step)})` : ""}${film.bin > 1 ? `, summed over blocks of ${film.bin} × ${film.bin} pixels` : ""}, ` +
    `with ${bits(film.top)} a value: right to within ${within(filmError)}.`;
  const traces =
    pixelDraws === undefined
      ? ""
      : ` For ${countText(pixelDraws.series)} pixels that hold flux it holds ${sum(pixelDraws.chains) === total ? "all" : countText(sum(pixelDraws.chains))} ` +
        `draws, with ${bits(pixelDraws.top)} a value (${within(pixelError)}).`;
  return `${images}${traces} Means, errors, quantiles, R-hat and ESS were computed from all draws before that.`;
}

function ordinal(value: number): string {
  const last = value % 10;
  const teen = value % 100 > 10 && value % 100 < 14;
  return `${value}${teen ? "th" : last === 1 ? "st" : last === 2 ? "nd" : last === 3 ? "rd" : "th"}`;
}

/** For readers who see such a page for the first time. */
export function guideHtml(embedded: string): string {
  const entries: [string, string][] = [
    [
      "Flux",
      "Expected counts per pixel per unit exposure, before the psf. The posterior is the set of all fluxes that the counts allow, " +
        "weighted by how well they explain them under the multiscale prior; mean ± error are its mean and standard deviation.",
    ],
    [
      "68 %",
      "The central interval from the 16 % to the 84 % quantile. Faint pixels have skewed posteriors: prefer the interval to mean ± error there.",
    ],
    [
      "Signal to noise",
      "Mean divided by standard deviation of one pixel. It is no detection significance: neighbouring pixels trade flux, so sources are judged by sums over regions.",
    ],
    [
      "R-hat and ESS",
      "R-hat compares the spread between chains with that within them; 1 is perfect, from 1.1 on the chains tell different stories. " +
        "ESS is the number of independent draws that the correlated ones are worth; 100 a chain are enough for means and errors. " +
        "Where pairs of chains keep different shifts of the tree, each pair samples a model of its own, and only chains of equal shift are compared.",
    ],
    [
      "Regions",
      "Neighbouring pixels of a deconvolved image are anticorrelated. The error of a sum is therefore far below the root of the summed squares; " +
        "this page takes it from draws of the sum. A sum may have converged although its pixels have not: see its own R-hat.",
    ],
    [
      "Traces",
      "Chains that have converged look like bands of noise on top of each other. Steps, drifts, or chains that keep to themselves mean that errors are too small.",
    ],
    ["What is in this page", embedded],
  ];
  return `<dl class="guide">${entries.map(([name, meaning]) => `<dt>${text(name)}</dt><dd>${text(meaning)}</dd>`).join("")}</dl>`;
}

/** Works to cite. */
export function referencesHtml(): string {
  return `<ol class="references">${REFERENCES.map(
    ({ text: work, purpose }) => `<li>${text(work)} <span class="note">(${text(purpose)})</span></li>`,
  ).join("")}</ol>`;
}
