/** Priors as the page offers them are priors of the library: by their text, with the numbers they begin with. */
import { constantImage, parsePrior, simulatePointSource } from "tslira";
import { createForwardModel } from "tslira/diagnostics";
import { expect, it } from "vitest";
import { priorsOf, priorText } from "../../app/src/settings/prior-fields.js";
import { PRIOR_KINDS, priorExample } from "../../src/priors/prior-kinds.js";

const model = createForwardModel(simulatePointSource({ seed: 1 }), {});
const flux = constantImage([32, 32], 0.7);

it.each(PRIOR_KINDS.map((kind) => [kind.id, kind] as const))("%s", async (id, { parameters }) => {
  const methods = (["map", "nuts", "gibbs"] as const).filter((method) =>
    priorsOf(method).some((kind) => kind.id === id),
  );
  expect(methods.length).toBeGreaterThan(0);
  for (const method of methods) {
    const values = Object.fromEntries(parameters.map(({ key, start }) => [key, start(0.7, method)]));
    const prior = (await parsePrior(priorText({ id, values })))(model);
    expect(prior.logDensity(flux)).toSatisfy(Number.isFinite);
  }
});

it.each(PRIOR_KINDS)("$id has an example that can be copied", async (kind) => {
  const prior = (await parsePrior(priorExample(kind)))(model);
  expect(prior.logDensity(flux)).toSatisfy(Number.isFinite);
  expect(prior.data?.make).toBe(kind.call);
});

it("knows of patches where their file can be read, and only there", async () => {
  await expect(parsePrior("patches:file=gmm.fits")).rejects.toThrow(
    /must come from a file that can be read here/,
  );
  const asked: string[] = [];
  const failing = async (file: string) => {
    asked.push(file);
    throw new Error("no file");
  };
  await expect(parsePrior("patches:file=gmm.fits", failing)).rejects.toThrow("no file");
  expect(asked).toEqual(["gmm.fits"]);
});
