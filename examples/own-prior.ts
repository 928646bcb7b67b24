// A prior of one's own: bright pixels are rare, p(flux) ~ 1 / (1 + flux / scale)^2. Two functions are enough for a mode and for draws.
import { checkGradient, deconvolve, type FluxPrior, simulatePointSource } from "tslira";

const scale = 0.1;
const sparse: FluxPrior = {
  name: "sparse prior",
  logDensity: ({ data }) => -2 * data.reduce((sum, flux) => sum + Math.log1p(flux / scale), 0),
  gradient({ data }, out) {
    for (const [index, flux] of data.entries()) out[index] = -2 / (scale + flux);
  },
};

checkGradient(sparse, [16, 16]); // throws if the two functions disagree

const data = simulatePointSource({ seed: 372, shape: [16, 16] });
const { flux, converged, stopped } = await deconvolve(data, { method: "map", prior: sparse });
console.log(`${converged ? "converged" : "not converged"}: ${stopped}`);
console.log(`flux at (8, 8): ${flux.data[8 * 16 + 8].toFixed(0)}`);

const options = { iterations: 300, chains: 2, seed: 1 };
const { mean, std, transitions } = await deconvolve(data, { method: "nuts", prior: sparse, ...options });
console.log(`flux at (8, 8): ${mean.data[8 * 16 + 8].toFixed(0)} +- ${std.data[8 * 16 + 8].toFixed(0)}`);
console.log(`${transitions?.divergences} of ${transitions?.transitions} transitions diverged`);
