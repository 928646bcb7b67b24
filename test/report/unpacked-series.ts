/** All values of one series of packed draws, draw by draw. */
import { type PackedDraws, unpackDraw } from "../../src/report/packed-draws.js";

export function unpackedSeries(packed: PackedDraws, index: number): Float32Array {
  const values = new Float32Array(packed.series);
  return Float32Array.from({ length: packed.draws }, (_, draw) => {
    unpackDraw(packed, draw, values);
    return values[index];
  });
}
