/** Settings as columns of one row, by pylira's names where it has them, and back. */

import { recordedSettings } from "./by-method.js";
import type { Method } from "./methods.js";
import {
  type ColumnValue,
  type Setting,
  type SettingColumns,
  type SettingValues,
  wordOf,
} from "./setting.js";

/** A column of one row. */
export interface SettingColumn {
  readonly name: string;
  readonly value: ColumnValue;
  /** A whole number, which is stored as one. */
  readonly whole: boolean;
}

function columnsOf(setting: Setting): SettingColumns {
  const { kind, columns } = setting;
  if (columns !== undefined && "write" in columns) return columns;
  const snake = wordOf(setting).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (kind.type === "record") {
    const parts = Object.keys(kind.parts);
    return {
      names: columns ?? parts.map((part) => `${snake}_${part}`),
      write: (value: Readonly<Record<string, number>>) => parts.map((part) => value[part]),
      read: (...values: number[]) => Object.fromEntries(parts.map((part, index) => [part, values[index]])),
    };
  }
  return {
    names: columns ?? [snake],
    write: (value: ColumnValue) => [value],
    read: (value: ColumnValue) => (kind.type === "numbers" && typeof value === "number" ? [value] : value),
  };
}

/** What a run was told, as columns; what it was not told has none. Of what may be absent there is all or nothing. */
export function settingColumns(method: Method | "own", config: SettingValues): SettingColumn[] {
  const recorded = recordedSettings(method);
  // Versions before 0.3.0 read results of nuts only with all of them.
  const whole =
    method === "nuts" ||
    recorded.some((setting) => setting.absent !== undefined && config[wordOf(setting)] !== undefined);
  return recorded.flatMap((setting) => {
    const value = config[wordOf(setting)] ?? (whole ? setting.absent : undefined);
    if (value === undefined) return [];
    const { names, write } = columnsOf(setting);
    return write(value as never).map((entry, index) => ({
      name: names[index],
      value: entry,
      whole: setting.kind.type === "whole",
    }));
  });
}

/**
 * What a run was told, from its columns.
 *
 * @param column reads a column as the values of a kind are stored; undefined when there is none
 * @returns values by their words, and names of columns that are missing
 */
export function settingsOfColumns(
  method: Method | "own",
  column: (name: string, kind: Setting["kind"]) => ColumnValue | undefined,
): { readonly config: Record<string, unknown>; readonly missing: readonly string[] } {
  const config: Record<string, unknown> = {};
  const missing: Setting[] = [];
  for (const setting of recordedSettings(method)) {
    const { names, read } = columnsOf(setting);
    const values = names.map((name) => column(name, setting.kind));
    const value = values.includes(undefined) ? setting.formerly : read(...(values as never[]));
    if (setting.absent !== undefined && (value ?? setting.absent) === setting.absent) continue;
    if (value === undefined) missing.push(setting);
    else config[wordOf(setting)] = value;
  }
  // A law has one prior of the smoothing or the other.
  const other = config.adaptivePrior === undefined ? "adaptive" : "level";
  return {
    config,
    missing: missing.filter(({ prior }) => prior !== other).flatMap((setting) => columnsOf(setting).names),
  };
}
