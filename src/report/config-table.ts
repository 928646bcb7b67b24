import { presetOf } from "../data/presets.js";
import type { LiraConfig, SamplerConfig } from "../posterior/result.js";
import { countText, numberText } from "../viewer/numbers.js";

/** A setting of the run, for readers. */
export interface Setting {
  /** Name in the library. */
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

const yes = (flag: boolean) => (flag ? "yes" : "no");

function transferSetting(pairTransfers: number): Setting {
  return {
    name: "pairTransfers",
    value: numberText(pairTransfers),
    meaning: "moves of flux between neighbouring pixels in each sweep, photons integrated out",
  };
}

/** What says how smooth the blocks of the tree are. */
function smoothingSettings(config: LiraConfig): Setting[] {
  if (config.adaptivePrior !== undefined) {
    const { alphas, transitions } = config.adaptivePrior;
    const texts = alphas.map((alpha) =>
      typeof alpha === "number" ? numberText(alpha) : `(${alpha.map(numberText).join(", ")})`,
    );
    return [
      {
        name: "adaptivePrior",
        value: `α = ${texts.join(", ")}`,
        meaning:
          `each block of the tree is in one of ${alphas.length} states, tied to that of the block above it; transitions ` +
          `~ Dirichlet(${[...new Set(transitions.flat())].map(numberText).join(", ")})`,
      },
    ];
  }
  const { alphaInit, smoothingPrior } = config;
  const same = alphaInit.every((alpha) => alpha === alphaInit[0]);
  return [
    {
      name: "alphaInit",
      value: same ? numberText(alphaInit[0]) : alphaInit.map((alpha) => numberText(alpha)).join(", "),
      meaning: `starting value of the smoothing parameters of ${alphaInit.length} levels${same ? "" : ", finest first"}`,
    },
    { name: "fitAlpha", value: yes(config.fitAlpha), meaning: "the smoothing parameters are sampled" },
    {
      name: "smoothingPrior",
      value: `power ${numberText(smoothingPrior.power)}, rate ${numberText(smoothingPrior.rate)}, exponent ${numberText(smoothingPrior.exponent)}`,
      meaning: "p(α) ∝ α^power · exp(−rate · α^exponent)",
    },
  ];
}

/** Settings of LIRA alone. */
function liraSettings(config: LiraConfig): Setting[] {
  const { totalCountsPrior } = config;
  return [
    {
      name: "preset",
      value: presetOf(config) ?? "none",
      meaning: "the law by its name, when no setting of it was changed",
    },
    {
      name: "cycleSpin",
      value: config.cycleSpin,
      meaning: {
        random: "the multiscale tree is shifted before each draw of the image, whatever the data",
        none: "the multiscale tree stays where it is",
        sampled: "the shift of the multiscale tree is a parameter",
        ensemble: "each pair of chains keeps a random shift of the multiscale tree",
      }[config.cycleSpin],
    },
    transferSetting(config.pairTransfers),
    ...smoothingSettings(config),
    {
      name: "totalCountsPrior",
      value: `shape ${numberText(totalCountsPrior.shape)}, rate ${numberText(totalCountsPrior.rate)}`,
      meaning: "Gamma prior of the total, in counts at the reference exposure",
    },
  ];
}

/** Settings that only one of the samplers has. */
function methodSettings(config: SamplerConfig): Setting[] {
  if (config.method === undefined) return liraSettings(config);
  if (config.method === "gibbs") {
    const { shape, rate } = config.pixelPrior;
    return [
      {
        name: "pixelPrior",
        value: `shape ${numberText(shape)}, rate ${numberText(rate)}`,
        meaning: "Gamma prior of the flux of every pixel",
      },
      transferSetting(config.pairTransfers),
    ];
  }
  if (config.method === "own") return [];
  return [
    {
      name: "targetAcceptance",
      value: numberText(config.targetAcceptance),
      meaning: "acceptance at which the warm-up aims by the step length",
    },
    { name: "maxDepth", value: numberText(config.maxDepth), meaning: "most doublings of a trajectory" },
  ];
}

/** All settings of a run in words. */
export function settingsOf(config: SamplerConfig, referenceExposure: number): Setting[] {
  const { backgroundScalePrior } = config;
  return [
    ...(config.method === undefined
      ? []
      : [
          {
            name: "method",
            value: config.method,
            meaning: {
              nuts: "no-U-turn sampler on ln flux",
              gibbs: "Gibbs sampler for independent pixels",
              own: "a sampler of one's own",
            }[config.method],
          },
          { name: "prior", value: config.prior, meaning: "what is believed of the image before any photon" },
        ]),
    { name: "chains", value: countText(config.chains), meaning: "chains, from separated starting images" },
    {
      name: "iterations",
      value: countText(config.iterations),
      meaning: "sweeps of each chain, burn-in included",
    },
    {
      name: "burnIn",
      value: countText(config.burnIn),
      meaning: "sweeps at the start that no statistic uses",
    },
    {
      name: "traceEvery",
      value: countText(config.traceEvery),
      meaning: "sweeps between kept draws of the image",
    },
    { name: "seed", value: String(config.seed), meaning: "same seed, settings and inputs: same bytes" },
    {
      name: "boundary",
      value: config.boundary,
      meaning:
        config.boundary === "spill"
          ? "photons beyond the edge are lost"
          : "the image is periodic, as LIRA and pylira assume",
    },
    {
      name: "upsampling",
      value: numberText(config.upsampling ?? 1),
      meaning: "sky pixels a detector pixel on each axis",
    },
    {
      name: "margin",
      value: numberText(config.margin ?? 0),
      meaning: "detector pixels of sky beyond each edge; images are of the frame",
    },
    ...methodSettings(config),
    {
      name: "fitBackgroundScale",
      value: yes(config.fitBackgroundScale),
      meaning: "one factor of the background is sampled for each observation",
    },
    {
      name: "backgroundScalePrior",
      value: `shape ${numberText(backgroundScalePrior.shape)}, rate ${numberText(backgroundScalePrior.rate)}`,
      meaning: config.fitBackgroundScale ? "Gamma prior of that factor" : "not used in this run",
    },
    {
      name: "referenceExposure",
      value: numberText(referenceExposure),
      meaning: "E0; pylira's image is flux · E0",
    },
  ];
}
