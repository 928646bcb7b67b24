/** The fuzz campaign: inputs that are nearly right, to every reader. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomStream } from "../../src/data/random/random.js";
import { toPlainError } from "../../src/errors.js";
import { mutate } from "./mutate.js";
import { fuzzedReaders } from "./readers.js";

/** What became of the inputs of a reader. */
export interface FuzzRow {
  readonly reader: string;
  inputs: number;
  /** Of them: read without an error. */
  read: number;
  /** Seconds of processor time of the slowest one. */
  slowest: number;
}

/** What a campaign found. */
export interface FuzzReport {
  readonly rows: readonly FuzzRow[];
  /** Errors that are none of ours, and inputs out of proportion, with what is needed to make them again. */
  readonly faults: string[];
  /** Largest memory of the program in MB. */
  readonly megabytes: number;
}

/** Inputs of one reader in a row: they share a stream, so that any block can be made again alone. */
export const BLOCK = 100;

/**
 * Give inputs to all readers in turn.
 *
 * @param seed of the campaign
 * @param from, to blocks of inputs; block b goes to reader b modulo their number
 * @param secondsEach processor time that no input may exceed
 */
export async function fuzz(
  seed: number,
  from: number,
  to: number,
  secondsEach = 1,
  onBlock: (block: number) => void = () => undefined,
): Promise<FuzzReport> {
  const place = mkdtempSync(join(tmpdir(), "tslira-fuzz-"));
  const faults: string[] = [];
  try {
    const readers = await fuzzedReaders(place);
    const rows = readers.map(({ name }) => ({ reader: name, inputs: 0, read: 0, slowest: 0 }));
    for (let block = from; block < to; block++) {
      const { name, seeds, read } = readers[block % readers.length];
      const row = rows[block % readers.length];
      const random = randomStream(seed + block);
      for (let index = 0; index < BLOCK; index++) {
        const bytes = mutate(seeds, random);
        const before = process.cpuUsage();
        try {
          await read(bytes);
          row.read++;
        } catch (error) {
          if (toPlainError(error).code === "UNKNOWN") {
            // Where in the project, not where on this machine.
            const stack = (error as Error).stack?.replace(/file:\S*?\/(?=(src|test|bench)\/)/g, "");
            faults.push(`${name}, block ${block}, input ${index}: ${stack}`);
          }
        }
        const { user, system } = process.cpuUsage(before);
        const seconds = (user + system) / 1e6;
        row.inputs++;
        row.slowest = Math.max(row.slowest, seconds);
        if (seconds > secondsEach) faults.push(`${name}, block ${block}, input ${index}: took ${seconds} s`);
      }
      onBlock(block);
    }
    return { rows, faults, megabytes: process.resourceUsage().maxRSS / 1024 };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
