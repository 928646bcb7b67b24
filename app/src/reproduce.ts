/** A run of the page as a command and as TypeScript. */

import { type LiraDeconvolverOptions, shellLine } from "tslira";
import { cutoutText } from "./cutout-text.js";
import type { Choices, Composition, Example } from "./protocol.js";
import { psfCentreText } from "./psf-centre-text.js";

/** Flags with their values as words of a command: undefined and false leave a flag out, true gives it alone. */
export function flagWords(flags: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(flags).flatMap(([flag, value]) =>
    value === undefined || value === false ? [] : value === true ? [flag] : [flag, String(value)],
  );
}

/** Words of a command that name the files and how they are put together. */
export function inputWords(choices: Choices, composition: Composition): string[] {
  const { counts, psf, exposure, background, mask } = choices;
  const { cutout, psfCutout, backgroundUnit, psfCentre } = composition;
  const divided = background && exposure && backgroundUnit === "counts";
  return [
    ...(counts ? [counts.name] : []),
    ...flagWords({
      "--psf": psf?.name,
      "--exposure": exposure?.name,
      "--background": background?.name,
      "--mask": mask?.name,
      "--background-unit": divided ? "counts" : undefined,
      "--cutout": cutout && cutoutText(cutout),
      "--psf-cutout": psfCutout && cutoutText(psfCutout),
      "--psf-centre": psfCentre && psfCentreText(psfCentre),
    }),
  ];
}

/** Settings that make up the model, but for its margin, which significance has no use for. */
export const MODEL_SETTINGS = [
  "preset",
  "boundary",
  "cycleSpin",
  "fitBackgroundScale",
  "totalCountsPrior",
  "alphaInit",
  "smoothingPrior",
] as const satisfies readonly (keyof LiraDeconvolverOptions)[];

/** Flags of the model. */
export function modelFlags({
  preset,
  boundary,
  cycleSpin,
  fitBackgroundScale,
  totalCountsPrior: total,
  alphaInit,
  smoothingPrior: prior,
  margin,
}: Pick<LiraDeconvolverOptions, (typeof MODEL_SETTINGS)[number] | "margin">): Readonly<
  Record<string, unknown>
> {
  return {
    "--preset": preset,
    "--boundary": boundary,
    "--margin": margin,
    "--cycle-spin": cycleSpin,
    "--fit-background-scale": fitBackgroundScale,
    "--total-counts-prior": total && `${total.shape},${total.rate}`,
    "--alpha-init": alphaInit,
    "--smoothing-prior": prior && `${prior.power},${prior.rate},${prior.exponent}`,
  };
}

/** The command that makes the same result from the same files. */
export function commandOf(
  choices: Choices,
  composition: Composition,
  settings: LiraDeconvolverOptions,
): string {
  const flags = {
    "--iterations": settings.iterations,
    "--burn-in": settings.burnIn,
    "--chains": settings.chains,
    "--seed": settings.seed,
    ...modelFlags(settings),
    "--trace-keep": settings.trace?.keep,
    "--trace-every": settings.trace?.every,
    "-o": "result.fits",
  };
  return `tslira deconvolve ${shellLine([...inputWords(choices, composition), ...flagWords(flags)])}`;
}

/** The command before it that writes the files of an example. */
export function simulateCommand(example: Example["id"]): string {
  return `tslira simulate ${example} -o sim`;
}

/** The files and how they are put together as an argument of `readObservationFiles`. */
export function readFilesLiteral(choices: Choices, composition: Composition): string {
  const { backgroundUnit, ...cutouts } = composition;
  const names = Object.fromEntries(Object.entries(choices).map(([role, choice]) => [role, choice?.name]));
  const divided = choices.background && choices.exposure && backgroundUnit === "counts";
  return literal({ ...names, ...(divided && { backgroundUnit }), ...cutouts });
}

/** The same as TypeScript. */
export function typescriptOf(
  choices: Choices,
  composition: Composition,
  settings: LiraDeconvolverOptions,
): string {
  return `import { LiraDeconvolver, readObservationFiles, writeResult } from "tslira/node";

const { observation, unit } = await readObservationFiles(${readFilesLiteral(choices, composition)});
const deconvolver = new LiraDeconvolver(${literal(settings)});
const result = await deconvolver.run(observation, unit === undefined ? {} : { unit });
console.log(result.diagnostics.verdict.sentence);
await writeResult(result, "result.fits");
`;
}

/** A value as code: one line for each entry of an object. */
function literal(value: object): string {
  const lines = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .map(([key, entry]) => `  ${key}: ${flat(entry)},\n`);
  return `{\n${lines.join("")}}`;
}

/** A value as code on one line. */
export function flat(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flat).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, entry]) => `${key}: ${flat(entry)}`)
    .join(", ")} }`;
}
