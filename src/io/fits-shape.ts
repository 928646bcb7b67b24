/** Columns, rows and planes of an image of any number of axes; all axes beyond the second count as planes. */
export function imageSize(shape: readonly number[]): {
  readonly nx: number;
  readonly ny: number;
  readonly planes: number;
} {
  const [ny = 1, nx = 0] = shape.length === 1 ? [1, shape[0]] : shape.slice(-2);
  return { nx, ny, planes: shape.slice(0, -2).reduce((product, length) => product * length, 1) };
}
