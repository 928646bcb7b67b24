/** A small real result for tests of reports. */

import { simulateGaussianAndPoints } from "../../src/data/observation/simulated-datasets.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";

/** Two chains of a 32 x 32 simulation, 100 kept draws each, with sky coordinates (TAN, 0.5 arcsec a pixel). */
export async function smallResult() {
  const data = simulateGaussianAndPoints({ seed: 5, shape: [32, 32] });
  const wcs = [
    ...([
      ["CTYPE1", "RA---TAN"],
      ["CTYPE2", "DEC--TAN"],
      ["RADESYS", "ICRS"],
    ] as const),
    ...([
      ["CRPIX1", 16.5],
      ["CRPIX2", 16.5],
      ["CRVAL1", 266.4168],
      ["CRVAL2", -29.0078],
    ] as const),
    ...([
      ["CDELT1", -0.5 / 3600],
      ["CDELT2", 0.5 / 3600],
    ] as const),
  ].map(([keyword, value]) => ({ keyword, value }));
  const deconvolver = new LiraDeconvolver({
    iterations: 150,
    burnIn: 50,
    chains: 2,
    seed: 5,
    trace: { every: 1 },
  });
  const result = await deconvolver.run({ ...data, wcs, name: "test field" }, { workers: 0 });
  return { data: { ...data, wcs, name: "test field" }, result };
}
