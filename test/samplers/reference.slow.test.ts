/**
 * Does the sampler reproduce the posteriors that the original LIRA code finds? The statistic and its limits are those
 * of `test/oracles/acceptance.ts`; seeds are fixed, so that a pass stays a pass.
 */
import { describe, expect, it } from "vitest";
import { compareWithReference, formatAcceptance, sampleBatches } from "../oracles/acceptance.js";
import { missingReferences, REFERENCE_NAMES, readReferenceCase } from "./reference-case.js";
import { runChainsOf, startLiraChain } from "./samplers-under-test.js";

const missing = missingReferences();
if (missing !== undefined) console.warn(`reference.slow.test.ts skipped: ${missing}`);

describe.skipIf(missing !== undefined)("posterior of the original LIRA", () => {
  it.each(REFERENCE_NAMES)("%s", async (name) => {
    const reference = await readReferenceCase(name);
    const ours = await sampleBatches(reference, runChainsOf(startLiraChain), { seed: 2004, chains: 4 });
    const report = compareWithReference(reference, ours);
    console.log(formatAcceptance(report));
    expect(report.reasons).toEqual([]);
  });

  it("is told apart from the posterior of another hyperprior", async () => {
    const reference = await readReferenceCase("point32");
    const settings = {
      ...reference.settings,
      smoothingPrior: { ...reference.settings.smoothingPrior, power: 0 },
    };
    const ours = await sampleBatches({ ...reference, settings }, runChainsOf(startLiraChain), {
      seed: 2004,
      chains: 4,
    });
    expect(compareWithReference(reference, ours).reasons).not.toEqual([]);
  });
});
