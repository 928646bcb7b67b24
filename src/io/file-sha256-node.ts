import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { withFileErrors } from "./fits-temporary-node.js";

/** SHA-256 of a file as lower-case hexadecimal digits; the file is never in memory whole. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await withFileErrors(path, () => pipeline(createReadStream(path), hash));
  return hash.digest("hex");
}
