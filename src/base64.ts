/** Bytes as base64, in browsers and in Node. */

/** Bytes as text in base64. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary);
}

/** Length of `bytes` as base64. */
export function base64Length(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}
