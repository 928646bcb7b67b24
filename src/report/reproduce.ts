import type { ComposeOptions } from "../io/compose-observation.js";
import type { PosteriorSummary, SamplerConfig } from "../posterior/result.js";
import { codeOf, optionsOf } from "../settings/code.js";

/** Files of an observation, by the names of the library's options; see `ObservationFileNames`. */
export interface ReportInputFiles extends ComposeOptions {
  readonly counts: string;
  readonly psf: string | readonly string[];
  readonly exposure?: string;
  readonly background?: string;
  readonly mask?: string;
}

const also = (unit: string) => (unit === "" ? "" : `, ${unit}`);

/** How the run is called: what is imported, lines before the call, and the call itself for an observation or a list of them. */
function callOf(config: SamplerConfig) {
  const options = {
    ...(config.method && { method: config.method }),
    ...optionsOf(config.method ?? "lira", config as never),
  };
  if (config.method === undefined) {
    return {
      imports: "LiraDeconvolver",
      before: `const deconvolver = new LiraDeconvolver(${codeOf(options)});\n`,
      call: (data: string, unit: string) =>
        `await deconvolver.run(${data}${unit === "" ? "" : `, { ${unit} }`})`,
    };
  }
  const before = `const options = ${codeOf(options)};\n`;
  const call = (prior: string) => (data: string, unit: string) =>
    `await deconvolve(${data}, { ...options, ${prior}${also(unit)} })`;
  if (config.method !== "gibbs") {
    const given = parameterOf(config);
    return {
      imports: "deconvolve",
      before: `// ${given}: the one of the run, ${config.prior}\n${before}`,
      call: call(given),
    };
  }
  const { shape, rate } = config.pixelPrior;
  return rate > 0
    ? {
        imports: "deconvolve, gammaPrior",
        before: `const prior = gammaPrior(${codeOf({ shape, rate })});\n${before}`,
        call: call("prior"),
      }
    : { imports: "deconvolve, uniformPrior", before, call: call("prior: uniformPrior()") };
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
      `${heading}const { observation, unit } = await readObservationFiles(${codeOf(files[0])});\n${run}` +
      `const result = ${call("observation", "unit")};\n${end}`
    );
  }
  return (
    `${heading}const files = await Promise.all(${codeOf(files)}.map(readObservationFiles));\n${run}` +
    `const result = ${call("files.map(({ observation }) => observation)", "unit: files[0].unit")};\n${end}`
  );
}
