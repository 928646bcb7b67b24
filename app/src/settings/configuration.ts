/** Settings that travel: as a file, in the address after #, pasted, or recorded in a result. Never data. */

import type { LiraConfig, Preset, SamplerConfig, Shape } from "tslira";
import * as v from "valibot";
import { givenValue, optionsOf, SETTINGS, textOf } from "#settings";
import { defaultPairTransfers, presetOf, repeatedKey } from "#studio";
import type { Composition } from "../desk/observation-view.js";
import {
  COMPOSED_PARTS,
  COMPOSITION_TEXTS,
  type ComposedPart,
  compositionTexts,
} from "./composition-text.js";
import { fieldsOf, METHOD_KINDS, methodFieldError, methodOf } from "./method-fields.js";
import {
  ADVANCED_FIELDS,
  chosenPreset,
  type Field,
  type Form,
  fieldsUnder,
  formOf,
  MAIN_FIELDS,
  startForm,
  wholeForm,
} from "./settings.js";

/** Settings of a run and of how its data are cut. */
export interface Configuration {
  readonly form: Form;
  readonly composition: Composition;
  /** What was not understood, in sentences. */
  readonly notes: readonly string[];
}

/** Version of what is written. */
const FORMAT = 1;
const KIND = "studio-settings";
const VALUE = v.union([v.string(), v.number(), v.boolean()]);
const optionalValue = () => v.optional(VALUE);
const DOCUMENT = v.looseObject({
  settings: v.optional(v.record(v.string(), VALUE)),
  ...(Object.fromEntries(COMPOSED_PARTS.map((part) => [part, optionalValue()])) as Record<
    ComposedPart,
    ReturnType<typeof optionalValue>
  >),
});

/** All settings as JSON: numbers as numbers, so that people can read and change them. */
export function configurationText(form: Form, composition: Composition): string {
  const kinds = new Map([...MAIN_FIELDS, ...ADVANCED_FIELDS].map(({ key, kind }) => [key, kind]));
  const values = Object.entries(form).map(([key, text]) => {
    const kind = kinds.get(key);
    if (kind === "check") return [key, text === "yes"];
    const number = kind === "whole" || kind === "number" ? Number(text) : Number.NaN;
    return [key, Number.isFinite(number) && text.trim() !== "" ? number : text];
  });
  const document = {
    tslira: KIND,
    format: FORMAT,
    settings: Object.fromEntries(values),
    ...Object.fromEntries(compositionTexts(composition)),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Whether a key is that of another method than LIRA, or of the test of a region. */
function isOfMethod(key: string): boolean {
  return /^(method|bootstrap|test-\w+)$/.test(key) || METHOD_KINDS.some(({ id }) => key.startsWith(`${id}-`));
}

/** Fields of the chosen method, filled where nothing is said; an unknown method becomes LIRA. */
function checkedMethod(form: Record<string, string>, notes: string[]): readonly Field[] {
  const { method } = form;
  if (method !== undefined && methodOf(form).id !== method) {
    notes.push(
      `method must be one of ${METHOD_KINDS.map(({ id }) => id).join(", ")}, got ${method.slice(0, 40)}; left at LIRA`,
    );
    delete form.method;
  }
  const { id } = methodOf(form);
  if (id === "lira") return [];
  const { prior, main, advanced } = fieldsOf(id, form, 1);
  return [...prior, ...main, ...advanced].filter(({ key }) => form[key] !== undefined);
}

/** What is said of settings, checked one by one: good ones are taken, others are named. */
function take(given: ReadonlyMap<string, string>, source: string): Configuration {
  const notes: string[] = [];
  const known = startForm();
  const taken: Record<string, string> = {};
  const composition: Composition = {};
  for (const [key, value] of given) {
    const part = COMPOSED_PARTS.find((one) => one === key);
    if (part !== undefined) {
      const { read, rule } = COMPOSITION_TEXTS[part];
      const found = read(value);
      if (found !== undefined) Object.assign(composition, { [part]: found });
      else notes.push(`${key} must ${rule}, got ${value.slice(0, 40)}; left out`);
    } else if (Object.hasOwn(known, key) || isOfMethod(key)) taken[key] = value;
    else notes.push(`${key.slice(0, 40)} is not a setting of this version; left out`);
  }
  const form: Record<string, string> = { ...wholeForm(taken) };
  for (const field of [...fieldsUnder(chosenPreset(form)), ...checkedMethod(form, notes)]) {
    const choices = field.choices?.map(([choice]) => choice);
    const wrong =
      choices !== undefined && !choices.includes(form[field.key])
        ? `one of ${choices.join(", ")}`
        : methodFieldError(field, form);
    if (wrong === undefined) continue;
    notes.push(
      `${field.key} must be ${wrong.replace(/, please$/, "")}, got ${form[field.key].slice(0, 40)}; left at its default`,
    );
    form[field.key] = field.start;
  }
  if ([...given.keys()].every((key) => !Object.hasOwn(form, key)) && Object.keys(composition).length === 0)
    throw new Error(`${source}: must hold settings of Studio, got none that are known; save them under Keep`);
  return { form, composition, notes };
}

function asText(value: unknown): string {
  return value === true ? "yes" : value === false ? "" : String(value);
}

/**
 * Settings from JSON as `configurationText` writes it. Missing ones are at their defaults.
 *
 * @throws Error when the text is not that
 */
export function readConfiguration(text: string, source: string): Configuration {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(
      `${source}: must be JSON, got text that fails with "${reason}"; save the settings again`,
      { cause },
    );
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined)
    throw new Error(
      `${source}: each key must be there once, got "${repeated.key.slice(0, 40)}" again in line ${repeated.line}; remove one`,
    );
  const object = document as { tslira?: unknown; format?: unknown; settings?: unknown } & Record<
    string,
    unknown
  >;
  if (typeof document !== "object" || document === null || object.tslira !== KIND)
    throw new Error(
      `${source}: must be settings of Studio ("tslira": "${KIND}"), got other JSON; save them under Keep`,
    );
  if (object.format !== FORMAT)
    throw new Error(
      `${source}: settings must have format ${FORMAT}, got ${String(object.format)}; open them in a newer Studio`,
    );
  const found = v.safeParse(DOCUMENT, document, { abortEarly: true });
  if (!found.success) {
    const path = v.getDotPath(found.issues[0]) ?? "settings";
    const rule = path === "settings" ? "an object {...}" : "text, a number, true or false";
    throw new Error(`${source}: ${path} must be ${rule}, got something else; save the settings again`);
  }
  const { settings = {} } = found.output;
  const parts = COMPOSED_PARTS.map((part) => [part, found.output[part]] as const);
  const given = new Map<string, string>();
  for (const [key, value] of [...Object.entries(settings), ...parts])
    if (value !== undefined) given.set(key, asText(value));
  return take(given, source);
}

/** All settings as the part of an address after #, which browsers never send to a server. */
export function configurationHash(form: Form, composition: Composition): string {
  const words = new URLSearchParams({ settings: String(FORMAT), ...form });
  for (const [part, text] of compositionTexts(composition)) words.set(part, text);
  return `#${words.toString().replaceAll("%3A", ":").replaceAll("%2C", ",")}`;
}

/**
 * Settings from an address or its part after #; undefined when it carries none.
 *
 * @throws Error when they are of another version
 */
export function readHash(address: string): Configuration | undefined {
  const words = new URLSearchParams(address.slice(address.indexOf("#") + 1));
  const format = words.get("settings");
  if (format === null) return undefined;
  if (format !== String(FORMAT))
    throw new Error(`address: settings must have format ${FORMAT}, got ${format}; open it in a newer Studio`);
  words.delete("settings");
  return take(new Map(words), "address");
}

/** Settings from pasted text, an address or JSON; undefined when it is neither. @throws Error when it is broken */
export function readPasted(text: string): Configuration | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith("{") && trimmed.includes(`"${KIND}"`))
    return readConfiguration(trimmed, "pasted text");
  return /^\S*#\S*settings=/.test(trimmed) ? readHash(trimmed) : undefined;
}

/** The value of a flag in a recorded command. */
function flagOf(command: string, flag: string): string | undefined {
  return new RegExp(` ${flag}[ =]'?([^ ']+)`).exec(command)?.[1];
}

/**
 * The settings that a result was made with; what the form has no field for is named in the notes.
 *
 * @param shape `[ny, nx]` of its images
 */
export function configurationOfResult(config: SamplerConfig, shape: Shape, command = ""): Configuration {
  const given = new Map<string, string>();
  const notes: string[] = [];
  const { trace: _spacing, preset: _named, ...options } = optionsOf(config.method ?? "lira", config as never);
  if (config.method === undefined) given.set("preset", nearestPreset(config));
  else notes.push(`The result was sampled by ${config.method}; only what all methods share was taken over.`);
  // What follows from the size of the image is left to follow from it.
  const { upsampling = 1, margin = 0 } = config;
  const beyond = 2 * upsampling * margin;
  const usual = defaultPairTransfers([shape[0] + beyond, shape[1] + beyond]);
  if (options.cycleSpin === "random" || options.pairTransfers === usual) delete options.pairTransfers;
  for (const { key, kind, default: left, page } of SETTINGS) {
    const value = givenValue({ key }, options);
    if (page !== "none" || value === undefined) continue;
    notes.push(`The result had ${key} ${textOf(kind, value)}; the form has none, and leaves it at ${left}.`);
  }
  for (const [key, text] of Object.entries(formOf(options))) given.set(key, text);
  given.set("keep", flagOf(command, "--trace-keep") ?? keptDraws(config));
  const { form, notes: more } = take(given, "result");
  return { form, composition: compositionOfCommand(command), notes: [...notes, ...more] };
}

/** The preset that was sampled, or the one that is most like it. */
function nearestPreset(config: LiraConfig): Preset {
  return presetOf(config) ?? (config.adaptivePrior === undefined ? "lira" : "adaptive");
}

/** The most draws a chain that lead to the recorded thinning; the default where that does. */
function keptDraws({ iterations, burnIn, traceEvery }: SamplerConfig): string {
  const { keep } = startForm();
  const sweeps = iterations - burnIn;
  const usual = Math.max(1, Math.ceil(sweeps / Number(keep)));
  return usual === traceEvery ? keep : String(Math.max(2, Math.ceil(sweeps / traceEvery)));
}

/** How the data of a recorded command were cut. */
export function compositionOfCommand(command: string): Composition {
  return Object.fromEntries(
    COMPOSED_PARTS.flatMap((part) => {
      const { flag, read } = COMPOSITION_TEXTS[part];
      const text = flag && flagOf(command, flag);
      const value = text && read(text);
      return value === undefined || value === "" ? [] : [[part, value]];
    }),
  );
}
