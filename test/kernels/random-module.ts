// Compiles kernels/random-exports.ts on the fly, for the tests of the random draws and of the special functions.

import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** What kernels/random-exports.ts exports, as JavaScript sees it; pointers are byte offsets into `memory`. */
export interface RandomKernels {
  readonly memory: WebAssembly.Memory;
  readonly randomState: WebAssembly.Global;
  allocate(bytes: number): number;
  seedRandom(seed: bigint, stream: bigint): void;
  nextBits(): bigint;
  drawUniform(): number;
  drawGamma(shape: number): number;
  drawLogGamma(shape: number): number;
  drawLogGammas(shapes: number, out: number, count: number): void;
  drawPoisson(mean: number): number;
  drawBinomial(n: number, p: number): number;
  drawIndex(n: number): number;
  fillBits(out: number, count: number): void;
  fillUniform(out: number, count: number): void;
  fillNormal(out: number, count: number): void;
  fillExponential(out: number, count: number): void;
  fillGamma(out: number, count: number, shape: number): void;
  fillLogGamma(out: number, count: number, shape: number): void;
  layOutLogGamma(shape: number): number;
  fillKnownLogGamma(out: number, count: number, layers: number): void;
  fillLogGammas(shapes: number, count: number, block: number): void;
  fillPoisson(out: number, count: number, mean: number): void;
  fillBinomial(out: number, count: number, n: number, p: number): void;
  fillIndex(out: number, count: number, n: number): void;
  mapScalar(which: number, x: number, out: number, count: number): void;
  mapPair(which: number, x: number, out: number, count: number): void;
  log(x: number): number;
  exp(x: number): number;
  logGamma(x: number): number;
  digamma(x: number): number;
  trigamma(x: number): number;
}

/** Compile the test entry with the flags of scripts/build-kernels.mjs and start an instance. */
export async function loadRandomKernels(): Promise<RandomKernels> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      "kernels/random-exports.ts",
      ...["--baseDir", fileURLToPath(new URL("../..", import.meta.url))],
      ...["--outFile", "random.wasm", "--runtime", "stub", "--use", "abort="],
      ...["--enable", "simd", "--noAssert", "-O3"],
    ],
    {
      writeFile: (name: string, contents: string | Uint8Array) => {
        if (name === "random.wasm" && typeof contents !== "string") binary = contents;
      },
    },
  );
  if (error || !binary) throw new Error(`asc failed:\n${stderr.toString()}`, { cause: error });
  const { instance } = await WebAssembly.instantiate(new Uint8Array(binary));
  return instance.exports as unknown as RandomKernels;
}
