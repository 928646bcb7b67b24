/** A run of the page as a command and as TypeScript. */

import type { LiraDeconvolverOptions } from "tslira";
import { brokenCode, type SettingValues, settingWords } from "#settings";
import { shellLine } from "#studio";
import type { Choices, Composition, Example } from "../desk/observation-view.js";
import { cutoutText } from "./cutout-text.js";
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
  const { cutout, psfCutout, backgroundUnit, psfCentre, psfTrim } = composition;
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
      "--psf-trim": psfTrim,
    }),
  ];
}

/** The command that makes the same result from the same files. */
export function commandOf(
  choices: Choices,
  composition: Composition,
  settings: LiraDeconvolverOptions,
): string {
  const words = [...inputWords(choices, composition), ...settingWords(settings as SettingValues)];
  return `tslira deconvolve ${shellLine([...words, "-o", "result.fits"])}`;
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
  return brokenCode({ ...names, ...(divided && { backgroundUnit }), ...cutouts });
}

/** The same as TypeScript. */
export function typescriptOf(
  choices: Choices,
  composition: Composition,
  settings: LiraDeconvolverOptions,
): string {
  return `import { LiraDeconvolver } from "tslira";
import { readObservationFiles, writeResult } from "tslira/node";

const { observation, unit } = await readObservationFiles(${readFilesLiteral(choices, composition)});
const deconvolver = new LiraDeconvolver(${brokenCode(settings)});
const result = await deconvolver.run(observation, unit === undefined ? {} : { unit });
console.log(result.diagnostics.verdict.sentence);
await writeResult(result, "result.fits");
`;
}
