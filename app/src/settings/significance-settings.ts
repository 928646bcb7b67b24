/** A test of a region as fields of a form, as a question to the desk, and as a command. */

import type { SignificanceSettings } from "tslira/significance";
import {
  givenValue,
  type SettingValues,
  settingsOf as settingsOfMethod,
  settingWords,
  valuesOf,
} from "#settings";
import { shellLine } from "#studio";
import { type Selection, selectedPixels } from "#viewer";
import type { SignificanceQuestion, TestedRegion } from "../desk/method-protocol.js";
import type { Choices, Composition } from "../desk/observation-view.js";
import { flagWords, inputWords } from "./reproduce.js";
import { type Field, type Form, fieldError, settingsOf } from "./settings.js";

/** Fields that everyone looks at. */
export const TEST_FIELDS: readonly Field[] = [
  {
    key: "test-null",
    label: "Without a source there would be",
    help: "Fitted parts are fitted to every data set, with their errors.",
    kind: "choice",
    start: "background",
    choices: [
      ["background", "the background as given"],
      ["scale", "the background, its scale fitted"],
      ["gaussian", "also a Gaussian and a constant, fitted"],
      ["beta", "also a beta model and a constant, fitted"],
      ["point", "also a point source and a constant, fitted"],
      ["point+gaussian", "also a point source, a Gaussian and a constant, fitted"],
    ],
  },
  {
    key: "test-gamma",
    label: "γ, stated in advance",
    help: "Tail probability of the test: about the smallest bound that it can give.",
    kind: "number",
    start: "0.005",
    least: 1e-6,
    most: 0.5,
  },
  {
    key: "test-replicates",
    label: "Data sets drawn",
    help: "Simulated without the source, and deconvolved like yours. 50 are a good number.",
    kind: "whole",
    start: "50",
    least: 1,
    most: 10_000,
  },
  {
    key: "test-iterations",
    label: "Sweeps",
    help: "Of each chain of each data set; a tenth of them is burn-in.",
    kind: "whole",
    start: "2000",
    least: 20,
    most: 1e6,
  },
  {
    key: "test-seed",
    label: "Seed",
    help: "The same seed and settings give the same result, here and on the command line.",
    kind: "whole",
    start: "0",
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
  },
];

/** Fields that are folded away. */
export const TEST_ADVANCED: readonly Field[] = [
  {
    key: "test-fitOutside",
    label: "Fit outside of the region",
    help: "Keeps a bright source from raising its own baseline, where one is fitted.",
    kind: "check",
    start: "",
  },
  {
    key: "test-chains",
    label: "Chains of each data set",
    help: "Two share a tree and can be compared.",
    kind: "whole",
    start: "2",
    least: 1,
    most: 16,
  },
];

/** Settings that make up the model of a test. */
const MODEL_SETTINGS = settingsOfMethod("lira").filter(({ group }) => group === "Model");
const FIELDS = [...TEST_FIELDS, ...TEST_ADVANCED];

/** Null hypotheses that are made of the background: none where there is none, against which all light would be a source. */
const OF_BACKGROUND = ["background", "scale"];

/** The field of the null hypothesis, with those that data can have. */
export function nullField(hasBackground: boolean): Field {
  const [field] = TEST_FIELDS;
  const choices = field.choices?.filter(([null_]) => hasBackground || !OF_BACKGROUND.includes(null_));
  return choices ? { ...field, choices } : field;
}

/** The form with what these fields begin with where nothing was entered. */
export function testForm(form: Form, hasBackground = true): Form {
  const whole = { ...Object.fromEntries(FIELDS.map(({ key, start }) => [key, start])), ...form };
  return hasBackground || !OF_BACKGROUND.includes(whole["test-null"])
    ? whole
    : { ...whole, "test-null": "gaussian" };
}

/** What is selected, as it is tested: a pixel is the circle that holds it alone. */
export function testedRegion(selection: Selection, shape: readonly [number, number]): TestedRegion {
  if (selection.kind === "pixel") return { circle: { x: selection.x, y: selection.y, radius: 0.5 } };
  const [term, ...more] = selection.kind === "region" ? selection.terms : [];
  if (term?.shape.kind === "circle" && more.length === 0) {
    const { x, y, radius } = term.shape;
    return { circle: { x, y, radius } };
  }
  return { pixels: selectedPixels(selection, shape) };
}

/** What is asked; undefined as long as the form has errors. The model is that of the run's settings. */
export function significanceQuestion(region: TestedRegion, form: Form): SignificanceQuestion | undefined {
  const full = testForm(form);
  if (FIELDS.some((field) => fieldError(field, full) !== undefined)) return undefined;
  const number = (key: string) => Number(full[key]);
  const run = settingsOf(form);
  const settings: SignificanceSettings = {
    replicates: number("test-replicates"),
    gamma: number("test-gamma"),
    iterations: number("test-iterations"),
    seed: number("test-seed"),
    ...(full["test-null"] !== "background" && {
      null: full["test-null"] as NonNullable<SignificanceSettings["null"]>,
    }),
    ...(full["test-chains"] !== "2" && { chains: number("test-chains") }),
    ...(full["test-fitOutside"] === "yes" && { fitOutside: true }),
    ...valuesOf(MODEL_SETTINGS.map((setting) => [setting, givenValue(setting, run as SettingValues)])),
  };
  return { region, settings };
}

/** The command that tests the same. */
export function significanceCommand(
  choices: Choices,
  composition: Composition,
  { region, settings }: SignificanceQuestion,
): string {
  const circle = "circle" in region ? region.circle : undefined;
  const flags = {
    "--circle": circle && [circle.x, circle.y, circle.radius].join(","),
    "--regions": circle ? undefined : "region.fits",
    "--null": settings.null,
    "--fit-outside": settings.fitOutside,
    "--replicates": settings.replicates,
    "--gamma": settings.gamma,
  };
  const words = [...flagWords(flags), ...settingWords(settings as SettingValues), "-o", "significance.fits"];
  return `tslira significance ${shellLine([...inputWords(choices, composition), ...words])}`;
}
