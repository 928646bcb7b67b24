import { describe, expect, it } from "vitest";
import { type Shape, skyImage } from "../../src/image.js";
import { createStepChain } from "./step-kernels.js";

/** Run sweeps one by one, and keep every flux that should count. */
function run(shape: Shape, sweeps: number, burnIn: number) {
  const pixels = shape[0] * shape[1];
  const counts = Float64Array.from({ length: pixels }, (_, pixel) => (pixel * 7) % 5);
  const chain = createStepChain(shape, [
    { counts: skyImage(counts, shape), psf: skyImage([1, 2, 1], [1, 3]) },
  ]);
  const { kernels } = chain;
  const trace = kernels.allocate(8 * (7 + chain.levels));
  const kept: Float64Array[] = [];
  for (let sweep = 0; sweep < sweeps; sweep++) {
    expect(kernels.runSweeps(1, trace, sweep < burnIn ? 1 : 0)).toBe(0);
    // Memory may have grown for the trace: views are made anew.
    const flux = new Float64Array(kernels.memory.buffer, kernels.fluxArray(), pixels);
    if (sweep >= burnIn) kept.push(flux.slice());
  }
  return {
    kept,
    count: Number(kernels.momentCount.value),
    mean: new Float64Array(kernels.memory.buffer, Number(kernels.means.value), pixels),
    squares: new Float64Array(kernels.memory.buffer, Number(kernels.squares.value), pixels),
  };
}

describe("moments", () => {
  const shapes: Shape[] = [
    [1, 1],
    [1, 2],
    [3, 1],
    [4, 4],
    [5, 3],
  ];
  it.each(shapes)("are those of the sweeps that count: %i x %i", (ny, nx) => {
    const { kept, count, mean, squares } = run([ny, nx], 400, 57);
    expect(count).toBe(343);
    expect(kept).toHaveLength(343);
    for (let pixel = 0; pixel < ny * nx; pixel++) {
      const naive = kept.reduce((sum, flux) => sum + flux[pixel], 0) / count;
      const spread = kept.reduce((sum, flux) => sum + (flux[pixel] - naive) ** 2, 0);
      expect(mean[pixel] / naive).toBeCloseTo(1, 12);
      expect(squares[pixel] / spread).toBeCloseTo(1, 10);
    }
  });

  it("of one sweep are that sweep and zero", () => {
    const { kept, mean, squares } = run([3, 3], 1, 0);
    expect([...mean]).toEqual([...kept[0]]);
    expect([...squares]).toEqual(new Array(9).fill(0));
  });

  it("stay empty during burn-in", () => {
    const { count, mean } = run([2, 3], 5, 5);
    expect(count).toBe(0);
    expect(Math.max(...mean)).toBe(0);
  });
});
