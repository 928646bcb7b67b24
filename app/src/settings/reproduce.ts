/** A run of the page as a command and as TypeScript. */

import type { LiraDeconvolverOptions } from "tslira";
import { brokenCode, type SettingValues, settingWords } from "#settings";
import { shellLine } from "#studio";
import {
  type Choices,
  type ChosenImages,
  type Composition,
  cutsOf,
  type Example,
  eachObservation,
  psfErrorsOf,
  type Role,
} from "../desk/observation-view.js";
import { COMPOSITION_TEXTS, compositionTexts } from "./composition-text.js";

/** Flags with their values as words of a command: undefined and false leave a flag out, true gives it alone. */
export function flagWords(flags: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(flags).flatMap(([flag, value]) =>
    value === undefined || value === false ? [] : value === true ? [flag] : [flag, String(value)],
  );
}

/** The file that names several observations, for the command. */
export const JOINT_FILE = "joint.json";

/** Whether the unit of a background is worth a word: that of a flux is understood. */
const isDivided = ({ background, exposure }: ChosenImages, { backgroundUnit }: Composition) =>
  background !== undefined && exposure !== undefined && backgroundUnit === "counts";

/** Words of a command that name the files and how they are put together. */
export function inputWords(choices: Choices, composition: Composition): string[] {
  if (choices.others) return ["--config", JOINT_FILE];
  const { counts, psf, exposure, background, mask } = namesOf(choices);
  const { backgroundUnit: _, ...cuts } = cutsOf(composition);
  const unit = isDivided(choices, composition) && { backgroundUnit: "counts" as const };
  const parts = compositionTexts({ ...unit, ...cuts, ...psfErrorsOf(choices, 0, composition) });
  return [
    ...(counts === undefined ? [] : [counts]),
    ...flagWords({
      "--psf": psf,
      "--exposure": exposure,
      "--background": background,
      "--mask": mask,
      ...Object.fromEntries(parts.map(([part, text]) => [COMPOSITION_TEXTS[part].flag, text])),
    }),
  ];
}

/** What `JOINT_FILE` says; undefined of a single observation, which a command names itself. */
export function jointConfig(choices: Choices, composition: Composition): string | undefined {
  if (choices.others === undefined) return undefined;
  const { offsets } = composition;
  const { backgroundUnit: _, psfTrim, ...rest } = cutsOf(composition);
  const cuts = { ...Object.fromEntries(compositionTexts(rest)), ...(psfTrim !== undefined && { psfTrim }) };
  const observations = eachObservation(choices).map((images, index) => ({
    ...namesOf(images),
    ...(isDivided(images, composition) && { backgroundUnit: "counts" }),
    ...psfErrorsOf(images, index, composition),
  }));
  return `${JSON.stringify({ ...cuts, ...(offsets && { offsets }), observations }, undefined, 2)}\n`;
}

/** A name of a file that no command takes for an option. */
export const fileWord = (name: string) => (name.startsWith("-") ? `./${name}` : name);

/** Names of the files of an observation, by what they are. */
function namesOf(images: ChosenImages): { readonly [Name in Role]?: string } {
  return Object.fromEntries(Object.entries(images).map(([role, { name }]) => [role, fileWord(name)]));
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

/** The lines that read the files into `observations` and `unit`, and what they import of `tslira/sky`. */
export function readingCode(
  choices: Choices,
  composition: Composition,
): { readonly code: string; readonly sky: readonly string[] } {
  const { offsets } = composition;
  const { backgroundUnit: _, ...cuts } = cutsOf(composition);
  const each = eachObservation(choices).map((images, index) =>
    brokenCode({
      ...namesOf(images),
      ...(isDivided(images, composition) && { backgroundUnit: "counts" }),
      ...cuts,
      ...psfErrorsOf(images, index, composition),
    }),
  );
  if (each.length === 1)
    return { code: `const { observation, unit } = await readObservationFiles(${each[0]});`, sky: [] };
  const read = `const files = await Promise.all([${each.join(", ")}].map(readObservationFiles));
const [{ unit }] = files;`;
  const raw = "files.map((file) => file.observation)";
  return offsets === "wcs"
    ? {
        code: `${read}\nconst { observations: observation } = alignObservations(${raw}, "wcs");`,
        sky: ["alignObservations"],
      }
    : { code: `${read}\nconst observation = ${raw};`, sky: [] };
}

/** The same as TypeScript. */
export function typescriptOf(
  choices: Choices,
  composition: Composition,
  settings: LiraDeconvolverOptions,
): string {
  const { code, sky } = readingCode(choices, composition);
  return `import { LiraDeconvolver } from "tslira";
import { readObservationFiles, writeResult } from "tslira/node";
${sky.length > 0 ? `import { ${sky.join(", ")} } from "tslira/sky";\n` : ""}
${code}
const deconvolver = new LiraDeconvolver(${brokenCode(settings)});
const result = await deconvolver.run(observation, unit === undefined ? {} : { unit });
console.log(result.diagnostics.verdict.sentence);
await writeResult(result, "result.fits");
`;
}
