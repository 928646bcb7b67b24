/** Sentences of the package on a page, which has fields and buttons where a terminal has flags. */

import { flagOf, SETTINGS } from "#settings";
import { parameterLabel } from "#studio";

/** What stands for flags in sentences of their own. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  // What is said already in words.
  [/ \(--[a-z][a-z-]*(?: [^()]*)?\)/g, ""],
  [/add --background-unit counts/g, "choose the other unit of the background"],
  [/choose otherwise with --psf-centre/g, "choose otherwise under Data, psf centre"],
  [/,? ?(?:or )?add --align pixels (if [^.;]*)/g, ", or let tslira deconvolve take it pixel by pixel $1"],
  [/--align pixels takes it as it is/g, "tslira deconvolve can take it pixel by pixel"],
  [/with --mask/g, "with a mask"],
];

/** Settings by their flags. */
const LABELS = new Map(SETTINGS.map((setting) => [flagOf(setting), setting.label]));

/** The sentence without flags: fields and parameters by their labels. */
export function pageWords(text: string): string {
  const phrased = PHRASES.reduce((words, [pattern, by]) => words.replace(pattern, by), text);
  const named = phrased.replace(
    /\b(?:(?:smoothness|smoothingParam)\d+|(?:psf(?:Width|Member|Component)|pointing[XY])\d*)\b/g,
    (name) => parameterLabel(name),
  );
  return named.replace(/--[a-z][a-z-]+/g, (flag) => {
    const label = LABELS.get(flag);
    return label === undefined ? flag.slice(2).replaceAll("-", " ") : `“${label}”`;
  });
}
