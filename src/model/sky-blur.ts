import type { Boundary } from "../data/observation/boundary.js";
import type { PsfWindow } from "../data/observation/psf.js";
import type { Shape } from "../image.js";
import { type ModelKernels, reserve, reserved } from "../model-kernels.js";
import type { SkyPsf, SkyPsfPart } from "./sky-psf.js";

/** A psf that blurs images of the sky, f64 `[ny, nx]` at addresses in the memory of the kernels. */
export interface SkyBlur {
  /** Blur the image at `source` into the one at `out`; returns the largest possible rounding error of any output. */
  blur(source: number, out: number): number;
  /** The transpose of `blur`. */
  transpose(image: number, out: number): void;
  /** One pixel of the blurred image of the last `source`, by its sum. */
  pixel(source: number, row: number, col: number): number;
}

/** How a blur is laid out. */
export interface SkyBlurOptions {
  readonly boundary: Boundary;
  readonly blurring: "automatic" | "sums" | "transforms";
}

const BLURRINGS = ["automatic", "sums", "transforms"];

/** Lay out the blur by a psf on an image of the sky, which is transformed once. */
export function skyBlur(kernels: ModelKernels, psf: SkyPsf, shape: Shape, options: SkyBlurOptions): SkyBlur {
  return "parts" in psf
    ? blurByParts(kernels, psf.parts, shape, options)
    : blurByOne(kernels, psf, shape, options);
}

function blurByOne(
  kernels: ModelKernels,
  { psf, centre }: PsfWindow,
  [ny, nx]: Shape,
  { boundary, blurring }: SkyBlurOptions,
): SkyBlur {
  const handle = reserved(
    kernels.createBlur(
      ny,
      nx,
      psf.shape[0],
      psf.shape[1],
      centre[0],
      centre[1],
      Number(boundary === "wrap"),
      BLURRINGS.indexOf(blurring),
    ),
  );
  new Float64Array(kernels.memory.buffer, kernels.psfArray(handle), psf.data.length).set(psf.data);
  kernels.prepareBlur(handle);
  return {
    blur(source, out) {
      kernels.blurImage(handle, source, out);
      return Number(kernels.blurError.value);
    },
    transpose: (image, out) => kernels.blurTranspose(handle, image, out),
    pixel: (source, row, col) => kernels.blurPixel(handle, source, row, col),
  };
}

/** A part with the rectangle of pixels that its box and what this reaches lie in. */
interface BlurPart extends SkyPsfPart {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly cols: number;
  readonly one: SkyBlur;
  /** Address of the light of the box, in the rectangle. */
  readonly light: number;
}

/**
 * The sum over the parts of what each makes of its share of the light. Every part has an image of its own, as large as its box and
 * what this reaches, so that the cost grows with the overlap of the boxes and not with their number.
 */
function blurByParts(
  kernels: ModelKernels,
  given: readonly SkyPsfPart[],
  shape: Shape,
  options: SkyBlurOptions,
): SkyBlur {
  const [ny, nx] = shape;
  const parts = given.map((part): BlurPart => {
    const { psf, centre, row, col, weights } = part;
    const reach = (axis: 0 | 1) => [centre[axis], psf.shape[axis] - 1 - centre[axis]];
    const span = (first: number, length: number, [before, after]: number[], size: number) => {
      const start = Math.max(0, Math.min(first, first - before));
      return [start, Math.min(size, Math.max(first + length, first + length + after)) - start];
    };
    const [top, rows] = span(row, weights.shape[0], reach(0), ny);
    const [left, cols] = span(col, weights.shape[1], reach(1), nx);
    const one = blurByOne(kernels, part, [rows, cols], options);
    return { ...part, top, left, rows, cols, one, light: reserve(kernels, 8 * (rows * cols + 1)) };
  });
  const largest = Math.max(...parts.map(({ rows, cols }) => rows * cols));
  const scratch = reserve(kernels, 8 * (largest + 1));
  const returned = reserve(kernels, 8 * (largest + 1));
  const view = (address: number, length: number) => new Float64Array(kernels.memory.buffer, address, length);
  /** Visit the rows of a part's box: index in its rectangle, in the image and in the weights of the first pixel. */
  const eachRow = (
    { top, left, cols, row, col, weights }: BlurPart,
    visit: (inPart: number, inImage: number, inBox: number, width: number) => void,
  ) => {
    const [height, width] = weights.shape;
    for (let line = 0; line < height; line++) {
      const inPart = (row - top + line) * cols + col - left;
      visit(inPart, (row + line) * nx + col, line * width, width);
    }
  };
  return {
    blur(source, out) {
      const image = view(source, ny * nx);
      const sum = view(out, ny * nx).fill(0);
      let error = 0;
      for (const part of parts) {
        const { one, light, top, left, rows, cols, weights } = part;
        const shared = view(light, rows * cols);
        eachRow(part, (inPart, inImage, inBox, width) => {
          for (let at = 0; at < width; at++) {
            shared[inPart + at] = weights.data[inBox + at] * image[inImage + at];
          }
        });
        error += one.blur(light, scratch);
        const blurred = view(scratch, rows * cols);
        for (let row = 0, from = 0; row < rows; row++) {
          const to = (top + row) * nx + left;
          for (let col = 0; col < cols; col++, from++) sum[to + col] += blurred[from];
        }
      }
      return error;
    },
    transpose(image, out) {
      const sum = view(out, ny * nx).fill(0);
      const given = view(image, ny * nx);
      for (const part of parts) {
        const { one, top, left, rows, cols, weights } = part;
        const cut = view(scratch, rows * cols);
        for (let row = 0; row < rows; row++) {
          const from = (top + row) * nx + left;
          cut.set(given.subarray(from, from + cols), row * cols);
        }
        one.transpose(scratch, returned);
        const back = view(returned, rows * cols);
        eachRow(part, (inPart, inImage, inBox, width) => {
          for (let at = 0; at < width; at++)
            sum[inImage + at] += weights.data[inBox + at] * back[inPart + at];
        });
      }
    },
    pixel(_, row, col) {
      let sum = 0;
      for (const { one, light, top, left, rows, cols } of parts) {
        const inside = row >= top && row < top + rows && col >= left && col < left + cols;
        if (inside) sum += one.pixel(light, row - top, col - left);
      }
      return sum;
    },
  };
}
