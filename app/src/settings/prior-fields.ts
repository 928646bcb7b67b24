/** Priors of `map`, `nuts` and `gibbs`: what they are for, their parameters, and values that suit the data. */

import type { Method } from "tslira";

/** A number of a prior. */
export interface PriorParameter {
  readonly key: string;
  readonly label: string;
  readonly help: string;
  /** A value to begin with. @param level mean flux of a pixel */
  readonly start: (level: number, method: Method) => number;
  readonly least: number;
}

/** A prior that can be chosen. */
export interface PriorKind {
  /** As `--prior` calls it. */
  readonly id: string;
  readonly title: string;
  /** What it is for, in a sentence. */
  readonly help: string;
  /** The function of the library that makes it. */
  readonly call: string;
  readonly parameters: readonly PriorParameter[];
}

/** A prior with its numbers. */
export interface PriorSettings {
  readonly id: string;
  readonly values: Readonly<Record<string, number>>;
}

const TINY = 1e-300;
/** Shape of a Gamma prior by method: as sparse as the method copes with. */
const GAMMA_SHAPES: Partial<Readonly<Record<Method, number>>> = { map: 2, gibbs: 0.5 };
const gammaShape = (method: Method) => GAMMA_SHAPES[method] ?? 1;

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
      { key: "sigma", label: "Scale, pixels", help: "Standard deviation.", start: () => 2, least: 0.1 },
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
    parameters: [
      {
        key: "alpha",
        label: "Smoothness α, a number",
        help: "Small values allow sharp contrasts, large ones smooth images.",
        start: () => 0.1,
        least: 1e-6,
      },
    ],
  },
  {
    id: "exponential",
    title: "Exponential",
    help: "Few bright pixels on a dark sky.",
    call: "exponentialPrior",
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
    parameters: [
      {
        key: "shape",
        label: "Shape, a number",
        help: "The smaller, the sparser. Images of the mode need 1 or more.",
        start: (_, method) => gammaShape(method),
        least: TINY,
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
      },
    ],
  },
  {
    id: "uniform",
    title: "None (uniform)",
    help: "Maximum likelihood: the image fits the noise, too.",
    call: "uniformPrior",
    parameters: [],
  },
];

/** Priors that a method takes, the one to begin with first. */
export function priorsOf(method: Method): readonly PriorKind[] {
  const ordered = (ids: readonly string[]) =>
    ids.flatMap((id) => PRIOR_KINDS.filter((kind) => kind.id === id));
  if (method === "map") return PRIOR_KINDS;
  if (method === "gibbs") return ordered(["gamma", "exponential", "uniform"]);
  if (method !== "nuts") return [];
  // Flux without a bound has no density to draw from.
  const rest = PRIOR_KINDS.filter(({ id }) => id !== "exponential" && id !== "uniform");
  return [...ordered(["exponential"]), ...rest];
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
  const name = PRIOR_KINDS.find((kind) => kind.id === id)?.call ?? "";
  const inside = Object.entries(values).map(([key, value]) => `${key}: ${value}`);
  if (id === "multiscale") {
    return {
      name,
      code: `({ reference }) => ${name}({ ${[...inside, "referenceExposure: reference"].join(", ")} })`,
    };
  }
  return { name, code: `${name}(${inside.length === 0 ? "" : `{ ${inside.join(", ")} }`})` };
}
