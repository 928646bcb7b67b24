/** The built command line as a child process. */

import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The built program. */
export const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
if (!existsSync(MAIN)) throw new Error(`${MAIN} must exist, got none; run npm run build`);

/** What a run of the program left behind. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Start the program in a folder, with variables of the environment beside the present ones. */
export function startCli(
  cwd: string,
  args: readonly string[],
  variables: NodeJS.ProcessEnv = {},
): ChildProcess {
  const env = { ...process.env, ...variables };
  return spawn(process.execPath, [MAIN, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
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

/** Run the program in a folder to its end, in a process of its own. */
export function runAlone(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return finished(startCli(cwd, args));
}

/** A process that runs one command after the other, a tenth of the time a command. */
interface Loop {
  readonly child: ChildProcess;
  /** What it was last asked to do. */
  last: Promise<unknown>;
}

/** Of the file of tests that runs, by folder. */
const loops = new Map<string, Loop>();
afterAll(() => {
  for (const { child } of loops.values()) if (child.connected) child.disconnect();
  loops.clear();
});

/** Run the program in a folder to its end; commands of a folder come one after the other, in one process. */
export function runCli(cwd: string, ...args: readonly string[]): Promise<Finished> {
  let loop = loops.get(cwd);
  if (loop === undefined) {
    const child = fork(fileURLToPath(new URL("command-loop.mjs", import.meta.url)), { cwd });
    loop = { child, last: Promise.resolve() };
    loops.set(cwd, loop);
  }
  const { child } = loop;
  const run = loop.last.then(
    () =>
      new Promise<Finished>((resolve, reject) => {
        const ended = (code: number | null) => {
          loops.delete(cwd);
          reject(
            new Error(`${args.join(" ")}: must leave the process of the tests alive, got exit code ${code}`),
          );
        };
        child.once("exit", ended);
        child.once("message", (message) => {
          child.off("exit", ended);
          resolve(message as Finished);
        });
        child.send(args);
      }),
  );
  loop.last = run.catch(() => undefined);
  return run;
}
