/** The sweeps of the GPU against those of the CPU, from the same starts. */
import type { Observation } from "../../src/data/observation/observation.js";
import { type GpuChainSettings, openGpuChains } from "../../src/samplers/gpu-chain.js";
import { createLiraChain, type LiraChainSettings } from "../../src/samplers/lira.js";
import type { AwaitedChain } from "../../src/samplers/sampler.js";

/** What the comparison found. */
export interface Agreement {
  /** Root mean square over the `count` blocks of `blockSize` of Student's t, `chains - 1` degrees of freedom. */
  readonly blocks: readonly { readonly blockSize: number; readonly count: number; readonly rms: number }[];
  /** t of the mean of every column of the trace that varies. */
  readonly columns: readonly { readonly name: string; readonly t: number }[];
}

/** Mean of differences over its standard error. */
function studentOf(differences: readonly number[]): number {
  const count = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / count;
  const square = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return square > 0 ? mean / Math.sqrt(square / (count - 1) / count) : 0;
}

/**
 * Run chains of one law on both devices, each pair from one start and for as many sweeps, and compare their means. However far the
 * chains are from where they are going, the difference of a pair has mean 0 when a sweep has the same law on both.
 *
 * @param options `onGpu`: sweeps after which those of the GPU go on on the CPU; default never
 */
export async function compareDevices(
  observation: Observation,
  law: LiraChainSettings,
  options: {
    readonly chains: number;
    readonly skip: number;
    readonly sweeps: number;
    readonly seed: number;
    readonly onGpu?: number;
  },
): Promise<Agreement> {
  const { chains, skip, sweeps, seed, onGpu = skip + sweeps } = options;
  const device = await openGpuChains([observation], { ...law, device: "gpu" } as GpuChainSettings, chains);
  try {
    const opened = Array.from({ length: chains }, (_, chain) => device.open(chain, { seed, chain }));
    const before = await Promise.all(opened.map((chain) => chain.sweep(onGpu, skip)));
    const theirs: AwaitedChain[] = [];
    const rows: Float64Array[] = [];
    for (const [index, chain] of opened.entries()) {
      theirs.push(chain);
      rows.push(before[index]);
      if (onGpu === skip + sweeps) continue;
      const moved = createLiraChain([observation], law, { seed, chain: index });
      moved.restore(chain.save());
      theirs[index] = moved;
      rows[index] = Float64Array.of(...before[index], ...moved.sweep(skip + sweeps - onGpu));
    }
    const [ny, nx] = theirs[0].shape;
    const { columns } = theirs[0];
    const width = columns.length;
    const meanOf = (values: ArrayLike<number>, column: number) => {
      let sum = 0;
      for (let sweep = skip; sweep < skip + sweeps; sweep++) sum += values[sweep * width + column];
      return sum / sweeps;
    };
    const pairs = theirs.map((chain, index) => {
      const own = createLiraChain([observation], law, { seed, chain: index });
      const ownRows = own.sweep(skip + sweeps, skip);
      return {
        flux: chain.moments.mean.map((value, pixel) => value - own.moments.mean[pixel]),
        columns: columns.map((_, column) => meanOf(rows[index], column) - meanOf(ownRows, column)),
      };
    });
    const blocks = [1, 2, 4, 8].map((blockSize) => {
      const cols = Math.ceil(nx / blockSize);
      const sums = pairs.map(({ flux }) => {
        const image = new Float64Array(Math.ceil(ny / blockSize) * cols);
        for (const [pixel, value] of flux.entries()) {
          const row = Math.floor(Math.floor(pixel / nx) / blockSize);
          image[row * cols + Math.floor((pixel % nx) / blockSize)] += value;
        }
        return image;
      });
      const squares = sums[0].map((_, block) => studentOf(sums.map((image) => image[block])) ** 2);
      const rms = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
      return { blockSize, count: squares.length, rms };
    });
    return {
      blocks,
      columns: columns.map((name, column) => ({
        name,
        t: studentOf(pairs.map((pair) => pair.columns[column])),
      })),
    };
  } finally {
    device.close();
  }
}
