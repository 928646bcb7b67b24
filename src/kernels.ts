import { NumericsError } from "./errors.js";
import { kernelsWasmBase64 } from "./generated/kernels-wasm.js";

/** The functions that `kernels/index.ts` exports; addresses are byte offsets into `memory`. One instance is one chain. */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly momentCount: WebAssembly.Global;
  readonly means: WebAssembly.Global;
  readonly squares: WebAssembly.Global;
  readonly levels: WebAssembly.Global;
  readonly hasDark: WebAssembly.Global;
  readonly roots: WebAssembly.Global;
  readonly rootCount: WebAssembly.Global;
  readonly statesKnown: WebAssembly.Global;
  readonly transfersAccepted: WebAssembly.Global;
  readonly transfersTried: WebAssembly.Global;
  readonly nodeTransfersAccepted: WebAssembly.Global;
  readonly nodeTransfersTried: WebAssembly.Global;
  readonly matrixMovesAccepted: WebAssembly.Global;
  readonly matrixMovesTried: WebAssembly.Global;
  readonly backgroundTransfersAccepted: WebAssembly.Global;
  readonly backgroundTransfersTried: WebAssembly.Global;
  allocate(bytes: number): number;
  setStates(count: number): void;
  stateAlphas(): number;
  transitionPriorArray(): number;
  transitionArray(): number;
  nodeStatesArray(): number;
  nodeStatesLength(): number;
  smoothnessSums(): number;
  smoothnessLength(): number;
  createChain(
    rows: number,
    cols: number,
    periodic: number,
    cycleSpin: number,
    pairTransfers: number,
    sampleAlpha: number,
    sampleBackgroundScale: number,
    referenceExposure: number,
    totalCountsShape: number,
    totalCountsRate: number,
    backgroundScaleShape: number,
    backgroundScaleRate: number,
  ): number;
  createObservation(
    psfRows: number,
    psfCols: number,
    centreRow: number,
    centreCol: number,
    hasBackground: number,
    backgroundCounts: number,
    partCount?: number,
  ): number;
  createPart(
    observation: number,
    psfRows: number,
    psfCols: number,
    centreRow: number,
    centreCol: number,
    top: number,
    left: number,
    rows: number,
    cols: number,
  ): number;
  observationArray(observation: number, which: number): number;
  backgroundScale(observation: number): number;
  setBackgroundScale(observation: number, scale: number): void;
  setRedistribution(scheme: number): void;
  usesTiles(observation: number): number;
  letPsfVary(): void;
  prepareChain(): number;
  changePsf(observation: number, backgroundCounts: number, dark: number): void;
  likelihood(): number;
  drawIndex(count: number): number;
  drawUniform(): number;
  startChain(): number;
  setDarkSky(mode: number): void;
  showDarkSky(): void;
  resumeChain(isWhole: number, withStates: number): number;
  darkMasses(): number;
  imageRunsOf(row: number): number;
  runsOf(level: number, row: number): number;
  momentLength(): number;
  seedRandom(seed: bigint, stream: bigint): void;
  setSmoothingPrior(power: number, rate: number, exponent: number): void;
  setPixelPrior(shape: number, rate: number): void;
  setMomentCount(count: number): void;
  runSweeps(count: number, trace: number, skip: number): number;
  fluxArray(): number;
  exposedArray(): number;
  alphaArray(): number;
  stateArray(): number;
  stateLength(): number;
  randomArray(): number;
  sourceCountsArray(): number;
  photonsArray(observation: number): number;
  totalCounts(): number;
  logPrior(): number;
  logLikelihood(): number;
  setTransfers(nodes: number, background: number): void;
  setShift(row: number, col: number): void;
  shiftRow(): number;
  shiftCol(): number;
  stepRedistribute(): number;
  stepSourceCounts(): void;
  stepAggregate(row: number, col: number): void;
  stepShift(): number;
  shiftScores(): number;
  stepEvidence(row: number, col: number): number;
  stepExpectation(from: number, to: number): number;
  moveMatrix(): number;
  stepSmoothing(): number;
  stepImage(row: number, col: number): void;
  stepTransfers(row: number, col: number): number;
}

function kernelsBytes(): Uint8Array<ArrayBuffer> {
  const text = atob(kernelsWasmBase64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

// Compiled code has no state: one copy serves every chain of this thread.
let compiled: WebAssembly.Module | undefined;

/** Compile the kernels without blocking; the module can be posted to workers and shared by any number of chains. */
export async function compileKernels(): Promise<WebAssembly.Module> {
  compiled ??= await WebAssembly.compile(kernelsBytes());
  return compiled;
}

/**
 * Make a fresh instance of the kernels: the home of one chain.
 *
 * @param module result of `compileKernels`; compiled on the spot when left out
 */
export function instantiateKernels(module?: WebAssembly.Module): Kernels {
  if (module === undefined) {
    compiled ??= new WebAssembly.Module(kernelsBytes());
    module = compiled;
  }
  return new WebAssembly.Instance(module).exports as unknown as Kernels;
}

/** Turn the status of a kernel call into an error. @throws NumericsError for every status but 0 */
export function checkStatus(where: string, status: number): void {
  switch (status) {
    case 0:
      return;
    case 1:
      throw new NumericsError(
        `${where}: the chain must fit into 4 GiB of WebAssembly memory, but the host gave no more; ` +
          "cut out a smaller image or run fewer chains at a time",
        { fields: { status } },
      );
    case 2:
      throw new NumericsError(
        `${where}: every pixel with counts must get light from the image, got lambda = 0 or not finite; ` +
          "check psf, exposure and the starting image",
        { fields: { status } },
      );
    case 3:
      throw new NumericsError(
        `${where}: expected counts at the reference exposure must stay below 2^30, got more; ` +
          "mask pixels whose exposure is a tiny fraction of the largest",
        { fields: { status } },
      );
    default:
      throw new NumericsError(`${where}: unknown kernel status ${status}; please report this`, {
        fields: { status },
      });
  }
}
