/** Priors of `map`, `nuts` and `gibbs` as fields of the form, as text and as code. */

import type { Method } from "tslira";
import { PRIOR_KINDS, type PriorKind } from "#studio";

/** A prior with its numbers. */
export interface PriorSettings {
  readonly id: string;
  readonly values: Readonly<Record<string, number>>;
}

const FIRST: Partial<Readonly<Record<Method, string>>> = { nuts: "exponential", gibbs: "gamma" };

/** Priors that a method takes, the one to begin with first. */
export function priorsOf(method: Method): readonly PriorKind[] {
  const taken = PRIOR_KINDS.filter(({ methods = ["map", "nuts"] }) => methods.includes(method));
  return taken.toSorted((a, b) => Number(b.id === FIRST[method]) - Number(a.id === FIRST[method]));
}

/** A number of two digits. */
export function roundedStart(value: number): string {
  return String(Number(value.toPrecision(2)));
}

/** As `--prior` takes it. */
export function priorText({ id, values }: PriorSettings): string {
  const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? id : `${id}:${pairs.join(",")}`;
}

/** As a call of the library's function. */
export function priorCall({ id, values }: PriorSettings): { readonly name: string; readonly code: string } {
  const { call: name = "", followsExposure = false } = PRIOR_KINDS.find((kind) => kind.id === id) ?? {};
  const inside = Object.entries(values).map(([key, value]) => `${key}: ${value}`);
  if (followsExposure) {
    return {
      name,
      code: `({ reference }) => ${name}({ ${[...inside, "referenceExposure: reference"].join(", ")} })`,
    };
  }
  return { name, code: `${name}(${inside.length === 0 ? "" : `{ ${inside.join(", ")} }`})` };
}
