import { concatenated } from "../concatenated.js";
import type { Shape } from "../image.js";
import { type DrawSource, traceSource } from "../posterior/draw-source.js";
import {
  asParameterSource,
  type ImageTrace,
  type ParameterSource,
  type ParameterTrace,
} from "../posterior/trace.js";
import type { ChainState } from "../samplers/sampler.js";
import type { ChainJob, ChainOutput } from "../workers/chain-job.js";

/** Which part of the traces a summary looks at: the same for every chain. */
export interface TraceExtent {
  readonly names: readonly string[];
  readonly shape: Shape;
  readonly burnIn: number;
  /** Sweeps between kept draws. */
  readonly every: number;
  readonly sweeps: number;
  readonly draws: number;
}

/** Where the traces of a run are between its phases: in memory, or in files. */
export interface RunStore {
  /** What a job of a chain needs to continue from what is stored. */
  continuation(chain: number): Pick<ChainJob, "resume" | "files" | "pieceSeconds">;
  /**
   * Take what a chain has produced since the last time, with draws `every` sweeps apart.
   *
   * @throws where it is kept outside of memory and that fails
   */
  accept(output: ChainOutput, every: number): Promise<void> | void;
  /** Drop every other kept draw, those `every` sweeps apart becoming `2 every`. */
  halveDraws(pixels: number, every: number): Promise<void> | void;
  /** The traces, as far as `extent` says; `close` when done. */
  open(extent: TraceExtent): {
    readonly parameters: ParameterSource;
    readonly images: DrawSource;
    close(): void;
  };
}

/** A store in memory, whose traces can be handed to a caller whole. */
export interface MemoryStore extends RunStore {
  traces(extent: TraceExtent): { readonly parameters: ParameterTrace; readonly images: ImageTrace };
}

/** Keep the traces of `chains` chains in memory. */
export function memoryStore(chains: number): MemoryStore {
  const states = new Array<ChainState | undefined>(chains).fill(undefined);
  const pieces = Array.from({ length: chains }, () => ({
    rows: [] as Float64Array[],
    draws: [] as Float32Array[],
  }));

  /** What there is of a chain, as two arrays; pieces are given up for them one chain after the other. */
  function whole(chain: number): { readonly rows: Float64Array; readonly draws: Float32Array } {
    const one = pieces[chain];
    if (one.rows.length !== 1) one.rows = [concatenated(Float64Array, one.rows)];
    if (one.draws.length !== 1) one.draws = [concatenated(Float32Array, one.draws)];
    return { rows: one.rows[0], draws: one.draws[0] };
  }

  function traces({ names, shape, burnIn, every, sweeps, draws }: TraceExtent) {
    const pixels = shape[0] * shape[1];
    const stored = [...states.keys()].filter((chain) => states[chain] !== undefined).map(whole);
    return {
      parameters: {
        names,
        burnIn,
        chains: stored.map(({ rows }) => rows.subarray(0, sweeps * names.length)),
      },
      images: {
        shape,
        first: burnIn + every - 1,
        every,
        chains: stored.map((chain) => chain.draws.subarray(0, draws * pixels)),
      },
    };
  }

  return {
    continuation(chain) {
      const resume = states[chain];
      return resume ? { resume } : {};
    },
    accept({ chain, rows, draws, state }) {
      states[chain] = state;
      pieces[chain].rows.push(rows);
      pieces[chain].draws.push(draws);
    },
    halveDraws(pixels) {
      for (const [chain, one] of pieces.entries()) {
        const all = whole(chain).draws;
        const kept = Math.floor(all.length / pixels / 2);
        const draws = new Float32Array(kept * pixels);
        for (let draw = 0; draw < kept; draw++) {
          const from = (2 * draw + 1) * pixels;
          draws.set(all.subarray(from, from + pixels), draw * pixels);
        }
        one.draws = [draws];
      }
    },
    open(extent) {
      const { parameters, images } = traces(extent);
      return {
        parameters: asParameterSource(parameters),
        images: traceSource(images),
        close: () => undefined,
      };
    },
    traces,
  };
}
