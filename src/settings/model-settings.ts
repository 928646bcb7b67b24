/** What is believed of sky and detector. */

import { adaptivePriorOf, stateAlphas } from "../data/law/adaptive-prior.js";
import { PRESET_NAMES } from "../data/law/presets.js";
import {
  type AdaptivePrior,
  DEFAULT_BACKGROUND_SCALE_PRIOR,
  DEFAULT_SMOOTHING_PRIOR,
  DEFAULT_TOTAL_COUNTS_PRIOR,
  type SmoothingPrior,
} from "../data/law/prior-parameters.js";
import { METHODS, SAMPLERS } from "./methods.js";
import type { Choice, Setting } from "./setting.js";

const LEVELS = ["lira", "em-multiscale"] as const;
const GAMMA = { type: "record", parts: { shape: { above: 0 }, rate: { least: 0 } } } as const;

/** What each preset believes of the sky. */
const PRESET_CHOICES: readonly Choice[] = PRESET_NAMES.map((value) => ({
  value,
  ...{
    adaptive: {
      label: "Adaptive",
      meaning:
        "Points and diffuse light side by side: every block has its own smoothness, found from the data.",
    },
    lira: {
      label: "LIRA",
      meaning: "Mostly points: one smoothness a scale for the whole image, as LIRA and pylira by default.",
    },
    "lira-paper": {
      label: "LIRA, for extended light",
      meaning:
        "Extended light: one smoothness a scale, as in the figures of the pylira paper. Smears faint points.",
    },
  }[value],
}));

/** Settings of the model. */
export const MODEL_SETTINGS = [
  {
    key: "preset",
    kind: { type: "choice", choices: PRESET_CHOICES },
    methods: ["lira"],
    group: "Model",
    label: "Prior",
    meaning: "A law by its name, whose settings are the defaults of the others.",
    help: "law by name: adaptive, lira as LIRA and pylira, lira-paper for extended light",
    default: "adaptive",
    recorded: false,
    page: "none",
  },
  {
    key: "adaptivePrior",
    kind: { type: "object", parts: { alphas: "rows", transitions: "rows" } },
    methods: ["lira"],
    group: "Model",
    label: "States of the blocks",
    meaning:
      "Alphas of the states of a block and Dirichlet parameters of the transitions between them, as JSON. Empty: those of the preset.",
    help: 'states of the adaptive prior: {"alphas": [...], "transitions": [[...], ...]}',
    usually: "eight, from 0.02 to 60",
    prior: "adaptive",
    columns: {
      names: ["state_alphas", "state_transitions"],
      write: (prior: AdaptivePrior) => [Array.from(stateAlphas(prior)), prior.transitions.flat()],
      read: adaptivePriorOf,
    },
    shown({ alphas, transitions }: AdaptivePrior, number) {
      const texts = alphas.map((alpha) =>
        typeof alpha === "number" ? number(alpha) : `(${alpha.map(number).join(", ")})`,
      );
      const weights = [...new Set(transitions.flat())].map(number);
      return `α = ${texts.join(", ")}; transitions ~ Dirichlet(${weights.join(", ")})`;
    },
  },
  {
    key: "alphaInit",
    kind: { type: "numbers", above: 0 },
    methods: LEVELS,
    group: "Model",
    label: "Starting smoothness α",
    meaning:
      "Small values allow sharp contrasts, large ones smooth images; one for all levels, or one each, finest first.",
    help: "one alpha a level in place of the adaptive prior: where it starts, or a list",
    default: 0.1,
    prior: "level",
  },
  {
    key: "fitAlpha",
    flag: "--fixed-alpha",
    kind: { type: "flag" },
    methods: LEVELS,
    group: "Model",
    label: "Sample α",
    meaning: "The smoothing parameters are sampled; otherwise they stay where they start.",
    help: "one alpha a level, kept at its start",
    default: true,
    prior: "level",
  },
  {
    key: "smoothingPrior",
    kind: { type: "record", parts: { power: { above: -1 }, rate: { above: 0 }, exponent: { above: 0 } } },
    methods: LEVELS,
    group: "Model",
    label: "Prior of α",
    meaning:
      "Density of α ~ α^power exp(−rate α^exponent). 1, 1000, 3 is pylira's; 2, 0.02, 1 that of the LIRA papers.",
    help: "one alpha a level, ~ alpha^power exp(-rate alpha^exponent)",
    default: DEFAULT_SMOOTHING_PRIOR,
    prior: "level",
    columns: {
      names: ["ms_al_kap1", "ms_al_kap2", "ms_al_kap3", "smoothing_power"],
      write: ({ power, rate, exponent }: SmoothingPrior) => [power - 1, rate, exponent, power],
      read: (_kap1: number, rate: number, exponent: number, power: number) => ({ power, rate, exponent }),
    },
    field: "smoothing",
  },
  {
    key: "boundary",
    kind: {
      type: "choice",
      choices: [
        { value: "spill", label: "are lost", meaning: "photons beyond the edge are lost" },
        {
          value: "wrap",
          label: "come in again",
          meaning: "the image is periodic, as LIRA and pylira assume",
        },
      ],
    },
    methods: METHODS,
    group: "Model",
    label: "Photons beyond the edge",
    meaning: "Lost to the detector, or periodic as in LIRA and pylira.",
    help: "photons beyond the edge are lost or come in again",
    default: "spill",
  },
  {
    key: "cycleSpin",
    kind: {
      type: "choice",
      choices: [
        {
          value: "ensemble",
          label: "one a chain",
          meaning: "each pair of chains keeps a shift of the multiscale tree",
        },
        { value: "sampled", label: "sampled", meaning: "the shift of the multiscale tree is a parameter" },
        {
          value: "random",
          label: "random (LIRA)",
          meaning: "the multiscale tree is shifted before each draw of the image, whatever the data",
        },
        { value: "none", label: "none", meaning: "the multiscale tree stays where it is" },
      ],
    },
    methods: LEVELS,
    group: "Model",
    label: "Shift of the tree",
    meaning:
      "How the multiscale tree lies on the image: one shift a chain is most exact; random is LIRA's way.",
    help: "how the multiscale tree is shifted; LIRA and pylira: random",
    default: "ensemble",
    formerly: "random",
    onGpu: { rule: "none, ensemble or random", allows: (value) => value !== "sampled" },
    under: {
      "em-multiscale": {
        kind: {
          type: "choice",
          choices: [
            { value: "none", label: "none" },
            { value: "random", label: "random" },
          ],
        },
        meaning: "With random shifts there is no single mode to end at, but fewer traces of blocks.",
        default: "none",
      },
    },
  },
  {
    key: "pairTransfers",
    kind: { type: "whole", least: 0, most: 1e6 },
    methods: ["lira", "gibbs"],
    group: "Model",
    label: "Pair transfers",
    meaning:
      "Moves of flux between neighbouring pixels in each sweep, photons integrated out. Empty: by the size of the image.",
    help: "moves of flux between neighbouring pixels a sweep",
    usually: "by size; 0 with random",
    formerly: 0,
  },
  {
    key: "fitBackgroundScale",
    kind: { type: "flag" },
    methods: [...SAMPLERS, "richardson-lucy"],
    group: "Model",
    label: "Fit the scale of the background",
    meaning: "Multiplies the background of each observation by a factor that is found with the image.",
    help: "fit a factor of the background",
    default: false,
  },
  {
    key: "totalCountsPrior",
    kind: GAMMA,
    methods: LEVELS,
    group: "Model",
    label: "Prior of the total",
    meaning:
      "Gamma prior of the total, in counts at the reference exposure: 1, 0 is flat; the rate 0.05 is LIRA's and pulls the total down by 5 %.",
    help: "Gamma prior of the total",
    default: DEFAULT_TOTAL_COUNTS_PRIOR,
    usually: "1,0: flat",
    columns: ["ms_ttlcnt_pr", "ms_ttlcnt_exp"],
    field: "total",
  },
  {
    key: "backgroundScalePrior",
    kind: GAMMA,
    methods: SAMPLERS,
    group: "Model",
    label: "Prior of the background's scale",
    meaning: "Gamma prior of the factor of the background.",
    help: "Gamma prior of the background's factor",
    default: DEFAULT_BACKGROUND_SCALE_PRIOR,
    columns: ["background_scale_shape", "background_scale_rate"],
    needs: "fitBackgroundScale",
    field: "backgroundScale",
  },
  {
    key: "upsampling",
    kind: { type: "whole", least: 1, most: 3 },
    methods: METHODS,
    group: "Model",
    label: "Upsampling",
    meaning: "Sky pixels a detector pixel on each axis.",
    help: "sky pixels a detector pixel: 1, 2 or 3",
    default: 1,
    absent: 1,
    page: "none",
  },
  {
    key: "margin",
    kind: { type: "whole", word: "auto", least: 0, most: 1e6 },
    methods: METHODS,
    group: "Model",
    label: "Sky beyond the frame",
    meaning:
      "Detector pixels beyond each edge, so that light from outside does not pile up along it; auto: the psf's reach where the counts ask for it.",
    help: "detector pixels of sky beyond each edge, or auto: the psf's reach where the counts along the edge ask for it",
    default: "auto",
    usually: "auto; 0 for gradient-descent and em-multiscale",
    absent: 0,
    under: { "gradient-descent": { default: 0 }, "em-multiscale": { default: 0 } },
  },
] as const satisfies readonly Setting[];
