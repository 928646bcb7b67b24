/** Settings of a run as fields of a form: defaults, explanations, checks. */

import { type LiraDeconvolverOptions, PRESET_NAMES, PRESETS, type Preset, type SmoothingPrior } from "tslira";

/** A field of the form. */
export interface Field {
  readonly key: string;
  readonly label: string;
  /** What it means, in a sentence. */
  readonly help: string;
  readonly flag: string;
  readonly kind: "whole" | "number" | "choice" | "check";
  readonly start: string;
  readonly least?: number;
  readonly most?: number;
  readonly choices?: readonly (readonly [value: string, label: string])[];
}

/** Fields that everyone looks at. */
export const MAIN_FIELDS: readonly Field[] = [
  {
    key: "iterations",
    label: "Sweeps",
    help: "Sweeps of each chain, burn-in included. Have a first look with a thousand, publish with more.",
    flag: "--iterations",
    kind: "whole",
    start: "2000",
    least: 20,
    most: 1e7,
  },
  {
    key: "burnIn",
    label: "Burn-in",
    help: "Sweeps at the start of each chain that no statistic uses.",
    flag: "--burn-in",
    kind: "whole",
    start: "200",
    least: 0,
    most: 1e7,
  },
  {
    key: "chains",
    label: "Chains",
    help: "Independent chains from separated starts; their agreement is the test of the result.",
    flag: "--chains",
    kind: "whole",
    start: "4",
    least: 1,
    most: 16,
  },
  {
    key: "seed",
    label: "Seed",
    help: "The same seed and settings give the same result, here and on the command line.",
    flag: "--seed",
    kind: "whole",
    start: "0",
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
  },
];

/** What each preset believes of the sky, in a line. */
const BELIEFS: Readonly<Record<Preset, string>> = {
  adaptive: "Points and diffuse light side by side: every block has its own smoothness, found from the data.",
  lira: "Mostly points: one smoothness a scale for the whole image, as LIRA and pylira by default.",
  "lira-paper":
    "Extended light: one smoothness a scale, as in the figures of the pylira paper. Smears faint points.",
};

/** The law by its name, with what the chosen one believes. */
export function presetField(preset: Preset): Field {
  return {
    key: "preset",
    label: "Prior",
    help: BELIEFS[preset],
    flag: "--preset",
    kind: "choice",
    start: "adaptive",
    choices: [
      ["adaptive", "Adaptive"],
      ["lira", "LIRA"],
      ["lira-paper", "LIRA, for extended light"],
    ],
  };
}

/** Fields that are folded away. */
export const ADVANCED_FIELDS: readonly Field[] = [
  {
    key: "boundary",
    label: "Photons beyond the edge",
    help: "Lost to the detector, or periodic as in LIRA and pylira.",
    flag: "--boundary",
    kind: "choice",
    start: "spill",
    choices: [
      ["spill", "are lost"],
      ["wrap", "come in again"],
    ],
  },
  {
    key: "margin",
    label: "Sky beyond the frame",
    help: "Light from outside piles up along the edge unless the sky goes on; the counts along the edge tell.",
    flag: "--margin",
    kind: "choice",
    start: "auto",
    choices: [
      ["auto", "where the counts ask for it"],
      ["0", "none"],
    ],
  },
  {
    key: "cycleSpin",
    label: "Shift of the tree",
    help: "How the multiscale tree lies on the image: one shift a chain is most exact; random is LIRA's way.",
    flag: "--cycle-spin",
    kind: "choice",
    start: "ensemble",
    choices: [
      ["ensemble", "one a chain"],
      ["sampled", "sampled"],
      ["random", "random (LIRA)"],
      ["none", "none"],
    ],
  },
  {
    key: "fitBackgroundScale",
    label: "Fit the scale of the background",
    help: "Multiplies the background by a factor that is sampled with the image.",
    flag: "--fit-background-scale",
    kind: "check",
    start: "",
  },
  {
    key: "totalRate",
    label: "Prior of the total: rate",
    help: "0: flat. 0.05 is LIRA's and pulls the total down by 5 %.",
    flag: "--total-counts-prior",
    kind: "number",
    start: "0",
    least: 0,
    most: 1e6,
  },
  {
    key: "alphaInit",
    label: "Starting smoothness α",
    help: "Small values allow sharp contrasts, large ones smooth images; sampled from there on.",
    flag: "--alpha-init",
    kind: "number",
    start: "0.1",
    least: 1e-6,
    most: 1e4,
  },
  {
    key: "smoothingPower",
    label: "Prior of α: power",
    help: "Density of α ~ α^power exp(−rate α^exponent). 1, 1000, 3 is pylira's; 2, 0.02, 1 that of the LIRA papers.",
    flag: "--smoothing-prior",
    kind: "number",
    start: "1",
    least: 0,
    most: 100,
  },
  {
    key: "smoothingRate",
    label: "Prior of α: rate",
    help: "See above.",
    flag: "",
    kind: "number",
    start: "1000",
    least: 0,
    most: 1e9,
  },
  {
    key: "smoothingExponent",
    label: "Prior of α: exponent",
    help: "See above.",
    flag: "",
    kind: "number",
    start: "3",
    least: 0.01,
    most: 20,
  },
  {
    key: "keep",
    label: "Draws kept a chain",
    help: "Images kept for traces, regions and the file; more take more memory.",
    flag: "--trace-keep",
    kind: "whole",
    start: "1000",
    least: 2,
    most: 20_000,
  },
];

/** What the form holds: texts by keys. */
export type Form = Readonly<Record<string, string>>;

/** Fields of LIRA's prior alone, which has one smoothness α a level. */
const LEVEL_KEYS = ["alphaInit", "smoothingPower", "smoothingRate", "smoothingExponent"];

/** The preset that a form means. */
export function chosenPreset(form: Form): Preset {
  return PRESET_NAMES.find((name) => name === form.preset) ?? "adaptive";
}

const isAdaptive = (preset: Preset) => PRESETS[preset].adaptivePrior !== undefined;

/** The fields of a prior of LIRA's kind as texts. */
export function smoothingForm({ power, rate, exponent }: SmoothingPrior): Form {
  return {
    smoothingPower: String(power),
    smoothingRate: String(rate),
    smoothingExponent: String(exponent),
  };
}

/** The fields that a preset settles. */
function lawForm(preset: Preset): Form {
  const { boundary, cycleSpin, totalCountsPrior, smoothingPrior } = PRESETS[preset];
  return {
    preset,
    boundary,
    cycleSpin,
    totalRate: String(totalCountsPrior.rate),
    ...(smoothingPrior && smoothingForm(smoothingPrior)),
  };
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
  const old = saved.preset === undefined && LEVEL_KEYS.some((key) => saved[key] !== undefined);
  return { ...startForm(old ? "lira" : chosenPreset(saved)), ...saved };
}

/** The fields that are folded away under a preset, with their starts under it. */
export function advancedFields(preset: Preset): readonly Field[] {
  const starts = startForm(preset);
  return ADVANCED_FIELDS.filter(({ key }) => !(isAdaptive(preset) && LEVEL_KEYS.includes(key))).map(
    (field) => ({ ...field, start: starts[field.key] }),
  );
}

/** All fields under a preset. */
export function fieldsUnder(preset: Preset): readonly Field[] {
  return [...MAIN_FIELDS, presetField(preset), ...advancedFields(preset)];
}

/** What is wrong with a field, in words; undefined when nothing is. */
export function fieldError({ kind, least, most, key }: Field, form: Form): string | undefined {
  if (kind === "choice" || kind === "check") return undefined;
  const text = (form[key] ?? "").trim();
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) return "a number, please";
  if (kind === "whole" && !Number.isInteger(value)) return "a whole number, please";
  if (least !== undefined && value < least) return `at least ${least}`;
  if (most !== undefined && value > most) return `at most ${most}`;
  if (key === "burnIn" && value > Number(form.iterations) - 2) return "must leave two sweeps";
  return undefined;
}

/** Whether a run can start. */
export function formIsGood(form: Form): boolean {
  return fieldsUnder(chosenPreset(form)).every((field) => fieldError(field, form) === undefined);
}

/** The form as options of the library; what is at its default is left out, as one would write it by hand. */
export function settingsOf(form: Form): LiraDeconvolverOptions {
  const preset = chosenPreset(form);
  const start = startForm(preset);
  const number = (key: string) => Number(form[key]);
  const changed = (...keys: readonly string[]) => keys.some((key) => form[key] !== start[key]);
  const level = !isAdaptive(preset);
  return {
    ...(preset !== "adaptive" && { preset }),
    iterations: number("iterations"),
    burnIn: number("burnIn"),
    chains: number("chains"),
    seed: number("seed"),
    ...(changed("boundary") && { boundary: form.boundary as "spill" | "wrap" }),
    ...(changed("margin") && { margin: 0 }),
    ...(changed("cycleSpin") && {
      cycleSpin: form.cycleSpin as NonNullable<LiraDeconvolverOptions["cycleSpin"]>,
    }),
    ...(form.fitBackgroundScale === "yes" && { fitBackgroundScale: true }),
    ...(changed("totalRate") && {
      totalCountsPrior: { ...PRESETS[preset].totalCountsPrior, rate: number("totalRate") },
    }),
    ...(level && changed("alphaInit") && { alphaInit: number("alphaInit") }),
    ...(level &&
      changed("smoothingPower", "smoothingRate", "smoothingExponent") && {
        smoothingPrior: {
          power: number("smoothingPower"),
          rate: number("smoothingRate"),
          exponent: number("smoothingExponent"),
        },
      }),
    ...(changed("keep") && { trace: { keep: number("keep") } }),
  };
}
