/** Which files a recorded command line of `tslira deconvolve` was about. */

import type { ObservationFileNames } from "../node.js";
import { flagSettings } from "./deconvolve.js";
import { mergeSettings, readConfigFile } from "./deconvolve-config.js";
import { deconvolveOptions } from "./deconvolve-options.js";

/** Arguments of a command line that `shellQuote` wrote; undefined when quotes do not match. */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === "'") {
      quoted = !quoted;
      word ??= "";
    } else if (quoted) word += letter;
    else if (letter === "\\" && at + 1 < text.length) word = (word ?? "") + text[++at];
    else if (letter === " ") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + letter;
  }
  if (word !== undefined) words.push(word);
  return quoted ? undefined : words;
}

/**
 * Files and cut-outs of the observations of a recorded command.
 *
 * @returns undefined when it is another command, or its config file is not there any more
 */
export async function commandObservations(
  command: string,
): Promise<readonly ObservationFileNames[] | undefined> {
  const [program, name, ...args] = shellWords(command) ?? [];
  if (program !== "tslira" || name !== "deconvolve") return undefined;
  try {
    const parsed = deconvolveOptions()
      .exitOverride()
      .configureOutput({ outputError: () => {}, writeErr: () => {}, writeOut: () => {} })
      .parse(args, { from: "user" });
    const flags = parsed.opts();
    const config =
      flags.config === undefined ? { common: {}, options: {} } : await readConfigFile(flags.config);
    return mergeSettings(flagSettings(parsed.args[0], flags), config).observations;
  } catch {
    return undefined; // of another version, perhaps: nothing is lost but a convenience
  }
}
