import type { LiraConfig, LiraSummary } from "../posterior/result.js";

/** Files of an observation, by the names of the library's options; see `ObservationFileNames`. */
export interface ReportInputFiles {
  readonly counts: string;
  readonly psf: string;
  readonly exposure?: string;
  readonly background?: string;
  readonly mask?: string;
  readonly backgroundUnit?: "flux" | "counts";
  readonly cutout?: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
  readonly psfCutout?: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
  readonly name?: string;
}

/** The settings of a result as options of `LiraDeconvolver`. */
export function deconvolverOptions(config: LiraConfig): Record<string, unknown> {
  const { alphaInit, traceEvery, ...rest } = config;
  const same = alphaInit.every((alpha) => alpha === alphaInit[0]);
  return { ...rest, alphaInit: same ? alphaInit[0] : alphaInit, trace: { every: traceEvery } };
}

/** A value as JavaScript, on one line when it is short. */
function literal(value: unknown, indent = "", width = 96): string {
  const flat = flatLiteral(value);
  if (flat.length + indent.length <= width || typeof value !== "object" || value === null) return flat;
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((entry) => `${deeper}${literal(entry, deeper)},\n`).join("")}${indent}]`;
  }
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{\n${entries.map(([key, entry]) => `${deeper}${key}: ${literal(entry, deeper)},\n`).join("")}${indent}}`;
}

function flatLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatLiteral).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([key, entry]) => `${key}: ${flatLiteral(entry)}`).join(", ")} }`;
}

/**
 * JavaScript that makes a result again, byte by byte. Without the names of its files it begins with an observation to fill in.
 *
 * @param files of each observation, when known
 */
export function reproducingCode(
  { config }: Pick<LiraSummary, "config">,
  files: readonly ReportInputFiles[] | undefined,
): string {
  const options = literal(deconvolverOptions(config));
  const run = `const deconvolver = new LiraDeconvolver(${options});\n`;
  const end = 'await writeResult(result, "result.fits");\n';
  if (files === undefined || files.length === 0) {
    return (
      'import { LiraDeconvolver } from "tslira";\nimport { writeResult } from "tslira/node";\n\n' +
      "// counts, psf and, where there were any, exposure, background and mask: { data: Float64Array, shape: [ny, nx] }\n" +
      `export async function makeResult(observation) {\n${`${run}const result = await deconvolver.run(observation);\n${end}`.replace(/^(?=.)/gm, "  ")}}\n`
    );
  }
  const heading =
    'import { LiraDeconvolver } from "tslira";\nimport { readObservationFiles, writeResult } from "tslira/node";\n\n';
  if (files.length === 1) {
    return (
      `${heading}const { observation, unit } = await readObservationFiles(${literal(files[0])});\n${run}` +
      `const result = await deconvolver.run(observation, { unit });\n${end}`
    );
  }
  return (
    `${heading}const files = await Promise.all(${literal(files)}.map(readObservationFiles));\n${run}` +
    `const result = await deconvolver.run(files.map(({ observation }) => observation), { unit: files[0].unit });\n${end}`
  );
}
