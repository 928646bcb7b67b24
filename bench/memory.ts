// Peak resident memory of `tslira deconvolve` for a run and for one ten times longer: traces go to disk, so both should
// need the same. `-- size iterations [chains [workers]]`, default 64 1000 4 2; `-- 512 2000` is the figure of the
// documentation. The peak is what the program itself is told when it ends (`process.resourceUsage`).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTslira } from "./watched-program.js";

const [size = 64, iterations = 1_000, chains = 4, workers = 2] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "tslira-memory-"));
try {
  const data = ["gaussian-and-points", "--shape", `${size}x${size}`, "--background", "0.01"];
  runTslira(["simulate", ...data, "-o", folder, "--quiet"]);
  const inputs = ["psf", "exposure", "background"].flatMap((name) => [
    `--${name}`,
    join(folder, `${name}.fits`),
  ]);
  const runs = [iterations, 10 * iterations].map((sweeps) => {
    const settings = ["--iterations", sweeps, "--chains", chains, "--workers", workers, "--seed", 1].map(
      String,
    );
    const output = ["-o", join(folder, "result.fits"), "--overwrite", "--quiet"];
    return {
      sweeps,
      ...runTslira(["deconvolve", join(folder, "counts.fits"), ...inputs, ...settings, ...output]),
    };
  });
  console.log(`${size} x ${size}, ${chains} chains, ${workers} workers\n`);
  console.log("| sweeps a chain | peak memory, MiB | wall time, s |");
  console.log("|---|---|---|");
  for (const { sweeps, peak, seconds } of runs) {
    console.log(`| ${sweeps} | ${peak.toFixed(0)} | ${seconds.toFixed(1)} |`);
  }
  console.log(`\nten times the sweeps: ${(runs[1].peak / runs[0].peak).toFixed(3)} times the memory`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
