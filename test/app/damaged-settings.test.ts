/** Settings of Studio that were damaged on their way: they are taken, corrected with a note, or refused in words. */
import { describe, expect, it } from "vitest";
import {
  configurationHash,
  configurationText,
  readConfiguration,
  readHash,
  readPasted,
} from "../../app/src/settings/configuration.js";
import { formIsGood, startForm } from "../../app/src/settings/settings.js";
import { randomStream } from "../../src/data/random/random.js";
import { mutate } from "../faults/mutate.js";

const INPUTS = 1_500;
const form = startForm();
const composition = { cutout: { x: [0, 4], y: [0, 4] }, backgroundUnit: "counts" } as const;
const seeds = (text: string) => [new Uint8Array(Buffer.from(text))];

describe("damaged settings", () => {
  it.each([
    ["files", configurationText(form, composition), (text: string) => readConfiguration(text, "a.json")],
    ["addresses", `https://example.org/${configurationHash(form, composition)}`, readHash],
    ["pasted text", configurationText(form, composition), readPasted],
  ])(`of ${INPUTS} %s none ends in an error without a rule`, (_, good, read) => {
    const random = randomStream(31);
    let taken = 0;
    for (let input = 0; input < INPUTS; input++) {
      const text = Buffer.from(mutate(seeds(good), random)).toString("utf8");
      try {
        const found = read(text);
        if (found === undefined) continue;
        taken++;
        // Good or not: the page marks what is wrong with it.
        formIsGood(found.form);
      } catch (error) {
        expect((error as Error).message, JSON.stringify(text)).toMatch(/: .*must .*, got .*; /s);
      }
    }
    expect(taken).toBeGreaterThan(0);
  });

  it("may be nested without end", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const text = `{"tslira": "studio-settings", "format": 1, "settings": {"iterations": ${deep}}}`;
    expect(() => readConfiguration(text, "a.json")).toThrow(
      "a.json: settings.iterations must be text, a number, true or false",
    );
  });
});
