/** Where a chain stood at its last two checkpoints, with the checksums of what its traces held. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findHdu, fitsCard, readFits, readImageData, writeFits } from "../io/fits.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { openSealed, sealBytes } from "../io/sealed-bytes-node.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import type { ChainState } from "../samplers/sampler.js";
import { stateHdus, stateOf } from "./chain-state-fits.js";

/** Where a chain stands, and what its traces hold up to there. */
export interface Checkpoint {
  readonly state: ChainState;
  /** CRC-32 of the rows. */
  readonly rows: number;
  /** Sweeps between the draws. */
  readonly every: number;
  /** CRC-32 of each draw. */
  readonly draws: readonly number[];
}

/** Files of the states of a chain: that of the last checkpoint, and the one before. */
export function statePaths(folder: string, chain: number): readonly [last: string, previous: string] {
  return [join(folder, `chain-${chain}.state.fits`), join(folder, `chain-${chain}.state.previous.fits`)];
}

/**
 * Write where a chain stands. The state before is kept beside it until there is a third.
 *
 * @throws JobError when the disk is full or fails; the states before are still there
 */
export async function writeCheckpoint(
  folder: string,
  chain: number,
  { state, rows, every, draws }: Checkpoint,
): Promise<void> {
  const bytes = writeFits([
    ...stateHdus(state, [
      fitsCard("ROWSCRC", rows, "CRC-32 of the rows so far"),
      fitsCard("EVERY", every, "sweeps between draws"),
      fitsCard("DRAWS", draws.length, "draws so far, their CRC-32 in DRAWCRC"),
    ]),
    ...(draws.length > 0
      ? [{ kind: "image" as const, name: "DRAWCRC", shape: [draws.length], data: Float64Array.from(draws) }]
      : []),
  ]);
  const [last, previous] = statePaths(folder, chain);
  await writeWholeFile(last, sealBytes(bytes), { previous });
}

/**
 * Read a state that `writeCheckpoint` wrote.
 *
 * @throws FormatError when the file is damaged
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = new Uint8Array(await withFileErrors(path, () => readFile(path)));
  const hdus = readFits(openSealed(path, bytes), { name: path });
  const header = (keyword: string) => Number(hdus[0].header.get(keyword));
  return {
    state: stateOf(hdus),
    rows: header("ROWSCRC"),
    every: header("EVERY"),
    draws:
      header("DRAWS") > 0 ? Array.from(readImageData(findHdu(hdus, "DRAWCRC")).data as Float64Array) : [],
  };
}
