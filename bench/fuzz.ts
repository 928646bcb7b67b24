/**
 * The fuzz campaign: inputs that are nearly right, to every reader; the table of docs/reliability.md, kept in docs/studies/fuzz.json.
 *
 *     npm run campaign:fuzz [-- --inputs 1000000]
 *
 * What was found is kept under .bench/ after every part; the next call goes on from there.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { VERSION } from "../src/version.js";
import { BLOCK, type FuzzRow, fuzz } from "../test/faults/fuzz.js";

const { values: flags } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    work: { type: "string", default: `.bench/fuzz-${VERSION}.json` },
  },
});
const SEED = 20_261_128;
/** Blocks between two writes. */
const PART = 200;
const goal = Math.ceil(Number(flags.inputs) / BLOCK);
const state: { blocks: number; rows: FuzzRow[]; faults: string[]; megabytes: number } = existsSync(flags.work)
  ? JSON.parse(readFileSync(flags.work, "utf8"))
  : { blocks: 0, rows: [], faults: [], megabytes: 0 };

function writeJson(path: string, content: unknown): void {
  writeFileSync(`${path}.part`, `${JSON.stringify(content, null, 1)}\n`);
  renameSync(`${path}.part`, path);
}

while (state.blocks < goal) {
  const to = Math.min(goal, state.blocks + PART);
  const { rows, faults, megabytes } = await fuzz(SEED, state.blocks, to);
  for (const [index, { reader, inputs, read, slowest }] of rows.entries()) {
    state.rows[index] ??= { reader, inputs: 0, read: 0, slowest: 0 };
    const row = state.rows[index];
    row.inputs += inputs;
    row.read += read;
    row.slowest = Math.max(row.slowest, slowest);
  }
  state.faults.push(...faults);
  state.megabytes = Math.max(state.megabytes, megabytes);
  state.blocks = to;
  writeJson(flags.work, state);
  for (const fault of faults) console.log(fault);
}

console.log("| reader | inputs | read without an error | slowest, s |\n|---|---|---|---|");
for (const { reader, inputs, read, slowest } of state.rows) {
  console.log(`| ${reader} | ${inputs} | ${read} | ${slowest.toFixed(2)} |`);
}
const inputs = state.rows.reduce((sum, row) => sum + row.inputs, 0);
console.log(`\n${inputs} inputs, ${state.faults.length} faults, at most ${Math.round(state.megabytes)} MB`);
mkdirSync("docs/studies", { recursive: true });
writeJson("docs/studies/fuzz.json", { version: VERSION, seed: SEED, inputs, ...state });
process.exitCode = state.faults.length === 0 ? 0 : 1;
