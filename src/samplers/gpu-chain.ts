/**
 * Chains of the multiscale sampler on the GPU: the law of `createLiraChain`, by the shaders of kernels-gpu/. All chains
 * that are asked for sweeps at the same time do them together.
 */

import { checkObservations } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { naturalLog } from "../data/random/exponential.js";
import { InvalidInputError } from "../errors.js";
import { openGpu } from "../gpu.js";
import type { SkyImage } from "../image.js";
import { checkStatus } from "../kernels.js";
import { skyGrid } from "../model/sky-grid.js";
import { countsOnSky, skyObservations } from "../model/sky-observation.js";
import { ensembleShift } from "./ensemble-shift.js";
import { createGpuEngine, type GpuEngine, type GpuJob } from "./gpu-engine.js";
import { layOutGpu } from "./gpu-layout.js";
import { type GpuPrior, gpuPrior } from "./gpu-prior.js";
import { chainColumns, type LiraChainOptions, type LiraChainSettings } from "./lira.js";
import { isUncertain } from "./sampled-psf.js";
import { type AwaitedChain, checkState, MAX_BATCH } from "./sampler.js";
import { startingImage } from "./starting-images.js";

/** Settings of chains on the GPU. */
export type GpuChainSettings = LiraChainSettings & { readonly device: "gpu" };

/** Where chains on the GPU come from. */
export interface GpuChainOptions extends Pick<LiraChainOptions, "seed" | "chain" | "fluxInit"> {
  /** Counts `[ny, nx]` of each observation in place of those that the device was opened with; goes with `ownCounts`. */
  readonly counts?: readonly SkyImage[];
}

/** Chains that share a device. */
export interface GpuChains {
  /** Chains that there is room for at once. */
  readonly slots: number;
  /** Name of the adapter. */
  readonly name: string;
  /** Set up a chain at its start, in a slot in which there is no other. */
  open(slot: number, options: GpuChainOptions): AwaitedChain;
  close(): void;
}

/** Turns of the loop of events in which chains that are about to ask for sweeps can join a batch. */
const TURNS = 8;

/** What a chain waits for. */
interface Wish {
  /** What the engine is to be told of it, for as many sweeps as it still lacks. */
  readonly job: () => GpuJob;
  readonly left: () => number;
  /** Take in what it got; true when it has all it asked for. */
  readonly take: (sweeps: number, batch: Awaited<ReturnType<GpuEngine["run"]>>[number]) => boolean;
  readonly fail: (reason: unknown) => void;
}

/** Let messages, timers and promises have a turn. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Do together what chains ask for at the same time. */
function gather(engine: GpuEngine) {
  let waiting: Wish[] = [];
  let running = false;
  let members = 0;
  async function serve(): Promise<void> {
    while (waiting.length > 0) {
      for (let turns = 0; turns < TURNS && waiting.length < members; turns++) await turn();
      // In the order of their slots, whoever came first.
      const wishes = waiting;
      waiting = [];
      const sweeps = Math.min(...wishes.map(({ left }) => left()));
      try {
        const batches = await engine.run(
          wishes.map(({ job }) => job()),
          sweeps,
        );
        waiting = [...wishes.filter((wish, index) => !wish.take(sweeps, batches[index])), ...waiting];
      } catch (reason) {
        for (const { fail } of wishes) fail(reason);
      }
    }
    running = false;
  }
  return {
    join(): void {
      members++;
    },
    leave(): void {
      members--;
    },
    ask(wish: Wish): void {
      waiting.push(wish);
      if (running) return;
      running = true;
      void serve();
    },
  };
}

/** Refuse data that the GPU does not do; settings are checked where a run is planned. */
function checkData(observations: readonly Observation[]): void {
  if (!observations.some(isUncertain)) return;
  const got = "one with an uncertain width or place";
  throw new InvalidInputError(`gpu: psf must be known on the GPU, got ${got}; choose device cpu for it`, {
    fields: { psf: got },
  });
}

/**
 * Open a device for chains of one run.
 *
 * @param chains how many are wanted at once
 * @param ownCounts whether each is of other counts, as those of replicates are; on the pixels of the detector alone
 * @throws InvalidInputError for settings or observations that the GPU does not do
 * @throws JobError without a device, or without room on it
 */
export async function openGpuChains(
  observations: readonly Observation[],
  settings: GpuChainSettings,
  chains: number,
  ownCounts = false,
): Promise<GpuChains> {
  checkData(observations);
  const { boundary } = settings;
  const { observations: checked } = checkObservations(observations, { boundary });
  const grid = skyGrid(checked[0].counts.shape, boundary, settings);
  const { shape } = grid;
  const pixels = shape[0] * shape[1];
  const seen = skyObservations(checked, grid, boundary);
  const { reference } = seen;
  const layout = layOutGpu(seen, shape, settings, ownCounts);
  const engine = await createGpuEngine(await openGpu(), layout, settings, chains);
  const gathered = gather(engine);
  const prior: GpuPrior = gpuPrior(layout, settings);
  const columns = chainColumns(settings, shape, layout.observations);
  const { at, head, levels } = layout;
  const square = prior.matrix.length;
  const keepsSums = layout.states > 0 && settings.cycleSpin !== "random";

  function open(slot: number, { seed, chain, fluxInit, counts }: GpuChainOptions): AwaitedChain {
    const start =
      fluxInit ??
      startingImage(counts?.[0] ?? countsOnSky(checked[0], grid, boundary), reference, seed, chain);
    const own = counts?.flatMap(({ data }) => Array.from(data)) ?? [];
    const logCounts = own.reduce(
      (sum, count) => (count > 0 ? sum + count * naturalLog(count) : sum),
      counts ? 0 : layout.logCounts,
    );
    // All that a sweep needs and leaves, as the device has it.
    let numbers = new Float32Array(head);
    let shift: readonly [number, number] =
      settings.cycleSpin === "ensemble" ? ensembleShift(shape, seed, chain) : [0, 0];
    numbers.set(start.data.map((value) => value * reference));
    numbers.set(prior.alpha, at.alpha);
    numbers.set(prior.matrix, at.matrix);
    numbers.fill(1, at.scales, at.scales + layout.observations);
    numbers[at.total] = numbers.subarray(0, pixels).reduce((sum, value) => sum + value, 0);
    let logPrior = prior.ofStart(numbers.subarray(0, pixels), shift);
    let logLikelihood = 0;
    let sweeps = 0;
    let draws = 0;
    const flux = new Float64Array(pixels);
    const mean = new Float64Array(pixels);
    const squares = new Float64Array(pixels);
    const rows = new Float64Array(MAX_BATCH * columns.length);
    const show = () => {
      for (let pixel = 0; pixel < pixels; pixel++) {
        flux[pixel] = numbers[pixel] / reference;
        mean[pixel] = numbers[at.mean + pixel] / reference;
        squares[pixel] = numbers[at.squares + pixel] / (reference * reference);
      }
    };
    const scales = () => numbers.slice(at.scales, at.scales + layout.observations);
    engine.place(slot, numbers, shift, own);
    show();
    gathered.join();

    /** Rows of the trace from what the device wrote of each sweep; see `finishSweep` of kernels-gpu/finish.wgsl. */
    function addRows(trace: Float32Array, count: number, first: number, before: Float32Array): void {
      let backgrounds: ArrayLike<number> = before;
      for (let sweep = 0; sweep < count; sweep++) {
        const raw = trace.subarray(sweep * layout.row, (sweep + 1) * layout.row);
        const [logLight, expected, row, col, total, logMatrix] = raw;
        const smoothing = raw.subarray(6 + layout.observations, 6 + layout.observations + levels);
        logLikelihood = logLight + logCounts - expected;
        for (const [m, counts] of layout.backgroundCounts.entries()) logLikelihood -= backgrounds[m] * counts;
        backgrounds = raw.subarray(6, 6 + layout.observations);
        rows.set(
          [
            logLikelihood + logPrior,
            row,
            col,
            ...smoothing,
            total,
            ...Array.from(backgrounds),
            logLikelihood,
            logPrior,
          ],
          (first + sweep) * columns.length,
        );
        logPrior = prior.after(total, smoothing, raw.subarray(6 + layout.observations + levels), logMatrix);
      }
    }

    return {
      shape,
      columns,
      get sweeps() {
        return sweeps;
      },
      flux,
      get moments() {
        return { count: draws, mean, squares };
      },
      sweep(count, burnIn = 0) {
        let done = 0;
        return new Promise((resolve, reject) => {
          gathered.ask({
            left: () => count - done,
            job: () => ({ slot, chain, seed, sweeps, skip: Math.max(0, burnIn - done), draws }),
            take(more, batch) {
              const scalesBefore = scales();
              numbers = batch.head.slice();
              shift = batch.shift;
              addRows(batch.trace, more, done, scalesBefore);
              draws += Math.max(0, Math.min(more, done + more - burnIn));
              sweeps += more;
              done += more;
              try {
                checkStatus("gpu", batch.flags & 1 ? 2 : batch.flags & 2 ? 3 : 0);
              } catch (reason) {
                reject(reason);
                return true;
              }
              if (done < count) return false;
              show();
              resolve(rows.subarray(0, count * columns.length));
              return true;
            },
            fail: reject,
          });
        });
      },
      save: () => ({
        sweeps,
        moments: { count: draws, mean: mean.slice(), squares: squares.slice() },
        arrays: {
          mass: Float64Array.from(numbers.subarray(0, pixels)),
          // In the order of a chain on the CPU, modes of alpha left at 0.
          scalars: Float64Array.of(
            ...numbers.subarray(at.alpha, at.alpha + levels),
            ...new Float64Array(levels),
            ...[numbers[at.total], logPrior, ...shift, logLikelihood],
            ...(layout.states > 0 ? numbers.subarray(at.matrix, at.matrix + square) : []),
          ),
          backgroundScale: Float64Array.from(scales()),
          ...(keepsSums && { smoothness: Float64Array.from(numbers.subarray(at.smoothness, head)) }),
        },
      }),
      restore(state) {
        const { mass, scalars, backgroundScale, smoothness } = state.arrays;
        const wanted = 2 * levels + 5 + (layout.states > 0 ? square : 0);
        checkState("gpu", state, shape, mass?.length === pixels && scalars?.length === wanted);
        ({ sweeps } = state);
        draws = state.moments.count;
        numbers = new Float32Array(head);
        numbers.set(mass);
        numbers.set(
          state.moments.mean.map((value) => value * reference),
          at.mean,
        );
        numbers.set(
          state.moments.squares.map((value) => value * reference * reference),
          at.squares,
        );
        numbers.set(scalars.subarray(0, levels), at.alpha);
        numbers.set(layout.states > 0 ? scalars.subarray(2 * levels + 5) : prior.matrix, at.matrix);
        numbers.set(backgroundScale, at.scales);
        if (smoothness) numbers.set(smoothness, at.smoothness);
        const [total, logPriorThen, row, col, logLikelihoodThen] = scalars.subarray(2 * levels);
        numbers[at.total] = total;
        logPrior = logPriorThen;
        logLikelihood = logLikelihoodThen;
        shift = [row, col];
        engine.place(slot, numbers, shift, own);
        show();
      },
      close: () => gathered.leave(),
    };
  }

  return { slots: engine.slots, name: engine.name, open, close: () => engine.close() };
}
