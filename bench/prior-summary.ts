// Means over the realisations of `study:priors`, and the tables of docs/priors.md made of them.
import type { Cell, CellName } from "./prior-cells.js";
import { LEVELS, type SumScore } from "./sky-scores.js";

/** A mean over realisations and its standard error; the error is null for a single one. */
export type Mean = readonly [mean: number, error: number | null];

/** How a sum of pixels fared over realisations. */
export interface SumSummary {
  readonly name: string;
  readonly truth: number;
  /** Posterior mean, in counts. */
  readonly mean: Mean;
  /** Posterior mean over truth, minus 1; absent where the truth is 0. */
  readonly bias?: Mean;
  /** Posterior mean minus truth, in posterior standard deviations. */
  readonly pull?: Mean;
  /** Mean upper end of the central 90 % interval. */
  readonly upper?: number;
  /** Part of the realisations whose 50, 68 and 90 % intervals hold the truth. */
  readonly covered?: readonly number[];
}

/** One method on one sky at one size and brightness. */
export interface Case extends Omit<CellName, "realisation"> {
  readonly realisations: number;
  readonly nrmse?: Mean;
  readonly similarity?: Mean;
  readonly heldOut?: Mean;
  /** Largest R-hat of any realisation. */
  readonly rhat?: number;
  /** Mean CPU seconds. */
  readonly seconds: number;
  /** Share of 50, 68 and 90 % intervals that hold the truth, and the standard error of the second. */
  readonly pixels?: { readonly covered: readonly number[]; readonly error: number | null };
  readonly blocks?: { readonly covered: readonly number[]; readonly error: number | null };
  readonly total?: SumSummary;
  readonly sources?: readonly SumSummary[];
}

/** The whole study, as it is written. */
export interface Study {
  readonly commit: string;
  readonly date: string;
  readonly machine: string;
  readonly settings: Readonly<Record<string, number | string>>;
  readonly cases: readonly Case[];
}

const rounded = (value: number) => Number(value.toPrecision(5));

function meanOf(values: readonly number[]): Mean {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [rounded(mean), length > 1 ? rounded(Math.sqrt(squares / (length - 1) / length)) : null];
}

/** The values that cells have. */
function pick<T>(cells: readonly Cell[], value: (cell: Cell) => T | undefined): T[] {
  return cells.flatMap((cell) => {
    const found = value(cell);
    return found === undefined || found === null ? [] : [found];
  });
}

function sumSummary(scores: readonly SumScore[]): SumSummary {
  const { name, truth } = scores[0];
  const stds = scores.filter(({ std }) => std !== undefined && std > 0);
  const uppers = scores.flatMap(({ upper }) => upper ?? []);
  const inside = scores.flatMap(({ inside: held }) => (held === undefined ? [] : [held]));
  return {
    ...{ name, truth: rounded(truth), mean: meanOf(scores.map(({ mean }) => mean)) },
    ...(truth > 0 && { bias: meanOf(scores.map(({ mean }) => mean / truth - 1)) }),
    ...(stds.length > 0 && { pull: meanOf(stds.map(({ mean, std = 1 }) => (mean - truth) / std)) }),
    ...(uppers.length > 0 && { upper: meanOf(uppers)[0] }),
    ...(inside.length > 0 && {
      covered: LEVELS.map((_, level) => meanOf(inside.map((held) => held[level]))[0]),
    }),
  };
}

/** Means over the realisations of each sky, size, brightness and method, in the order of the cells. */
export function summarise(cells: readonly Cell[]): Case[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = [cell.sky, cell.size, cell.brightness, cell.method].join("|");
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()].map((group) => {
    const { sky, size, brightness, method } = group[0];
    const optional = (name: "nrmse" | "similarity" | "heldOut") => {
      const values = pick(group, (cell) => cell[name]);
      return values.length === 0 ? {} : { [name]: meanOf(values) };
    };
    const shares = (name: "pixels" | "blocks") => {
      const found = pick(group, (cell) => cell[name]?.covered);
      if (found.length === 0) return {};
      const levels = LEVELS.map((_, level) => meanOf(found.map((covered) => covered[level])));
      return { [name]: { covered: levels.map(([mean]) => mean), error: levels[1][1] } };
    };
    const totals = pick(group, (cell) => cell.total);
    const sources = pick(group, (cell) => cell.sources);
    const rhats = pick(group, (cell) => cell.rhat);
    return {
      ...{ sky, size, brightness, method, realisations: group.length },
      ...optional("nrmse"),
      ...optional("similarity"),
      ...optional("heldOut"),
      ...(rhats.length > 0 && { rhat: rounded(Math.max(...rhats)) }),
      seconds: meanOf(group.map(({ seconds }) => seconds))[0],
      ...shares("pixels"),
      ...shares("blocks"),
      ...(totals.length > 0 && { total: sumSummary(totals) }),
      ...(sources.length > 0 && {
        sources: sources[0].map((_, index) => sumSummary(sources.map((list) => list[index]))),
      }),
    };
  });
}

const titleOf = ({ sky, size, brightness }: Case) => `${sky}, ${brightness}, ${size}`;
const percent = (value: number) => (100 * value).toFixed(0);
/** A number with its standard error. */
function withError([mean, error]: Mean, digits: number, factor = 1): string {
  const value = (factor * mean).toFixed(digits);
  return error === null ? value : `${value} ± ${(factor * error).toFixed(digits)}`;
}

/** A table of skies down and methods across. */
function table(
  heading: string,
  cases: readonly Case[],
  methods: readonly string[],
  text: (one: Case) => string | undefined,
  best?: (one: Case) => number | undefined,
): string {
  const rows = [...new Set(cases.map(titleOf))].flatMap((title) => {
    const own = cases.filter((one) => titleOf(one) === title);
    const least = Math.min(...own.map((one) => best?.(one) ?? Number.POSITIVE_INFINITY));
    const cells = methods.map((method) => {
      const one = own.find((candidate) => candidate.method === method);
      const shown = one && text(one);
      if (one === undefined || shown === undefined) return "";
      return best?.(one) === least ? `**${shown}**` : shown;
    });
    return cells.every((cell) => cell === "") ? [] : [`| ${[title, ...cells].join(" | ")} |`];
  });
  const used = [`| ${[heading, ...methods].join(" | ")} |`, `|---|${methods.map(() => "---|").join("")}`];
  return [...used, ...rows].join("\n");
}

const isKnown = ({ brightness, total }: Case) =>
  brightness !== "real" && total !== undefined && total.truth > 0;

/** What the study says about whether the adaptive prior may be the default; see `acceptance`. */
interface Judgement {
  readonly title: string;
  readonly marks: readonly string[];
  readonly beatsBoth: boolean;
}

function judge(one: Case, cases: readonly Case[]): Judgement {
  const { pixels, total, sources, nrmse } = one;
  const others = cases.filter(
    (other) =>
      titleOf(other) === titleOf(one) && (other.method === "LIRA" || other.method === "LIRA, papers"),
  );
  const errors = others.flatMap((other) => other.nrmse?.[0] ?? []);
  const mark = (holds: boolean, text: string) => `${text} ${holds ? "yes" : "**no**"}`;
  const biasMark = (sum: SumSummary | undefined) => {
    if (sum?.bias === undefined) return "";
    const [mean, error] = sum.bias;
    return mark(Math.abs(mean) < Math.max(0.01, error ?? 0), `${withError(sum.bias, 1, 100)} %`);
  };
  const covered = pixels?.covered[1] ?? Number.NaN;
  const ratio = (nrmse?.[0] ?? Number.NaN) / Math.min(...errors);
  const marks = [
    mark(covered >= 0.55 && covered <= 0.9, percent(covered)),
    total?.covered === undefined ? "" : percent(total.covered[1]),
    biasMark(sources?.[0]),
    biasMark(total),
    errors.length < 2 ? "" : mark(ratio <= 1.15, ratio.toFixed(2)),
  ];
  return { title: titleOf(one), marks, beatsBoth: errors.length === 2 && ratio < 1 };
}

/**
 * Whether a method may be the default, sky by sky: 68 % intervals of pixels hold 55 to 90 %; the flux of the first source and the
 * total are biased by less than 1 % or a standard error; and the error is at most 1.15 times that of the better of LIRA's presets. The
 * total's 68 % intervals are judged over all skies: 60 to 76 %.
 */
export function acceptance(cases: readonly Case[], method: string): string {
  const own = cases.filter((one) => one.method === method && isKnown(one));
  if (own.length === 0) return `No results of "${method}" yet.`;
  const judged = own.map((one) => judge(one, cases));
  const head = ["sky", "68 % pixels", "68 % total", "bias of source", "bias of total", "NRMSE over LIRA's"];
  const hits = own.reduce(
    (sum, { total, realisations }) => sum + (total?.covered?.[1] ?? 0) * realisations,
    0,
  );
  const tries = own.reduce((sum, { realisations }) => sum + realisations, 0);
  const share = hits / tries;
  const failures = judged.filter(({ marks }) => marks.some((mark) => mark.includes("**no**"))).length;
  return [
    `| ${head.join(" | ")} |`,
    `|${head.map(() => "---|").join("")}`,
    ...judged.map(({ title, marks }) => `| ${[title, ...marks].join(" | ")} |`),
    "",
    `68 % intervals of the total hold it in ${percent(share)} % of ${tries} runs (asked for: 60 to 76; binomial error ` +
      `${(100 * Math.sqrt((0.68 * 0.32) / tries)).toFixed(1)}). All criteria hold on ${own.length - failures} of ${own.length} skies; the ` +
      `error is lower than under both of LIRA's presets on ${judged.filter(({ beatsBoth }) => beatsBoth).length}.`,
  ].join("\n");
}

/** The tables by the names of their places in docs/priors.md. */
export function studyTables({ cases, settings, commit, date, machine }: Study, methods: readonly string[]) {
  const known = cases.filter(isKnown);
  const real = cases.filter(({ brightness }) => brightness === "real");
  const methodsOf = (some: readonly Case[]) =>
    methods.filter((method) => some.some((one) => one.method === method));
  const posteriors = methodsOf(cases.filter(({ pixels }) => pixels !== undefined));
  const present = methodsOf(cases.filter(({ brightness }) => brightness !== "real"));
  const triple = (shares?: { readonly covered: readonly number[] }) => shares?.covered.map(percent).join("/");
  const pooled = (sums: readonly SumSummary[]) => {
    const held = sums.flatMap(({ covered }) => (covered === undefined ? [] : [covered]));
    if (held.length === 0) return undefined;
    return LEVELS.map((_, level) =>
      percent(held.reduce((sum, covered) => sum + covered[level], 0) / held.length),
    ).join("/");
  };
  const of =
    (value: (one: Case) => Mean | undefined, digits: number, factor = 1) =>
    (one: Case) => {
      const found = value(one);
      return found && withError(found, digits, factor);
    };
  const empty = cases.filter(({ brightness, total }) => brightness !== "real" && total?.truth === 0);
  const says = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return {
    settings: `${says.join("; ")}. Commit ${commit}, ${date}, ${machine}.`,
    nrmse: table(
      "NRMSE",
      known,
      present,
      of(({ nrmse }) => nrmse, 3),
      ({ nrmse }) => nrmse?.[0],
    ),
    similarity: table(
      "SSIM",
      known,
      present,
      of(({ similarity }) => similarity, 3),
    ),
    pixels: table("pixels, % in 50/68/90 %", known, posteriors, ({ pixels }) => triple(pixels)),
    blocks: table("4 x 4 blocks, % in 50/68/90 %", known, posteriors, ({ blocks }) => triple(blocks)),
    sources: table("sources, % in 50/68/90 %", known, posteriors, ({ sources = [] }) => pooled(sources)),
    total: table("total, % in 50/68/90 %", known, posteriors, ({ total }) => total && pooled([total])),
    "source-bias": table(
      "first source, bias in %",
      known,
      present,
      of(({ sources }) => sources?.[0]?.bias, 1, 100),
    ),
    "total-bias": table(
      "total, bias in %",
      known,
      present,
      of(({ total }) => total?.bias, 1, 100),
    ),
    "total-pull": table(
      "total, bias in its error bars",
      known,
      posteriors,
      of(({ total }) => total?.pull, 2),
    ),
    "held-out": table(
      "held-out Cash above the truth's",
      known,
      present,
      of(({ heldOut }) => heldOut, 1),
      ({ heldOut }) => heldOut?.[0],
    ),
    real: table(
      "held-out Cash",
      real,
      methodsOf(real),
      of(({ heldOut }) => heldOut, 1),
      ({ heldOut }) => heldOut?.[0],
    ),
    empty: table("empty field, counts found (upper end of 90 %)", empty, present, ({ total }) =>
      total === undefined
        ? undefined
        : `${withError(total.mean, 1)}${total.upper === undefined ? "" : ` (${total.upper.toFixed(1)})`}`,
    ),
    seconds: table("CPU seconds", cases, present, ({ seconds }) => seconds.toFixed(2)),
    rhat: table("largest R-hat", known, posteriors, ({ rhat }) => rhat?.toFixed(2)),
    acceptance: acceptance(cases, "adaptive"),
    "acceptance-directional": acceptance(cases, "adaptive, directional"),
  };
}

/** Put tables between their marks, `<!-- table: name -->` and `<!-- end -->`; marks without a table stay as they are. */
export function fillTables(text: string, tables: Readonly<Record<string, string>>): string {
  return text.replace(/(<!-- table: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g, (whole, start, name, end) =>
    name in tables ? `${start}\n${tables[name]}\n\n${end}` : whole,
  );
}
