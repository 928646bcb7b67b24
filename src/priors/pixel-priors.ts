import { naturalLog } from "../data/random/exponential.js";
import { checkSameShape, type SkyImage } from "../image.js";
import { checkPositiveOption, type FluxPrior, priorWithData } from "./flux-prior.js";

// Priors under which pixels are independent of each other.

/** A prior made of the log density of one pixel and its derivative. */
function pixelwise(
  name: string,
  log: (flux: number) => number,
  derivative: (flux: number) => number,
): FluxPrior {
  return {
    name,
    logDensity({ data }) {
      let sum = 0;
      for (let index = 0; index < data.length; index++) sum += log(data[index]);
      return sum;
    },
    gradient({ data }, out) {
      for (let index = 0; index < data.length; index++) out[index] = derivative(data[index]);
    },
  };
}

/** No preference: every image with fluxes >= 0 is as good as any other. */
export function uniformPrior(): FluxPrior {
  return priorWithData(
    {
      ...pixelwise(
        "uniform prior",
        () => 0,
        () => 0,
      ),
      conjugate: { shape: 1, rate: 0 },
    },
    { make: "uniformPrior", with: [] },
  );
}

/** Independent pixels, `p(flux) ~ exp(-rate flux)`: prefers dark images. @throws InvalidInputError unless rate > 0 */
export function exponentialPrior({ rate }: { readonly rate: number }): FluxPrior {
  checkPositiveOption("exponentialPrior", "rate", rate);
  return priorWithData(
    {
      ...pixelwise(
        "exponential prior",
        (flux) => -rate * flux,
        () => -rate,
      ),
      conjugate: { shape: 1, rate },
    },
    { make: "exponentialPrior", with: [{ rate }] },
  );
}

/**
 * Independent pixels, `p(flux) ~ flux^(shape - 1) exp(-rate flux)`. For a shape below 1 the density has no mode, but that of
 * the logarithm has: `map` then takes that one.
 *
 * @throws InvalidInputError unless both are > 0
 */
export function gammaPrior({ shape, rate }: { readonly shape: number; readonly rate: number }): FluxPrior {
  checkPositiveOption("gammaPrior", "shape", shape);
  checkPositiveOption("gammaPrior", "rate", rate);
  return priorWithData(
    {
      ...pixelwise(
        "gamma prior",
        (flux) => (shape - 1) * naturalLog(flux) - rate * flux,
        (flux) => (shape - 1) / flux - rate,
      ),
      measure: shape < 1 ? "log-flux" : "flux",
      conjugate: { shape, rate },
    },
    { make: "gammaPrior", with: [{ shape, rate }] },
  );
}

/**
 * Independent pixels, `p(flux) ~ flux^(-shape - 1) exp(-scale / flux)`: most pixels near scale / (shape + 1), a few far
 * brighter, with a tail as heavy as that of source counts. The usual prior of sparse points.
 *
 * @throws InvalidInputError unless both are > 0
 */
export function inverseGammaPrior({
  shape,
  scale,
}: {
  readonly shape: number;
  readonly scale: number;
}): FluxPrior {
  checkPositiveOption("inverseGammaPrior", "shape", shape);
  checkPositiveOption("inverseGammaPrior", "scale", scale);
  return priorWithData(
    pixelwise(
      "inverse gamma prior",
      (flux) => -(shape + 1) * naturalLog(flux) - scale / flux,
      (flux) => (scale / flux - shape - 1) / flux,
    ),
    { make: "inverseGammaPrior", with: [{ shape, scale }] },
  );
}

/**
 * Entropy relative to a reference, `strength sum(flux - m - flux ln(flux / m))` (Skilling 1989): the least committal image
 * near the reference.
 *
 * @param reference m > 0, one number or an image of the sky's shape
 * @throws InvalidInputError unless strength and reference are > 0
 */
export function entropyPrior({
  strength,
  reference,
}: {
  readonly strength: number;
  readonly reference: number | SkyImage;
}): FluxPrior {
  checkPositiveOption("entropyPrior", "strength", strength);
  const level = typeof reference === "number" ? () => reference : (index: number) => reference.data[index];
  for (const value of typeof reference === "number" ? [reference] : reference.data) {
    checkPositiveOption("entropyPrior", "reference", value);
  }
  return priorWithData(
    {
      name: "entropy prior",
      logDensity({ data }) {
        let sum = 0;
        for (let index = 0; index < data.length; index++) {
          const flux = data[index];
          sum += flux - level(index) - (flux > 0 ? flux * naturalLog(flux / level(index)) : 0);
        }
        return strength * sum;
      },
      gradient({ data }, out) {
        for (let index = 0; index < data.length; index++) {
          out[index] = -strength * naturalLog(data[index] / level(index));
        }
      },
      checkShape(shape) {
        if (typeof reference === "number") return;
        checkSameShape("entropyPrior: reference", reference, "the sky", { shape }, "cut it out");
      },
    },
    { make: "entropyPrior", with: [{ strength, reference }] },
  );
}

/** Tikhonov's prior on pixels, `-strength / 2 sum (flux - reference)^2`. @throws InvalidInputError unless strength > 0 */
export function tikhonovPrior({
  strength,
  reference = 0,
}: {
  readonly strength: number;
  /** Flux that is preferred; default 0. */
  readonly reference?: number;
}): FluxPrior {
  checkPositiveOption("tikhonovPrior", "strength", strength);
  return priorWithData(
    pixelwise(
      "Tikhonov prior",
      (flux) => -0.5 * strength * (flux - reference) ** 2,
      (flux) => -strength * (flux - reference),
    ),
    { make: "tikhonovPrior", with: [{ strength, reference }] },
  );
}
