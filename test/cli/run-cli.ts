/** The built command line as a child process. */

import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
if (!existsSync(MAIN)) throw new Error(`${MAIN} must exist, got none; run npm run build`);

/** What a run of the program left behind. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Start the program in a folder. */
export function startCli(cwd: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
}

/** Wait for the end of a program. */
export function finished(child: ChildProcess): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Run the program in a folder to its end. */
export function runCli(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return finished(startCli(cwd, args));
}

/** The program in one process that stays: a tenth of the time a command, for tests of many. */
export interface OpenCli {
  /** Run the program to its end; one at a time. */
  readonly run: (...args: readonly string[]) => Promise<Finished>;
  readonly close: () => void;
}

/** Open the program in a folder. */
export function openCli(cwd: string): OpenCli {
  const child = fork(fileURLToPath(new URL("command-loop.mjs", import.meta.url)), { cwd });
  return {
    async run(...args) {
      const answer = once(child, "message");
      child.send(args);
      const [finished] = (await answer) as [Finished];
      return finished;
    },
    close: () => child.disconnect(),
  };
}
