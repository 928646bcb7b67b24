/** A part of `npm run campaign:fuzz`: inputs that are nearly right, to every reader. */
import { expect, it } from "vitest";
import { BLOCK, fuzz } from "./fuzz.js";

// Of the campaign of another seed than the document's, so that both together try more. Some 15 s where nothing else runs.
const SEED = 372;
const BLOCKS = 400;

it(`${BLOCKS * BLOCK} inputs end in what was read or in an error of ours, in 1 s and 500 MB each`, async () => {
  const { rows, faults, megabytes } = await fuzz(SEED, 0, BLOCKS);
  expect(faults).toEqual([]);
  // No reader refuses everything or takes everything: that would be a campaign of nothing.
  for (const { reader, inputs, read } of rows) {
    expect(read, reader).toBeGreaterThan(0);
    expect(read, reader).toBeLessThan(inputs);
  }
  // The whole program, its tests' framework included.
  expect(megabytes).toBeLessThan(1000);
});
