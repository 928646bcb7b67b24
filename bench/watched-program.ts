// `tslira` as a program of its own, with the seconds and the memory that it took.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Loaded before the program: tells its peak memory in KiB and its CPU seconds through file 3 when its main thread ends. */
const preload = `data:text/javascript,${encodeURIComponent(
  'import { writeSync } from "node:fs"; import { isMainThread } from "node:worker_threads";' +
    'if (isMainThread) process.on("exit", () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();' +
    'writeSync(3, maxRSS + " " + (userCPUTime + systemCPUTime) / 1e6); });',
)}`;

/** What a program took. */
export interface WatchedRun {
  /** Peak resident memory in MiB; on Linux the "Maximum resident set size" of `/usr/bin/time -v`. */
  readonly peak: number;
  /** Wall time. */
  readonly seconds: number;
  /** CPU time of all threads. */
  readonly cpuSeconds: number;
}

/** Run a command of tslira, which must end well. */
export function runTslira(args: readonly string[]): WatchedRun {
  const start = performance.now();
  const { status, output, error } = spawnSync(process.execPath, ["--import", preload, cli, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  if (status !== 0) throw error ?? new Error(`tslira ${args[0]} must end well, got ${status}: ${output[2]}`);
  const [kibibytes, cpuSeconds] = (output[3] ?? "").split(" ").map(Number);
  return { peak: kibibytes / 1024, seconds: (performance.now() - start) / 1000, cpuSeconds };
}
