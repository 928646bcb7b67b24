// Compiles kernels/fourier-exports.ts on the fly, for the tests of the Fourier transforms.

import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** What kernels/fourier-exports.ts exports, as JavaScript sees it; pointers are byte offsets into `memory`. */
export interface FourierKernels {
  readonly memory: WebAssembly.Memory;
  readonly blockRows: WebAssembly.Global;
  readonly blockCols: WebAssembly.Global;
  allocate(bytes: number): number;
  transformOnce(n: number, from: number, to: number): number;
  convolveOnce(
    ny: number,
    nx: number,
    psfRows: number,
    psfCols: number,
    turned: number,
    counts: number,
    padded: number,
    stride: number,
    expected: number,
  ): number;
}

/** Compile the test entry with the flags of scripts/build-kernels.mjs. */
export async function compileFourierKernels(): Promise<WebAssembly.Module> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      "kernels/fourier-exports.ts",
      ...["--baseDir", fileURLToPath(new URL("../..", import.meta.url))],
      ...["--outFile", "fourier.wasm", "--runtime", "stub", "--use", "abort="],
      ...["--enable", "simd", "--noAssert", "-O3"],
    ],
    {
      writeFile: (name: string, contents: string | Uint8Array) => {
        if (name === "fourier.wasm" && typeof contents !== "string") binary = contents;
      },
    },
  );
  if (error || !binary) throw new Error(`asc failed:\n${stderr.toString()}`, { cause: error });
  return WebAssembly.compile(new Uint8Array(binary));
}

/** A fresh instance: nothing is ever freed in one. */
export function startFourierKernels(module: WebAssembly.Module): FourierKernels {
  return new WebAssembly.Instance(module).exports as unknown as FourierKernels;
}
