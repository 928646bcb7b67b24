// The cost of redistribution against the size of the psf, for sums over whole windows and for tiles, and the sweep of
// large images. CPU times of this process; ratios are taken within one run.
import type { Observation } from "../src/data/observation/observation.js";
import { gaussianPsf } from "../src/data/observation/psf.js";
import { randomStream } from "../src/data/random/random.js";
import { createLiraChain, type LiraChain } from "../src/samplers/lira.js";
import { benchSettings } from "./cases.js";

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU milliseconds of a call, the least of seven: what else the machine does only ever adds. */
function timeCall(call: () => void): number {
  const times = Array.from({ length: 7 }, () => {
    const start = cpuMilliseconds();
    call();
    return cpuMilliseconds() - start;
  });
  return Math.min(...times);
}

/** `total` photons, one by one, from a slope with point sources under a Gaussian psf: fast for any psf. */
function simulatePhotons(size: number, psfSize: number, sigma: number, total: number): Observation {
  const random = randomStream(size + psfSize);
  const sources = Array.from({ length: Math.max(4, (size * size) / 512) }, () => [
    Math.floor(size * random.uniform()),
    Math.floor(size * random.uniform()),
  ]);
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const data = new Float64Array(size * size);
  for (let photon = 0; photon < total; photon++) {
    const source = sources[Math.floor(random.uniform() * sources.length)];
    const diffuse = random.uniform() < 0.9;
    const sky = diffuse ? [size * Math.sqrt(random.uniform()), size * random.uniform()] : source;
    const row = Math.floor(sky[0] + sigma * normal());
    const col = Math.floor(sky[1] + sigma * normal());
    if (row >= 0 && row < size && col >= 0 && col < size) data[row * size + col]++;
  }
  return { counts: { data, shape: [size, size] }, psf: gaussianPsf(sigma, [psfSize, psfSize]) };
}

/** One chain a scheme, a few sweeps old. */
function startChain(observation: Observation, redistribution: "automatic" | "direct" | "tiles"): LiraChain {
  const chain = createLiraChain([observation], benchSettings(observation), {
    seed: 1,
    chain: 0,
    redistribution,
  });
  for (let sweep = 0; sweep < 3; sweep++) chain.sweep(1);
  return chain;
}

function curvePoint(psfSize: number, narrow: boolean): Record<string, string> {
  const observation = simulatePhotons(512, psfSize, narrow ? 1.5 : psfSize / 8, 200_000);
  const [direct, tiles, automatic] = (["direct", "tiles", "automatic"] as const).map((scheme) => {
    const { kernels, handles } = startChain(observation, scheme);
    return { ms: timeCall(() => kernels.stepRedistribute()), tiled: kernels.usesTiles(handles[0]) !== 0 };
  });
  return {
    psf: `${psfSize}x${psfSize}`,
    sigma: narrow ? "1.5" : "size / 8",
    "direct, ms": direct.ms.toFixed(1),
    "tiles, ms": tiles.ms.toFixed(1),
    "direct / tiles": (direct.ms / tiles.ms).toFixed(2),
    chosen: automatic.tiled ? "tiles" : "direct",
  };
}

function largeImage(psfSize: number): Record<string, string> {
  const observation = simulatePhotons(1024, psfSize, psfSize / 8, 1_000_000);
  const start = cpuMilliseconds();
  const chain = startChain(observation, "automatic");
  const began = cpuMilliseconds() - start;
  const { data } = observation.counts;
  return {
    psf: `${psfSize}x${psfSize}`,
    lit: String(data.reduce((sum, value) => sum + Number(value > 0), 0)),
    photons: String(data.reduce((sum, value) => sum + value, 0)),
    scheme: chain.kernels.usesTiles(chain.handles[0]) !== 0 ? "tiles" : "direct",
    "start and 3 sweeps, ms": began.toFixed(0),
    "redistribute, ms": timeCall(() => chain.kernels.stepRedistribute()).toFixed(0),
    "sweep, ms": timeCall(() => chain.sweep(1)).toFixed(0),
  };
}

const sizes = [9, 17, 33, 49, 65, 97, 129];
const only = process.argv[2];
if (only === undefined || only === "curve") {
  console.log("512 x 512, 200,000 counts");
  console.table(sizes.map((size) => curvePoint(size, false)));
}
if (only === undefined || only === "narrow") {
  console.log("512 x 512, 200,000 counts, psf with a narrow core");
  console.table(sizes.map((size) => curvePoint(size, true)));
}
if (only === undefined || only === "large") {
  console.log("1024 x 1024, 1,000,000 counts");
  console.table([33, 65, 129].map(largeImage));
}
