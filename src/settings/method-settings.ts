/** The method, and what only methods other than LIRA take. */

import { METHODS } from "./methods.js";
import type { Setting } from "./setting.js";

const POINT = ["richardson-lucy", "gradient-descent", "map", "em-multiscale"] as const;

/** Settings of methods. */
export const METHOD_SETTINGS = [
  {
    key: "method",
    kind: {
      type: "choice",
      choices: [
        {
          value: "lira",
          label: "LIRA",
          meaning: "A posterior with errors under the multiscale prior. For few counts.",
        },
        {
          value: "nuts",
          label: "Gradient sampler (NUTS)",
          meaning: "A posterior under another prior, by gradients (no-U-turn sampler). Slower.",
        },
        {
          value: "gibbs",
          label: "Gibbs sampler",
          meaning: "A posterior under a Gamma or exponential prior in every pixel. Fast.",
        },
        {
          value: "richardson-lucy",
          label: "Richardson-Lucy",
          meaning: "The standard: maximum likelihood, stopped early. For many counts.",
        },
        {
          value: "map",
          label: "Most probable image (MAP)",
          meaning: "The best image under a prior of your choice.",
        },
        {
          value: "em-multiscale",
          label: "Multiscale EM",
          meaning: "The mode under LIRA's prior of one smoothness a scale: a quick look.",
        },
        {
          value: "gradient-descent",
          label: "Gradient descent",
          meaning: "The textbook way to the maximum of the likelihood. For teaching.",
        },
      ],
    },
    methods: METHODS,
    group: "Method",
    label: "Method",
    meaning: "How the image is found.",
    help: "lira, nuts and gibbs sample the posterior; the others give one image",
    usually: "lira",
    recorded: false,
    page: "none",
  },
  {
    key: "prior",
    kind: { type: "text", example: "exponential:rate=1" },
    methods: ["map", "nuts", "gibbs"],
    group: "Method",
    label: "Prior",
    meaning: "What is believed of the image before any photon.",
    help: "for map, nuts and gibbs: name:key=value,..., joined by + (see below)",
    page: "none",
  },
  {
    key: "pixelPrior",
    kind: { type: "record", parts: { shape: { above: 0 }, rate: { least: 0 } } },
    methods: ["gibbs"],
    group: "Method",
    label: "Prior of a pixel",
    meaning: "Gamma prior of the flux of every pixel.",
    columns: ["pixel_shape", "pixel_rate"],
    found: true,
    page: "none",
  },
  {
    key: "strength",
    kind: {
      type: "number",
      word: "held-out",
      above: 0,
      offers: [
        { value: "held-out", label: "by photons held out" },
        { value: "", label: "as given" },
      ],
    },
    methods: ["map"],
    group: "Method",
    label: "Strength of the prior",
    meaning: "Photons held out choose a factor by some 15 runs on half of them; or as the numbers say.",
    help: "for map: factor of the prior's log density, or held-out",
    usually: "1",
    start: "held-out",
    recorded: false,
    page: "main",
  },
  {
    key: "stop",
    kind: {
      type: "text",
      pattern: /^(tolerance=\S+|held-out(=\S+)?|discrepancy(=\S+)?)$/,
      example: "tolerance=1e-3, held-out or discrepancy",
      offers: [
        { value: "held-out", label: "by photons held out" },
        { value: "discrepancy", label: "when residuals are as large as noise" },
        { value: "tolerance=1e-3", label: "when it hardly moves" },
        { value: "", label: "after all iterations" },
      ],
    },
    methods: ["richardson-lucy"],
    group: "Method",
    label: "Stop",
    meaning: "The maximum of the likelihood fits the noise; what counts is where to stop.",
    help: "for richardson-lucy: tolerance=1e-3, held-out or discrepancy",
    start: "held-out",
    recorded: false,
    page: "main",
  },
  {
    key: "accelerate",
    kind: { type: "flag" },
    methods: ["richardson-lucy"],
    group: "Method",
    label: "Accelerate",
    meaning: "Step ahead along the last direction (Biggs and Andrews).",
    help: "for richardson-lucy: extrapolate from the last two steps",
    default: false,
    recorded: false,
  },
  {
    key: "bootstrap",
    kind: { type: "whole", least: 0, most: 1e6 },
    methods: POINT,
    onGpu: { rule: "0", allows: (value) => value === 0 },
    group: "Method",
    label: "Simulated observations for errors",
    meaning:
      "0: no errors. Each of them is deconvolved anew: 50 take 50 times as long. They show scatter, not bias.",
    help: "errors of one image from n simulated observations",
    default: 0,
    recorded: false,
  },
] as const satisfies readonly Setting[];
