/** Code in documents. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The fences of a document, named from the root of the project, in order; `language` is empty where none is named. */
export function documentFences(file: string): { readonly language: string; readonly text: string }[] {
  const document = readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), "utf8");
  return [...document.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language,
    text,
  }));
}
