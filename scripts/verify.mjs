// Everything that continuous integration runs, in order; stops at the first failure. One build serves all steps.
//
//   node scripts/verify.mjs [--skip step,step]
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Stages; steps of one run at the same time, those after the first show what they print when they end. */
const STAGES = [
  { build: "npm run build" },
  {
    // Below a path, as many hosts have it.
    site: "node scripts/docs-site.mjs --base /tslira/",
    check: "npm run check",
    lint: "npm run lint",
  },
  { unit: "vitest run --project unit --project mocked" },
  // Together: Slurm's one file alone would leave a core idle.
  { interop: "vitest run --project interop --project cluster" },
  { e2e: "vitest run --project e2e" },
  // Three files at a time: their lengths differ, and two would leave a core idle at the end.
  { slow: "vitest run --project slow --maxWorkers 3" },
  { demo: "node scripts/demo.mjs" },
];
const NAMES = STAGES.flatMap((stage) => Object.keys(stage));

const flag = process.argv.indexOf("--skip");
const skipped = new Set(flag < 0 ? [] : (process.argv[flag + 1] ?? "").split(","));
const unknown = [...skipped].filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`verify: steps are ${NAMES.join(", ")}, got ${unknown.join(", ")}; correct --skip\n`);
  process.exit(1);
}

const root = fileURLToPath(new URL("..", import.meta.url));
const binaries = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));
const separator = process.platform === "win32" ? ";" : ":";
const env = { ...process.env, PATH: `${binaries}${separator}${process.env.PATH}` };

/** Run a step; `shown` prints as it goes. */
function run(name, command, shown) {
  const start = performance.now();
  const child = spawn(command, {
    cwd: root,
    env,
    shell: true,
    stdio: ["inherit", shown ? "inherit" : "pipe", shown ? "inherit" : "pipe"],
  });
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => printed.push(chunk));
  return new Promise((resolve) => {
    child.on("close", (status) => {
      if (!shown) process.stdout.write(`\n=== ${name}: ${command}\n${Buffer.concat(printed)}`);
      resolve({ name, command, status, seconds: (performance.now() - start) / 1000 });
    });
  });
}

const report = [];
for (const stage of STAGES) {
  const steps = Object.entries(stage).filter(([name]) => !skipped.has(name));
  for (const name of Object.keys(stage)) if (skipped.has(name)) report.push(`${name}: skipped`);
  if (steps.length > 0) process.stdout.write(`\n=== ${steps[0].join(": ")}\n`);
  const done = await Promise.all(steps.map(([name, command], index) => run(name, command, index === 0)));
  for (const { name, command, status, seconds } of done) {
    report.push(`${name}: ${seconds.toFixed(0)} s`);
    if (status === 0) continue;
    process.stderr.write(`\nverify: ${name} must pass, got status ${status}; run it alone: ${command}\n`);
    process.exitCode = 1;
  }
  if (process.exitCode === 1) process.exit();
}
process.stdout.write(`\nverify: all passed (${report.join(", ")})\n`);
