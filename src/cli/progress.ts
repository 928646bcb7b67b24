/** Progress on stderr: one line rewritten in place on a terminal, a plain line every ten seconds elsewhere. What comes of it goes to stdout. */

import type { RunProgress } from "../runs/sample-run.js";
import { formatCount, formatDuration } from "./format.js";

/** A display of progress. */
export interface ProgressDisplay {
  readonly update: (progress: RunProgress) => void;
  /** Show any line of progress; `stage` names the kind of work, whose change is shown at once. */
  readonly show: (line: string, stage: string) => void;
  /** Print a message of its own, above the progress line. */
  readonly say: (text: string) => void;
  /** Print what was found, unless the display is quiet: on stdout, or on stderr where `data` for programs takes that. */
  readonly report: (text: string, data?: unknown) => void;
  /** Remove the progress line. */
  readonly close: () => void;
}

const TERMINAL_MILLISECONDS = 100;
const PLAIN_MILLISECONDS = 10_000;

function describe(progress: RunProgress): string {
  const { stage, done, total, sweepsPerSecond, secondsLeft } = progress;
  const percent = `${Math.floor((100 * done) / total)} %`.padStart(5);
  if (stage === "diagnosing") return `${percent}  comparing the chains`;
  const left = Number.isFinite(secondsLeft) ? `${formatDuration(secondsLeft)} left` : "";
  return `${percent}  ${formatCount(done)} of ${formatCount(total)} sweeps, ${formatCount(sweepsPerSecond)} a second, ${left}`;
}

/** Open a display on stderr. With `quiet` it shows messages only. */
export function openProgress({ quiet }: { readonly quiet: boolean }): ProgressDisplay {
  const { stderr } = process;
  const terminal = stderr.isTTY === true;
  let last = performance.now();
  let shown = false;
  let stage = "";
  const clear = () => {
    if (shown) stderr.write("\r\u001b[K");
    shown = false;
  };
  const due = (next: string) => {
    if (quiet) return false;
    const now = performance.now();
    const wait = terminal ? (stage === next ? TERMINAL_MILLISECONDS : 0) : PLAIN_MILLISECONDS;
    if (now - last < wait) return false;
    last = now;
    stage = next;
    return true;
  };
  const write = (line: string) => {
    if (terminal) {
      clear();
      stderr.write(line.slice(0, Math.max(20, (stderr.columns || 80) - 1)));
      shown = true;
    } else {
      stderr.write(`${line.trimStart()}\n`);
    }
  };
  return {
    update(progress) {
      if (due(progress.stage)) write(describe(progress));
    },
    show(line, next) {
      if (due(next)) write(line);
    },
    say(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    report(text, data) {
      clear();
      if (data !== undefined) process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
      if (!quiet) (data === undefined ? process.stdout : stderr).write(`${text}\n`);
    },
    close: clear,
  };
}
