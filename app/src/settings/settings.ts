/** Settings of a run as fields of a form, made of the package's list: what they are called, begin with, and mean. */

import { type LiraDeconvolverOptions, type Method, PRESETS, type Preset } from "tslira";
import {
  givenValue,
  gpuRule,
  type Kind,
  type NumberRange,
  readText,
  type Setting,
  type SettingValues,
  settingOf,
  settingsOf as settingsOfMethod,
  textOf,
  valuesOf,
} from "#settings";
import { PRESET_NAMES } from "#studio";

/** A field of the form. */
export interface Field {
  readonly key: string;
  readonly label: string;
  /** What it means, in a sentence. */
  readonly help: string;
  readonly kind: "whole" | "number" | "text" | "choice" | "check";
  readonly start: string;
  /** How its text is read; a whole number in a range, for a field of the page alone. */
  readonly value?: Kind;
  readonly least?: number;
  readonly most?: number;
  readonly choices?: readonly (readonly [value: string, label: string])[];
  /** Nothing entered means that it is found out. */
  readonly optional?: boolean;
  /** The setting behind it; a part of it, where it is a record. */
  readonly setting?: Setting;
  readonly part?: string;
}

/** What the form holds: texts by keys. */
export type Form = Readonly<Record<string, string>>;

const FIELD_KINDS: Readonly<Record<Exclude<Kind["type"], "record">, Field["kind"]>> = {
  whole: "whole",
  number: "number",
  numbers: "number",
  choice: "choice",
  flag: "check",
  text: "text",
  object: "text",
};

/** The fields of a setting; a method that has it in a way of its own has a field of its own. */
function fieldsOfSetting(setting: Setting, method: Method): Field[] {
  const { key, field, kind, label, meaning, start = setting.default } = setting;
  const own = method !== "lira" && (setting.under?.[method] !== undefined || setting.methods.length === 1);
  const name = `${own ? `${method}-` : ""}${field ?? key}`;
  if (kind.type === "record") {
    return Object.entries(kind.parts).map(([part, range], index) => ({
      key: `${name}${part.slice(0, 1).toUpperCase()}${part.slice(1)}`,
      label: `${label}: ${part}`,
      help: index === 0 ? meaning : "See above.",
      kind: "number",
      start: String((start as Readonly<Record<string, number>>)[part]),
      value: { type: "number", ...range },
      setting,
      part,
    }));
  }
  const choices = kind.type === "choice" ? kind.choices : "offers" in kind ? kind.offers : undefined;
  return [
    {
      key: name,
      label,
      help: meaning,
      kind: choices === undefined ? FIELD_KINDS[kind.type] : "choice",
      start: start === undefined ? "" : textOf(kind, start),
      value: kind,
      ...(choices && { choices: choices.map(({ value, label: title }) => [value, title] as const) }),
      ...(setting.default === undefined && { optional: true }),
      setting,
    },
  ];
}

/** The fields of a method, those that the page has parts of its own for aside. */
export function fieldsOfMethod(method: Method): readonly Field[] {
  return settingsOfMethod(method)
    .filter(({ page }) => page !== "none")
    .flatMap((setting) => fieldsOfSetting(setting, method));
}

const isMain = ({ setting }: Field) => setting?.page === "main";
const LIRA_FIELDS = fieldsOfMethod("lira");

/** Fields that everyone looks at. */
export const MAIN_FIELDS: readonly Field[] = LIRA_FIELDS.filter(isMain);

/** Fields that are folded away. */
export const ADVANCED_FIELDS: readonly Field[] = LIRA_FIELDS.filter((field) => !isMain(field));

/** Whether a field says where chains run: browsers without a GPU do not ask. */
export const isDevice = ({ setting }: Field) => setting?.key === "device";

/** The law by its name, with what the chosen one believes. */
export function presetField(preset: Preset): Field {
  const [field] = fieldsOfSetting(settingOf("preset"), "lira");
  const { kind } = settingOf("preset");
  const chosen = kind.type === "choice" ? kind.choices.find(({ value }) => value === preset) : undefined;
  return { ...field, help: chosen?.meaning ?? field.help };
}

/** The preset that a form means. */
export function chosenPreset(form: Form): Preset {
  return PRESET_NAMES.find((name) => name === form.preset) ?? "adaptive";
}

/** Texts of the fields of settings that have a value. */
export function formOf(values: SettingValues): Form {
  return Object.fromEntries(
    LIRA_FIELDS.flatMap(({ key, setting, part }) => {
      const value = setting && givenValue(setting, values);
      if (setting === undefined || value === undefined) return [];
      const text = part === undefined ? textOf(setting.kind, value) : (value as SettingValues)[part];
      return [[key, String(text)]];
    }),
  );
}

/** The fields that a preset settles. States of blocks are its own as long as nothing is entered. */
function lawForm(preset: Preset): Form {
  const { adaptivePrior: _states, ...law } = PRESETS[preset];
  return { preset, adaptivePrior: "", ...formOf(law) };
}

/** The form at the start, under a preset. */
export function startForm(preset: Preset = "adaptive"): Form {
  const starts = [...MAIN_FIELDS, ...ADVANCED_FIELDS].map(({ key, start }) => [key, start]);
  return { ...Object.fromEntries(starts), ...lawForm(preset) };
}

/** The form under another preset, which brings all that it settles. */
export function withPreset(form: Form, preset: Preset): Form {
  return { ...form, ...lawForm(preset) };
}

/** All of a form of which a part was saved. Forms that speak of α but of no preset are older than presets: they mean LIRA's. */
export function wholeForm(saved: Form): Form {
  const ofLevels = ADVANCED_FIELDS.filter(({ setting }) => setting?.prior === "level");
  const old = saved.preset === undefined && ofLevels.some(({ key }) => saved[key] !== undefined);
  return { ...startForm(old ? "lira" : chosenPreset(saved)), ...saved };
}

/** The fields that are folded away under a preset, with their starts under it. */
export function advancedFields(preset: Preset): readonly Field[] {
  const starts = startForm(preset);
  const other = PRESETS[preset].adaptivePrior === undefined ? "adaptive" : "level";
  return ADVANCED_FIELDS.filter(({ setting }) => setting?.prior !== other).map((field) => ({
    ...field,
    start: starts[field.key],
  }));
}

/** All fields under a preset. */
export function fieldsUnder(preset: Preset): readonly Field[] {
  return [...MAIN_FIELDS, presetField(preset), ...advancedFields(preset)];
}

function rangeError(value: number, { least, most, above, below }: NumberRange): string | undefined {
  if (least !== undefined && value < least) return `at least ${least}`;
  if (most !== undefined && value > most) return `at most ${most}`;
  if (above !== undefined && value <= above) return `more than ${above}`;
  if (below !== undefined && value >= below) return `less than ${below}`;
  return undefined;
}

const { kind: METHOD } = settingOf("method");
const METHOD_NAMES = METHOD.type === "choice" ? METHOD.choices : [];
/** Methods that can run on a GPU. */
const ON_GPU: readonly string[] = settingOf("device").methods;

/** Whether the form has its method run on the GPU. */
export function runsOnGpu({ device, method = "lira" }: Form): boolean {
  return device === "gpu" && ON_GPU.includes(method);
}

/** What is to be said of a form whose device the method does not have; undefined when nothing is. */
export function cpuNote({ device, method = "lira" }: Form): string | undefined {
  if (device !== "gpu" || ON_GPU.includes(method)) return undefined;
  const has = METHOD_NAMES.filter(({ value }) => ON_GPU.includes(value)).map(({ label }) => label);
  return `Runs on the CPU: the GPU has ${new Intl.ListFormat("en-GB").format(has)} alone.`;
}

/**
 * What is wrong with where the form has its method run, in words; undefined when nothing is.
 *
 * @param gpu name of the GPU that the browser offers; undefined without one
 */
export function deviceError(form: Form, gpu: string | undefined): string | undefined {
  if (!runsOnGpu(form) || gpu !== undefined) return undefined;
  return "CPU, please: these settings are for a GPU, and this browser offers none.";
}

/** What the GPU allows of a field, a rule in words; undefined when all, or when nothing runs there. */
export function gpuLimit({ setting }: Field, form: Form): string | undefined {
  return runsOnGpu(form) ? setting?.onGpu?.rule : undefined;
}

/** The rule of `gpuLimit` where a text of the field breaks it. */
export function gpuError(
  field: Field,
  form: Form,
  text = form[field.key] ?? field.start,
): string | undefined {
  const { setting } = field;
  if (setting === undefined || !runsOnGpu(form)) return undefined;
  const read = readText(setting.kind, text);
  const rule = "value" in read ? gpuRule(setting, read.value) : undefined;
  return rule && `${rule} on the GPU, please`;
}

/** What is wrong with a field, in words; undefined when nothing is. */
export function fieldError(field: Field, form: Form): string | undefined {
  const { key, kind, least, most, optional = false } = field;
  if (kind === "choice" || kind === "check") return gpuError(field, form);
  const ends = { ...(least !== undefined && { least }), ...(most !== undefined && { most }) };
  const { value: rule = { type: kind === "number" ? "number" : "whole", ...ends } } = field;
  const text = (form[key] ?? "").trim();
  if (optional && text === "") return undefined;
  const read = readText(rule, text);
  if ("rule" in read) return `${read.rule}, please`;
  const numbers = [read.value].flat().filter((one) => typeof one === "number");
  if (rule.type === "text" && rule.pattern?.test(text) === false) return `text such as ${rule.example}`;
  if (rule.type !== "whole" && rule.type !== "number" && rule.type !== "numbers")
    return gpuError(field, form);
  const wrong = numbers.map((one) => rangeError(one, rule)).find((one) => one !== undefined);
  if (wrong !== undefined) return wrong;
  const sweeps = Number(form[key.replace("burnIn", "iterations")]);
  if (field.setting?.key === "burnIn" && Number(text) > sweeps - 2) return "must leave two sweeps";
  return gpuError(field, form);
}

/** Whether a run can start. */
export function formIsGood(form: Form): boolean {
  return fieldsUnder(chosenPreset(form)).every((field) => fieldError(field, form) === undefined);
}

/** The settings that fields mean: those that everyone looks at, and what is not as it begins. */
export function chosenValues(fields: readonly Field[], form: Form): Record<string, unknown> {
  const settings = new Map<string, Field[]>();
  for (const field of fields) {
    const key = field.setting?.key;
    if (key !== undefined) settings.set(key, [...(settings.get(key) ?? []), field]);
  }
  return valuesOf(
    [...settings.values()].map((parts) => {
      const [{ setting, part, optional }] = parts as [Field & { readonly setting: Setting }];
      const texts = parts.map(({ key, start }) => form[key] ?? start);
      const changed = parts.some(({ start }, index) => texts[index] !== start);
      if ((optional && texts[0].trim() === "") || !(changed || isMain(parts[0]))) return [setting, undefined];
      const read = readText(setting.kind, part === undefined ? texts[0] : texts.join(","));
      return [setting, "value" in read ? read.value : undefined];
    }),
  );
}

/** The form as options of the library; what is at its default is left out, as one would write it by hand. */
export function settingsOf(form: Form): LiraDeconvolverOptions {
  const preset = chosenPreset(form);
  return {
    ...(preset !== "adaptive" && { preset }),
    ...chosenValues([...MAIN_FIELDS, ...advancedFields(preset)], form),
  };
}
