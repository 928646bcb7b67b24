import { NumericsError } from "./errors.js";
import { modelWasmBase64 } from "./generated/model-wasm.js";

/** The functions that `kernels/model.ts` exports; addresses are byte offsets into `memory`. One instance is one model or one mixture. */
export interface ModelKernels {
  readonly memory: WebAssembly.Memory;
  /** Largest possible rounding error of an output of the last blur. */
  readonly blurError: WebAssembly.Global;
  allocate(bytes: number): number;
  createBlur(
    ny: number,
    nx: number,
    psfRows: number,
    psfCols: number,
    centreRow: number,
    centreCol: number,
    wrap: number,
    method: number,
  ): number;
  psfArray(handle: number): number;
  usesSums(handle: number): number;
  prepareBlur(handle: number): void;
  blurImage(handle: number, image: number, out: number): void;
  blurTranspose(handle: number, image: number, out: number): void;
  blurPixel(handle: number, image: number, row: number, col: number): number;
  poissonTerms(lambda: number, counts: number, weights: number, ratios: number, n: number): number;
  multiply(a: number, b: number, out: number, n: number): void;
  addProduct(a: number, b: number, out: number, n: number): void;
  addScaled(a: number, factor: number, out: number, n: number): void;
  nextDoubtful(lambda: number, counts: number, limit: number, start: number, n: number): number;
  createMixture(side: number, norm: number, components: number): number;
  mixtureMeans(handle: number): number;
  mixtureLogNorms(handle: number): number;
  setWhitening(handle: number, component: number, factor: number): void;
  logPatches(
    handle: number,
    image: number,
    nx: number,
    tops: number,
    rows: number,
    lefts: number,
    cols: number,
    out: number,
  ): number;
}

// Compiled code has no state: one copy serves every model and mixture of this thread.
let compiled: WebAssembly.Module | undefined;

/** Make a fresh instance of the kernels of predicted counts and priors. */
export function instantiateModelKernels(): ModelKernels {
  if (compiled === undefined) {
    const text = atob(modelWasmBase64);
    compiled = new WebAssembly.Module(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  }
  return new WebAssembly.Instance(compiled).exports as unknown as ModelKernels;
}

/** Reserve memory in an instance. @throws NumericsError without */
export function reserve(kernels: ModelKernels, bytes: number): number {
  return reserved(kernels.allocate(bytes));
}

/** An address that a kernel gave. @throws NumericsError when it is 0: there was no memory */
export function reserved(address: number): number {
  if (address !== 0) return address;
  throw new NumericsError(
    "model: images, psfs and priors must fit into 4 GiB of WebAssembly memory, but the host gave no more; cut out a smaller image",
  );
}
