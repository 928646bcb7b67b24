import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { multiscaleLevels } from "../../src/data/observation/multiscale-decomposition.js";
import type { Shape } from "../../src/image.js";
import { naiveTree } from "../oracles/multiscale.js";

/** What kernels/tree.ts, runs.ts, counts.ts and memory.ts export. */
interface TreeKernels {
  readonly memory: WebAssembly.Memory;
  readonly levels: WebAssembly.Global;
  allocate(bytes: number): number;
  layOutTree(ny: number, nx: number): number;
  prepareRuns(): number;
  rowsOf(level: number): number;
  colsOf(level: number): number;
  countsOf(level: number): number;
  massesOf(level: number): number;
  shiftIntoTree(image: number, shiftRow: number, shiftCol: number): void;
  aggregateCounts(): void;
}

let module: WebAssembly.Module;
beforeAll(async () => {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...["kernels/tree.ts", "kernels/runs.ts", "kernels/counts.ts", "kernels/memory.ts"],
      ...["--baseDir", fileURLToPath(new URL("../..", import.meta.url))],
      ...["--outFile", "tree.wasm", "--runtime", "stub", "--use", "abort="],
      ...["--enable", "simd", "--noAssert", "-O3"],
    ],
    {
      writeFile: (name: string, contents: string | Uint8Array) => {
        if (name === "tree.wasm" && typeof contents !== "string") binary = contents;
      },
    },
  );
  if (error || !binary) throw new Error(`asc failed:\n${stderr.toString()}`, { cause: error });
  module = new WebAssembly.Module(new Uint8Array(binary));
}, 60_000);

function layOut([ny, nx]: Shape): TreeKernels {
  const kernels = new WebAssembly.Instance(module).exports as unknown as TreeKernels;
  expect(kernels.layOutTree(ny, nx)).toBeTruthy();
  expect(kernels.prepareRuns()).toBeTruthy();
  return kernels;
}

/** Fill the tree with an image and read all its levels back. */
function aggregate(shape: Shape, image: Int32Array, shift: Shape): { shape: Shape; nodes: number[] }[] {
  const kernels = layOut(shape);
  const address = kernels.allocate(4 * image.length);
  new Int32Array(kernels.memory.buffer, address, image.length).set(image);
  kernels.shiftIntoTree(address, shift[0], shift[1]);
  kernels.aggregateCounts();
  return Array.from({ length: Number(kernels.levels.value) + 1 }, (_, level) => {
    const rows = kernels.rowsOf(level);
    const cols = kernels.colsOf(level);
    const nodes = new Int32Array(kernels.memory.buffer, kernels.countsOf(level), rows * cols);
    return { shape: [rows, cols] as const, nodes: [...nodes] };
  });
}

// Widths up to 70: the kernel sums whole blocks four at a time, then one by one.
const size = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 }));
const shapes = fc.oneof(
  fc.tuple(size, size),
  fc.tuple(fc.constant(1), size),
  fc.tuple(size, fc.constant(1)),
  fc.constantFrom<Shape>([1, 1], [8, 8], [64, 64], [63, 65], [16, 3]),
);
const cases = shapes.chain(([ny, nx]) =>
  fc.record({
    shape: fc.constant<Shape>([ny, nx]),
    shift: fc.tuple(fc.nat(ny - 1), fc.nat(nx - 1)),
    image: fc.int32Array({ min: 0, max: 100_000, minLength: ny * nx, maxLength: ny * nx }),
  }),
);

describe("tree kernel", () => {
  it("sums every level as the naive tree does, for any shape and shift", () => {
    fc.assert(
      fc.property(cases, ({ shape, shift, image }) => {
        const tree = aggregate(shape, image, shift);
        const expected = naiveTree(image, shape, shift);
        expect(tree).toEqual(expected.map((level) => ({ shape: level.shape, nodes: [...level.nodes] })));
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the sum of the image at each level", () => {
    fc.assert(
      fc.property(cases, ({ shape, shift, image }) => {
        const total = image.reduce((sum, value) => sum + value, 0);
        for (const { nodes } of aggregate(shape, image, shift)) {
          expect(nodes.reduce((sum, value) => sum + value, 0)).toBe(total);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("puts pixel (row + shiftRow, col + shiftCol) at node (row, col)", () => {
    const image = Int32Array.from([0, 1, 2, 10, 11, 12]);
    expect(aggregate([2, 3], image, [1, 2])[0].nodes).toEqual([12, 10, 11, 2, 0, 1]);
  });

  it("has as many levels as axes must be halved, in the kernel and in the settings", () => {
    const known: [Shape, number][] = [
      [[1, 1], 0],
      [[1, 2], 1],
      [[2, 2], 1],
      [[3, 2], 2],
      [[1, 5], 3],
      [[64, 64], 6],
      [[65, 3], 7],
      [[1, 1024], 10],
    ];
    for (const [shape, levels] of known) {
      expect(multiscaleLevels(shape)).toBe(levels);
      expect(Number(layOut(shape).levels.value)).toBe(levels);
    }
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(Number(layOut(shape).levels.value)).toBe(multiscaleLevels(shape));
      }),
    );
  });

  it("keeps counts and masses of all levels apart", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const kernels = layOut(shape);
        const levels = Number(kernels.levels.value);
        const ranges: [number, number][] = [];
        for (let level = 0; level <= levels; level++) {
          const nodes = kernels.rowsOf(level) * kernels.colsOf(level);
          ranges.push([kernels.countsOf(level), kernels.countsOf(level) + 4 * nodes]);
          if (level > 0) ranges.push([kernels.massesOf(level), kernels.massesOf(level) + 8 * nodes]);
        }
        const end = kernels.allocate(0);
        ranges.sort((a, b) => a[0] - b[0]);
        ranges.forEach(([, stop], index) => {
          expect(stop).toBeLessThanOrEqual(ranges[index + 1]?.[0] ?? end);
        });
      }),
    );
  });
});
