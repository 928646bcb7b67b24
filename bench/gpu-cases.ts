/** Skies for the GPU's benchmark: a spot and diffuse light, a psf of a tenth of the field at most, counts that grow with the pixels. */
import { simulateGaussianAndPoints } from "../src/data/observation/simulated-datasets.js";
import { planRun } from "../src/runs/lira-options.js";
import type { AdaptiveChainSettings } from "../src/samplers/lira.js";

/** An observation of `[size, size]` pixels with one count a pixel, and a psf of 17 or, from 512 on, 33 pixels. */
export function spotsOf(size: number) {
  const psf = size < 512 ? 17 : 33;
  return simulateGaussianAndPoints({
    seed: 1,
    shape: [size, size],
    psfShape: [psf, psf],
    psfSigma: psf / 6,
    background: 1,
  });
}

/** The default law, transfers included. */
export function defaultAdaptive(size: number): AdaptiveChainSettings {
  return planRun({ device: "gpu" }, [size, size]).config as AdaptiveChainSettings;
}
