/** Exit codes, and errors as one line. */

/** What the shell is told. */
export const EXIT = { done: 0, badInput: 1, failed: 2, disagree: 3, interrupted: 130 } as const;

/** Codes of errors that the user can mend by other input. */
const BAD_INPUT: ReadonlySet<unknown> = new Set(["INVALID_INPUT", "FORMAT"]);

/** Characters of each end of a message that are shown of a long one. */
const MOST_TEXT = 1000;

const NO_MORE_FILES =
  "system: must let the program open another file, got the limit of open files; raise it, for example ulimit -n 1024";

/** Whether stderr is read by a program, line by line: `TSLIRA_STDERR=json`. */
export const jsonLines = () => process.env.TSLIRA_STDERR === "json";

/** Write one line for a program. */
export function writeJsonLine(line: object): void {
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/** Text whose characters command no terminal, nor turn round what stands there: what a file or a name holds may be part of it. */
export function plainText(text: string): string {
  return text.replace(
    /[^\P{Cc}\n\t]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `plainText` in one line. */
export function oneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return plainText(lines.filter((line) => line !== "").join(" "));
}

/**
 * Print an error as one line on stderr.
 *
 * For a program (`TSLIRA_STDERR=json`) that line is `{ "error": { "code", "message" } }`. Errors that are not ours come with their stack when `TSLIRA_DEBUG` is set.
 *
 * @returns the exit code for it
 */
export function reportError(error: unknown): number {
  const { code, message, stack } = (error ?? {}) as { code?: unknown; message?: unknown; stack?: unknown };
  const text =
    code === "EMFILE" || code === "ENFILE"
      ? NO_MORE_FILES
      : typeof message === "string"
        ? message
        : String(error);
  // What a file holds may be part of it, and long.
  const short =
    text.length > 2 * MOST_TEXT ? `${text.slice(0, MOST_TEXT)} ... ${text.slice(-MOST_TEXT)}` : text;
  const line = oneLine(short);
  if (jsonLines())
    writeJsonLine({ error: { code: typeof code === "string" ? code : "UNKNOWN", message: line } });
  else process.stderr.write(`tslira: ${line}\n`);
  if (process.env.TSLIRA_DEBUG && typeof stack === "string") process.stderr.write(`${stack}\n`);
  if (BAD_INPUT.has(code)) return EXIT.badInput;
  return code === "ABORTED" ? EXIT.interrupted : EXIT.failed;
}
