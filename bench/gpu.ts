// Milliseconds a sweep and chain on the GPU, and the ratio to one CPU core in the same run; then those of an iteration of Richardson-Lucy,
// of the Cash statistic with its gradient, of a gradient of each of 16 chains of nuts, and of an iteration of map with a prior over patches.
// Sizes of the sweeps beyond 128 are asked for:
//
//   npm run bench:gpu -- 512 1024
//
// Each row takes at most ten seconds after its shaders are compiled.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { prepareMixture } from "../src/data/law/patch-mixture.js";
import { openGpu } from "../src/gpu.js";
import { answeredHere } from "../src/inquiry.js";
import { decodePatchMixture } from "../src/io/patch-mixture-file.js";
import { mapOnGpu } from "../src/methods/gpu-map.js";
import { richardsonLucyOnGpu } from "../src/methods/gpu-richardson-lucy.js";
import { maximumAPosteriori, type Precision } from "../src/methods/map.js";
import { richardsonLucy } from "../src/methods/richardson-lucy.js";
import { createForwardModel } from "../src/model/forward-model.js";
import { createGpuForwardModel } from "../src/model/gpu-forward-model.js";
import { patchPrior } from "../src/priors/patch-prior.js";
import { exponentialPrior } from "../src/priors/pixel-priors.js";
import { prepareRun } from "../src/runs/prepare-run.js";
import { openGpuChains } from "../src/samplers/gpu-chain.js";
import { type GpuNutsLaw, openGpuNuts } from "../src/samplers/gpu-nuts.js";
import { createLiraChain } from "../src/samplers/lira.js";
import { openChain } from "../src/samplers/open-chain.js";
import { defaultAdaptive, spotsOf } from "./gpu-cases.js";

const SIZES = [32, 128, ...process.argv.slice(2).map(Number)];
const CHAINS = [1, 16, 64, 256];
const SLICE = 2_000;

/** Milliseconds of one call, from as many as fit into a slice of time. */
async function timeOf(call: () => unknown): Promise<number> {
  await call();
  const start = performance.now();
  let calls = 0;
  do {
    await call();
    calls++;
  } while (performance.now() - start < SLICE);
  return (performance.now() - start) / calls;
}

const table: Record<string, string | number>[] = [];
for (const size of SIZES) {
  const observation = spotsOf(size);
  const law = defaultAdaptive(size);
  const cpu = createLiraChain([observation], law, { seed: 1, chain: 0 });
  cpu.sweep(5);
  const cpuMilliseconds = await timeOf(() => cpu.sweep(1));
  for (const chains of CHAINS) {
    const device = await openGpuChains([observation], { ...law, device: "gpu" }, chains);
    const open = Array.from({ length: device.slots }, (_, chain) => device.open(chain, { seed: 1, chain }));
    await Promise.all(open.map((chain) => chain.sweep(1)));
    // As many sweeps a call as take a while: reading back is part of a run, once in a batch.
    const start = performance.now();
    await Promise.all(open.map((chain) => chain.sweep(1)));
    const batch = Math.max(1, Math.min(64, Math.floor(500 / (performance.now() - start))));
    const milliseconds = await timeOf(() => Promise.all(open.map((chain) => chain.sweep(batch))));
    const each = milliseconds / batch / device.slots;
    table.push({
      size,
      chains: device.slots,
      "ms a sweep and chain": Number(each.toPrecision(3)),
      "one core, ms": Number(cpuMilliseconds.toPrecision(3)),
      "times as fast as one core": Number((cpuMilliseconds / each).toPrecision(2)),
      adapter: device.name,
    });
    device.close();
    console.table(table.slice(-1));
    if (device.slots < chains) break;
  }
}
console.table(table);

/** Milliseconds an iteration of what tells of its iterations, the first aside, within a slice of time. */
async function timeIterations(work: (tell: (iteration: number) => boolean) => unknown): Promise<number> {
  let first: { readonly at: number; readonly iteration: number } | undefined;
  let each = Number.NaN;
  await work((iteration) => {
    const now = performance.now();
    first ??= { at: now, iteration };
    if (iteration > first.iteration) each = (now - first.at) / (iteration - first.iteration);
    return now - first.at < SLICE;
  });
  return each;
}

const MIXTURE = fileURLToPath(new URL("../../../shared/data/gmm/gleam-v0.1.fits.gz", import.meta.url));
const mixture = existsSync(MIXTURE)
  ? prepareMixture(await decodePatchMixture(readFileSync(MIXTURE)))
  : undefined;
if (mixture === undefined) console.log(`map with a prior over patches is left out: ${MIXTURE} is absent`);

const images: Record<string, string | number>[] = [];
for (const size of [128, 1024]) {
  const of128 = images[0]?.milliseconds;
  // Pixels and cells of the psf: a device for which this is too much is no GPU.
  if (typeof of128 === "number" && of128 * 8 ** 2 * (33 / 17) ** 2 > SLICE) break;
  const model = createForwardModel(spotsOf(size));
  const gpu = await openGpu();
  const addRow = (of: string, onGpu: number, onCore: number) =>
    images.push({
      of,
      size,
      milliseconds: Number(onGpu.toPrecision(3)),
      "one core, ms": Number(onCore.toPrecision(3)),
      "times as fast as one core": Number((onCore / onGpu).toPrecision(2)),
      adapter: gpu.name,
    });
  addRow(
    "richardson-lucy, an iteration",
    await timeIterations((tell) =>
      richardsonLucyOnGpu(gpu, model, { iterations: 1e6, onIteration: ({ iteration }) => tell(iteration) }),
    ),
    await timeIterations((tell) =>
      richardsonLucy(model, { iterations: 1e6, onIteration: ({ iteration }) => tell(iteration) }),
    ),
  );
  const onGpu = await createGpuForwardModel(gpu, model);
  const flux = new Float64Array(size * size).fill(1);
  const gradient = flux.slice();
  const cash = await timeOf(() =>
    onGpu.cashGradients([{ flux, backgroundScale: model.backgroundScale, gradient }]),
  );
  addRow("cash and gradient", cash, await timeOf(() => model.cashGradient(flux, gradient)));
  // One where even a few would take too long for the search for a first step.
  const chains = 16 * 16 * cash > SLICE ? 1 : 16;
  // Trajectories of one step: a gradient a sweep.
  const { law, inputs } = prepareRun(spotsOf(size), {
    ...{ method: "nuts", prior: exponentialPrior({ rate: 0.1 }), margin: 0 },
    ...{ iterations: 1_000, chains, maxDepth: 1 },
  });
  const device = await openGpuNuts(inputs, { ...law, device: "gpu" } as GpuNutsLaw, chains);
  const open = Array.from({ length: chains }, (_, chain) => device.open(chain, { seed: 1, chain }));
  const own = await openChain(inputs, law, { seed: 1, chain: 0 });
  addRow(
    `nuts, a gradient of ${chains === 1 ? "a chain" : `each of ${chains} chains`}`,
    (await timeOf(() => Promise.all(open.map((chain) => chain.sweep(1))))) / chains,
    await timeOf(() => own.sweep(1)),
  );
  device.close();
  if (mixture !== undefined) {
    const climb = (tell: (iteration: number) => boolean, precision: Precision) =>
      maximumAPosteriori(
        model,
        patchPrior(mixture),
        { iterations: 1e6, tolerance: 1e-15, onIteration: ({ iteration }) => tell(iteration) },
        precision,
      );
    addRow(
      "map with patches, an iteration",
      await timeIterations((tell) => mapOnGpu(gpu, climb(tell, "single"))),
      await timeIterations((tell) => answeredHere(climb(tell, "double"))),
    );
  }
  gpu.close();
}
console.table(images);
process.exit(0);
