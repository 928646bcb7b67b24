/** `tslira info`. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { presetOf } from "../data/law/presets.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { wcsDoubts } from "../data/sky/wcs-doubts.js";
import { given } from "../given.js";
import {
  type FitsHdu,
  type FitsHduInfo,
  type FitsHeader,
  findHdu,
  parseFitsName,
  readImageData,
  readTable,
} from "../io/fits.js";
import { hasSums } from "../io/fits-checksum.js";
import { type FitsFile, openFitsFile } from "../io/fits-file-node.js";
import { wcsCards } from "../io/fits-wcs.js";
import { type HduKindName, hduKind, type ImageValues } from "../io/hdu-kind.js";
import type { ResultSummary } from "../io/result-decode.js";
import { readResultSummary } from "../io/result-file-node.js";
import { isEstimate } from "../io/tslira-file.js";
import { shellLine } from "../jobs/shell-command.js";
import { recordedRows } from "../settings/rows.js";
import { plainText } from "./exit.js";
import { formatCount, formatNumber, formatThings } from "./format.js";
import { summaryData, summaryLines } from "./summary.js";

const DETAILS = `
Shows every HDU: kind, size, type, unit, smallest and largest value and sum of images, columns of
tables, sky coordinates. For a result of tslira deconvolve also its settings, counts ledger,
convergence and verdict, and what to do next. Of the folder of a job or a checkpoint only the latter.

Examples:
  tslira info counts.fits.gz
  tslira info result.fits --json`;

function infoOptions() {
  return new Command("info")
    .description("Say what is in a FITS file, plain or .gz; for a result also what it says.")
    .argument("<file>", "FITS file; name[extension] for one HDU only")
    .option("--json", "print it for programs")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** The command. */
export const command = () => infoOptions().action((file, flags) => info(file, flags.json === true));

/** Folders that tslira makes: the file by which each is known, what it is, and what goes on with it. */
const FOLDERS = [
  ["job.json", "a job of tslira cluster", "see how far it is", ["cluster", "status"]],
  ["run.json", "the checkpoint of a run", "continue the run", ["resume"]],
] as const;

async function info(name: string, json: boolean): Promise<void> {
  const { path, extension } = parseFitsName(name);
  const found = FOLDERS.find(([file]) => existsSync(join(path, file)));
  if (found !== undefined) {
    const [, is, remedy, words] = found;
    const command = [...words, path];
    process.stdout.write(
      json
        ? `${JSON.stringify({ file: path, is, remedy, command }, undefined, 2)}\n`
        : `${path}: ${is}\n\nNext: ${remedy}\n\ntslira ${shellLine(command)}\n`,
    );
    return;
  }
  const summary = await readResultSummary(path);
  const file = await openFitsFile(path);
  try {
    const wanted = extension === undefined ? file.hdus : [findHdu(file.hdus, extension)];
    const hdus: HduReport[] = [];
    for (const hdu of wanted) hdus.push(await describe(file, named(hdu, path)));
    const { header } = file.hdus[0];
    const estimate = extension === undefined && isEstimate(file.hdus);
    if (json) {
      const result = estimate
        ? { estimate: estimateData(header) }
        : summary === undefined || extension !== undefined
          ? {}
          : { result: summaryData(summary) };
      process.stdout.write(`${JSON.stringify({ file: path, hdus, ...result }, undefined, 2)}\n`);
      return;
    }
    const lines = [`${path}: FITS, ${formatThings(file.hdus.length, "HDUs")}`, "", ...hduLines(hdus)];
    const doubts = wanted.flatMap((hdu, index) => [
      ...(hdus[index].warnings ?? []),
      ...wcsDoubts(wcsCards(hdu.header)).map((doubt) => `${path}[${hdu.index}]: ${doubt}`),
    ]);
    if (doubts.length > 0) lines.push("", ...doubts.map((text) => `Warning: ${text}`));
    if (estimate) lines.push("", ...estimateLines(path, header));
    else if (summary === undefined) lines.push("", ...adviceLines(wanted, hdus));
    else if (extension !== undefined)
      lines.push(
        "",
        "Next: this is part of a result of tslira deconvolve; read the report on it",
        "",
        reportLine(path),
      );
    else lines.push("", ...resultLines(path, summary));
    process.stdout.write(`${plainText(lines.join("\n"))}\n`);
  } finally {
    await file.close();
  }
}

/** What is told of an HDU. */
interface HduReport {
  readonly index: number;
  readonly name: string;
  readonly kind: "image" | "table" | "empty";
  /** Slowest axis first. */
  readonly shape?: readonly number[];
  readonly type?: string;
  readonly unit?: string;
  readonly statistics?: Statistics;
  readonly rows?: number;
  readonly columns?: readonly { readonly name: string; readonly format: string; readonly unit?: string }[];
  readonly sky?: string;
  readonly holds: HduKindName;
  /** What it is, in words. */
  readonly is: string;
  /** What to do with it, and the command that does it, word by word. */
  readonly remedy: string;
  readonly command: readonly string[];
  readonly warnings?: readonly string[];
}

interface Statistics extends ImageValues {
  readonly max: number | null;
  /** Pixels without a value. */
  readonly undefined: number;
}

const TYPES: Readonly<Record<number, string>> = {
  8: "u1",
  16: "i2",
  32: "i4",
  64: "i8",
  [-32]: "f4",
  [-64]: "f8",
};

/** Larger images are not read for their statistics, nor larger tables to compare their sums. */
const STATISTICS_BYTES = 2 ** 27;

/** An HDU that is called by the name of its file as it was given, so that commands find it. */
function named<H extends FitsHduInfo>(hdu: H, path: string): H {
  return { ...hdu, label: path + (/\[[^[]*$/.exec(hdu.label)?.[0] ?? "") };
}

function kindOf(hdu: FitsHduInfo, { hdus }: FitsFile, values?: ImageValues) {
  const { kind: holds, ...told } = hduKind(hdu, { values, hdus });
  return { holds, ...told };
}

async function describe(file: FitsFile, hdu: FitsHduInfo): Promise<HduReport> {
  const read = hdu.dataLength <= STATISTICS_BYTES && (hdu.kind === "image" || hasSums(hdu.header));
  const whole = read ? await file.readHdu(hdu.index) : undefined;
  const { warnings } = whole ?? hdu;
  const base = { index: hdu.index, name: hdu.name, ...(warnings && { warnings }) };
  if (hdu.kind === "empty") return { ...base, ...kindOf(hdu, file), kind: "empty" };
  if (hdu.kind === "table") {
    // No rows are needed to learn about the columns.
    const empty = { ...hdu, data: new Uint8Array(0) };
    const { columns } = readTable(empty, { rows: [0, 0] });
    return {
      ...base,
      ...kindOf(hdu, file),
      kind: "table",
      rows: hdu.rows,
      columns: columns.map(({ name, format, unit }) => ({
        name,
        format,
        ...given({ unit }),
      })),
    };
  }
  const unit = hdu.header.text("BUNIT");
  const sky = skyText(hdu);
  const values = whole && statistics(whole);
  return {
    ...base,
    ...kindOf(hdu, file, values),
    kind: "image",
    shape: hdu.shape,
    type: TYPES[hdu.bitpix],
    ...(unit ? { unit } : {}),
    ...given({ statistics: values, sky }),
  };
}

function statistics(hdu: FitsHdu): Statistics {
  const { data } = readImageData(hdu);
  let [min, max, sum, missing, whole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, true];
  for (let index = 0; index < data.length; index++) {
    const value = data[index];
    if (Number.isNaN(value)) {
      missing++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    whole &&= Number.isInteger(value);
  }
  const none = missing === data.length;
  return { min: none ? null : min, max: none ? null : max, sum, whole, undefined: missing };
}

/** Projection and position of the reference pixel. */
function skyText({ header }: FitsHduInfo): string | undefined {
  const types = [header.text("CTYPE1"), header.text("CTYPE2")];
  const values = [header.number("CRVAL1"), header.number("CRVAL2")];
  if (types.some((type) => !type) || values.includes(undefined)) return undefined;
  const pixel = [header.number("CRPIX1"), header.number("CRPIX2")].map((value) =>
    value === undefined ? "?" : formatNumber(value - 1),
  );
  const { unread } = parseWcs(wcsCards(header));
  return (
    `${types.join(", ")}; ${values.map((value) => formatNumber(Number(value))).join(", ")} at x ${pixel[0]}, y ${pixel[1]}` +
    (unread === undefined ? "" : ` (cannot be read: ${unread})`)
  );
}

/** Lines of labels and what stands beside them. */
function labelled(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`);
}

function hduLines(hdus: readonly HduReport[]): string[] {
  const rows = hdus.map((hdu) => {
    const title = `${hdu.index} ${hdu.name || "(no name)"}`;
    if (hdu.kind === "empty") return [title, "no data"];
    if (hdu.kind === "table")
      return [title, `table of ${formatThings(hdu.rows ?? 0, "rows")}: ${columnText(hdu)}`];
    const size = [...(hdu.shape ?? [])].reverse().join(" x ");
    return [
      title,
      [`image ${size} ${hdu.type}`, hdu.unit, statisticsText(hdu.statistics), hdu.sky]
        .filter(Boolean)
        .join(", "),
    ];
  });
  return labelled(rows);
}

function columnText({ columns = [] }: HduReport): string {
  const shown = columns
    .slice(0, 30)
    .map(({ name, format, unit }) => `${name} ${format}${unit ? ` [${unit}]` : ""}`);
  const more = columns.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function statisticsText(found: Statistics | undefined): string {
  if (found === undefined) return "";
  const { min, max, sum, undefined: missing } = found;
  const range =
    min === null || max === null
      ? "no values"
      : `${formatNumber(min)} to ${formatNumber(max)}, sum ${formatNumber(sum)}`;
  return missing > 0 && min !== null ? `${range}, ${formatCount(missing)} pixels undefined` : range;
}

/** What the gradient sampler did. */
function transitionLines({ transitions: found }: ResultSummary): string[][] {
  if (found === undefined) return [];
  return [
    [
      "divergences",
      `${formatCount(found.divergences)} of ${formatCount(found.transitions)} diverged, ` +
        `${formatCount(found.cutShort)} were cut short, ${formatNumber(found.gradients)} gradients each`,
    ],
    ["step lengths", found.stepSizes.map(formatNumber).join(", ")],
  ];
}

/** Settings of a result, its summary, and what to do next. */
function resultLines(path: string, result: ResultSummary): string[] {
  const { config, provenance, referenceExposure, keptDraws } = result;
  const settings = [
    config.method === undefined
      ? ["preset", presetOf(config) ?? "none: settings of its own"]
      : ["method", config.method],
    ...recordedRows(config.method ?? "lira", config as never, formatNumber).map(({ label, value }) => [
      label,
      value,
    ]),
    ...transitionLines(result),
    ["kept draws", keptDraws.map(formatCount).join(", ")],
    ["reference exposure", formatNumber(referenceExposure)],
    ["made by", `tslira ${provenance.version}, ${provenance.started} to ${provenance.finished}`],
    ...(provenance.command === undefined ? [] : [["command", provenance.command]]),
    ...(provenance.device === undefined ? [] : [["device", provenance.device.replace(/^device: /, "")]]),
    ...provenance.inputs.map(({ name, sha256 }) => ["input", `${name} (SHA-256 ${sha256.slice(0, 16)}...)`]),
  ];
  const { state, remedy } = result.diagnostics.verdict;
  const next =
    state === "agree"
      ? "read the report on it (ds9 and astropy open the file as well)"
      : remedy === ""
        ? "run it longer"
        : remedy;
  return [
    "Result of tslira deconvolve",
    "",
    ...summaryLines(result),
    "",
    "Settings",
    ...labelled(settings),
    "",
    `Next: ${next}`,
    "",
    reportLine(path),
  ];
}

const reportLine = (path: string) => `tslira ${shellLine(["report", path, "-o", `${plainPath(path)}.html`])}`;

const plainPath = (path: string) => path.replace(/(\.fits?)?(\.gz)?$/i, "");

/** What the header of an image by another method than lira says. */
function estimateData(header: FitsHeader) {
  const number = (keyword: string) => header.number(keyword) ?? null;
  return {
    method: header.text("METHOD"),
    iterations: number("NITER"),
    converged: header.get("CONVERGD") === true,
    complete: header.get("COMPLETE") === true,
    stopped: header.text("STOPPED"),
    cash: number("CASH"),
    logPrior: number("LOGPRIOR"),
    upsampling: number("UPSAMPLE"),
    margin: number("MARGIN"),
    creator: header.text("CREATOR"),
    command: header.text("COMMAND"),
  };
}

function estimateLines(path: string, header: FitsHeader): string[] {
  const { method, iterations, complete, stopped, cash, creator, command } = estimateData(header);
  const rows = [
    ["iterations", `${iterations === null ? "?" : formatCount(iterations)}; ${stopped}`],
    ...(complete ? [] : [["incomplete", "it was ended from outside; run the command again for the rest"]]),
    ["Cash", cash === null ? "?" : formatNumber(cash)],
    ["made by", creator ?? "?"],
    ...(command === undefined ? [] : [["command", command]]),
  ];
  return [
    `Image of tslira deconvolve --method ${method}: one estimate, no posterior`,
    "",
    ...labelled(rows),
    "",
    "Next: look at it (ds9 and astropy open the file as well)",
    "",
    `tslira ${shellLine(["plot", path, "-o", `${plainPath(path)}.png`])}`,
  ];
}

/** Words on a file that is no result and the command that goes on with it, on a line of its own. */
function adviceLines(hdus: readonly FitsHduInfo[], reports: readonly HduReport[]): string[] {
  const kinds = reports.map(({ holds }) => holds);
  const dull: readonly string[] = ["table", "empty", "good times"];
  const told = [
    kinds.indexOf("psf planes"),
    hdus.findIndex(({ kind, dataLength }) => kind === "image" && dataLength > 0),
    kinds.findIndex((kind) => !dull.includes(kind)),
    kinds.findIndex((kind) => kind !== "empty"),
    0,
  ].find((index) => index >= 0)!;
  const { index, name, is, remedy, command } = reports[told];
  const title = `HDU ${index}${name ? ` ${name}` : ""}`;
  return [
    `Next: ${title} is ${is}; ${remedy.replace(/: tslira bin .*$/s, "")}`,
    "",
    `tslira ${shellLine(command)}`,
  ];
}
