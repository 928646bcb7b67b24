/** `tslira bin`: events in, an image that `tslira deconvolve` takes, out. Looks at `dist`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { binEvents, binnedEventsHdus } from "../../src/io/bin-events.js";
import { findEvents } from "../../src/io/event-list.js";
import { readFits, writeFits } from "../../src/io/fits.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-bin-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const column = (name: string, values: readonly number[]) => ({
  ...{ name, format: "1D" as const, values: Float64Array.from(values) },
});
const list = writeFits([
  { kind: "empty" },
  {
    kind: "table",
    name: "EVENTS",
    columns: [
      column("X", [1.5, 2.5, 2.6, 9]),
      column("Y", [1.5, 2.5, 2.6, 9]),
      column("ENERGY", [1, 1, 3, 1]),
    ],
  },
]);

it("bins events to the bytes of the library, and says what became of them", async () => {
  writeFileSync(join(folder, "events.fits"), list);
  const args = ["bin", "events.fits", "-o", "counts.fits", "--energy", "1:2", "--bin-size", "2"];
  const { code, stdout, stderr } = await runCli(
    folder,
    ...args,
    "--center",
    "3,3",
    "--size",
    "3x2",
    "--json",
  );
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("2 of 4 events in 3 x 2 pixels of 2 of the plane");
  expect(stderr).toContain("1 by ENERGY in 1:2 (no unit in the header)");
  expect(stderr).toContain("tslira deconvolve counts.fits --psf psf.fits");
  expect(JSON.parse(stdout)).toMatchObject({ file: "counts.fits", size: [3, 2], binned: 2, events: 4 });
  const ours = binEvents(findEvents(readFits(list)), {
    ...{ energy: [1, 2] as const, binSize: 2, center: [3, 3] as const, size: [3, 2] as const },
  });
  expect(readFileSync(join(folder, "counts.fits"))).toEqual(Buffer.from(writeFits(binnedEventsHdus(ours))));
  const again = await runCli(folder, ...args);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("add --overwrite") });
});

it("says what is wrong with ranges and files", async () => {
  expect(await runCli(folder, "bin", "events.fits", "-o", "a.fits", "--energy", "2:1")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("give low:high, low: or :high"),
  });
  expect(await runCli(folder, "bin", "events.fits", "-o", "a.fits", "--time", "1:2")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("must have a column TIME"),
  });
});

it("says that an image without sky coordinates has none", async () => {
  const { stderr } = await runCli(folder, "bin", "events.fits", "-o", "plain.fits", "--bin-size", "2");
  expect(stderr).toContain("the image has no sky coordinates: the header of the list has none of X and Y");
});

it("takes ranges with an open end", async () => {
  const args = ["bin", "events.fits", "--json", "--bin-size", "2", "--center", "3,3", "--size", "3x2"];
  for (const [energy, binned] of [
    ["2:", 1],
    [":2", 2],
  ] as const) {
    const output = `open-${binned}.fits`;
    const { stdout } = await runCli(folder, ...args, "-o", output, "--energy", energy);
    expect(JSON.parse(stdout)).toMatchObject({ binned });
  }
});
