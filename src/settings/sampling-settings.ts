/** How long to sample or to iterate, and when to end. */

import { METHODS, SAMPLERS } from "./methods.js";
import type { Setting } from "./setting.js";

const ITERATIONS = { type: "whole", least: 1, most: 1e9 } as const;
const OF_ONE_IMAGE = {
  kind: ITERATIONS,
  label: "Most iterations",
  meaning: "Where it ends unless its own rule ends it earlier.",
  default: 1_000,
  start: 1_000,
};
const CONDITION = String.raw`\s*(rhat\s*<\s*1\.\d+|ess\s*>\s*\d+(\.\d+)?|rhat\s*<\s*[2-9]\d*(\.\d+)?)\s*`;

/** Settings of sampling. */
export const SAMPLING_SETTINGS = [
  {
    key: "iterations",
    flag: "-n, --iterations",
    kind: { type: "whole", least: 2, most: 1e9 },
    methods: METHODS,
    group: "Sampling",
    label: "Sweeps",
    meaning: "Sweeps of each chain, burn-in included. Have a first look with a thousand, publish with more.",
    help: "sweeps of each chain, burn-in included; iterations of other methods",
    default: 5_000,
    usually: "5000, nuts 1000",
    start: 2_000,
    under: {
      nuts: {
        label: "Transitions",
        meaning: "Transitions of each chain, warm-up included.",
        default: 1_000,
        start: 1_000,
      },
      gibbs: { meaning: "Sweeps of each chain, burn-in included." },
      "richardson-lucy": { ...OF_ONE_IMAGE, default: 100, start: 500 },
      "gradient-descent": OF_ONE_IMAGE,
      map: OF_ONE_IMAGE,
      "em-multiscale": OF_ONE_IMAGE,
    },
    columns: ["n_iter_max"],
    page: "main",
  },
  {
    key: "burnIn",
    kind: { type: "whole", word: "auto", least: 0, most: 1e9 },
    methods: SAMPLERS,
    group: "Sampling",
    label: "Burn-in",
    meaning: "Sweeps at the start of each chain that no statistic uses; auto: until the chains agree.",
    help: "sweeps at the start that are not used, or auto",
    usually: "a tenth; nuts: half",
    start: 200,
    under: {
      nuts: {
        label: "Warm-up",
        meaning: "Transitions in which step length and scales are adapted, and which no statistic uses.",
        start: 500,
      },
      gibbs: { start: 200 },
    },
    page: "main",
  },
  {
    key: "until",
    kind: {
      type: "text",
      pattern: new RegExp(`^${CONDITION}(,${CONDITION})*$`, "i"),
      example: "rhat<1.01,ess>400",
    },
    methods: SAMPLERS,
    group: "Sampling",
    label: "Go on until",
    meaning:
      "Convergence to reach, such as rhat<1.01,ess>400: the chains go on until then. Empty: after the sweeps.",
    help: "go on until the chains are this good: rhat<1.01,ess>400 (in quotes)",
    recorded: false,
    tested: false,
  },
  {
    key: "maxIterations",
    kind: { type: "whole", least: 2, most: 1e9 },
    methods: SAMPLERS,
    group: "Sampling",
    label: "Most sweeps",
    meaning:
      "Where a run gives up that goes on until the chains are good enough. Empty: after ten times the sweeps.",
    help: "where --until gives up",
    usually: "ten times --iterations",
    recorded: false,
    tested: false,
  },
  {
    key: "chains",
    flag: "-c, --chains",
    kind: { type: "whole", least: 1, most: 10_000 },
    methods: SAMPLERS,
    group: "Sampling",
    label: "Chains",
    meaning: "Independent chains from separated starts; their agreement is the test of the result.",
    help: "chains, from separated starts",
    default: 4,
    page: "main",
  },
  {
    key: "device",
    kind: {
      type: "choice",
      choices: [
        { value: "cpu", label: "CPU" },
        { value: "gpu", label: "GPU" },
        { value: "auto", label: "the faster one" },
      ],
    },
    methods: ["lira", "nuts", "richardson-lucy", "map"],
    group: "Sampling",
    label: "Device",
    meaning:
      "Where the work is done. A GPU runs all chains at once, which pays for many of them and for large images.",
    help: "where to work: cpu, gpu with the package webgpu, or auto, for chains the faster one (docs/gpu.md)",
    default: "cpu",
    absent: "cpu",
    formerly: "cpu",
    tested: false,
  },
  {
    key: "targetAcceptance",
    kind: { type: "number", above: 0, below: 1 },
    methods: ["nuts"],
    group: "Sampling",
    label: "Aimed acceptance",
    meaning:
      "Acceptance at which the warm-up aims by the step length: higher means shorter steps and fewer divergences.",
    help: "for nuts: higher means shorter steps",
    default: 0.8,
  },
  {
    key: "maxDepth",
    kind: { type: "whole", least: 1, most: 20 },
    methods: ["nuts"],
    group: "Sampling",
    label: "Most doublings of a trajectory",
    meaning: "A trajectory takes at most 2 to this power gradients.",
    help: "for nuts: most doublings of a trajectory",
    default: 10,
  },
  {
    key: "seed",
    flag: "-s, --seed",
    kind: { type: "whole", least: 0, most: Number.MAX_SAFE_INTEGER },
    methods: METHODS,
    group: "Sampling",
    label: "Seed",
    meaning: "The same seed, settings and inputs give the same result, here and on the command line.",
    help: "seed; the same seed gives the same result",
    default: 0,
    columns: ["random_seed"],
    page: "main",
    shown: String,
  },
] as const satisfies readonly Setting[];

/** Settings of the draws that are kept. */
export const TRACE_SETTINGS = [
  {
    key: "trace.every",
    kind: { type: "whole", least: 1, most: 1e9 },
    methods: SAMPLERS,
    group: "Sampling",
    label: "Sweeps between kept draws",
    meaning: "Sweeps between kept draws of the image. Empty: as many as the number of kept draws allows.",
    help: "keep every n-th draw of the image",
    usually: "as --trace-keep allows",
    field: "every",
  },
  {
    key: "trace.keep",
    kind: { type: "whole", least: 2, most: Number.MAX_SAFE_INTEGER },
    methods: SAMPLERS,
    group: "Sampling",
    label: "Draws kept a chain",
    meaning: "Images kept for traces, regions and the file; more take more memory.",
    help: "most draws kept a chain",
    default: 1_000,
    recorded: false,
    field: "keep",
  },
] as const satisfies readonly Setting[];
