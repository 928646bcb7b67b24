import { PRESETS, presetOf } from "../data/presets.js";
import type { PsfCentring } from "../data/psf-centring.js";
import type { GibbsConfig, LiraConfig, PosteriorSummary, SamplerConfig } from "../posterior/result.js";

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
  readonly psfCentre?: PsfCentring;
  readonly planes?: readonly [start: number, end: number];
  readonly align?: "sky" | "pixels";
  readonly invertMask?: boolean;
  readonly name?: string;
}

/** The settings of a result as options of `LiraDeconvolver`. */
export function deconvolverOptions(config: LiraConfig): Record<string, unknown> {
  const { traceEvery, method: _lira, ...settings } = config;
  const trace = { every: traceEvery };
  // Said also where it is 0: left out it would be up to the data.
  const rest = { ...settings, margin: config.margin ?? 0 };
  if (rest.adaptivePrior !== undefined) {
    const { adaptivePrior, ...others } = rest;
    const isDefault = presetOf({ ...PRESETS.adaptive, adaptivePrior }) === "adaptive";
    return { ...others, ...(isDefault ? { preset: "adaptive" } : { adaptivePrior }), trace };
  }
  const { adaptivePrior: _none, alphaInit, ...others } = rest;
  const same = alphaInit.every((alpha) => alpha === alphaInit[0]);
  return { ...others, alphaInit: same ? alphaInit[0] : alphaInit, trace };
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

const also = (unit: string) => (unit === "" ? "" : `, ${unit}`);

/** How the run is called: what is imported, lines before the call, and the call itself for an observation or a list of them. */
function callOf(config: SamplerConfig) {
  if (config.method === undefined) {
    return {
      imports: "LiraDeconvolver",
      before: `const deconvolver = new LiraDeconvolver(${literal(deconvolverOptions(config))});\n`,
      call: (data: string, unit: string) =>
        `await deconvolver.run(${data}${unit === "" ? "" : `, { ${unit} }`})`,
    };
  }
  const { traceEvery, prior, ...rest } = config;
  const options = { ...rest, margin: config.margin ?? 0, trace: { every: traceEvery } };
  if (config.method === "gibbs") {
    const { pixelPrior, ...others } = options as Omit<GibbsConfig, "prior" | "traceEvery">;
    const { shape, rate } = pixelPrior;
    return rate > 0
      ? {
          imports: "deconvolve, gammaPrior",
          before: `const prior = gammaPrior(${literal({ shape, rate })});\nconst options = ${literal(others)};\n`,
          call: (data: string, unit: string) =>
            `await deconvolve(${data}, { ...options, prior${also(unit)} })`,
        }
      : {
          imports: "deconvolve, uniformPrior",
          before: `const options = ${literal(others)};\n`,
          call: (data: string, unit: string) =>
            `await deconvolve(${data}, { ...options, prior: uniformPrior()${also(unit)} })`,
        };
  }
  const given = parameterOf(config);
  return {
    imports: "deconvolve",
    before: `// ${given}: the one of the run, ${prior}\nconst options = ${literal(options)};\n`,
    call: (data: string, unit: string) => `await deconvolve(${data}, { ...options, ${given}${also(unit)} })`,
  };
}

/** What of a run its result does not hold. */
const parameterOf = ({ method }: PosteriorSummary["config"]) => (method === "own" ? "sampler" : "prior");

/**
 * JavaScript that makes a result again, byte by byte. Without the names of its files it begins with an observation to fill in.
 *
 * @param files of each observation, when known
 */
export function reproducingCode(
  { config }: Pick<PosteriorSummary, "config">,
  files: readonly ReportInputFiles[] | undefined,
): string {
  const { imports, before: run, call } = callOf(config);
  const whole = config.method === undefined || config.method === "gibbs";
  const parameters = whole ? "" : `, ${parameterOf(config)}`;
  const end = 'await writeResult(result, "result.fits");\n';
  if (files === undefined || files.length === 0) {
    return (
      `import { ${imports} } from "tslira";\nimport { writeResult } from "tslira/node";\n\n` +
      "// counts, psf and, where there were any, exposure, background and mask: { data: Float64Array, shape: [ny, nx] }\n" +
      `export async function makeResult(observation${parameters}) {\n${`${run}const result = ${call("observation", "")};\n${end}`.replace(/^(?=.)/gm, "  ")}}\n`
    );
  }
  const heading = `import { ${imports} } from "tslira";\nimport { readObservationFiles, writeResult } from "tslira/node";\n\n`;
  if (files.length === 1) {
    return (
      `${heading}const { observation, unit } = await readObservationFiles(${literal(files[0])});\n${run}` +
      `const result = ${call("observation", "unit")};\n${end}`
    );
  }
  return (
    `${heading}const files = await Promise.all(${literal(files)}.map(readObservationFiles));\n${run}` +
    `const result = ${call("files.map(({ observation }) => observation)", "unit: files[0].unit")};\n${end}`
  );
}
