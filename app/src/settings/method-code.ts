/** A run of a method other than LIRA as a command and as TypeScript. */

import { flatCode, settingWords } from "#settings";
import { shellLine } from "#studio";
import type { Choices, Composition } from "../desk/observation-view.js";
import { isPoint, type MethodSettings } from "./method-fields.js";
import { priorCall, priorText } from "./prior-fields.js";
import { inputWords, readingCode } from "./reproduce.js";

/** The command that makes the same result from the same files. */
export function methodCommand(choices: Choices, composition: Composition, settings: MethodSettings): string {
  const { method, prior, values } = settings;
  const words = settingWords({ ...values, method, ...(prior && { prior: priorText(prior) }) });
  return `tslira deconvolve ${shellLine([...inputWords(choices, composition), ...words, "-o", "result.fits"])}`;
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
  const { code, sky } = readingCode(choices, composition);
  const names = [
    "deconvolve",
    ...(call ? [call.name] : []),
    "readObservationFiles",
    point ? "writePointEstimate" : "writeResult",
  ];
  const lines = [
    `  method: ${JSON.stringify(method)},`,
    ...(call ? [`  prior: ${call.code},`] : []),
    ...Object.entries(options).map(([key, value]) => `  ${key}: ${flatCode(value)},`),
    ...(point ? [] : ["  ...(unit !== undefined && { unit }),"]),
  ];
  const end = point
    ? `console.log(result.stopped);
await writePointEstimate(result, "result.fits", unit === undefined ? {} : { unit });`
    : `console.log(result.diagnostics.verdict.sentence);
await writeResult(result, "result.fits");`;
  return `import { ${names.toSorted().join(", ")} } from "tslira/node";
${sky.length > 0 ? `import { ${sky.join(", ")} } from "tslira/sky";\n` : ""}
${code}
const result = await deconvolve(observation, {
${lines.join("\n")}
});
${end}
`;
}
