import { createHash } from "node:crypto";
import { readFits } from "../../src/io/fits.js";

/** Name and SHA-256 of every data unit of a FITS file: headers carry dates, data units do not. */
export function dataUnits(bytes: Uint8Array): string[] {
  return readFits(bytes).map(({ name, index, dataOffset, dataLength }) => {
    const unit = bytes.subarray(dataOffset, dataOffset + dataLength);
    return `${index} ${name} ${createHash("sha256").update(unit).digest("hex")}`;
  });
}
