/** `tslira deconvolve --method` for methods that give one image. */

import { writeFile } from "node:fs/promises";
import {
  deconvolve,
  encodePointEstimate,
  figureDocument,
  InvalidInputError,
  type Method,
  type Panel,
  type PointEstimate,
  type PointMethod,
  plotPanels,
  readObservationFiles,
  renderPng,
  residuals,
  type SkyImage,
  type StoppingRule,
  VERSION,
} from "../node.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import type { DeconvolveFlags } from "./deconvolve-options.js";
import { formatDuration, formatNumber, shellQuote, tableLines } from "./format.js";
import { parsePrior } from "./prior-text.js";

/** Flags that only methods of one image have. */
const METHOD_FLAGS = ["prior", "stop", "accelerate", "bootstrap", "upsampling", "margin"] as const;

/** Refuse flags that the sampler would ignore. */
export function checkMethodFlags(flags: DeconvolveFlags): void {
  for (const flag of METHOD_FLAGS) {
    if (flags[flag] === undefined) continue;
    throw new InvalidInputError(
      `deconvolve: --${flag} must come with another method than lira, got ${String(flags[flag])}; ` +
        (flag === "prior" ? "add --method map" : "add --method richardson-lucy, map or em-multiscale"),
    );
  }
}

/** `tolerance=1e-3`, `held-out`, `held-out=0.3`, `discrepancy` or `discrepancy=0.9`. */
function parseStop(text: string): StoppingRule {
  const [rule, value] = text.split("=");
  const number = value === undefined ? undefined : Number(value);
  if (number === undefined || !Number.isNaN(number)) {
    if (rule === "tolerance" && number !== undefined) return { rule, tolerance: number };
    if (rule === "held-out") return number === undefined ? { rule } : { rule, fraction: number };
    if (rule === "discrepancy") return number === undefined ? { rule } : { rule, factor: number };
  }
  throw new InvalidInputError(
    `deconvolve: --stop must be tolerance=1e-3, held-out or discrepancy, got ${text}; choose one`,
  );
}

async function pointMethod(
  method: Exclude<Method, "lira">,
  { options }: DeconvolveSettings,
  flags: DeconvolveFlags,
): Promise<PointMethod> {
  const { iterations, boundary, alphaInit, fitAlpha, cycleSpin, seed, smoothingPrior, totalCountsPrior } =
    options;
  const given = <T extends Record<string, unknown>>(values: T) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
      [Key in keyof T]?: NonNullable<T[Key]>;
    };
  const bootstrap =
    flags.bootstrap === undefined ? undefined : { replicates: flags.bootstrap, seed: seed ?? 0 };
  const common = given({
    iterations,
    boundary,
    bootstrap,
    upsampling: flags.upsampling,
    margin: flags.margin,
  });
  const prior = flags.prior === undefined ? undefined : await parsePrior(flags.prior);
  const stop = flags.stop === undefined ? undefined : parseStop(flags.stop);
  // What does not go with the method is refused by `deconvolve`, which says why.
  const strict = given({ prior, stop });
  switch (method) {
    case "richardson-lucy":
      return {
        ...common,
        ...strict,
        ...(flags.accelerate ? { acceleration: "biggs-andrews" as const } : {}),
        ...(options.fitBackgroundScale ? { fitBackgroundScale: true } : {}),
        method,
      };
    case "gradient-descent":
      return { ...common, ...strict, method };
    case "map":
      return { ...common, ...strict, method } as PointMethod;
    case "em-multiscale":
      return {
        ...common,
        ...strict,
        ...given({ alphaInit, cycleSpin, seed, smoothingPrior, totalCountsPrior }),
        fitAlpha: fitAlpha ?? true,
        method,
      };
  }
}

/** Read the files, find the image, write and report it. */
export async function estimate(
  settings: DeconvolveSettings & { readonly output: string },
  method: Exclude<Method, "lira">,
  flags: DeconvolveFlags,
): Promise<void> {
  const options = await pointMethod(method, settings, flags);
  const files = await Promise.all(settings.observations.map(readObservationFiles));
  const units = new Set(files.map(({ unit }) => unit));
  const unit = units.size === 1 ? files[0].unit : undefined;
  const result = await deconvolve(
    files.map(({ observation }) => observation),
    options,
  );
  for (const warning of result.warnings) process.stderr.write(`tslira: warning: ${warning}\n`);
  const bytes = encodePointEstimate(result, {
    version: VERSION,
    command: `tslira ${shellQuote(process.argv.slice(2))}`,
    inputs: files.flatMap(({ inputs }) => inputs),
    ...(unit === undefined ? {} : { unit }),
  });
  await writeFile(settings.output, bytes);
  const written = [settings.output];
  if (settings.png !== undefined) {
    await writeFile(settings.png, await renderPng(await figure(result, files[0].observation.counts)));
    written.push(settings.png);
  }
  if (!flags.quiet) process.stderr.write(`${summary(result, written).join("\n")}\n`);
  if (flags.json) process.stdout.write(`${JSON.stringify(data(result, settings.output), undefined, 2)}\n`);
}

async function figure(result: PointEstimate, counts: SkyImage): Promise<string> {
  const flux = { label: "flux", stretch: "sqrt" as const };
  const panels: Panel[] = [
    { image: counts, title: "Counts", label: "counts", stretch: "sqrt" },
    { image: result.flux, title: "Flux", ...flux },
    {
      image: residuals(counts, result.predicted[0]).sigma,
      title: "Residuals",
      label: "sigma",
      colormap: "RdBu",
      limits: [-4, 4],
    },
  ];
  if (result.std !== undefined) {
    panels.push({ image: result.std, title: "Standard deviation", ...flux, colormap: "viridis" });
  }
  return plotPanels(panels, { document: await figureDocument(), title: result.method });
}

function total({ data: values }: SkyImage): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function summary(result: PointEstimate, written: readonly string[]): string[] {
  const rows = [
    ["method", result.method],
    ["iterations", `${result.iterations}; ${result.stopped}`],
    ["flux", formatNumber(total(result.flux))],
    ["Cash", formatNumber(result.cash)],
    ["time", formatDuration(result.seconds)],
    ["written", written.join(", ")],
  ];
  return ["", ...tableLines(rows).map((line) => `  ${line.trimEnd()}`)];
}

function data(result: PointEstimate, output: string) {
  const { method, iterations, converged, stopped, cash, logPrior, backgroundScale, seconds, warnings } =
    result;
  return {
    method,
    iterations,
    converged,
    stopped,
    cash,
    logPrior: logPrior ?? null,
    totalFlux: total(result.flux),
    backgroundScale,
    priorParameters: result.priorParameters ?? null,
    seconds,
    output,
    warnings,
  };
}
