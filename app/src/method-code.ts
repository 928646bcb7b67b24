/** A run of a method other than LIRA as a command and as TypeScript. */

import { shellLine } from "tslira";
import { isPoint, type MethodSettings } from "./method-fields.js";
import { priorCall, priorText } from "./prior-fields.js";
import type { Choices, Composition } from "./protocol.js";
import { flagWords, flat, inputWords, modelFlags, readFilesLiteral } from "./reproduce.js";

/** Flags of a method. */
function methodFlags({ method, prior, options }: MethodSettings): Readonly<Record<string, unknown>> {
  const rule = (value: unknown) =>
    value as { readonly rule: string; readonly tolerance?: number } | undefined;
  const stop = rule(options.stop);
  const bootstrap = options.bootstrap as { readonly replicates: number; readonly seed: number } | undefined;
  const held = [options.stop, options.strength, bootstrap].find(
    (value) => typeof value === "object" && value !== null && "seed" in value,
  ) as { readonly seed: number } | undefined;
  return {
    "--method": method,
    "--prior": prior && priorText(prior),
    "--strength": rule(options.strength)?.rule,
    "--stop": stop && (stop.tolerance === undefined ? stop.rule : `${stop.rule}=${stop.tolerance}`),
    "--accelerate": options.acceleration !== undefined,
    "--bootstrap": bootstrap?.replicates,
    "--iterations": options.iterations,
    "--burn-in": options.burnIn,
    "--chains": options.chains,
    "--seed": options.seed ?? held?.seed,
    "--target-acceptance": options.targetAcceptance,
    "--max-depth": options.maxDepth,
    ...modelFlags(options),
    "--trace-keep": (options.trace as { readonly keep: number } | undefined)?.keep,
    "-o": "result.fits",
  };
}

/** The command that makes the same result from the same files. */
export function methodCommand(choices: Choices, composition: Composition, settings: MethodSettings): string {
  const words = [...inputWords(choices, composition), ...flagWords(methodFlags(settings))];
  return `tslira deconvolve ${shellLine(words)}`;
}

/** The same as TypeScript. */
export function methodTypescript(
  choices: Choices,
  composition: Composition,
  settings: MethodSettings,
): string {
  const { method, prior, options } = settings;
  const call = prior && priorCall(prior);
  const point = isPoint(method);
  const names = [
    "deconvolve",
    ...(call ? [call.name] : []),
    "readObservationFiles",
    point ? "writePointEstimate" : "writeResult",
  ];
  const lines = [
    `  method: ${JSON.stringify(method)},`,
    ...(call ? [`  prior: ${call.code},`] : []),
    ...Object.entries(options).map(([key, value]) => `  ${key}: ${flat(value)},`),
    ...(point ? [] : ["  ...(unit !== undefined && { unit }),"]),
  ];
  const end = point
    ? `console.log(result.stopped);
await writePointEstimate(result, "result.fits", unit === undefined ? {} : { unit });`
    : `console.log(result.diagnostics.verdict.sentence);
await writeResult(result, "result.fits");`;
  return `import { ${names.toSorted().join(", ")} } from "tslira/node";

const { observation, unit } = await readObservationFiles(${readFilesLiteral(choices, composition)});
const result = await deconvolve(observation, {
${lines.join("\n")}
});
${end}
`;
}
