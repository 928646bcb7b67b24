import type { Shape } from "../image.js";
import { type DrawSource, traceSource } from "../posterior/draw-source.js";
import {
  asParameterSource,
  type ImageTrace,
  type ParameterSource,
  type ParameterTrace,
} from "../posterior/trace.js";
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
  continuation(chain: number): Pick<ChainJob, "resume" | "files">;
  /** Take what a chain has produced. */
  accept(output: ChainOutput): void;
  /** Drop every other kept draw, those `every` sweeps apart becoming `2 every`. */
  halveDraws(pixels: number, every: number): void;
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
  const outputs = new Array<ChainOutput | undefined>(chains).fill(undefined);
  const stored = (): ChainOutput[] => outputs.filter((output) => output !== undefined);

  function traces({ names, shape, burnIn, every, sweeps, draws }: TraceExtent) {
    const pixels = shape[0] * shape[1];
    return {
      parameters: {
        names,
        burnIn,
        chains: stored().map(({ rows }) => rows.subarray(0, sweeps * names.length)),
      },
      images: {
        shape,
        first: burnIn + every - 1,
        every,
        chains: stored().map((output) => output.draws.subarray(0, draws * pixels)),
      },
    };
  }

  return {
    continuation(chain) {
      const resume = outputs[chain];
      return resume ? { resume } : {};
    },
    accept(output) {
      outputs[output.chain] = output;
    },
    halveDraws(pixels) {
      for (const [chain, output] of outputs.entries()) {
        if (output === undefined) continue;
        const kept = Math.floor(output.draws.length / pixels / 2);
        const draws = new Float32Array(kept * pixels);
        for (let draw = 0; draw < kept; draw++) {
          const from = (2 * draw + 1) * pixels;
          draws.set(output.draws.subarray(from, from + pixels), draw * pixels);
        }
        outputs[chain] = { ...output, draws };
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
