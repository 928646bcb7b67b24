/** Methods other than LIRA as fields of the form: defaults, explanations, checks; and the settings that the form means. */

import type { Method } from "tslira";
import { type PriorKind, type PriorSettings, priorsOf, roundedStart } from "./prior-fields.js";
import { ADVANCED_FIELDS, type Field, type Form, fieldError, MAIN_FIELDS } from "./settings.js";

/** A method that gives one image. */
export type PointMethod = "richardson-lucy" | "gradient-descent" | "map" | "em-multiscale";
/** A method that samples, other than LIRA. */
export type SamplerMethod = "nuts" | "gibbs";

/** What a method other than LIRA is told. Plain data. */
export interface MethodSettings {
  readonly method: PointMethod | SamplerMethod;
  readonly prior?: PriorSettings;
  /** Options of `deconvolve`, without method and prior. */
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

/** What the library has, the default first. */
export const METHOD_KINDS: readonly MethodKind[] = [
  {
    id: "lira",
    title: "LIRA",
    gives: "posterior",
    help: "A posterior with errors under the multiscale prior. For few counts.",
    start: "Start the chains",
  },
  {
    id: "nuts",
    title: "Gradient sampler (NUTS)",
    gives: "posterior",
    help: "A posterior under another prior, by gradients. Slower.",
    start: "Start the chains",
  },
  {
    id: "gibbs",
    title: "Gibbs sampler",
    gives: "posterior",
    help: "A posterior under a Gamma or exponential prior in every pixel. Fast.",
    start: "Start the chains",
  },
  {
    id: "richardson-lucy",
    title: "Richardson-Lucy",
    gives: "image",
    help: "The standard: maximum likelihood, stopped early. For many counts.",
    start: "Find the image",
  },
  {
    id: "map",
    title: "Most probable image (MAP)",
    gives: "image",
    help: "The best image under a prior of your choice.",
    start: "Find the image",
  },
  {
    id: "em-multiscale",
    title: "Multiscale EM",
    gives: "image",
    help: "The mode under LIRA's prior of one smoothness a scale: a quick look.",
    start: "Find the image",
  },
  {
    id: "gradient-descent",
    title: "Gradient descent",
    gives: "image",
    help: "The textbook way to the maximum of the likelihood. For teaching.",
    start: "Find the image",
  },
];

/** The method of the form. */
export function methodOf(form: Form): MethodKind {
  return METHOD_KINDS.find(({ id }) => id === form.method) ?? METHOD_KINDS[0];
}

/** Whether a method gives one image. */
export function isPoint(method: Method): method is PointMethod {
  return METHOD_KINDS.some(({ id, gives }) => id === method && gives === "image");
}

const lira = (key: string): Field => {
  const found = [...MAIN_FIELDS, ...ADVANCED_FIELDS].find((field) => field.key === key);
  if (found === undefined) throw new Error(`studio: the field ${key} must be there, got none`);
  return found;
};

/** Iterations and burn-in at the start. */
const ITERATIONS: Readonly<Record<MethodSettings["method"], readonly [number, number?]>> = {
  "richardson-lucy": [500],
  "gradient-descent": [1000],
  map: [1000],
  "em-multiscale": [1000],
  nuts: [1000, 500],
  gibbs: [2000, 200],
};

function countFields(method: MethodSettings["method"]): Field[] {
  const [iterations, burnIn] = ITERATIONS[method];
  const most = {
    ...lira("iterations"),
    key: `${method}-iterations`,
    start: String(iterations),
    least: 1,
    label: "Most iterations",
    help: "Where it ends unless its own rule ends it earlier.",
  };
  if (burnIn === undefined) return [most];
  const sweeps = method === "nuts" ? "Transitions" : "Sweeps";
  return [
    {
      ...most,
      least: 20,
      label: sweeps,
      help: `${sweeps} of each chain, ${method === "nuts" ? "warm-up" : "burn-in"} included.`,
    },
    {
      ...lira("burnIn"),
      key: `${method}-burnIn`,
      label: method === "nuts" ? "Warm-up" : "Burn-in",
      start: String(burnIn),
    },
  ];
}

const STOP: Field = {
  key: "richardson-lucy-stop",
  label: "Stop",
  help: "The maximum of the likelihood fits the noise; what counts is where to stop.",
  flag: "--stop",
  kind: "choice",
  start: "held-out",
  choices: [
    ["held-out", "by photons held out"],
    ["discrepancy", "when residuals are as large as noise"],
    ["tolerance", "when it hardly moves"],
    ["", "after all iterations"],
  ],
};
const ACCELERATE: Field = {
  key: "richardson-lucy-accelerate",
  label: "Accelerate",
  help: "Step ahead along the last direction (Biggs and Andrews).",
  flag: "--accelerate",
  kind: "check",
  start: "",
};
const STRENGTH: Field = {
  key: "map-strength",
  label: "Strength of the prior",
  help: "Photons held out choose a factor by some 15 runs on half of them; or as the numbers below say.",
  flag: "--strength",
  kind: "choice",
  start: "held-out",
  choices: [
    ["held-out", "by photons held out"],
    ["", "as given"],
  ],
};
const BOOTSTRAP: Field = {
  key: "bootstrap",
  label: "Simulated observations for errors",
  help: "0: no errors. Each of them is deconvolved anew: 50 take 50 times as long. They show scatter, not bias.",
  flag: "--bootstrap",
  kind: "whole",
  start: "0",
  least: 0,
  most: 1000,
};
const ACCEPTANCE: Field = {
  key: "nuts-targetAcceptance",
  label: "Aimed acceptance",
  help: "Higher means shorter steps and fewer divergences.",
  flag: "--target-acceptance",
  kind: "number",
  start: "0.8",
  least: 0.05,
  most: 0.999,
};
const DEPTH: Field = {
  key: "nuts-maxDepth",
  label: "Most doublings of a trajectory",
  help: "A trajectory takes at most 2 to this power gradients.",
  flag: "--max-depth",
  kind: "whole",
  start: "10",
  least: 1,
  most: 20,
};
const SHIFTS: Field = {
  key: "em-multiscale-cycleSpin",
  label: "Shift of the tree",
  help: "With random shifts there is no single mode to end at, but fewer traces of blocks.",
  flag: "--cycle-spin",
  kind: "choice",
  start: "none",
  choices: [
    ["none", "none"],
    ["random", "random"],
  ],
};

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
      flag: "--prior",
      kind: "choice",
      start: priorsOf(method)[0].id,
      choices: priorsOf(method).map(({ id, title }) => [id, title]),
    },
    ...kind.parameters.map(
      ({ key, label, help, start, least }): Field => ({
        key: `${method}-prior-${kind.id}-${key}`,
        label,
        help,
        flag: "",
        kind: "number",
        start: roundedStart(start(level, method)),
        least,
      }),
    ),
  ];
}

/** Methods whose sky goes on beyond the frame where the counts ask for it. */
const AUTOMATIC_MARGIN: readonly Method[] = ["richardson-lucy", "map", "nuts", "gibbs"];

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
  const prior = priorFields(method, form, level);
  const counts = countFields(method);
  const [seed, keep] = [lira("seed"), lira("keep")];
  const edges = [lira("boundary"), ...(AUTOMATIC_MARGIN.includes(method) ? [lira("margin")] : [])];
  const [scale, alpha] = [lira("fitBackgroundScale"), lira("alphaInit")];
  switch (method) {
    case "richardson-lucy":
      return { prior, main: [STOP, ...counts, seed], advanced: [ACCELERATE, scale, BOOTSTRAP, ...edges] };
    case "gradient-descent":
      return { prior, main: counts, advanced: [BOOTSTRAP, seed, ...edges] };
    case "map":
      return { prior: [STRENGTH, ...prior], main: [...counts, seed], advanced: [BOOTSTRAP, ...edges] };
    case "em-multiscale":
      return { prior, main: counts, advanced: [alpha, SHIFTS, BOOTSTRAP, seed, ...edges] };
    case "nuts":
      return {
        prior,
        main: [...counts, lira("chains"), seed],
        advanced: [ACCEPTANCE, DEPTH, scale, keep, ...edges],
      };
    case "gibbs":
      return { prior, main: [...counts, lira("chains"), seed], advanced: [scale, keep, ...edges] };
  }
}

const all = ({ prior, main, advanced }: MethodFields) => [...prior, ...main, ...advanced];

/** The form with what these fields begin with where nothing was entered. */
export function filled(form: Form, fields: MethodFields): Form {
  const starts = Object.fromEntries(all(fields).map(({ key, start }) => [key, start]));
  return { ...starts, ...form };
}

/** What is wrong with a field of a method, in words; undefined when nothing is. */
export function methodFieldError(field: Field, form: Form): string | undefined {
  const { key } = field;
  const wrong = fieldError(field, form);
  if (wrong !== undefined) return wrong;
  const of = (suffix: string) => (key.endsWith(suffix) ? key.slice(0, -suffix.length) : undefined);
  const method = of("-burnIn");
  if (method !== undefined && Number(form[key]) > Number(form[`${method}-iterations`]) - 2)
    return "must leave two of them";
  return key === BOOTSTRAP.key && Number(form[key]) === 1 ? "at least 2, or 0 for none" : undefined;
}

/** What a method is told; undefined for LIRA, or as long as the form has errors. */
export function methodSettings(form: Form, level: number): MethodSettings | undefined {
  const { id: method } = methodOf(form);
  if (method === "lira") return undefined;
  const fields = fieldsOf(method, form, level);
  const full = filled(form, fields);
  const shown = all(fields);
  if (shown.some((field) => methodFieldError(field, full) !== undefined)) return undefined;
  const number = (key: string) => Number(full[key]);
  const has = (key: string) => shown.some((field) => field.key === key);
  const changed = (key: string) => has(key) && full[key] !== shown.find((field) => field.key === key)?.start;
  const seed = number("seed");
  const point = isPoint(method);
  const heldOut = { rule: "held-out", seed };
  const stop = full[STOP.key];
  const replicates = has(BOOTSTRAP.key) ? number(BOOTSTRAP.key) : 0;
  const options: Record<string, unknown> = {
    iterations: number(`${method}-iterations`),
    ...(!point && { burnIn: number(`${method}-burnIn`), chains: number("chains"), seed }),
    ...(method === "richardson-lucy" &&
      stop !== "" && {
        stop:
          stop === "held-out"
            ? heldOut
            : stop === "tolerance"
              ? { rule: stop, tolerance: 1e-3 }
              : { rule: stop },
      }),
    ...(has(ACCELERATE.key) && full[ACCELERATE.key] === "yes" && { acceleration: "biggs-andrews" }),
    ...(method === "map" && full[STRENGTH.key] === "held-out" && { strength: heldOut }),
    ...(changed("alphaInit") && { alphaInit: number("alphaInit") }),
    ...(method === "em-multiscale" && { fitAlpha: true }),
    ...(changed(SHIFTS.key) && { cycleSpin: full[SHIFTS.key], seed }),
    ...(changed(ACCEPTANCE.key) && { targetAcceptance: number(ACCEPTANCE.key) }),
    ...(changed(DEPTH.key) && { maxDepth: number(DEPTH.key) }),
    ...(has("fitBackgroundScale") && full.fitBackgroundScale === "yes" && { fitBackgroundScale: true }),
    ...(changed("keep") && { trace: { keep: number("keep") } }),
    ...(changed("boundary") && { boundary: full.boundary }),
    ...(changed("margin") && { margin: 0 }),
    ...(replicates > 0 && { bootstrap: { replicates, seed } }),
  };
  const kind = chosenPrior(method, form);
  if (kind === undefined) return { method, options };
  const values = Object.fromEntries(
    kind.parameters.map(({ key }) => [key, number(`${method}-prior-${kind.id}-${key}`)]),
  );
  return { method, prior: { id: kind.id, values }, options };
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
