/** A part of `npm run campaign:fuzz`: inputs that are nearly right, to every reader. */
import { expect, it } from "vitest";
import { BLOCK, fuzz } from "./fuzz.js";

// Of the campaign of another seed than the document's, so that both together try more. Some 15 s of processor time.
const SEED = 372;
const BLOCKS = 150;

it(`${BLOCKS * BLOCK} inputs end in what was read or in an error of ours, in 1 s and 500 MB each`, async () => {
  const { rows, faults, megabytes } = await fuzz(SEED, 0, BLOCKS);
  expect(faults).toEqual([]);
  // A campaign that everything is refused in, or nothing, would try nothing.
  for (const { reader, inputs, read } of rows) expect(read, reader).toBeLessThan(inputs);
  expect(rows.reduce((sum, { read }) => sum + read, 0)).toBeGreaterThan((BLOCKS * BLOCK) / 20);
  // The whole program, its tests' framework included.
  expect(megabytes).toBeLessThan(1000);
});
