// Simulation-based calibration of the sampler under the adaptive prior, under psfs that vary and under psfs of which one is true, with enough simulations to publish: the table of
// docs/studies/calibration-adaptive.json. Hours on one core; every 20 simulations are kept under .bench/, and the next run of
// the same commit goes on from there.
//
//   npm run study:calibration [-- --simulations 400] [-- --only "12 x 20"] [-- --sampler textbook] [-- --table]
//
// With --table nothing is simulated: what there is becomes the table.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  type CalibrationReport,
  calibrate,
  formatCalibration,
  judgeCalibration,
  testUniform,
} from "../test/oracles/calibration.js";
import {
  adaptiveScenarios,
  psfEnsembleScenarios,
  psfSetScenarios,
} from "../test/oracles/calibration-scenarios.js";
import { startLiraChain, startTextbookChain } from "../test/samplers/samplers-under-test.js";

const { values: flags } = parseArgs({
  options: {
    simulations: { type: "string", default: "400" },
    only: { type: "string", default: "" },
    sampler: { type: "string", default: "package" },
    table: { type: "boolean", default: false },
    work: { type: "string" },
  },
});
const SEED = 20_261_128;
const DRAWS = 49;
/** Simulations between two writes. */
const CHUNK = 20;
const FALSE_ALARM_RATE = 1e-3;

const simulations = Number(flags.simulations);
if (!(simulations > 0)) throw new Error(`--simulations must be > 0, got ${flags.simulations}`);
if (flags.sampler !== "package" && flags.sampler !== "textbook") {
  throw new Error(`--sampler must be package or textbook, got ${flags.sampler}`);
}
const start = flags.sampler === "textbook" ? startTextbookChain : startLiraChain;
const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();
const changed = git("status", "--porcelain", "--", "src", "kernels", "test/oracles") !== "";
const commit = git("rev-parse", "HEAD") + (changed ? " and changes" : "");
const work =
  flags.work ?? `.bench/calibration-${flags.sampler}-${commit.slice(0, 12)}${changed ? "-changed" : ""}.json`;

/** Chunks done so far, by the name of the model. */
const done: Record<string, CalibrationReport[]> = existsSync(work)
  ? JSON.parse(readFileSync(work, "utf8"))
  : {};

function writeJson(path: string, content: unknown): void {
  writeFileSync(`${path}.part`, `${JSON.stringify(content, null, 1)}\n`);
  renameSync(`${path}.part`, path);
}

/** One report of all chunks of a model. */
function pool(chunks: readonly CalibrationReport[]): CalibrationReport {
  const all = chunks.reduce((sum, chunk) => sum + chunk.simulations, 0);
  return {
    name: chunks[0].name,
    simulations: all,
    quantities: chunks[0].quantities.map(({ name }, index) =>
      testUniform(
        name,
        chunks.flatMap(({ quantities }) => quantities[index].ranks),
      ),
    ),
    short: chunks.reduce((sum, { short }) => sum + short, 0),
    sweeps: chunks.reduce((sum, chunk) => sum + chunk.sweeps * chunk.simulations, 0) / all,
  };
}

const reports: CalibrationReport[] = [];
for (const [model, scenario] of [
  ...adaptiveScenarios(),
  ...psfSetScenarios(),
  ...psfEnsembleScenarios(),
].entries()) {
  if (!scenario.name.includes(flags.only)) continue;
  done[scenario.name] ??= [];
  const chunks = done[scenario.name];
  while (!flags.table && chunks.length * CHUNK < simulations) {
    // Each chunk has two seeds of its own: of the truths, and of the chains.
    const seed = SEED + 2 * (1000 * model + chunks.length);
    chunks.push(calibrate(scenario, start, { simulations: CHUNK, seed, draws: DRAWS }));
    writeJson(work, done);
  }
  if (chunks.length === 0) continue;
  const report = pool(chunks);
  reports.push(report);
  console.log(formatCalibration(report));
}
if (reports.length === 0) throw new Error(`no model's name contains "${flags.only}"`);

const { passed, limit, reasons } = judgeCalibration(reports, FALSE_ALARM_RATE);
console.log(
  `\n| model | simulations | sweeps a chain | smallest p | of | chains too short |\n|---|---|---|---|---|---|`,
);
for (const { name, simulations: size, sweeps, quantities, short } of reports) {
  const worst = quantities.reduce((least, row) => (row.p < least.p ? row : least));
  console.log(
    `| ${name} | ${size} | ${Math.round(sweeps)} | ${worst.p.toPrecision(2)} | ${worst.name} | ${short} |`,
  );
}
console.log(
  `\n${passed ? "passed" : "failed"} at ${FALSE_ALARM_RATE} for all: every p must be above ${limit.toExponential(1)}`,
);
for (const reason of reasons) console.log(reason);

if (flags.sampler === "package" && flags.only === "") {
  mkdirSync("docs/studies", { recursive: true });
  writeJson("docs/studies/calibration-adaptive.json", {
    commit,
    seed: SEED,
    draws: DRAWS,
    falseAlarmRate: FALSE_ALARM_RATE,
    smallestAllowedP: limit,
    passed,
    models: reports.map(({ quantities, ...report }) => ({
      ...report,
      quantities: quantities.map(({ ranks, ...row }) => row),
    })),
  });
}
process.exitCode = passed ? 0 : 1;
