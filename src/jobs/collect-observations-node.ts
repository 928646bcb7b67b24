/** Results of a survey: one file an observation, and a catalogue of them. */

import { mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { csvCell } from "../csv-cell.js";
import { checkNotRead } from "../io/file-sha256-node.js";
import { type FitsHduInput, fitsCard } from "../io/fits.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { textColumn } from "../io/result-config.js";
import { copyWholeFile, writeWholeFile } from "../io/whole-file-node.js";
import { combineGroups } from "../posterior/chain-groups.js";
import type { CollectContext, Collected } from "./collected.js";
import { type Job, readTask } from "./job-folder-node.js";
import { readTaskResult } from "./observation-task-node.js";

/** A line of the catalogue. */
interface CatalogueRow {
  readonly name: string;
  /** Name of the result file, beside the catalogue. */
  readonly file: string;
  readonly seed: number;
  readonly flux: number;
  readonly fluxStd: number;
  /** Observed counts in the pixels in use, all observations together. */
  readonly counts: number;
  readonly verdict: string;
  /** Worst R-hat of the parameters. */
  readonly rhat: number;
  readonly complete: boolean;
}

/** Copy a file whole, unless a copy is there. */
async function copyOnce(from: string, to: string, inputs: Job["manifest"]["sources"]): Promise<void> {
  await withFileErrors(to, async () => {
    const source = await stat(from);
    const target = await stat(to).catch(() => undefined);
    // A copy is never changed in place; equal length and a later time mean that it is done.
    if (target?.size === source.size && target.mtimeMs >= source.mtimeMs) return;
    await checkNotRead(to, inputs);
    await copyWholeFile(from, to);
  });
}

/** Collect a survey into a folder. */
export async function collectObservations(
  job: Job,
  { output, results, onProgress }: CollectContext,
): Promise<Collected> {
  await withFileErrors(output, () => mkdir(output, { recursive: true }));
  const rows: CatalogueRow[] = [];
  let done = 0;
  for (const [index, path] of results) {
    const task = readTask(job, index);
    const file = join(output, `${task.name}.fits`);
    const result = await readTaskResult(job, task, path);
    await copyOnce(path, file, task.sources ?? job.manifest.sources);
    const { total, diagnostics, ledger, complete } = result;
    rows.push({
      name: task.name,
      file: basename(file),
      seed: task.seed,
      flux: total.mean,
      fluxStd: total.std,
      counts: ledger.reduce((sum, { observed }) => sum + observed, 0),
      verdict: diagnostics.verdict.state,
      rhat: combineGroups(diagnostics.parameters).rhat,
      complete,
    });
    onProgress?.(++done / results.size);
  }
  const files = ["fits", "csv", "json"].map((ending) => join(output, `catalogue.${ending}`));
  const [fits, csv, json] = files;
  await writeFitsFile(fits, [catalogueTable(job, rows)]);
  await writeWholeFile(csv, catalogueText(rows));
  await writeWholeFile(json, `${JSON.stringify(rows, undefined, 2)}\n`);
  const apart = rows.filter(({ verdict }) => verdict === "disagree").length;
  return {
    files,
    remarks:
      apart === 0
        ? []
        : [`the chains of ${apart} of ${rows.length} observations disagree: see the column verdict`],
    figures: { observations: rows.length, disagree: apart },
  };
}

/** Columns of the catalogue: name, format in FITS (`A`: texts, as long as the longest), and value. */
const COLUMNS: readonly (readonly [
  name: string,
  format: string,
  of: (row: CatalogueRow) => string | number | boolean,
])[] = [
  ["name", "A", ({ name }) => name],
  ["file", "A", ({ file }) => file],
  ["seed", "K", ({ seed }) => seed],
  ["flux", "D", ({ flux }) => flux],
  ["flux_std", "D", ({ fluxStd }) => fluxStd],
  ["counts", "D", ({ counts }) => counts],
  ["verdict", "A", ({ verdict }) => verdict],
  ["rhat", "D", ({ rhat }) => rhat],
  ["complete", "L", ({ complete }) => complete],
];

function catalogueTable({ manifest }: Job, rows: readonly CatalogueRow[]): FitsHduInput {
  return {
    kind: "table",
    name: "CATALOGUE",
    cards: [
      fitsCard("CREATOR", `tslira ${manifest.version}`),
      fitsCard("TASKS", manifest.tasks.count, "observations of the job"),
      fitsCard("DATE", manifest.created.replace(/Z$/, ""), "UTC when the job was made"),
    ],
    columns: COLUMNS.map(([name, format, of]) => {
      if (format === "A") return textColumn(name, rows.map(of).map(String));
      return { name, format, values: rows.map(of) as number[] | boolean[] };
    }),
  };
}

/** Comma-separated values. */
function catalogueText(rows: readonly CatalogueRow[]): string {
  const cell = (value: string | number | boolean) => csvCell(Number.isNaN(value) ? "" : value);
  const lines = rows.map((row) => COLUMNS.map(([, , of]) => cell(of(row))).join(","));
  return `${[COLUMNS.map(([name]) => name).join(","), ...lines].join("\n")}\n`;
}
