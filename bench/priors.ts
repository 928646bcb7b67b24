// Which prior to believe: errors, coverage of intervals and held-out photons of every prior of the sampler, and of methods without
// intervals, on skies whose truth is known and on real data. The tables of docs/priors.md and docs/studies/priors.json.
//
//   npm run study:priors -- [--work study-priors.jsonl] [--realisations 10] [--sweeps 1500] [--chains 4] [--keep 600]
//       [--only "disk,adaptive"] [--part 1/2] [--table]
//
// Results are appended to the work file as they come; what it holds is not done again. `--only` may be repeated: a cell is run when its
// title ("disk, 32, bright, adaptive") holds all words of one. `--part 1/2` and `--part 2/2` share the work among two processes.
// `--table` runs nothing and writes the tables of what is there.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import {
  type Cell,
  type CellName,
  hasRealData,
  realData,
  runRealCell,
  runSkyCell,
  tune,
} from "./prior-cells.js";
import { type Effort, METHODS, type StudiedMethod } from "./prior-methods.js";
import { fillTables, type Study, studyTables, summarise } from "./prior-summary.js";
import { hasPortrait, type Sky, skies } from "./skies.js";
import { keptRows } from "./study-file.js";

const { values: flags } = parseArgs({
  options: {
    work: { type: "string", default: "study-priors.jsonl" },
    realisations: { type: "string", default: "10" },
    sweeps: { type: "string", default: "1500" },
    chains: { type: "string", default: "4" },
    keep: { type: "string", default: "600" },
    only: { type: "string", multiple: true },
    part: { type: "string", default: "1/1" },
    table: { type: "boolean", default: false },
  },
});
const effort: Effort = {
  chains: Number(flags.chains),
  sweeps: Number(flags.sweeps),
  keep: Number(flags.keep),
};
const realisations = Number(flags.realisations);
/** Photons held out cost as much again, and say no less about a mean. */
const HELD_OUT_REALISATIONS = Math.min(realisations, 3);

/** In the page once scripts/priors-figures.mjs has drawn it. */
const FIGURE =
  "![Truth, counts, posterior means and half widths of 68 % intervals of four faint skies under each prior](images/priors-skies.png)";

/** A number that photons held out chose. */
interface Tuned extends Omit<CellName, "realisation"> {
  readonly tuned: number;
  readonly seconds: number;
}

const say = (text: string) => process.stderr.write(`${text}\n`);
if (!hasPortrait) say("portrait: left out, its picture is not beside the checkout");
if (!hasRealData) say("real data: left out, they are not beside the checkout");

const cells: Cell[] = [];
const tuned: Tuned[] = [];
const work = keptRows<Cell | Tuned>(flags.work);
for (const found of work.rows) {
  if ("tuned" in found) tuned.push(found);
  // Posteriors of another length belong to another study.
  else if (found.chains === undefined || (found.chains === effort.chains && found.sweeps === effort.sweeps)) {
    cells.push(found);
  }
}

function titleOf({ sky, size, brightness, method }: Omit<CellName, "realisation">): string {
  return `${sky}, ${size}, ${brightness}, ${method}`;
}
const keyOf = (name: CellName) => `${titleOf(name)}, ${name.realisation}`;

interface Task extends CellName {
  readonly run: () => Cell;
}

/** The tuned number of a point estimate: known, or found now. */
function tunedFor(sky: Sky, method: StudiedMethod): { readonly tuned?: number } {
  if (method.kind === "posterior") return {};
  const name = {
    ...{ sky: sky.name, size: sky.flux.shape[0], brightness: sky.brightness, method: method.name },
  };
  const known = tuned.find((one) => titleOf(one) === titleOf(name));
  if (known !== undefined) return { tuned: known.tuned };
  const { value, seconds } = tune(sky, method);
  const found: Tuned = { ...name, tuned: value, seconds };
  tuned.push(found);
  work.keep(found);
  return { tuned: value };
}

function skyTasks(realisation: number): Task[] {
  return ([32, 64] as const).flatMap((size) =>
    skies(size).flatMap((sky) =>
      METHODS.filter((method) => method.kind === "point" || !method.onlyReal).map((method) => ({
        ...{ sky: sky.name, size, brightness: sky.brightness, method: method.name, realisation },
        run: () =>
          runSkyCell(sky, method, realisation, {
            ...{ ...effort, heldOut: realisation < HELD_OUT_REALISATIONS, ...tunedFor(sky, method) },
          }),
      })),
    ),
  );
}

async function allTasks(): Promise<Task[]> {
  const real = await realData();
  return Array.from({ length: realisations }, (_, realisation) => [
    ...skyTasks(realisation),
    ...real.flatMap((data) =>
      METHODS.flatMap((method) =>
        method.kind === "point"
          ? []
          : {
              ...{ sky: data.name, size: data.observation.counts.shape[0], brightness: "real" as const },
              ...{ method: method.name, realisation },
              run: () => runRealCell(data, method, realisation, { ...effort, heldOut: true }),
            },
      ),
    ),
  ]).flat();
}

/** Mean seconds of cells like this one; undefined before there are any of its method and size. */
function expectedSeconds(task: CellName): number | undefined {
  const like = [
    (cell: Cell) => titleOf(cell) === titleOf(task),
    (cell: Cell) =>
      cell.method === task.method && cell.size === task.size && cell.brightness === task.brightness,
    (cell: Cell) => cell.method === task.method && cell.size === task.size,
  ]
    .map((isLike) => cells.filter(isLike))
    .find((found) => found.length > 0);
  if (like === undefined) return;
  const spent = like.reduce((sum, { seconds, heldOutSeconds = 0 }) => sum + seconds + heldOutSeconds, 0);
  return spent / like.length;
}

/** Minutes of a core that tasks will take, as far as it can be told. */
function costOf(tasks: readonly CellName[]): string {
  const costs = tasks.map(expectedSeconds);
  const known = costs.filter((cost) => cost !== undefined);
  const minutes = known.reduce((sum, cost) => sum + cost, 0) / 60;
  const unknown = costs.length - known.length;
  return `${minutes.toFixed(1)} min of a core${unknown === 0 ? "" : ` and ${unknown} cells of unknown cost`}`;
}

async function runAll(): Promise<void> {
  const [part, parts] = flags.part.split("/").map(Number);
  const all = await allTasks();
  const titles = [...new Set(all.map(titleOf))];
  const done = new Set(cells.map(keyOf));
  const wanted = all.filter((task) => {
    const title = titleOf(task).toLowerCase();
    const words = flags.only?.map((only) =>
      only
        .toLowerCase()
        .split(",")
        .map((word) => word.trim()),
    );
    if (words?.every((list) => !list.every((word) => title.includes(word)))) return false;
    // All realisations of a title in one process: its tuned number is found once.
    return titles.indexOf(titleOf(task)) % parts === part - 1;
  });
  const left = wanted.filter((task) => !done.has(keyOf(task)));
  say(`${wanted.length} cells (${costOf(wanted)}), ${left.length} of them to do (${costOf(left)})`);
  for (const [index, task] of left.entries()) {
    const cell = task.run();
    cells.push(cell);
    work.keep(cell);
    const spent = cell.seconds + (cell.heldOutSeconds ?? 0);
    say(
      `${index + 1}/${left.length} ${keyOf(task)}: ${spent.toFixed(1)} s; left ${costOf(left.slice(index + 1))}`,
    );
  }
}

/** Write what all cells say, and the tables into the page. */
function writeStudy(): void {
  const order = new Map(METHODS.map(({ name }, index) => [name, index]));
  const summary = summarise(cells).sort(
    (a, b) =>
      a.size - b.size ||
      a.sky.localeCompare(b.sky) ||
      a.brightness.localeCompare(b.brightness) ||
      (order.get(a.method) ?? 0) - (order.get(b.method) ?? 0),
  );
  const root = new URL("../../", import.meta.url);
  const study: Study = {
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim(),
    date: new Date().toISOString().slice(0, 10),
    machine: `Node ${process.versions.node}, ${cpus()[0]?.model ?? "unknown processor"}`,
    settings: { chains: effort.chains, "sweeps a chain": effort.sweeps, "draws kept": effort.keep },
    cases: summary,
  };
  const folder = new URL("docs/studies/", root);
  mkdirSync(folder, { recursive: true });
  const { cases, ...about } = study;
  // A case a line: short enough to read, and to compare from one study to the next.
  const lines = cases.map((one) => `    ${JSON.stringify(one)}`).join(",\n");
  const head = JSON.stringify(about, undefined, 2).slice(0, -2);
  writeFileSync(new URL("priors.json", folder), `${head},\n  "cases": [\n${lines}\n  ]\n}\n`);
  const picture = existsSync(new URL("docs/images/priors-skies.png", root)) ? FIGURE : "";
  const tables = { ...studyTables(study, [...order.keys()]), figure: picture };
  const page = new URL("docs/priors.md", root);
  writeFileSync(page, fillTables(readFileSync(page, "utf8"), tables));
  for (const [name, text] of Object.entries(tables)) console.log(`\n## ${name}\n\n${text}`);
}

if (!flags.table) await runAll();
if (cells.length > 0 && (flags.table || flags.only === undefined)) writeStudy();
