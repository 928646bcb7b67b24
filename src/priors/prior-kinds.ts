/** All priors that have a name: what they are for, their numbers, and values that suit the data. Texts, help and Studio follow this list. */

/** A number of a prior. */
export interface PriorParameter {
  readonly key: string;
  readonly label: string;
  readonly help: string;
  /** A value to begin with. @param level mean flux of a pixel, > 0 */
  readonly start: (level: number, method: string) => number;
  readonly least: number;
  /** What it is where it may be left out. */
  readonly fallback?: number;
  /** What it is in examples; default 1. */
  readonly example?: number;
}

/** A prior that can be chosen by name. */
export interface PriorKind {
  /** As `--prior` calls it. */
  readonly id: string;
  readonly title: string;
  /** What it is for, in a sentence. */
  readonly help: string;
  /** The function of `priors/` that makes it from its numbers. */
  readonly call: string;
  readonly parameters: readonly PriorParameter[];
  /** Whether its function is told the model's `referenceExposure` too. */
  readonly followsExposure?: true;
  /** The methods that it is offered for; default `map` and `nuts`. */
  readonly methods?: readonly string[];
}

const TINY = 1e-300;
/** Shape of a Gamma prior by method: as sparse as the method copes with. */
const GAMMA_SHAPES: Readonly<Record<string, number>> = { map: 2, gibbs: 0.5 };
const gammaShape = (method: string) => GAMMA_SHAPES[method] ?? 1;

const perFlux: PriorParameter = {
  key: "strength",
  label: "Strength, per flux",
  help: "Larger values smooth more. It begins at one over the mean flux of a pixel.",
  start: (level) => 1 / level,
  least: TINY,
};
const perSquare: PriorParameter = {
  ...perFlux,
  label: "Strength, per flux²",
  help: "Larger values smooth more. It begins at one over the square of the mean flux of a pixel.",
  start: (level) => 1 / level ** 2,
};
const bare: PriorParameter = {
  ...perFlux,
  label: "Strength, a number",
  help: "Larger values smooth more.",
  start: () => 1,
};

/** All of them, those that are wanted most first. */
export const PRIOR_KINDS: readonly PriorKind[] = [
  {
    id: "total-variation",
    title: "Total variation",
    help: "Flat regions with sharp edges.",
    call: "totalVariationPrior",
    parameters: [
      perFlux,
      {
        key: "smoothing",
        label: "Rounding of edges, flux",
        help: "Differences below this flux count as squares.",
        start: (level) => 0.1 * level,
        least: TINY,
        example: 0.1,
      },
    ],
  },
  {
    id: "markov",
    title: "Markov random field",
    help: "Smooth in relative terms: a bright region may be as bright as it likes.",
    call: "markovPrior",
    parameters: [bare],
  },
  {
    id: "smoothness",
    title: "Smooth on one scale",
    help: "What is smooth over so many pixels costs nothing.",
    call: "smoothnessPrior",
    parameters: [
      perSquare,
      {
        key: "sigma",
        label: "Scale, pixels",
        help: "Standard deviation.",
        start: () => 2,
        least: 0.1,
        example: 2,
      },
    ],
  },
  {
    id: "gradient-tikhonov",
    title: "Small gradients (Tikhonov)",
    help: "Smooth everywhere; edges are blurred.",
    call: "gradientTikhonovPrior",
    parameters: [perSquare],
  },
  {
    id: "multiscale",
    title: "Multiscale (LIRA's)",
    help: "The prior of LIRA with one smoothness for all scales.",
    call: "multiscalePrior",
    followsExposure: true,
    parameters: [
      {
        key: "alpha",
        label: "Smoothness α, a number",
        help: "Small values allow sharp contrasts, large ones smooth images.",
        start: () => 0.1,
        least: 1e-6,
        fallback: 0.1,
        example: 0.1,
      },
    ],
  },
  {
    id: "exponential",
    title: "Exponential",
    help: "Few bright pixels on a dark sky.",
    call: "exponentialPrior",
    methods: ["map", "nuts", "gibbs"],
    parameters: [
      {
        key: "rate",
        label: "Rate, per flux",
        help: "One over the mean flux that is expected of a pixel.",
        start: (level) => 1 / level,
        least: TINY,
      },
    ],
  },
  {
    id: "gamma",
    title: "Gamma",
    help: "Pixels of a known scale; a shape below 1 makes few bright pixels.",
    call: "gammaPrior",
    methods: ["map", "nuts", "gibbs"],
    parameters: [
      {
        key: "shape",
        label: "Shape, a number",
        help: "The smaller, the sparser. Images of the mode need 1 or more.",
        start: (_, method) => gammaShape(method),
        least: TINY,
        example: 2,
      },
      {
        key: "rate",
        label: "Rate, per flux",
        help: "The mean flux of a pixel is shape / rate.",
        start: (level, method) => gammaShape(method) / level,
        least: 0,
      },
    ],
  },
  {
    id: "inverse-gamma",
    title: "Inverse Gamma",
    help: "Sparse points of any brightness. Several maxima are possible.",
    call: "inverseGammaPrior",
    parameters: [
      { key: "shape", label: "Shape, a number", help: "1.5 is sparse.", start: () => 1.5, least: TINY },
      {
        key: "scale",
        label: "Scale, flux",
        help: "About the flux of dark pixels.",
        start: (level) => 0.1 * level,
        least: TINY,
        example: 0.1,
      },
    ],
  },
  {
    id: "entropy",
    title: "Entropy",
    help: "Pulls towards a flat image of the reference.",
    call: "entropyPrior",
    parameters: [
      perFlux,
      {
        key: "reference",
        label: "Reference, flux",
        help: "Flux of a pixel of which nothing is known.",
        start: (level) => level,
        least: TINY,
      },
    ],
  },
  {
    id: "tikhonov",
    title: "Damping (Tikhonov)",
    help: "Pulls every pixel towards the reference.",
    call: "tikhonovPrior",
    parameters: [
      perSquare,
      {
        key: "reference",
        label: "Reference, flux",
        help: "0 damps bright pixels.",
        start: () => 0,
        least: 0,
        fallback: 0,
        example: 0,
      },
    ],
  },
  {
    id: "uniform",
    title: "None (uniform)",
    help: "Maximum likelihood: the image fits the noise, too.",
    call: "uniformPrior",
    // Flux without a bound has no density for nuts to draw from.
    methods: ["map", "gibbs"],
    parameters: [],
  },
];

/** A prior as text with values for an example: `total-variation:strength=1,smoothing=0.1`. */
export function priorExample({ id, parameters }: PriorKind): string {
  const pairs = parameters.map(({ key, example = 1 }) => `${key}=${example}`);
  return pairs.length === 0 ? id : `${id}:${pairs.join(",")}`;
}
