/** Files of a page as bytes. */

/** Most bytes of a file that a browser reads at once. */
const MOST = 2 ** 31 - 1;
/** Most bytes of a file after decompression: what a tab can hold a few times. */
export const MAX_BYTES = 2 ** 30;

/** Bytes of a file, or the first of them. @throws Error for one that the browser cannot read: too large, a folder, gone or changed since it was chosen */
export async function fileBytes(file: Blob, name: string, end?: number): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MOST)
    throw new Error(
      `${name}: a file must have at most 2 GB on a page, got ${(file.size / 1e9).toFixed(1)} GB; use tslira deconvolve, or cut a part out of it`,
    );
  try {
    return new Uint8Array(await file.slice(0, end).arrayBuffer());
  } catch (cause) {
    throw new Error(
      `${name}: must be a file that can be read, got a folder, or one that has gone or changed; choose the files themselves again`,
      { cause },
    );
  }
}
