import type { SkyImage } from "../../src/image.js";

/** An image from a function of column x and row y. */
export function imageOf(ny: number, nx: number, value: (x: number, y: number) => number): SkyImage {
  const data = Float64Array.from({ length: ny * nx }, (_, index) =>
    value(index % nx, Math.floor(index / nx)),
  );
  return { data, shape: [ny, nx] };
}

/** Numbers in [0, 1) from a linear congruential generator (Numerical Recipes), the same in every run. */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Text content of every text element of an SVG. */
export function textsOf(svg: string): string[] {
  return Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) => text ?? "");
}

/** Number of embedded pictures: heat maps and colour bars. */
export function picturesOf(svg: string): number {
  return svg.match(/<image /g)?.length ?? 0;
}
