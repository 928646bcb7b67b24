import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/data/random/random.js";
import { compileFourierKernels, startFourierKernels } from "./fourier-module.js";

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await compileFourierKernels();
}, 60_000);

/** Transform two complex lines at once: arrays of [re0, re1, im0, im1]. */
function transform(values: Float64Array): Float64Array | undefined {
  const kernels = startFourierKernels(module);
  const n = values.length / 4;
  const from = kernels.allocate(values.byteLength);
  const to = kernels.allocate(values.byteLength);
  new Float64Array(kernels.memory.buffer, from, values.length).set(values);
  if (!kernels.transformOnce(n, from, to)) return undefined;
  return new Float64Array(kernels.memory.buffer, to, values.length).slice();
}

/** The definition: X[k] = sum_j x[j] exp(-2 pi i j k / n), both lanes. */
function naiveTransform(values: Float64Array): Float64Array {
  const n = values.length / 4;
  const result = new Float64Array(values.length);
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let lane = 0; lane < 2; lane++) {
        const [re, im] = [values[4 * j + lane], values[4 * j + 2 + lane]];
        result[4 * k + lane] += re * c - im * s;
        result[4 * k + 2 + lane] += re * s + im * c;
      }
    }
  }
  return result;
}

const norm = (values: Float64Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

describe("transform", () => {
  // All ways through the radices, with each as first, middle and last stage.
  const lengths = [
    2, 4, 6, 8, 10, 12, 16, 18, 20, 24, 30, 32, 36, 40, 50, 54, 60, 64, 72, 90, 96, 100, 120, 128, 150,
  ];
  it.each([...lengths, 250, 256, 288, 360, 500, 576])("of length %i agrees with the definition", (n) => {
    const random = randomStream(n);
    const values = Float64Array.from({ length: 4 * n }, () => random.uniform() - 0.5);
    const ours = transform(values);
    if (ours === undefined) throw new Error("no memory");
    const exact = naiveTransform(values);
    const error = norm(ours.map((value, index) => value - exact[index])) / norm(exact);
    // The oracle's own plain sums are off by about sqrt(n) ulp.
    expect(error).toBeLessThan(2e-15 * Math.sqrt(n));
  });

  it("refuses odd lengths and primes above 5", () => {
    for (const n of [7, 9, 14, 22, 26]) expect(transform(new Float64Array(4 * n))).toBeUndefined();
  });

  it("twice gives the input backwards, n times", () => {
    const n = 1080;
    const random = randomStream(2);
    const values = Float64Array.from({ length: 4 * n }, () => random.uniform() - 0.5);
    const twice = transform(transform(values) as Float64Array) as Float64Array;
    let worst = 0;
    for (let j = 0; j < n; j++) {
      const back = (n - j) % n;
      for (let part = 0; part < 4; part++) {
        worst = Math.max(worst, Math.abs(twice[4 * back + part] / n - values[4 * j + part]));
      }
    }
    expect(worst).toBeLessThan(3e-15);
  });
});

interface Field {
  readonly shape: readonly [number, number];
  readonly psf: readonly [number, number];
  readonly light: (random: () => number) => number;
  readonly lit?: (row: number, col: number) => boolean;
}

/** Outputs of the kernel and of plain double sums over the same f32 numbers. */
function convolveBoth(
  { shape: [ny, nx], psf: [psfRows, psfCols], light, lit = () => true }: Field,
  seed: number,
) {
  const { uniform } = randomStream(seed);
  const kernels = startFourierKernels(module);
  const stride = (nx + psfCols - 1 + 3) & ~3;
  const rows = ny + psfRows - 1;
  const turned = Float32Array.from({ length: psfRows * psfCols }, () => uniform() / (psfRows * psfCols));
  const padded = Float32Array.from({ length: rows * stride }, () => light(uniform));
  const counts = Int32Array.from({ length: ny * nx }, (_, index) =>
    Number(lit(Math.floor(index / nx), index % nx)),
  );
  const place = (values: Float32Array | Int32Array) => {
    const at = kernels.allocate(values.byteLength);
    new Uint8Array(kernels.memory.buffer, at, values.byteLength).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
    return at;
  };
  const [turnedAt, countsAt, paddedAt] = [place(turned), place(counts), place(padded)];
  const out = kernels.allocate(4 * ny * nx);
  const status = kernels.convolveOnce(ny, nx, psfRows, psfCols, turnedAt, countsAt, paddedAt, stride, out);
  expect(status).toBe(1);
  const ours = new Float32Array(kernels.memory.buffer, out, ny * nx).slice();
  const exact = new Float64Array(ny * nx);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      let sum = 0;
      for (let r = 0; r < psfRows; r++) {
        for (let c = 0; c < psfCols; c++) {
          sum += turned[r * psfCols + c] * padded[(row + r) * stride + col + c];
        }
      }
      exact[row * nx + col] = sum;
    }
  }
  return { ours, exact, counts, blocks: [Number(kernels.blockRows.value), Number(kernels.blockCols.value)] };
}

const smooth = (random: () => number) => 1 + random();

describe("convolve", () => {
  const shapes: [number, number, number, number][] = [
    [1, 1, 1, 1],
    [1, 40, 1, 9],
    [40, 1, 9, 1],
    [5, 7, 9, 13],
    [33, 47, 8, 5],
    [64, 64, 33, 33],
    [150, 90, 6, 11],
    [201, 220, 17, 12],
  ];
  it.each(shapes)(
    "of %i x %i pixels with %i x %i cells agrees with plain sums to 1e-6",
    (ny, nx, rows, cols) => {
      const { ours, exact } = convolveBoth({ shape: [ny, nx], psf: [rows, cols], light: smooth }, ny + nx);
      for (const [index, value] of exact.entries()) {
        expect(Math.abs(ours[index] / value - 1)).toBeLessThan(1e-6);
      }
    },
  );

  it("keeps blocks apart, and leaves those without counts alone", () => {
    const lit = (row: number, col: number) => row > 150 && col < 30;
    const { ours, exact, counts, blocks } = convolveBoth(
      { shape: [300, 280], psf: [9, 9], light: smooth, lit },
      5,
    );
    expect(blocks[0] * blocks[1]).toBeLessThan(300 * 280);
    for (const [index, value] of exact.entries()) {
      if (counts[index] > 0) expect(Math.abs(ours[index] / value - 1)).toBeLessThan(1e-6);
    }
    expect(ours[279]).toBe(0);
  });

  it("writes 0 rather than a value off by more than 1e-6", () => {
    // Spikes of 1e12 over pixels of 1e-8: next to nothing is lost, far from the spikes nothing is left.
    const light = (random: () => number) => (random() < 0.001 ? 1e12 : 1e-8 * random());
    const { ours, exact } = convolveBoth({ shape: [120, 120], psf: [7, 9], light }, 6);
    let refused = 0;
    for (const [index, value] of exact.entries()) {
      if (ours[index] === 0) refused++;
      else expect(Math.abs(ours[index] / value - 1)).toBeLessThan(1e-6);
    }
    expect(refused).toBeGreaterThan(1000);
    expect(refused).toBeLessThan(14_000);
  });
});
