import type { SkyImage } from "../../src/image.js";
import { transfer } from "./convolution.js";

// Predicted counts from their definition, pixel by pixel. Nothing here shares code with src.

/** A sky larger and finer than its detector, the psf given in sky pixels. */
export interface NaiveSky {
  readonly upsampling: number;
  readonly margin: number;
}

/** Expected counts of a sky `[u (ny + 2 margin), u (nx + 2 margin)]` with one exposure everywhere. */
export function naivePrediction(
  flux: SkyImage,
  psf: SkyImage,
  [ny, nx]: readonly [number, number],
  { upsampling: u, margin }: NaiveSky,
): number[] {
  const [skyNy, skyNx] = flux.shape;
  const result: number[] = [];
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      let sum = 0;
      for (let a = 0; a < u; a++) {
        for (let b = 0; b < u; b++) {
          const to: [number, number] = [u * (row + margin) + a, u * (col + margin) + b];
          for (let skyRow = 0; skyRow < skyNy; skyRow++) {
            for (let skyCol = 0; skyCol < skyNx; skyCol++) {
              const light = flux.data[skyRow * skyNx + skyCol];
              sum += light * transfer(psf, [skyNy, skyNx], "spill", to, [skyRow, skyCol]);
            }
          }
        }
      }
      result.push(sum);
    }
  }
  return result;
}
