/** Methods of `tslira compare` from their text: `name=method flags`, the flags those of `tslira deconvolve`. */

import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { nearestWord } from "../nearest-word.js";
import type { ComparedMethod } from "../runs/compare-methods.js";
import type { DeconvolveOptions } from "../runs/deconvolve-options.js";
import type { Method } from "../settings/methods.js";
import { isSampler, METHODS } from "../settings/methods.js";
import { flagSettings } from "./deconvolve.js";
import { deconvolveOptions } from "./deconvolve-options.js";
import { oneLine } from "./exit.js";
import { checkMethodSettings, pointMethod, requiredPrior } from "./method-options.js";
import { OBSERVATION_FLAGS } from "./observation-options.js";
import { flagName } from "./option-values.js";
import { shellWords } from "./recorded-data.js";

/** What is compared when nothing is said: one of each kind, in units of no importance. */
export const DEFAULT_METHODS: readonly string[] = [
  "RL, 100 iterations=richardson-lucy -n 100",
  "RL, held-out stop=richardson-lucy -n 1000 --stop held-out",
  "Markov, held-out strength=map --prior markov:strength=1 --strength held-out",
  "EM multiscale=em-multiscale -n 300",
  "LIRA=lira -n 3000",
];

/** Flags of `deconvolve` that belong to the data, the output or the run, and so to `compare` itself. */
const FOREIGN = [
  ...OBSERVATION_FLAGS,
  ...["method", "output", "png", "overwrite", "json", "quiet", "config", "checkpoint", "checkpointEvery"],
  "offsets",
] as const;

/**
 * Read a method.
 *
 * @param text for example `TV=map --prior total-variation:strength=1,smoothing=0.1`
 * @throws InvalidInputError when the method is unknown, or a flag does not go with it
 */
export async function comparedMethod(text: string): Promise<ComparedMethod> {
  const equals = text.indexOf("=");
  const label =
    equals > 0 && !/(^|\s)-/.test(text.slice(0, equals)) ? text.slice(0, equals).trim() : undefined;
  const [method, ...args] = shellWords(label === undefined ? text : text.slice(equals + 1));
  if (method === undefined || !METHODS.includes(method as never)) {
    throw new InvalidInputError(
      `compare: --method must begin with one of ${METHODS.join(", ")}, got ${JSON.stringify(method ?? "")}; ` +
        `did you mean ${nearestWord(method ?? "", [...METHODS])}?`,
    );
  }
  const name = label ?? text.trim();
  const command = deconvolveOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  try {
    command.parse(args, { from: "user" });
  } catch (cause) {
    const message = oneLine((cause as Error).message.replace(/^error: /, ""));
    throw new InvalidInputError(
      `compare: --method must have flags of tslira deconvolve, got ${JSON.stringify(text)}: ${message}; see tslira deconvolve --help`,
      { cause },
    );
  }
  const raw = command.opts() as Readonly<Record<string, unknown>>;
  const foreign = FOREIGN.find((flag) => raw[flag] !== undefined);
  if (foreign !== undefined || command.args.length > 0) {
    const what = foreign === undefined ? command.args[0] : flagName(foreign);
    throw new InvalidInputError(
      `compare: --method must have the flags of its method only, got ${what} in ${JSON.stringify(text)}; data and output are the ` +
        "same for all methods, give them outside",
    );
  }
  const { options: found, workers } = flagSettings(undefined, command.opts());
  const chosen = method as Method;
  checkMethodSettings(chosen, found, command.opts());
  const { prior: _text, ...options } = found;
  if (!isSampler(chosen)) return { name, options: await pointMethod(chosen, found) };
  const prior = chosen === "lira" ? undefined : await requiredPrior(chosen, found);
  return {
    name,
    options: { ...options, method: chosen, ...given({ workers, prior }) } as DeconvolveOptions,
  };
}
