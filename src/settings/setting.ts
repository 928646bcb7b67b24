import type { Method } from "./methods.js";

/** Where a number must lie; ends that are not given are open. */
export interface NumberRange {
  /** The number itself is allowed. */
  readonly least?: number;
  readonly most?: number;
  /** The number itself is not allowed. */
  readonly above?: number;
  readonly below?: number;
}

/** One of several words that a setting may be. */
export interface Choice {
  readonly value: string;
  /** For people who choose. */
  readonly label: string;
  /** What it does, for readers of a result. */
  readonly meaning?: string;
}

/** What values of a setting look like. */
export type Kind =
  /** A number, or a word in its place; a page may offer some. */
  | ({
      readonly type: "whole" | "number";
      readonly word?: string;
      readonly offers?: readonly Choice[];
    } & NumberRange)
  /** One number for all levels of the tree, or one each. */
  | ({ readonly type: "numbers" } & NumberRange)
  /** Numbers with names: as text in the order of the names, with commas between. */
  | { readonly type: "record"; readonly parts: Readonly<Record<string, NumberRange>> }
  | { readonly type: "choice"; readonly choices: readonly Choice[] }
  | { readonly type: "flag" }
  /** Text by its own rule, which its reader tells best; a page may look at the pattern, and offer some. */
  | {
      readonly type: "text";
      readonly pattern?: RegExp;
      readonly example: string;
      readonly offers?: readonly Choice[];
    }
  /** An object; as text it is JSON. */
  | { readonly type: "object"; readonly parts: Readonly<Record<string, "numbers" | "rows">> };

/** What differs between methods. */
export interface SettingText {
  /** Two or three words. */
  readonly label: string;
  /** What it means, in a sentence. */
  readonly meaning: string;
  readonly kind: Kind;
  /** What it is when nothing is said; undefined when that follows from other settings or from the data. */
  readonly default?: unknown;
  /** The default in words, where it is no value, or the value does not tell. */
  readonly usually?: string;
  /** What the page starts with, where that is another value than the default. */
  readonly start?: unknown;
}

/** Values of a setting as columns of one row of the table CONFIG, and back. */
export interface SettingColumns {
  readonly names: readonly string[];
  /** A value as one entry for each of the names. */
  readonly write: (value: never) => readonly ColumnValue[];
  /** The value that such entries stand for. */
  readonly read: (...values: never[]) => unknown;
}

/** What stands in a column: a number, several, true or false, or text. */
export type ColumnValue = number | readonly number[] | boolean | string;

/** A setting: once, for all that take it, write it or show it. */
export interface Setting extends SettingText {
  /** Name in the library, in config files and among Studio's fields; `trace.keep` is `keep` of `trace`. */
  readonly key: string;
  readonly methods: readonly Method[];
  /** What is different for some of them. */
  readonly under?: Partial<Readonly<Record<Method, Partial<SettingText>>>>;
  /** Line of the command's help, when it is not the meaning. */
  readonly help?: string;
  /** Flag of the command, when it is not the key; a flag without value turns the setting to what the default is not. */
  readonly flag?: string;
  /** Under which heading the help has it. */
  readonly group: "Method" | "Sampling" | "Model";
  /** Columns of CONFIG, when it is not one named after the key; a record has one for each of its parts. */
  readonly columns?: readonly string[] | SettingColumns;
  /** What results are understood to have that were written before there was such a column. */
  readonly formerly?: unknown;
  /** What a result is understood to have that holds neither the setting nor its columns, as it does when nothing else was told. */
  readonly absent?: unknown;
  /** False: says how long to run or stands for other settings, so that a result does not hold it. */
  readonly recorded?: false;
  /** False: tests of significance do not take it, whose data sets are all deconvolved for as many sweeps. */
  readonly tested?: false;
  /** True: found out from other settings, so that it is recorded and shown, but nobody gives it. */
  readonly found?: true;
  /** Belongs to LIRA's prior of one alpha a level, or to the adaptive one, alone. */
  readonly prior?: "level" | "adaptive";
  /** Another setting that must be true for this one to matter. */
  readonly needs?: string;
  /** Where Studio has it: among the fields that all see; nowhere, because the page has parts of its own for it. */
  readonly page?: "main" | "none";
  /** Beginning of the names of Studio's fields for the parts of a record, and for a single one its name, where they are not the key. */
  readonly field?: string;
  /** What the GPU allows of it: a rule in words, and which values obey it; default all. */
  readonly onGpu?: { readonly rule: string; readonly allows: (value: unknown) => boolean };
  /** For readers, when the kind does not tell. */
  readonly shown?: (value: never, number: (value: number) => string) => string;
}

/** A setting as a method has it. */
export function settingUnder(setting: Setting, method: Method): Setting {
  return { ...setting, ...setting.under?.[method] };
}

/** Name of the setting in one word, `traceKeep` of `trace.keep`: among flags that were read, and in what a run was told. */
export function wordOf({ key }: Pick<Setting, "key">): string {
  return key.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The long flag of a setting. */
export function flagOf(setting: Pick<Setting, "key" | "flag">): string {
  const { flag = `--${wordOf(setting).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` } = setting;
  return flag.split(", ").at(-1) as string;
}

/** What the GPU says against a value of a setting, a rule in words; undefined when nothing. */
export function gpuRule({ onGpu }: Pick<Setting, "onGpu">, value: unknown): string | undefined {
  return onGpu === undefined || value === undefined || onGpu.allows(value) ? undefined : onGpu.rule;
}

/** Values of settings by their keys; those of `trace` are in an object of that name. */
export type SettingValues = Readonly<Record<string, unknown>>;

/** The value of a setting among others; undefined when it is not there. */
export function givenValue({ key }: Pick<Setting, "key">, values: SettingValues): unknown {
  return key
    .split(".")
    .reduce<unknown>((inner, name) => (inner as SettingValues | undefined)?.[name], values);
}

/** Values of settings as an object of options, those that are undefined left out. */
export function valuesOf(
  entries: Iterable<readonly [setting: Pick<Setting, "key">, value: unknown]>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [{ key }, value] of entries) {
    if (value === undefined) continue;
    const [name, part] = key.split(".");
    values[name] = part === undefined ? value : { ...(values[name] as object), [part]: value };
  }
  return values;
}
