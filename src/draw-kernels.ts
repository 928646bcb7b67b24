import { NumericsError } from "./errors.js";
import { drawsWasmBase64 } from "./generated/draws-wasm.js";

/**
 * The functions that `kernels/draws.ts` exports; addresses are byte offsets into `memory`. One instance serves one layout of
 * chains, or one observation.
 */
export interface DrawKernels {
  readonly memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  chainStride(draws: number): number;
  layOutPixels(
    draws: number,
    pixels: number,
    groups: number,
    halfLength: number,
    mostHalves: number,
    probabilities: number,
  ): number;
  layOutGroup(index: number, halves: number, size: number, shortest: number): number;
  groupPlaces(group: number): number;
  groupTable(group: number): number;
  bandArray(): number;
  levelArray(): number;
  quantileArray(): number;
  rhatArray(): number;
  sizeArray(): number;
  summarisePixels(pixels: number, first: number, end: number): void;
  sumDraws(pixels: number, weights: number, out: number): void;
  seedRandom(seed: bigint, stream: bigint): void;
  layOutCounts(rows: number, cols: number, rings: number): number;
  countsArray(which: number): number;
  countsStride(): number;
  prepareMeans(): void;
  replicateCounts(total: number, side: number): void;
  compareCounts(total: number, side: number): void;
}

// Compiled code has no state: one copy serves all work of this thread.
let compiled: WebAssembly.Module | undefined;

const drawsBytes = () => Uint8Array.from(atob(drawsWasmBase64), (letter) => letter.charCodeAt(0));

/** Compile the kernels without blocking; the module can be posted to workers. */
export async function compileDrawKernels(): Promise<WebAssembly.Module> {
  compiled ??= await WebAssembly.compile(drawsBytes());
  return compiled;
}

/**
 * Make a fresh instance of the kernels of kept draws.
 *
 * @param module result of `compileDrawKernels`; compiled on the spot when left out
 */
export function instantiateDrawKernels(module?: WebAssembly.Module): DrawKernels {
  if (module === undefined) {
    compiled ??= new WebAssembly.Module(drawsBytes());
    module = compiled;
  }
  return new WebAssembly.Instance(module).exports as unknown as DrawKernels;
}

/** An address that a kernel gave. @throws NumericsError when it is 0: there was no memory */
export function reserved(address: number): number {
  if (address !== 0) return address;
  throw new NumericsError(
    "draws: a part of them must fit into 4 GiB of WebAssembly memory, but the host gave no more; keep fewer draws",
  );
}
