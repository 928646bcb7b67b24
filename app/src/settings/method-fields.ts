/** Methods other than LIRA as fields of the form: defaults, explanations, checks; and the settings that the form means. */

import type { Method } from "tslira";
import { isSampler, libraryOptions, type SettingValues, settingOf } from "#settings";
import type { PriorKind } from "#studio";
import { type PriorSettings, priorsOf, roundedStart } from "./prior-fields.js";
import { chosenValues, type Field, type Form, fieldError, fieldsOfMethod } from "./settings.js";

/** A method that gives one image. */
export type PointMethod = "richardson-lucy" | "gradient-descent" | "map" | "em-multiscale";
/** A method that samples, other than LIRA. */
export type SamplerMethod = "nuts" | "gibbs";

/** What a method other than LIRA is told. Plain data. */
export interface MethodSettings {
  readonly method: PointMethod | SamplerMethod;
  readonly prior?: PriorSettings;
  /** Settings by their keys, without method and prior. */
  readonly values: SettingValues;
  /** The same as options of `deconvolve`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How a method is offered. */
export interface MethodKind {
  readonly id: Method;
  readonly title: string;
  readonly gives: "posterior" | "image";
  /** When to use it. */
  readonly help: string;
  readonly start: string;
}

const { kind: METHOD } = settingOf("method");

/** What the library has, the default first. */
export const METHOD_KINDS: readonly MethodKind[] = (METHOD.type === "choice" ? METHOD.choices : []).map(
  ({ value, label, meaning = "" }): MethodKind => {
    const id = value as Method;
    const samples = isSampler(id);
    return {
      ...{ id, title: label, help: meaning },
      gives: samples ? "posterior" : "image",
      start: samples ? "Start the chains" : "Find the image",
    };
  },
);

/** The method of the form. */
export function methodOf(form: Form): MethodKind {
  return METHOD_KINDS.find(({ id }) => id === form.method) ?? METHOD_KINDS[0];
}

/** Whether a method gives one image. */
export function isPoint(method: Method): method is PointMethod {
  return METHOD_KINDS.some(({ id, gives }) => id === method && gives === "image");
}

const priorKey = (method: Method) => `${method}-prior`;

/** The prior that the form means; undefined for methods without. */
export function chosenPrior(method: Method, form: Form): PriorKind | undefined {
  const offered = priorsOf(method);
  return offered.find(({ id }) => id === form[priorKey(method)]) ?? offered[0];
}

function priorFields(method: Method, form: Form, level: number): Field[] {
  const kind = chosenPrior(method, form);
  if (kind === undefined) return [];
  return [
    {
      key: priorKey(method),
      label: "Prior",
      help: kind.help,
      kind: "choice",
      start: priorsOf(method)[0].id,
      choices: priorsOf(method).map(({ id, title }) => [id, title]),
    },
    ...kind.parameters.map(
      ({ key, label, help, start, least }): Field => ({
        key: `${method}-prior-${kind.id}-${key}`,
        label,
        help,
        kind: "number",
        start: roundedStart(start(level, method)),
        least,
      }),
    ),
  ];
}

/** Fields of a method: those for everyone, and those that are folded away. */
export interface MethodFields {
  readonly prior: readonly Field[];
  readonly main: readonly Field[];
  readonly advanced: readonly Field[];
}

/**
 * The fields of a method other than LIRA.
 *
 * @param level mean flux of a pixel, which the starts of priors follow
 */
export function fieldsOf(method: MethodSettings["method"], form: Form, level: number): MethodFields {
  const fields = fieldsOfMethod(method);
  const isMain = ({ setting }: Field) => setting?.page === "main";
  return {
    prior: priorFields(method, form, level),
    main: fields.filter(isMain),
    advanced: fields.filter((field) => !isMain(field)),
  };
}

const all = ({ prior, main, advanced }: MethodFields) => [...prior, ...main, ...advanced];

/** The form with what these fields begin with where nothing was entered. */
export function filled(form: Form, fields: MethodFields): Form {
  const starts = Object.fromEntries(all(fields).map(({ key, start }) => [key, start]));
  return { ...starts, ...form };
}

/** What is wrong with a field of a method, in words; undefined when nothing is. */
export function methodFieldError(field: Field, form: Form): string | undefined {
  const wrong = fieldError(field, form);
  if (wrong !== undefined) return wrong;
  return field.key === "bootstrap" && Number(form.bootstrap) === 1 ? "at least 2, or 0 for none" : undefined;
}

/** What a method is told; undefined for LIRA, or as long as the form has errors. */
export function methodSettings(form: Form, level: number): MethodSettings | undefined {
  const { id: method } = methodOf(form);
  if (method === "lira") return undefined;
  const fields = fieldsOf(method, form, level);
  const full = filled(form, fields);
  const shown = all(fields);
  if (shown.some((field) => methodFieldError(field, full) !== undefined)) return undefined;
  const values = chosenValues(shown, full);
  const { method: _named, ...options } = libraryOptions(method, values, method);
  const kind = chosenPrior(method, form);
  if (kind === undefined) return { method, values, options };
  const numbers = Object.fromEntries(
    kind.parameters.map(({ key }) => [key, Number(full[`${method}-prior-${kind.id}-${key}`])]),
  );
  return { method, prior: { id: kind.id, values: numbers }, values, options };
}

/**
 * Mean flux of a pixel that the counts suggest, > 0.
 *
 * @param background expected counts of the background are exposure times this
 */
export function meanFlux({
  counts,
  exposure,
  background,
  mask,
}: {
  readonly counts: { readonly data: ArrayLike<number> };
  readonly exposure?: { readonly data: ArrayLike<number> };
  readonly background?: { readonly data: ArrayLike<number> };
  readonly mask?: { readonly data: ArrayLike<number> };
}): number {
  let [found, exposed, expected] = [0, 0, 0];
  for (let pixel = 0; pixel < counts.data.length; pixel++) {
    if (mask?.data[pixel] === 0) continue;
    const seen = exposure?.data[pixel] ?? 1;
    found += counts.data[pixel];
    exposed += seen;
    expected += seen * (background?.data[pixel] ?? 0);
  }
  return exposed > 0 ? Math.max(found - expected, Math.sqrt(found), 1) / exposed : 1;
}
