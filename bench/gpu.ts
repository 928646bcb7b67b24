// Milliseconds a sweep and chain on the GPU, and the ratio to one CPU core in the same run. Sizes beyond 128 are asked for:
//
//   npm run bench:gpu -- 512 1024
//
// Each row takes at most ten seconds after its shaders are compiled.

import { openGpuChains } from "../src/samplers/gpu-chain.js";
import { createLiraChain } from "../src/samplers/lira.js";
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
process.exit(0);
