// A prior of one's own: bright pixels are rare, ln p = -sum of ln(1 + flux / scale). Two functions are enough.
import { checkGradient, deconvolve, type FluxPrior, simulatePointSource } from "tslira";

const scale = 0.1;
const sparse: FluxPrior = {
  name: "sparse prior",
  logDensity: ({ data }) => -data.reduce((sum, flux) => sum + Math.log1p(flux / scale), 0),
  gradient({ data }, out) {
    for (const [index, flux] of data.entries()) out[index] = -1 / (scale + flux);
  },
};

checkGradient(sparse, [16, 16]); // throws if the two functions disagree

const data = simulatePointSource({ seed: 372 });
const { flux, converged, stopped } = await deconvolve(data, { method: "map", prior: sparse });
const [ny, nx] = flux.shape;
const peak = flux.data[(ny / 2) * nx + nx / 2];
console.log(`${converged ? "converged" : "not converged"}: ${stopped}`);
console.log(`flux at (16, 16) of ${nx} x ${ny}: ${peak.toFixed(0)}`);
