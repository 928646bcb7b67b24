/** Contour lines; d3-contour ships no types of its own. */
declare module "d3-contour" {
  /** Rings `[x, y]`, first and last point the same, in pixels whose centres are at halves: outer ones, each followed by its holes. */
  type MultiPolygon = {
    readonly coordinates: readonly (readonly (readonly (readonly [number, number])[])[])[];
  };
  type Contours = {
    size(size: readonly [nx: number, ny: number]): Contours;
    /** What lies at `value` and above, by linear interpolation between the centres of pixels `[ny, nx]`. */
    contour(values: ArrayLike<number>, value: number): MultiPolygon;
  };
  export function contours(): Contours;
}
