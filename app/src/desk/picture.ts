/** Pictures at the desk: the true sky of a simulated observation, right way up. */

import { fluxFromPicture, gaussianPsf, type Shape, type SimulatedObservation, simulateCounts } from "tslira";
import { previewOf } from "./preview.js";
import type { FoundPicture, PictureOptions } from "./start-calls.js";

/** Starts of PNG, JPEG, GIF, WebP, BMP and AVIF files. */
const STARTS = /^(?:\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|BM.{4}\0{4}|....ftypavif)/s;
/** Longest side that is decoded: fine enough for any sky, small enough for any picture. */
const DECODED_SIDE = 1024;
/** Expected background counts a pixel. */
const BACKGROUND = 0.5;

/** Whether a file starts as a picture that browsers decode. */
export function isPicture(start: Uint8Array): boolean {
  return STARTS.test(String.fromCharCode(...start));
}

/** The largest shape of the picture's proportions whose longest side is `side`. */
function shapeWithin(width: number, height: number, side: number): Shape {
  const scale = Math.min(1, side / Math.max(width, height));
  return [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))];
}

/** Any picture as PNG, not larger than needed. The browser turns it as its EXIF says. */
async function asPng(file: Blob, name: string) {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (cause) {
    throw new Error(
      `${name}: must be a whole picture that this browser can decode, got one it cannot; save it as PNG or JPEG`,
      { cause },
    );
  }
  const { width, height } = bitmap;
  const [rows, columns] = shapeWithin(width, height, DECODED_SIDE);
  const canvas = new OffscreenCanvas(columns, rows);
  const context = canvas.getContext("2d");
  if (context === null)
    throw new Error(`${name}: the browser must offer a canvas, got none; use another browser`);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, columns, rows);
  bitmap.close();
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return { width, height, png: new Uint8Array(await blob.arrayBuffer()) };
}

/** What a picture is like. */
export async function describePicture(file: Blob, name: string): Promise<FoundPicture> {
  const { width, height, png } = await asPng(file, name);
  const shape = shapeWithin(width, height, 96);
  return { width, height, preview: previewOf(fluxFromPicture(png, { invert: true, shape })) };
}

/** An observation of the picture as a sky: its brightness blurred by a Gaussian psf, with background, in Poisson counts. */
export async function pictureObservation(
  file: Blob,
  name: string,
  { invert, side, counts: totalFlux, psfSigma }: PictureOptions,
): Promise<SimulatedObservation> {
  const { width, height, png } = await asPng(file, name);
  const shape = shapeWithin(width, height, side);
  const flux = fluxFromPicture(png, { invert, shape, totalFlux });
  const psf = gaussianPsf(psfSigma);
  const level = (value: number) => ({ data: new Float64Array(shape[0] * shape[1]).fill(value), shape });
  const [exposure, background] = [level(1), level(BACKGROUND)];
  const counts = simulateCounts(flux, psf, { exposure, background, seed: 0 });
  return { counts, psf, exposure, background, flux, name: name.replace(/\.\w+$/, "") };
}
