/** Values of settings: as text and back, as JSON, within their range, for readers. */

import { InvalidInputError } from "../errors.js";
import { isObject } from "../given.js";
import { repeatedKey } from "../parse-json.js";
import { shownValue } from "../shown-value.js";
import type { Kind, NumberRange, Setting } from "./setting.js";

const isNumber = (value: unknown): value is number => typeof value === "number";

/** What the type of a value must be, in words; undefined when it is. Ranges are another matter. */
export function wrongType(kind: Kind, value: unknown): string | undefined {
  const unless = (good: boolean, rule: string) => (good ? undefined : rule);
  switch (kind.type) {
    case "whole":
    case "number":
      return unless(
        isNumber(value) || (kind.word !== undefined && value === kind.word),
        kind.word === undefined ? "a number" : `a number or "${kind.word}"`,
      );
    case "numbers":
      return unless(
        isNumber(value) || (Array.isArray(value) && value.length > 0 && value.every(isNumber)),
        "a number or a list of numbers",
      );
    case "record": {
      const names = Object.keys(kind.parts);
      return unless(
        isObject(value) &&
          Object.keys(value).length === names.length &&
          names.every((name) => isNumber(value[name])),
        `{${names.map((name) => `"${name}": a number`).join(", ")}}`,
      );
    }
    case "choice":
    case "text":
      return unless(typeof value === "string", "text");
    case "flag":
      return unless(typeof value === "boolean", "true or false");
    case "object": {
      const names = Object.keys(kind.parts);
      const isList = (entry: unknown) =>
        Array.isArray(entry) &&
        entry.every((row) => isNumber(row) || (Array.isArray(row) && row.every(isNumber)));
      return unless(
        isObject(value) &&
          Object.keys(value).length === names.length &&
          names.every((name) => isList(value[name])),
        `{${names.map((name) => `"${name}": [...]`).join(", ")}}`,
      );
    }
  }
}

/** The range of numbers in words: `from 2 to 1000`, `> 0`, `in (0, 1)`. */
function rangeText({ least, most, above, below }: NumberRange): string {
  if (least !== undefined && most !== undefined) return `from ${least} to ${most}`;
  if (above !== undefined && below !== undefined) return `in (${above}, ${below})`;
  return [
    ...(least === undefined ? [] : [`>= ${least}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(most === undefined ? [] : [`<= ${most}`]),
    ...(below === undefined ? [] : [`< ${below}`]),
  ].join(" and ");
}

/** Whether a number is finite and in a range. */
export function inRange(value: number, { least, most, above, below }: NumberRange): boolean {
  return (
    Number.isFinite(value) &&
    !(least !== undefined && value < least) &&
    !(most !== undefined && value > most) &&
    !(above !== undefined && value <= above) &&
    !(below !== undefined && value >= below)
  );
}

/** The first part of a value that breaks its rule: what it is called, the rule, and what it is. */
function brokenRule(key: string, kind: Kind, value: unknown): readonly [string, string, unknown] | undefined {
  const type = wrongType(kind, value);
  if (type !== undefined) return [key, type, value];
  switch (kind.type) {
    case "whole":
    case "number": {
      if (kind.word !== undefined && value === kind.word) return undefined;
      const good = inRange(value as number, kind) && (kind.type === "number" || Number.isInteger(value));
      const word = kind.word === undefined ? "" : ` or "${kind.word}"`;
      return good
        ? undefined
        : [key, `a ${kind.type === "whole" ? "whole number" : "number"} ${rangeText(kind)}${word}`, value];
    }
    case "numbers": {
      const bad = [value].flat().findIndex((one) => !inRange(one as number, kind));
      if (bad < 0) return undefined;
      return Array.isArray(value)
        ? [`${key}[${bad}]`, rangeText(kind), value[bad]]
        : [key, rangeText(kind), value];
    }
    case "record": {
      const numbers = value as Readonly<Record<string, number>>;
      const bad = Object.entries(kind.parts).find(([name, range]) => !inRange(numbers[name], range));
      return bad === undefined ? undefined : [`${key}.${bad[0]}`, rangeText(bad[1]), numbers[bad[0]]];
    }
    case "choice": {
      if (kind.choices.some((choice) => choice.value === value)) return undefined;
      const words = kind.choices.map((choice) => JSON.stringify(choice.value));
      return [key, words.join(" or "), JSON.stringify(value)];
    }
    default:
      return undefined;
  }
}

/** @throws InvalidInputError that begins with `where` unless the value of a setting obeys its rule */
export function checkValue(setting: Setting, value: unknown, where: string): void {
  const { key, kind, default: usual } = setting;
  const broken = brokenRule(key, kind, value);
  if (broken === undefined) return;
  const [name, rule, got] = broken;
  const shown = typeof got === "number" || typeof got === "string" ? got : shownValue(got);
  const remedy = usual === undefined ? "change it" : `the default is ${textOf(kind, usual) || "false"}`;
  throw new InvalidInputError(`${where}: ${name} must be ${rule}, got ${shown}; ${remedy}`, {
    fields: { [name]: got },
  });
}

/** Text that was understood, or what it must be. */
export type ReadText = { readonly value: unknown } | { readonly rule: string };

/** The value that a text stands for; the inverse of `textOf`. Ranges are another matter. */
export function readText(kind: Kind, text: string): ReadText {
  const trimmed = text.trim();
  const numbers = trimmed.split(",").map((one) => (one.trim() === "" ? Number.NaN : Number(one)));
  const finite = numbers.every(Number.isFinite);
  switch (kind.type) {
    case "whole":
    case "number": {
      const [value] = numbers;
      if (kind.word !== undefined && trimmed === kind.word) return { value: trimmed };
      const word = kind.word === undefined ? "" : ` or ${kind.word}`;
      if (!finite || numbers.length !== 1) return { rule: `a number${word}` };
      if (kind.type === "whole" && !Number.isSafeInteger(value)) return { rule: `a whole number${word}` };
      return { value };
    }
    case "numbers":
      return finite ? { value: numbers.length === 1 ? numbers[0] : numbers } : { rule: "a number or a list" };
    case "record": {
      const names = Object.keys(kind.parts);
      return finite && numbers.length === names.length
        ? { value: Object.fromEntries(names.map((name, index) => [name, numbers[index]])) }
        : { rule: `${names.length} numbers: ${names.join(",")}` };
    }
    case "choice":
    case "text":
      return { value: text };
    case "flag":
      return { value: text === "yes" };
    case "object":
      try {
        const value: unknown = JSON.parse(text);
        if (repeatedKey(text) !== undefined) return { rule: "JSON with each key of an object once" };
        const rule = wrongType(kind, value);
        return rule === undefined ? { value } : { rule };
      } catch {
        return { rule: "JSON" };
      }
  }
}

/** A value as text, as a flag takes it. */
export function textOf(kind: Kind, value: unknown): string {
  if (kind.type === "record") {
    const numbers = value as Readonly<Record<string, number>>;
    return Object.keys(kind.parts)
      .map((name) => numbers[name])
      .join(",");
  }
  if (kind.type === "object") return JSON.stringify(value);
  if (kind.type === "flag") return value === true ? "yes" : "";
  return String(value);
}

/** A value for readers. @param number how numbers are written */
export function shownOf({ kind, shown }: Setting, value: unknown, number: (value: number) => string): string {
  if (shown !== undefined) return shown(value as never, number);
  if (kind.type === "flag") return value === true ? "yes" : "no";
  if (kind.type === "record") {
    const numbers = value as Readonly<Record<string, number>>;
    return Object.keys(kind.parts)
      .map((name) => `${name} ${number(numbers[name])}`)
      .join(", ");
  }
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return (sameNumber(value) ?? value).map(number).join(", ");
  return textOf(kind, value);
}

/** The one number that all of a list are, as a list; undefined when they differ. */
function sameNumber(values: readonly number[]): readonly number[] | undefined {
  return values.every((value) => value === values[0]) ? values.slice(0, 1) : undefined;
}
