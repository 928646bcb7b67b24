/**
 * The kill campaign: programs are killed (SIGKILL) at random moments, without a chance to tidy up, and started again until one comes
 * to its end. Whatever is found under the name of an output must be whole, the bytes at the end must be those of a run that nobody
 * disturbed, and nothing else may be left in the folder. The table of docs/reliability.md, kept in docs/studies/kills.json.
 *
 *     npm run campaign:kill [-- --kills 1000] [-- --program dist/cli/main.js]
 *
 * After every round what was found is kept under .bench/; the next call goes on from there. Moments are drawn from a fixed seed;
 * what happens at them depends on the machine, and must not matter.
 */

import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { randomStream } from "../src/data/random/random.js";
import { writeFits } from "../src/io/fits.js";
import { VERSION } from "../src/version.js";
import { dataUnits } from "../test/runs/data-units.js";

const { values: flags } = parseArgs({
  options: {
    kills: { type: "string", default: "1000" },
    program: { type: "string", default: fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url)) },
    work: { type: "string", default: `.bench/kills-${VERSION}.json` },
  },
});
const GOAL = Number(flags.kills);
const PROGRAM = resolve(flags.program);
const SEED = 20_261_128;

/** What is known of the kills of one command. */
interface Tally {
  /** Programs that were started with a moment at which they would be killed. */
  started: number;
  killed: number;
  /** Of those killed: what was there afterwards. */
  nothing: number;
  unfinished: number;
  finished: number;
}

/** A command that is killed. */
interface Command {
  readonly name: string;
  readonly words: readonly string[];
}

/** What is killed, and what becomes of it. */
interface Scenario {
  /** Files that the folder begins with, made once. */
  readonly inputs: readonly string[];
  /** The command to give, looking at what is there. */
  readonly next: (folder: string) => Command;
  /** Files that must be there at the end, and nothing else but the inputs. */
  readonly outputs: readonly string[];
  /** Folders that are there at the end too, whose files are not compared one by one. */
  readonly folders?: readonly string[];
  /** Path that says that something was begun. */
  readonly begun: string;
}

const RUN = "--background background.fits --chains 2 --seed 9 --iterations 400 --burn-in auto".split(" ");
const UNTIL = "--until rhat<1.0001,ess>90000 --max-iterations 900 --trace-keep 40".split(" ");
const OFTEN = ["--checkpoint-every", "0.02s", "-w", "1", "-q"];
const DATA = ["counts.fits", "--psf", "psf.fits"];

const SCENARIOS: readonly Scenario[] = [
  {
    inputs: ["counts.fits", "psf.fits", "background.fits"],
    next: (folder) =>
      existsSync(join(folder, "r.fits.checkpoint/run.json"))
        ? { name: "resume", words: ["resume", "r.fits.checkpoint", ...OFTEN] }
        : {
            name: "deconvolve",
            words: ["deconvolve", ...DATA, ...RUN, ...UNTIL, ...OFTEN, "-o", "r.fits", "--overwrite"],
          },
    outputs: ["r.fits"],
    begun: "r.fits.checkpoint",
  },
  {
    inputs: ["counts.fits", "psf.fits", "background.fits"],
    next: () => ({
      name: "significance",
      words: [
        ...["significance", ...DATA, "--background", "background.fits", "--circle", "8,8,3"],
        ...["--replicates", "8", "-n", "60", "--burn-in", "20", "--seed", "2", "-w", "1", "-q"],
        ...["-o", "s.fits", "--csv", "s.csv", "--overwrite"],
      ],
    }),
    outputs: ["s.fits", "s.csv"],
    begun: "s.fits.tasks",
  },
  {
    inputs: ["counts.fits", "psf.fits", "background.fits", "job.json"],
    next: (folder) => ({
      name: "cluster submit",
      words: [
        ...["cluster", "submit", existsSync(join(folder, "job.job")) ? "job.job" : "job.json"],
        ...["--checkpoint-every", "0.02s", "-w", "1", "-q"],
      ],
    }),
    outputs: ["c.fits"],
    folders: ["job.job"],
    begun: "job.job",
  },
  {
    inputs: ["counts.fits", "psf.fits", "background.fits", "whole.fits"],
    next: () => ({ name: "report", words: ["report", "whole.fits", "-o", "r.html", "--overwrite", "-q"] }),
    outputs: ["r.html"],
    begun: "r.html",
  },
  {
    inputs: ["events.fits"],
    next: () => ({
      name: "bin",
      words: ["bin", "events.fits", "-o", "b.fits.gz", "--bin-size", "2", "--overwrite"],
    }),
    outputs: ["b.fits.gz"],
    begun: "b.fits.gz",
  },
];

function start(folder: string, words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

/** Wait for the end of a program; null when it was killed. */
function ended(child: ChildProcess): Promise<{ readonly code: number | null; readonly text: string }> {
  let text = "";
  child.stderr?.on("data", (chunk) => {
    text += chunk;
  });
  return new Promise((done) => child.once("close", (code) => done({ code, text })));
}

async function mustEnd(folder: string, words: readonly string[]): Promise<number> {
  const clock = performance.now();
  const { code, text } = await ended(start(folder, words));
  if (code !== 0) throw new Error(`kills: ${words.join(" ")} must end by itself, got ${code}: ${text}`);
  return performance.now() - clock;
}

/** What must be the same of a file; headers of FITS files and pages carry dates. */
function essence(path: string): string {
  const bytes = readFileSync(path);
  if (path.endsWith(".fits")) return dataUnits(bytes).join("\n");
  if (path.endsWith(".html"))
    return bytes.toString("latin1").replaceAll(/\d{4}-\d\d-\d\d[T ,]*[\d:.]*Z?/g, "DATE");
  return bytes.toString("latin1");
}

function writeJson(path: string, content: unknown): void {
  writeFileSync(`${path}.part`, `${JSON.stringify(content, null, 1)}\n`);
  renameSync(`${path}.part`, path);
}

const place = mkdtempSync(join(tmpdir(), "tslira-kills-"));
const inputs = join(place, "inputs");
mkdirSync(inputs);
const state: { rounds: number; tallies: Record<string, Tally>; faults: string[] } = existsSync(flags.work)
  ? JSON.parse(readFileSync(flags.work, "utf8"))
  : { rounds: 0, tallies: {}, faults: [] };
const killed = () => Object.values(state.tallies).reduce((sum, tally) => sum + tally.killed, 0);

try {
  await mustEnd(inputs, ["simulate", "point-source", "--shape", "16", "-o", ".", "--seed", "3"]);
  const random = randomStream(SEED);
  const ofAxis = (middle: number) =>
    Float64Array.from({ length: 20_000 }, () => middle + 30 * (random.uniform() + random.uniform()));
  const column = (name: string, values: Float64Array) => ({ name, format: "D", values });
  writeFileSync(
    join(inputs, "events.fits"),
    writeFits([
      { kind: "empty" },
      { kind: "table", name: "EVENTS", columns: [column("X", ofAxis(40)), column("Y", ofAxis(50))] },
    ]),
  );
  const job = { iterations: 300, burnIn: 50, chains: 2, seed: 5, counts: "counts.fits", psf: "psf.fits" };
  writeFileSync(
    join(inputs, "job.json"),
    JSON.stringify({ kind: "chains", ...job, background: "background.fits", output: "../c.fits" }),
  );
  await mustEnd(inputs, [
    ...["deconvolve", ...DATA, "--background", "background.fits"],
    ...["-n", "200", "-c", "2", "-q", "-o", "whole.fits"],
  ]);

  // What an undisturbed program leaves, and how long it takes; the second time, as after the first kill files are in memory.
  const expected: { seconds: number; readonly essences: readonly string[] }[] = [];
  for (const scenario of SCENARIOS) {
    const folder = mkdtempSync(join(place, "whole-"));
    for (const name of scenario.inputs) cpSync(join(inputs, name), join(folder, name));
    const { words } = scenario.next(folder);
    const milliseconds = await mustEnd(folder, words);
    expected.push({
      seconds: milliseconds / 1000,
      essences: scenario.outputs.map((name) => essence(join(folder, name))),
    });
    rmSync(folder, { recursive: true });
  }

  while (killed() < GOAL) {
    const number = state.rounds % SCENARIOS.length;
    const scenario = SCENARIOS[number];
    const { essences } = expected[number];
    const folder = mkdtempSync(join(place, "round-"));
    for (const name of scenario.inputs) cpSync(join(inputs, name), join(folder, name));
    // Every round has a stream of its own.
    const moments = randomStream(SEED + 1 + state.rounds);
    const fault = (what: string) => {
      state.faults.push(`round ${state.rounds}: ${what}`);
      console.log(state.faults.at(-1));
    };
    const outputs = () =>
      scenario.outputs.map((name, index) => {
        const path = join(folder, name);
        if (!existsSync(path)) return false;
        let found: string;
        try {
          found = essence(path);
        } catch (error) {
          found = String(error);
        }
        if (found !== essences[index]) fault(`${name} is neither absent nor whole`);
        return true;
      });
    for (let inTurn = 0; ; inTurn++) {
      const { name, words } = scenario.next(folder);
      state.tallies[name] ??= { started: 0, killed: 0, nothing: 0, unfinished: 0, finished: 0 };
      const tally = state.tallies[name];
      tally.started++;
      const child = start(folder, words);
      const end = ended(child);
      // Later and later, so that a round ends on a machine that has become slower.
      const limit = 1000 * expected[number].seconds * (1 + inTurn / 4);
      const begun = performance.now();
      const moment = setTimeout(() => child.kill("SIGKILL"), limit * moments.uniform());
      const { code, text } = await end;
      clearTimeout(moment);
      if (code !== null) {
        if (code !== 0) fault(`${words.join(" ")} ended with ${code}: ${text}`);
        // A machine that others use becomes slower and quicker.
        const took = (performance.now() - begun) / 1000;
        if (inTurn === 0 || took > expected[number].seconds) expected[number].seconds = took;
        break;
      }
      tally.killed++;
      if (outputs().every(Boolean)) tally.finished++;
      else if (existsSync(join(folder, scenario.begun))) tally.unfinished++;
      else tally.nothing++;
    }
    if (!outputs().every(Boolean)) fault("an output is missing at the end");
    const known = new Set([...scenario.inputs, ...scenario.outputs, ...(scenario.folders ?? [])]);
    const litter = readdirSync(folder).filter((name) => !known.has(name));
    for (const name of scenario.folders ?? []) {
      litter.push(...readdirSync(join(folder, name, "work")).map((one) => `${name}/work/${one}`));
    }
    if (litter.length > 0) fault(`left behind: ${litter.join(", ")}`);
    rmSync(folder, { recursive: true });
    state.rounds++;
    writeJson(flags.work, state);
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}

console.log(
  "| command | started | killed | nothing there yet | unfinished | outputs whole |\n|---|---|---|---|---|---|",
);
for (const [name, { started, killed: count, nothing, unfinished, finished }] of Object.entries(
  state.tallies,
)) {
  console.log(`| ${name} | ${started} | ${count} | ${nothing} | ${unfinished} | ${finished} |`);
}
console.log(`\n${killed()} kills in ${state.rounds} rounds, ${state.faults.length} faults`);
mkdirSync("docs/studies", { recursive: true });
writeJson("docs/studies/kills.json", { version: VERSION, seed: SEED, kills: killed(), ...state });
process.exitCode = state.faults.length === 0 ? 0 : 1;
