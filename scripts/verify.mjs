// Everything that continuous integration runs, in order; stops at the first failure. One build serves all steps.
//
//   node scripts/verify.mjs [--skip step,step]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const STEPS = [
  ["build", "npm run build"],
  ["check", "npm run check"],
  ["lint", "npm run lint"],
  ["unit", "vitest run --project unit --project mocked"],
  // Below a path, as many hosts have it.
  ["site", "node scripts/docs-site.mjs --base /tslira/"],
  // Together: Slurm's one file alone would leave a core idle.
  ["interop", "vitest run --project interop --project cluster"],
  ["e2e", "vitest run --project e2e"],
  // Three files at a time: their lengths differ, and two would leave a core idle at the end.
  ["slow", "vitest run --project slow --maxWorkers 3"],
  ["demo", "node scripts/demo.mjs"],
];

const flag = process.argv.indexOf("--skip");
const skipped = new Set(flag < 0 ? [] : (process.argv[flag + 1] ?? "").split(","));
const unknown = [...skipped].filter((name) => !STEPS.some(([step]) => step === name));
if (unknown.length > 0) {
  const names = STEPS.map(([step]) => step).join(", ");
  process.stderr.write(`verify: steps are ${names}, got ${unknown.join(", ")}; correct --skip\n`);
  process.exit(1);
}

const root = fileURLToPath(new URL("..", import.meta.url));
const binaries = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));
const separator = process.platform === "win32" ? ";" : ":";
const env = { ...process.env, PATH: `${binaries}${separator}${process.env.PATH}` };
const report = [];
for (const [name, command] of STEPS) {
  if (skipped.has(name)) {
    report.push(`${name}: skipped`);
    continue;
  }
  process.stdout.write(`\n=== ${name}: ${command}\n`);
  const start = performance.now();
  const { status } = spawnSync(command, { cwd: root, env, shell: true, stdio: "inherit" });
  report.push(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  if (status !== 0) {
    process.stderr.write(`\nverify: ${name} must pass, got status ${status}; run it alone: ${command}\n`);
    process.exit(1);
  }
}
process.stdout.write(`\nverify: all passed (${report.join(", ")})\n`);
