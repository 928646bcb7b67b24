import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { InvalidInputError } from "../errors.js";
import { fileLength, openToRead } from "./fits-file-node.js";
import { withFileErrors } from "./fits-temporary-node.js";

/** Bytes that are read at once: twice as fast as what a stream takes. */
const PIECE = 2 ** 20;

/**
 * SHA-256 of a file as lower-case hexadecimal digits; the file is never in memory whole.
 *
 * @throws InvalidInputError when it cannot be read, or is a folder, or a device or pipe, which may have no end
 */
export async function fileSha256(path: string): Promise<string> {
  return withFileErrors(path, async () => {
    const hash = createHash("sha256");
    const file = await openToRead(path);
    try {
      await fileLength(path, file);
      const piece = Buffer.allocUnsafe(PIECE);
      for (;;) {
        const { bytesRead } = await file.read(piece, 0, PIECE);
        if (bytesRead === 0) return hash.digest("hex");
        hash.update(piece.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  });
}

/**
 * Check that a file to be replaced is none of those that were read, under whatever name.
 *
 * @param inputs files that were read, with their SHA-256
 * @throws InvalidInputError when it is one
 */
export async function checkNotRead(
  path: string,
  inputs: readonly { readonly name: string; readonly sha256: string }[],
): Promise<void> {
  const present = await stat(path).catch(() => undefined);
  if (inputs.length === 0 || !present?.isFile()) return;
  const sha256 = await fileSha256(path);
  const input = inputs.find((one) => one.sha256 === sha256);
  if (input === undefined) return;
  throw new InvalidInputError(
    `${path}: output must be a file of its own, got one with the bytes of ${input.name}, which is read; choose another name`,
    { fields: { path } },
  );
}
