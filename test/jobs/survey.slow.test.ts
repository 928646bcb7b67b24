import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFits } from "../../src/io/fits.js";
import { runAlone } from "../cli/run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-survey-"));
const cli = (...args: readonly string[]) => runAlone(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Three fields of different sizes; the counts of the second are cut short. */
const FIELDS = [
  { name: "north", sky: "point-source", shape: "16" },
  { name: "broken", sky: "disk", shape: "12" },
  { name: "south", sky: "gaussian-and-points", shape: "24x20" },
];
const RUN = { iterations: 60, burnIn: 20, chains: 2 };

beforeAll(async () => {
  for (const { name, sky, shape } of FIELDS) {
    const { code, stderr } = await cli("simulate", sky, "-o", name, "--shape", shape, "-q");
    expect(code, stderr).toBe(0);
  }
  const counts = join(folder, "broken/counts.fits");
  writeFileSync(counts, readFileSync(counts).subarray(0, 3000));
  const observations = FIELDS.map(({ name }) => ({
    name,
    counts: `${name}/counts.fits`,
    psf: `${name}/psf.fits`,
    exposure: `${name}/exposure.fits`,
    background: `${name}/background.fits`,
    // The last one has its own seed, the others get theirs from the job's.
    ...(name === "south" ? { seed: 77 } : {}),
  }));
  writeFileSync(
    join(folder, "survey.json"),
    JSON.stringify({ kind: "observations", ...RUN, seed: 5, observations }),
  );
}, 120_000);

/** Cards that say when and by which command a file was made, and how long that took. */
const OF_THE_RUN = /^(DATE|RUNBEG|RUNEND|RUNSECS|COMMAND) *=/;

/** The bytes of a result file without these cards: header and data of each part. */
function contents(path: string) {
  const bytes = readFileSync(path);
  return readFits(bytes, { name: path }).map(({ headerOffset, dataOffset, dataLength }) => {
    const cards: string[] = [];
    let dropped = false;
    for (let at = headerOffset; at < dataOffset; at += 80) {
      const card = bytes.toString("latin1", at, at + 80);
      // A long text goes on in the next cards; what pads a header depends on how many there are.
      dropped = OF_THE_RUN.test(card) || (dropped && card.startsWith("CONTINUE"));
      if (!dropped && card.trim() !== "") cards.push(card);
    }
    return { cards, data: bytes.subarray(dataOffset, dataOffset + dataLength).toString("latin1") };
  });
}

describe("tslira cluster with a survey", () => {
  it("runs all fields but the one that cannot be read, which fails alone and is told", async () => {
    const submitted = await cli("cluster", "submit", "survey.json", "--workers", "2");
    // 2: tasks failed.
    expect(submitted.code, submitted.stderr).toBe(2);
    expect(submitted.stderr).toMatch(
      /warning: observation 2 will fail: counts\.fits\[0\]: data must be the 576 bytes .*, got 120/,
    );

    const status = JSON.parse((await cli("cluster", "status", "survey.job", "--json")).stdout);
    expect(status).toMatchObject({ total: 3, done: 2, failed: 1, missing: 0, corrupt: 0, todo: [1] });
    expect(status.failures).toMatchObject([{ index: 1, name: "observation-2" }]);
    expect(status.failures[0].error.message).toMatch(/^counts\.fits\[0\]: data must be/);

    const collected = await cli("cluster", "collect", "survey.job", "--json");
    expect(collected.code, collected.stderr).toBe(0);
    expect(JSON.parse(collected.stdout)).toMatchObject({ collected: 2, total: 3 });
    const catalogue = JSON.parse(readFileSync(join(folder, "survey.job/collected/catalogue.json"), "utf8"));
    expect(catalogue.map(({ name }: { name: string }) => name)).toEqual(["north", "south"]);
    expect(catalogue[1].seed).toBe(77);

    for (const { name, file, seed } of catalogue) {
      const direct = await cli(
        ...["deconvolve", `${name}/counts.fits`, "--psf", `${name}/psf.fits`],
        ...["--exposure", `${name}/exposure.fits`, "--background", `${name}/background.fits`],
        ...["--name", name, "-n", "60", "--burn-in", "20", "-c", "2", "-s", String(seed)],
        ...["-o", `${name}.fits`, "-q"],
      );
      expect(direct.code, direct.stderr).toBe(0);
      const collectedResult = contents(join(folder, "survey.job/collected", file));
      expect(collectedResult.length).toBeGreaterThan(5);
      expect(collectedResult).toEqual(contents(join(folder, `${name}.fits`)));
    }
  }, 120_000);

  it("is not made at all when no field can be read", async () => {
    const observations = [{ counts: "none.fits", psf: "north/psf.fits" }];
    writeFileSync(join(folder, "lost.json"), JSON.stringify({ kind: "observations", ...RUN, observations }));
    const { code, stderr } = await cli("cluster", "submit", "lost.json");
    expect(code).toBe(1);
    expect(stderr).toMatch(/none\.fits: file or folder must exist, got none there/);
  });
});
