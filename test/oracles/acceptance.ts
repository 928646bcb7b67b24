/**
 * Does a sampler reproduce a reference posterior? Batch means of both, compared block by block.
 *
 * The statistic: cut every chain into batches; sum the batch means over k x k blocks for k = 1, 2, 4, 8; a block has
 * mean m and standard error s = std(batch means) / sqrt(batches), chains pooled, and
 *
 *     z = (m_ours - m_reference) / sqrt(s_ours^2 + s_reference^2 + 1e-12).
 *
 * Pass when for every k rms(z) <= 1.5 max(1, rms of the reference's own chain 1 against chain 2), when the sum over
 * the image (k = N) agrees within 4 standard errors, and every scalar parameter within 4 combined standard errors.
 * A single block's |z| exceeds 1.5 in 13 % of all right runs, so k = N is held to the limit 4 alone.
 *
 * Batch errors are too small where a chain stays in one mode for longer than a batch: on point32 the source can sit
 * split over two pixels, which either sampler leaves after some 3,000 sweeps on average (measured: 3,050 for the
 * package, 2,400 for the textbook). So our own standard error is the larger of the one from batches and the one from
 * the means of whole chains; run four or more.
 */
import type { Observation } from "../../src/data/observation/observation.js";
import type { Shape, SkyImage } from "../../src/image.js";
import type { TextbookSettings } from "./textbook-prior.js";

/** One scalar parameter of a posterior. */
export interface ParameterMoment {
  /** `smoothingParam0`.. , `expectedMSCounts` (T) or `bkgScale`. */
  readonly name: string;
  readonly mean: number;
  readonly std: number;
  /** Monte Carlo standard error of the mean. */
  readonly mcse: number;
}

/** A dataset together with the posterior that a trusted sampler found for it. */
export interface ReferenceCase {
  readonly name: string;
  readonly observation: Observation;
  readonly settings: TextbookSettings;
  /** Start of every chain, in our unit of flux. */
  readonly fluxInit: SkyImage;
  /** Sweeps a chain, burn-in included. */
  readonly iterations: number;
  readonly burnIn: number;
  readonly batches: number;
  /** Images of the reference are flux times this exposure. */
  readonly exposureMax: number;
  /** `[batch, ny, nx]` of each chain, in the unit of the reference. */
  readonly batchMeans: readonly Float64Array[];
  readonly parameters: readonly ParameterMoment[];
}

/** What a sampler must show after a sweep; arrays are read at once and may be reused. */
export interface DrawView {
  readonly flux: Float64Array;
  readonly alpha: Float64Array;
  readonly totalCounts: number;
  readonly backgroundScale: Float64Array;
}

/** A sampler under test: run chains on a case and show every draw, burn-in included, iterations counted from 0. */
export type RunChains = (
  reference: ReferenceCase,
  options: {
    readonly chains: number;
    readonly iterations: number;
    readonly burnIn: number;
    readonly seed: number;
    readonly onDraw: (chain: number, iteration: number, draw: DrawView) => void;
  },
) => void | Promise<void>;

/** Batch means of the chains of one sampler, in the unit of the reference. */
export interface BatchedPosterior {
  readonly shape: Shape;
  readonly batches: number;
  /** `[batch, ny, nx]` of each chain. */
  readonly images: readonly Float64Array[];
  readonly parameters: readonly ParameterMoment[];
}

/** Run a sampler on a case, `chains` chains of the reference's length unless told otherwise, and keep batch means. */
export async function sampleBatches(
  reference: ReferenceCase,
  runChains: RunChains,
  {
    seed,
    chains = 2,
    iterations = reference.iterations,
    burnIn = reference.burnIn,
  }: {
    readonly seed: number;
    readonly chains?: number;
    readonly iterations?: number;
    readonly burnIn?: number;
  },
): Promise<BatchedPosterior> {
  const { batches, exposureMax } = reference;
  const { shape } = reference.observation.counts;
  const pixels = shape[0] * shape[1];
  const names = reference.parameters.map(({ name }) => name);
  const images = Array.from({ length: chains }, () => new Float64Array(batches * pixels));
  const scalars = Array.from({ length: chains }, () => new Float64Array(batches * names.length));
  const squares = new Float64Array(names.length);
  const draws = Array.from({ length: chains }, () => new Float64Array(batches));
  await runChains(reference, {
    chains,
    iterations,
    burnIn,
    seed,
    onDraw(chain, iteration, draw) {
      if (iteration < burnIn) return;
      const batch = Math.floor(((iteration - burnIn) * batches) / (iterations - burnIn));
      draws[chain][batch] += 1;
      const image = images[chain];
      for (let j = 0; j < pixels; j++) image[batch * pixels + j] += draw.flux[j] * exposureMax;
      names.forEach((name, index) => {
        const value = parameterOf(draw, name);
        scalars[chain][batch * names.length + index] += value;
        squares[index] += value * value;
      });
    },
  });
  for (let chain = 0; chain < chains; chain++) {
    for (let batch = 0; batch < batches; batch++) {
      const count = draws[chain][batch];
      if (count === 0) throw new Error(`acceptance: batch ${batch} of chain ${chain} holds no draw`);
      for (let j = 0; j < pixels; j++) images[chain][batch * pixels + j] /= count;
      for (let index = 0; index < names.length; index++)
        scalars[chain][batch * names.length + index] /= count;
    }
  }
  const total = chains * (iterations - burnIn);
  const parameters = names.map((name, index) => {
    const values = scalars.flatMap((chain) =>
      Array.from({ length: batches }, (_, batch) => chain[batch * names.length + index]),
    );
    const { mean, error } = cautiousMeanAndError(values, batches);
    return { name, mean, std: Math.sqrt(Math.max(0, squares[index] / total - mean * mean)), mcse: error };
  });
  return { shape, batches, images, parameters };
}

function parameterOf(draw: DrawView, name: string): number {
  if (name === "expectedMSCounts") return draw.totalCounts;
  if (name === "bkgScale") return draw.backgroundScale[0];
  const level = /^smoothingParam(\d+)$/.exec(name)?.[1];
  if (level === undefined) throw new Error(`acceptance: unknown parameter ${name}`);
  return draw.alpha[Number(level)];
}

/** Mean of values and its standard error. */
export function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(square / (count - 1) / count) };
}

/** Mean of the batch means of several chains; the error is the larger of those from batches and from chains. */
export function cautiousMeanAndError(
  values: readonly number[],
  batches: number,
): { mean: number; error: number } {
  const { mean, error } = meanAndError(values);
  const chains = values.length / batches;
  if (chains < 2) return { mean, error };
  const chainMeans = Array.from({ length: chains }, (_, chain) =>
    values.slice(chain * batches, (chain + 1) * batches).reduce((sum, value) => sum + value / batches, 0),
  );
  return { mean, error: Math.max(error, meanAndError(chainMeans).error) };
}

/** One line of the table of blocks. */
export interface BlockRow {
  readonly blockSize: number;
  readonly blocks: number;
  readonly rms: number;
  /** The same statistic of the reference's chain 1 against chain 2. */
  readonly referenceRms: number;
  readonly limit: number;
  readonly ok: boolean;
}

/** One scalar compared. */
export interface ScalarRow {
  readonly name: string;
  readonly ours: number;
  readonly reference: number;
  readonly z: number;
  readonly ok: boolean;
}

/** What the comparison found. */
export interface AcceptanceReport {
  readonly name: string;
  readonly passed: boolean;
  /** Why not; empty when passed. */
  readonly reasons: readonly string[];
  readonly blocks: readonly BlockRow[];
  readonly total: ScalarRow;
  readonly parameters: readonly ScalarRow[];
}

const RMS_FACTOR = 1.5;
const MAX_Z = 4;

/** Compare our batches with a reference case. */
export function compareWithReference(reference: ReferenceCase, ours: BatchedPosterior): AcceptanceReport {
  const { shape } = ours;
  const theirs = { shape, batches: reference.batches };
  const zOf = (blockSize: number, first: readonly Float64Array[], second: readonly Float64Array[]) => {
    const a = blockMoments(shape, ours.batches, first, blockSize, cautiousMeanAndError);
    const b = blockMoments(theirs.shape, theirs.batches, second, blockSize);
    return a.map(
      ({ mean, error }, block) =>
        (mean - b[block].mean) / Math.sqrt(error ** 2 + b[block].error ** 2 + 1e-12),
    );
  };
  const blocks = [1, 2, 4, 8]
    .filter((size) => size < Math.max(...shape))
    .map((blockSize): BlockRow => {
      const z = zOf(blockSize, ours.images, reference.batchMeans);
      const rms = rootMeanSquare(z);
      const own = blockMoments(shape, reference.batches, reference.batchMeans.slice(0, 1), blockSize);
      const other = blockMoments(shape, reference.batches, reference.batchMeans.slice(1, 2), blockSize);
      const referenceRms = rootMeanSquare(
        own.map(
          (block, i) =>
            (block.mean - other[i].mean) / Math.sqrt(block.error ** 2 + other[i].error ** 2 + 1e-12),
        ),
      );
      const limit = RMS_FACTOR * Math.max(1, referenceRms);
      return { blockSize, blocks: z.length, rms, referenceRms, limit, ok: rms <= limit };
    });
  const whole = Math.max(...shape);
  const totalZ = zOf(whole, ours.images, reference.batchMeans)[0];
  const total: ScalarRow = {
    name: "total",
    ours: blockMoments(shape, ours.batches, ours.images, whole)[0].mean,
    reference: blockMoments(shape, reference.batches, reference.batchMeans, whole)[0].mean,
    z: totalZ,
    ok: Math.abs(totalZ) <= MAX_Z,
  };
  const parameters = reference.parameters.map((row): ScalarRow => {
    const mine = ours.parameters.find(({ name }) => name === row.name);
    if (mine === undefined) throw new Error(`acceptance: our posterior lacks ${row.name}`);
    const z = (mine.mean - row.mean) / Math.sqrt(mine.mcse ** 2 + row.mcse ** 2 + 1e-24);
    return { name: row.name, ours: mine.mean, reference: row.mean, z, ok: Math.abs(z) <= MAX_Z };
  });
  const reasons = [
    ...blocks
      .filter(({ ok }) => !ok)
      .map(
        ({ blockSize, rms, limit }) =>
          `blocks of ${blockSize}: rms(z) ${rms.toFixed(2)} > ${limit.toFixed(2)}`,
      ),
    ...[total, ...parameters]
      .filter(({ ok }) => !ok)
      .map((row) => `${row.name}: ${row.ours} against ${row.reference}, z = ${row.z.toFixed(2)}`),
  ];
  return { name: reference.name, passed: reasons.length === 0, reasons, blocks, total, parameters };
}

/** Mean and standard error of the sum over each k x k block, from the batch means of all chains given. */
function blockMoments(
  [ny, nx]: Shape,
  batches: number,
  images: readonly Float64Array[],
  blockSize: number,
  momentsOf: (values: readonly number[], batches: number) => { mean: number; error: number } = meanAndError,
): { mean: number; error: number }[] {
  const rows = Math.ceil(ny / blockSize);
  const cols = Math.ceil(nx / blockSize);
  const sums: number[][] = Array.from({ length: rows * cols }, () => []);
  const image = new Float64Array(rows * cols);
  for (const chain of images) {
    for (let batch = 0; batch < batches; batch++) {
      image.fill(0);
      for (let row = 0; row < ny; row++) {
        for (let col = 0; col < nx; col++) {
          const block = Math.floor(row / blockSize) * cols + Math.floor(col / blockSize);
          image[block] += chain[(batch * ny + row) * nx + col];
        }
      }
      image.forEach((value, block) => {
        sums[block].push(value);
      });
    }
  }
  return sums.map((values) => momentsOf(values, batches));
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** The report as a plain-text table. */
export function formatAcceptance({
  name,
  passed,
  reasons,
  blocks,
  total,
  parameters,
}: AcceptanceReport): string {
  const lines = [`${name}: ${passed ? "pass" : `FAIL (${reasons.join("; ")})`}`];
  lines.push("  block   rms(z)  reference  limit");
  for (const row of blocks) {
    lines.push(
      `  ${String(row.blockSize).padStart(5)}  ${row.rms.toFixed(2).padStart(7)}` +
        `  ${row.referenceRms.toFixed(2).padStart(9)}  ${row.limit.toFixed(2).padStart(5)}`,
    );
  }
  lines.push("  parameter                ours   reference       z");
  for (const row of [total, ...parameters]) {
    lines.push(
      `  ${row.name.padEnd(16)}  ${row.ours.toPrecision(6).padStart(10)}` +
        `  ${row.reference.toPrecision(6).padStart(10)}  ${row.z.toFixed(2).padStart(6)}`,
    );
  }
  return lines.join("\n");
}
