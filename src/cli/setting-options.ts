/** Settings as flags of a command and as keys of a config file. */

import { type CommandUnknownOpts, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { SETTINGS } from "../settings/list.js";
import { flagOf, type Kind, type Setting, type SettingValues, valuesOf } from "../settings/setting.js";
import { readText, textOf, wrongType } from "../settings/value.js";
import { numbers, type Reader, readKeys, wrong } from "./config-reader.js";

/** What stands behind a flag. */
function placeholder(kind: Kind): string {
  if (kind.type === "flag") return "";
  if (kind.type === "record") return ` <${Object.keys(kind.parts).join(",")}>`;
  return ` <${{ whole: "n", number: "x", numbers: "a", choice: "name", text: "text", object: "json" }[kind.type]}>`;
}

function optionOf(setting: Setting): Option {
  const { kind, help, meaning } = setting;
  const {
    usually = kind.type === "flag" || setting.default === undefined
      ? undefined
      : textOf(kind, setting.default),
  } = setting;
  const flags = `${setting.flag ?? flagOf(setting)}${placeholder(kind)}`;
  const line = help ?? `${meaning.slice(0, 1).toLowerCase()}${meaning.slice(1).replace(/\.$/, "")}`;
  const option = new Option(flags, usually === undefined ? line : `${line} (default: ${usually})`);
  option.helpGroup(`${setting.group}:`);
  if (kind.type === "choice") return option.choices(kind.choices.map(({ value }) => value)) as Option;
  if (kind.type === "flag") return option;
  return option.argParser((text: string) => {
    const read = readText(kind, text);
    if ("rule" in read) throw new InvalidArgumentError(`Give ${read.rule}.`);
    return read.value;
  }) as Option;
}

/** Add a flag for each setting, under the heading of its group. */
export function addSettingOptions(command: CommandUnknownOpts, settings: readonly Setting[]): void {
  for (const setting of settings) if (!setting.found) command.addOption(optionOf(setting));
}

/** The values that flags give to settings. */
export function flagValues(flags: object, settings: readonly Setting[] = SETTINGS): SettingValues {
  return valuesOf(
    settings.map((setting) => {
      const name = flagOf(setting)
        .slice(2)
        .replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
      const value = (flags as SettingValues)[name];
      return [setting, value === true && setting.kind.type === "flag" ? setting.default !== true : value];
    }),
  );
}

function readerOf({ kind }: Setting): Reader {
  if (kind.type === "record") return numbers(Object.keys(kind.parts), true);
  return (value, where) => {
    const rule = wrongType(kind, value);
    if (rule !== undefined) throw wrong(where, rule, value);
    return value;
  };
}

/** Keys of config files: each setting, those of `trace` in an object. */
export function settingKeys(): Readonly<Record<string, Reader>> {
  const given = SETTINGS.filter(({ found }) => !found);
  const keys: Record<string, Reader | Record<string, Reader>> = valuesOf(
    given.map((setting) => [setting, readerOf(setting)]),
  ) as never;
  return Object.fromEntries(
    Object.entries(keys).map(([key, reader]): [string, Reader] => [
      key,
      typeof reader === "function"
        ? reader
        : (value, where, folder) => readKeys(value, reader, where, folder),
    ]),
  );
}
