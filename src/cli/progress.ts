/** Progress on stderr: one line rewritten in place on a terminal, a plain line every ten seconds elsewhere. What comes of it goes to stdout. */

import type { RunProgress } from "../runs/sample-run.js";
import { durationText } from "../viewer/numbers.js";
import { jsonLines, plainText, writeJsonLine } from "./exit.js";
import { formatCount } from "./format.js";

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
  const left = Number.isFinite(secondsLeft) ? `${durationText(secondsLeft)} left` : "";
  return `${percent}  ${formatCount(done)} of ${formatCount(total)} sweeps, ${formatCount(sweepsPerSecond)} a second, ${left}`;
}

/** Milliseconds between two lines of progress for a program. */
const JSON_MILLISECONDS = 200;

/** A display for a program: `{ progress: { done, total, text } }` and `{ message }`, a line each. */
function programDisplay(): ProgressDisplay {
  let last = 0;
  const tell = (progress: object) => {
    const now = performance.now();
    if (now - last < JSON_MILLISECONDS) return;
    last = now;
    writeJsonLine({ progress });
  };
  return {
    update: (progress) => {
      const { stage, done, total } = progress;
      tell({ stage, done, total, text: describe(progress).trim() });
    },
    show: (text, stage) => tell({ stage, text: text.trim() }),
    say: (message) => writeJsonLine({ message }),
    report: (_text, data) => process.stdout.write(`${JSON.stringify(data ?? null)}\n`),
    close: () => undefined,
  };
}

/** Open a display on stderr. With `quiet` it shows messages only. */
export function openProgress({ quiet = false }: { readonly quiet?: boolean | undefined }): ProgressDisplay {
  if (jsonLines()) return programDisplay();
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
      stderr.write(`${plainText(text)}\n`);
    },
    report(text, data) {
      clear();
      if (data !== undefined) process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
      if (!quiet) (data === undefined ? process.stdout : stderr).write(`${plainText(text)}\n`);
    },
    close: clear,
  };
}
