/** A Slurm of one node on this machine, started and stopped by scripts/slurm-single-node.sh. */

import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../scripts/slurm-single-node.sh", import.meta.url));

/** What keeps a Slurm from being started here; undefined when nothing does. */
export function slurmObstacle(): string | undefined {
  const missing = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel"].filter(
    (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0,
  );
  if (missing.length > 0) {
    return `Slurm must be installed, got no ${missing.join(", ")}; install it (Debian: \`apt-get install slurm-wlm munge\`)`;
  }
  if (process.getuid?.() !== 0)
    return `Slurm's daemons must be started by root, got user ${process.getuid?.()}; use sudo`;
  return undefined;
}

/**
 * Start it; from then on sbatch and its kin in this program and its children mean this one.
 *
 * @param cores array elements that run at the same time
 */
export function startSlurm(folder: string, cores: number): void {
  const text = execFileSync(SCRIPT, ["start", folder, String(cores)], { encoding: "utf8", timeout: 60_000 });
  const [, path] = /^export SLURM_CONF=(.*)$/m.exec(text) ?? [];
  if (path === undefined) throw new Error(`${SCRIPT} must print where its slurm.conf is, got ${text}`);
  process.env.SLURM_CONF = path;
}

/** Stop it with all that runs in it. */
export function stopSlurm(folder: string): void {
  execFileSync(SCRIPT, ["stop", folder], { timeout: 60_000 });
  delete process.env.SLURM_CONF;
}
