// Install the packed package under Node 20, 22 and 24 as a new user would, run the README's first commands, and compare results.
//
// node scripts/try-nodes.mjs [FOLDER]        fetches the three versions from the package registry (package `node`); some minutes
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const VERSIONS = [20, 22, 24];
const root = resolve(import.meta.dirname, "..");
const folder = process.argv[2] ? resolve(process.argv[2]) : mkdtempSync(join(tmpdir(), "tslira-nodes-"));
const run = (program, args, cwd, path = process.env.PATH) =>
  execFileSync(program, args, {
    cwd,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "pipe", "inherit"],
  });

mkdirSync(folder, { recursive: true });
run("npm", ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder], root); // of what is built
const packed = join(
  folder,
  readdirSync(folder).find((name) => /^tslira-.*\.tgz$/.test(name)),
);

/** Commands of the README from "In the terminal", shortened: words are split at spaces. */
const sim = "--psf sim/psf.fits --exposure sim/exposure.fits --background sim/background.fits";
const COMMANDS = [
  "--version",
  "simulate gaussian-and-points --seed 1 -o sim",
  `deconvolve sim/counts.fits ${sim} --iterations 1000 --seed 7 -o sim/result.fits --png sim/posterior.png`,
  "info sim/result.fits",
  "diagnose sim/result.fits --region 16,16,3",
  "measure sim/result.fits --circle 16,16,3",
  "sources sim/result.fits -o sim/sources.fits",
  "report sim/result.fits -o sim/report.html",
  "plot sim/result.fits --kind rank -o sim/rank.pdf",
  `significance sim/counts.fits ${sim} --circle 16,26,3 --replicates 10 --iterations 200 -o sim/significance.fits`,
];

/** SHA-256 of a result without the cards that say when it was made, how long that took, and by which Node. */
function hashOf(path) {
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.indexOf("END   ".padEnd(80)); at += 80) {
    if (/^(DATE|RUNBEG|RUNEND|RUNSECS|NODE) *=/.test(bytes.toString("latin1", at, at + 12)))
      bytes.fill(" ", at + 8, at + 80);
  }
  return createHash("sha256").update(bytes).digest("hex");
}

const hashes = VERSIONS.map((version) => {
  const here = join(folder, `node-${version}`);
  mkdirSync(here, { recursive: true });
  writeFileSync(join(here, "package.json"), '{ "name": "new-user", "private": true, "type": "module" }\n');
  run("npm", ["install", "--no-audit", "--no-fund", "--save-exact", `node@${version}`], here);
  const path = `${join(here, "node_modules/node/bin")}${delimiter}${process.env.PATH}`;
  run("npm", ["install", "--no-audit", "--no-fund", packed], here, path);
  const node = String(run("node", ["--version"], here, path)).trim();
  for (const command of COMMANDS) run(join(here, "node_modules/.bin/tslira"), command.split(" "), here, path);
  writeFileSync(
    join(here, "use.js"),
    'import { LiraDeconvolver, simulatePointSource } from "tslira";\n' +
      "const result = await new LiraDeconvolver({ iterations: 300, chains: 2, seed: 1 }).run(simulatePointSource({ seed: 1 }));\n" +
      "console.log(result.mean.data.reduce((a, b) => a + b, 0));\n",
  );
  const sum = String(run("node", ["use.js"], here, path)).trim();
  const hash = hashOf(join(here, "sim/result.fits"));
  console.log(
    `Node ${node}: ${COMMANDS.length} commands; result ${hash.slice(0, 16)}, sum in the library ${sum}`,
  );
  return `${hash} ${sum}`;
});
if (new Set(hashes).size !== 1) {
  console.error(`the results must be the same under all versions, got ${hashes.join(", ")}; see ${folder}`);
  process.exitCode = 1;
}
