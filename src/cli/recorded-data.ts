/** The data behind a result, found again by the command that the result remembers. */

import { access } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Observation } from "../data/observation/observation.js";
import { parseFitsName } from "../io/fits.js";
import { isPsfName } from "../io/named-psf.js";
import { splitPlace } from "../io/psf-stack-node.js";
import type { ObservationFileNames } from "../io/public-datasets-node.js";
import type { PosteriorSummary } from "../posterior/result.js";
import { flagSettings } from "./deconvolve.js";
import { type DeconvolveSettings, FILE_KEYS, mergeSettings, readConfigFile } from "./deconvolve-config.js";
import { deconvolveOptions } from "./deconvolve-options.js";
import { placeObservations } from "./place-observations.js";
import { type NamedObservation, readTogether } from "./read-together.js";

/** Data that were found, or why not. */
export type RecordedData =
  | {
      readonly observations: readonly Observation[];
      /** As the command named them. */
      readonly names: readonly ObservationFileNames[];
      /** Where they are. */
      readonly files: readonly string[];
    }
  | { readonly missing: string };

/** Words of a command line as `shellLine` wrote it. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  const pattern = /\s*((?:'[^']*'|\\.|[^\s'\\])+)/gy;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    words.push(match[1].replace(/'([^']*)'|\\(.)/g, (_, quoted, escaped) => quoted ?? escaped));
  }
  return words;
}

/** The file where it was, beside the result, or in a folder of the same name there; undefined when it is nowhere. */
async function find(name: string, result: string): Promise<string | undefined> {
  const sign = name.startsWith("!") ? "!" : "";
  const { path } = parseFitsName(splitPlace(name.slice(sign.length)).file);
  const extension = name.slice(sign.length + path.length);
  const beside = dirname(result);
  for (const place of [path, join(beside, path), join(beside, basename(path))]) {
    if (
      await access(place).then(
        () => true,
        () => false,
      )
    )
      return sign + place + extension;
  }
  return undefined;
}

/** Files of all observations that a command names. */
export async function recordedNames(command: string): Promise<readonly ObservationFileNames[] | undefined> {
  return (await recordedSettings(command))?.observations;
}

async function recordedSettings(command: string): Promise<DeconvolveSettings | undefined> {
  const [program, verb, ...args] = shellWords(command);
  if (program !== "tslira" || verb !== "deconvolve") return undefined;
  const options = deconvolveOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  options.parse(args, { from: "user" });
  const flags = options.opts();
  const config = await readConfigFile(flags.config);
  return mergeSettings(flagSettings(options.processedArgs[0], flags), config);
}

/**
 * Find the data of a result by its recorded command. Files count only when their SHA-256 are those that the result remembers.
 *
 * @param path of the result
 */
export async function findRecordedData(
  path: string,
  { command, inputs }: Pick<PosteriorSummary["provenance"], "command" | "inputs">,
): Promise<RecordedData> {
  if (command === undefined) return { missing: "the result does not remember the command that made it" };
  const settings = await recordedSettings(command).catch(() => undefined);
  if (settings === undefined) return { missing: "the command that made it cannot be read again" };
  const observations: Observation[] = [];
  const files: string[] = [];
  const hashes: string[] = [];
  const names: readonly NamedObservation[] = settings.observations;
  for (const one of names) {
    const found: { -readonly [Key in keyof NamedObservation]: NamedObservation[Key] } = { ...one };
    for (const key of FILE_KEYS) {
      const given = one[key];
      if (given === undefined || (typeof given === "string" && key === "psf" && isPsfName(given))) continue;
      const places: string[] = [];
      for (const name of [given].flat()) {
        const place = await find(name, path);
        if (place === undefined) return { missing: `${name} is not where it was` };
        places.push(place);
        files.push(splitPlace(place).file);
      }
      if (key === "psf" && typeof given !== "string") found.psf = places;
      else found[key] = places[0];
    }
    const read = await readTogether([found]);
    observations.push(...read.observations);
    hashes.push(...read.inputs.map(({ sha256 }) => sha256));
  }
  const changed = inputs.findIndex(({ sha256 }, index) => sha256 !== hashes[index]);
  if (changed >= 0 || hashes.length !== inputs.length) {
    return { missing: `${inputs[changed]?.name ?? "a file"} has changed since` };
  }
  return { ...placeObservations(observations, settings), names, files };
}
