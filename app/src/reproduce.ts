/** A run of the page as a command and as TypeScript. */

import { type Cutout, type LiraDeconvolverOptions, shellLine } from "tslira";
import type { Choices, Composition, Example } from "./protocol.js";

function cutoutText({ x, y }: Cutout): string {
  return `${x.join(":")},${y.join(":")}`;
}

/** Words of a command that name the files and how they are put together. */
export function inputWords(choices: Choices, composition: Composition): string[] {
  const { counts, psf, exposure, background, mask } = choices;
  const { cutout, psfCutout, backgroundUnit } = composition;
  const words: (string | undefined)[] = [counts?.name];
  const add = (flag: string, value: string | undefined) => {
    if (value !== undefined) words.push(flag, value);
  };
  add("--psf", psf?.name);
  add("--exposure", exposure?.name);
  add("--background", background?.name);
  add("--mask", mask?.name);
  if (background && exposure && backgroundUnit === "counts") add("--background-unit", "counts");
  add("--cutout", cutout && cutoutText(cutout));
  add("--psf-cutout", psfCutout && cutoutText(psfCutout));
  return words.filter((word) => word !== undefined);
}

/** The command that makes the same result from the same files. */
export function commandOf(
  choices: Choices,
  composition: Composition,
  settings: LiraDeconvolverOptions,
): string {
  const { smoothingPrior: prior, trace } = settings;
  const words = inputWords(choices, composition);
  const add = (flag: string, value: string | number | undefined) => {
    if (value !== undefined) words.push(flag, String(value));
  };
  add("--iterations", settings.iterations);
  add("--burn-in", settings.burnIn);
  add("--chains", settings.chains);
  add("--seed", settings.seed);
  add("--boundary", settings.boundary);
  add("--cycle-spin", settings.cycleSpin);
  if (settings.fitBackgroundScale) words.push("--fit-background-scale");
  add("--alpha-init", settings.alphaInit as number | undefined);
  add("--smoothing-prior", prior && `${prior.power},${prior.rate},${prior.exponent}`);
  add("--trace-keep", trace?.keep);
  add("--trace-every", trace?.every);
  add("-o", "result.fits");
  return `tslira deconvolve ${shellLine(words)}`;
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
