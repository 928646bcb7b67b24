/**
 * Real files in Studio, from the drop to the download: Chandra and Fermi images are cut out, deconvolved and looked at, and
 * the result file equals the one of the command line.
 *
 * Needs Chromium (see `chromium.ts`) and the shared data. Looks at `dist`. TSLIRA_SCREENSHOTS=folder saves what is seen.
 */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { decodeResult } from "../../src/io/result-file.js";
import type { PosteriorResult } from "../../src/posterior/result.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { MAIN, numberOf, StudioPage, withoutTimes } from "./studio-page.js";

const SHARED = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const CHANDRA = ["chandra-counts-obs-id-4684.fits.gz", "chandra-psf-obs-id-4684.fits.gz"];
const JOINT = ["counts", "psf"].flatMap((role) =>
  ["4683", "4684"].map((id) => `chandra-${role}-obs-id-${id}.fits.gz`),
);
const FERMI = ["counts", "psf", "exposure", "background"].map((role) => `fermi-3fhl-gc-${role}.fits.gz`);

function present(folder: string, names: readonly string[]): boolean {
  const missing = names.find((name) => !existsSync(join(SHARED, folder, name)));
  if (missing === undefined) return true;
  const absent = `no ${missing} in ../shared/data/${folder}`;
  if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error(`${absent}, and TSLIRA_REQUIRE_SHARED=1`);
  console.warn(`skipped in part: ${absent}`);
  return false;
}

itFindsChromium();

describe.skipIf(!hasChromium)("real files in Studio", { timeout: 480_000 }, () => {
  const studio = new StudioPage();

  /** Drop files and open what they are taken for. */
  async function openFiles(
    folder: string,
    names: readonly string[],
    roles: readonly string[],
  ): Promise<void> {
    await studio.drop(names.map((name) => ({ name, bytes: readFileSync(join(SHARED, folder, name)) })));
    await studio.page.waitForSelector(`.files li.read >> nth=${names.length - 1}`);
    expect(
      await studio.page
        .locator(".found select")
        .evaluateAll((all) => all.map((one) => (one as HTMLSelectElement).value)),
    ).toEqual(roles);
  }

  /** Run 4 chains of 300 sweeps, watch mean and traces change, and wait for the verdict. */
  async function run(seed: number): Promise<void> {
    await studio.page.fill("#field-iterations", "300");
    await studio.page.fill("#field-seed", String(seed));
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector("text=Posterior mean so far", { state: "attached" });
    const line = () => studio.page.locator("#tab-panel svg.chart path.line").first().getAttribute("d");
    const before = { mean: await studio.pixels("Posterior mean so far"), line: await line() };
    const grown = async () =>
      (await studio.page.locator(".verdict").count()) > 0 ||
      ((await line()) !== before.line && (await studio.pixels("Posterior mean so far")) !== before.mean);
    await expect.poll(grown, { timeout: 60_000 }).toBe(true);
    await studio.page.waitForSelector(".verdict", { timeout: 180_000 });
  }

  /** Download the result, let the command line make it again by the command that Studio shows, and compare. */
  async function likeCommandLine(folder: string, names: readonly string[], place = folder) {
    await studio.page.click("summary:text-is('As a command')");
    const command = (await studio.page.locator("details[open] pre").first().textContent()) ?? "";
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    const here = readFileSync(await download.path());
    const cwd = join(studio.folder, place);
    mkdirSync(cwd);
    const joint = studio.page.locator("details:has(summary:text('joint.json')) pre");
    if ((await joint.count()) > 0) writeFileSync(join(cwd, "joint.json"), (await joint.textContent()) ?? "");
    for (const name of names) cpSync(join(SHARED, folder, name), join(cwd, name));
    const [program, ...args] = command.split(" ");
    expect(program).toBe("tslira");
    await promisify(execFile)(process.execPath, [MAIN, ...args], { cwd });
    const there = readFileSync(join(cwd, "result.fits"));
    const results = [here, there].map((bytes) => decodeResult(new Uint8Array(bytes)));
    expect(results[0].config).toEqual(results[1].config);
    expect(results[0].provenance.inputs).toEqual(results[1].provenance.inputs);
    expect(results[0].provenance.inputs).toHaveLength(names.length);
    expect(results[0].provenance.command).toBe(command);
    // Every byte but those that say when.
    expect(Buffer.compare(withoutTimes(here), withoutTimes(there))).toBe(0);
    return { command, cwd, result: results[0] };
  }

  /** Draw a circle around the brightest pixel by mouse; the flux that is shown is the sum of the draws. */
  async function circleTheBrightest(result: PosteriorResult): Promise<void> {
    const [ny, nx] = result.mean.shape;
    const top = result.mean.data.indexOf(Math.max(...result.mean.data));
    const [x, y] = [top % nx, Math.floor(top / nx)];
    const wanted = Math.max(3, nx / 20);
    const middle = await studio.pointOf("Posterior mean", x, y, nx, ny);
    await studio.page.mouse.click(middle.x, middle.y);
    await studio.page.waitForSelector(`#selection-name:text-is("Pixel x = ${x}, y = ${y}")`);
    await studio.page.keyboard.press("c");
    await studio.drag(middle, await studio.pointOf("Posterior mean", x + wanted, y, nx, ny));
    await studio.page.waitForSelector("#selection-name:text-matches('^Circle')");
    const radius = Number(await studio.page.inputValue(".selection input[type=number]"));
    expect(Math.abs(radius / wanted - 1)).toBeLessThan(0.1);
    const inside = [...result.mean.data.keys()].filter(
      (pixel) => ((pixel % nx) - x) ** 2 + (Math.floor(pixel / nx) - y) ** 2 <= radius ** 2,
    );
    const sums = result.trace.images.chains.flatMap((chain) =>
      Array.from({ length: chain.length / (nx * ny) }, (_, draw) =>
        inside.reduce((sum, pixel) => sum + chain[draw * nx * ny + pixel], 0),
      ),
    );
    const expected = inside.reduce((sum, pixel) => sum + result.mean.data[pixel], 0);
    const average = sums.reduce((all, value) => all + value, 0) / sums.length;
    const spread = Math.sqrt(
      sums.reduce((all, value) => all + (value - average) ** 2, 0) / (sums.length - 1),
    );
    await studio.page.waitForFunction(
      (count) =>
        document
          .querySelector('#selection-numbers [data-key="counts"] dd')
          ?.textContent?.includes(`in ${count} pixels`),
      inside.length.toLocaleString("en-US"),
    );
    // Shown to two digits of the error.
    const shown = async () => fluxOf((await studio.fact("#selection-numbers", "flux")) ?? "");
    await expect
      .poll(async () => Math.abs((await shown()).mean - expected) / spread)
      .toBeLessThanOrEqual(0.051);
    expect(Math.abs((await shown()).error / spread - 1)).toBeLessThanOrEqual(0.051);
  }

  it.skipIf(!present("chandra-gc", CHANDRA))("Chandra: cut out, sampled, compared, read", async () => {
    await studio.open({ colorScheme: "dark" });
    await openFiles("chandra-gc", CHANDRA, ["counts", "psf"]);
    await studio.shot("files");
    await studio.page.click("text=Open");
    await studio.page.waitForSelector(".workspace");
    expect(await studio.fact("#readout", "sky")).toMatch(/^RA 17ʰ45ᵐ/);
    await studio.cutOut("Counts", [104, 96], [152, 144], [256, 256]);
    await studio.page.waitForSelector('dt:text-is("cut-out")');
    await studio.cutOut("PSF", [15, 14], [31, 30], [48, 48]);
    await studio.page.waitForFunction(() => document.querySelectorAll(".facts .link").length === 2);
    await run(11);
    const { command, result } = await likeCommandLine("chandra-gc", CHANDRA);
    expect(command).toMatch(/--cutout \d+:\d+,\d+:\d+ --psf-cutout \d+:\d+,\d+:\d+ .*--iterations 300/);
    await circleTheBrightest(result);
    await studio.shot("chandra");
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it.skipIf(!present("chandra-gc", JOINT))("Chandra 4683 and 4684 together, by their headers", async () => {
    await studio.open();
    await openFiles("chandra-gc", JOINT, ["counts", "0", "counts", "1", "psf", "0", "psf", "1"]);
    await studio.shot("joint-files");
    await studio.page.click("text=Open");
    await studio.page.waitForSelector(".workspace");
    // From astropy 5.2: the middle of 4684 through its WCS to the sky, and back through that of 4683.
    await studio.page.waitForSelector("dd:has-text('at (-0.335, 0.546) px')");
    await studio.page.keyboard.press("x");
    await studio.page.fill("label:has-text('Or columns, rows') input", "104:136,104:136");
    await studio.page.keyboard.press("Enter");
    await studio.page.waitForSelector('dd:has-text("columns 104:136, rows 104:136")');
    await studio.cutOut("PSF", [15, 14], [31, 30], [48, 48]);
    await studio.page.waitForFunction(() => document.querySelectorAll(".facts .link").length === 2);
    await run(11);
    const { result } = await likeCommandLine("chandra-gc", JOINT, "joint");
    expect(result.ledger.map(({ name }) => name)).toEqual(
      ["4683", "4684"].map((id) => `chandra-counts-obs-id-${id}`),
    );
    expect(await studio.panel("Residual 2").locator("canvas").count()).toBeGreaterThan(0);
    await studio.shot("joint");
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it.skipIf(!present("fermi-gc", FERMI))("Fermi: the whole field, with exposure and background", async () => {
    await studio.open();
    await openFiles("fermi-gc", FERMI, ["counts", "psf", "exposure", "background"]);
    await studio.page.selectOption("label:has-text('The background is in') select", "counts");
    await studio.shot("fermi-files");
    await studio.page.click("text=Open");
    await studio.page.waitForSelector(".workspace");
    expect(await studio.fact("#readout", "sky")).toMatch(/^l \d/);
    // A few draws of 80,000 pixels; all would be a file of 355 MB.
    await studio.page.click("summary:text-is('Advanced')");
    await studio.page.fill("#field-keep", "30");
    await run(5);
    const { command, result } = await likeCommandLine("fermi-gc", FERMI);
    expect(command).toContain("--background-unit counts");
    expect(result.mean.shape).toEqual([200, 400]);
    await circleTheBrightest(result);
    await studio.shot("fermi");
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });
});

/** Value and error of texts like `1,004.3 ± 35.6 counts` and `(3.20 ± 0.12)×10⁻¹¹ / (cm² s)`. */
function fluxOf(text: string): { mean: number; error: number } {
  const power = text.match(/\)×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/)?.[1] ?? "";
  const digits = [...power].map((sign) => (sign === "⁻" ? "-" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(sign))).join("");
  const [mean, error] = text
    .replace(/^\(/, "")
    .split(" ± ")
    .map((part) => numberOf(part.split(/[ )]/)[0]) * 10 ** Number(digits));
  return { mean, error };
}
