/**
 * Methods and significance in Studio: point estimates and samplers on an example, their files against those of the command line, and
 * the test of a drawn region against `tslira significance`.
 *
 * Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { readPointEstimate } from "../../src/io/point-estimate-file-node.js";
import { decodeSignificance } from "../../src/significance/significance-file.js";
import { errorText, numberText } from "../../src/viewer/numbers.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { MAIN, StudioPage, withoutTimes } from "./studio-page.js";

const run = promisify(execFile);

itFindsChromium();

describe.skipIf(!hasChromium)("Methods and significance in Studio", { timeout: 240_000 }, () => {
  const studio = new StudioPage();

  /** Files of the example, as the command line writes them. */
  const files: { name: string; bytes: Buffer }[] = [];
  beforeAll(async () => {
    await run(process.execPath, [MAIN, "simulate", "gaussian-and-points", "-o", "sim"], {
      cwd: studio.folder,
    });
    for (const role of ["counts", "psf", "exposure", "background"]) {
      const name = `${role}.fits`;
      files.push({ name, bytes: readFileSync(join(studio.folder, "sim", name)) });
    }
  });

  async function openExample(): Promise<void> {
    await studio.open();
    await studio.drop(files);
    await studio.page.click("button:enabled:text-is('Open')");
    await studio.page.waitForSelector(".workspace");
  }

  const choose = async (method: string) => {
    await studio.page.selectOption("#field-method", method);
    await studio.page.waitForSelector(`#field-${method}-iterations, #field-iterations`);
  };
  const start = (title: string) => studio.page.click(`button.primary:text-is("${title}")`);

  async function download(title: string): Promise<Buffer> {
    const [file] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click(`button:text-is("${title}")`),
    ]);
    return readFileSync(await file.path());
  }

  /** Run what a card shows under "As a command" on the same files, in a folder of its own. */
  async function runShown(place: string, more: readonly string[] = [], region?: Buffer) {
    const code = studio.page.locator(`${place} details:has(summary:text("As a command")) pre`);
    const command = ((await code.textContent()) ?? "").trim();
    // Words without quotes, so that no shell is needed.
    expect(command).toMatch(/^tslira (deconvolve|significance) [\w .,/:=-]+$/);
    const cwd = mkdtempSync(join(studio.folder, "shown-"));
    for (const { name, bytes } of files) writeFileSync(join(cwd, name), bytes);
    if (region) writeFileSync(join(cwd, "region.fits"), region);
    const { stdout } = await run(process.execPath, [MAIN, ...command.split(" ").slice(1), ...more], { cwd });
    return { cwd, printed: stdout, written: (name: string) => readFileSync(join(cwd, name)) };
  }

  /** Whether two files are the same but for dates and seconds. */
  function expectSame(here: Buffer, there: Buffer): void {
    const [one, other] = [here, there].map((bytes) => {
      const copy = withoutTimes(bytes);
      const at = copy.indexOf("SECONDS = ");
      if (at >= 0 && at < 28800 && at % 80 === 0) copy.fill(" ", at + 8, at + 80);
      return copy;
    });
    expect(Buffer.compare(one, other)).toBe(0);
  }

  /** Whether two tests are the same, number by number, but for the last digit of angles: an arc tangent is the host's. */
  async function expectSameTest(here: Buffer, there: Buffer): Promise<void> {
    const angles: number[][] = [];
    const texts: string[] = [];
    for (const bytes of [here, there]) {
      const found: number[] = [];
      angles.push(found);
      const { estimate, provenance } = await decodeSignificance(new Uint8Array(bytes), "test");
      const { command, inputs } = provenance;
      const text = JSON.stringify({ estimate, command, inputs }, (key, value) => {
        if (key !== "angle") return value;
        found.push(value);
        return 0;
      });
      texts.push(text);
    }
    expect(texts[0]).toBe(texts[1]);
    expect(angles[0]?.length).toBeGreaterThan(0);
    for (const [index, angle] of angles[0].entries()) expect(angle).toBeCloseTo(angles[1][index]!, 9);
  }

  it("finds one image by Richardson-Lucy, with the curve and the bytes of the command line", async () => {
    await openExample();
    await choose("richardson-lucy");
    expect(await studio.page.locator("#field-method-help").textContent()).toMatch(/maximum likelihood/);
    await studio.shot("methods-form");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await start("Find the image");
    await studio.page.waitForSelector(".verdict");
    expect(await studio.page.locator(".verdict").textContent()).toMatch(/One image has no error bars/);
    expect(await studio.page.locator("#tab-panel svg.chart path.line").count()).toBe(1);
    expect(await studio.panel("Flux").locator("canvas").count()).toBeGreaterThan(0);
    expect(await studio.page.locator("button:text-is('Pause')").count()).toBe(0);
    await studio.shot("methods-richardson-lucy");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    const bytes = await download("Result, FITS");
    const { cwd, written } = await runShown(".left");
    expectSame(bytes, written("result.fits"));

    // The pixel of the point: its flux is that of the file.
    const { estimate } = await readPointEstimate(join(cwd, "result.fits"));
    const point = await studio.pointOf("Counts", 16, 26, 32, 32);
    await studio.page.mouse.click(point.x, point.y);
    await studio.page.waitForSelector('#selection-name:text-is("Pixel x = 16, y = 26")');
    expect((await studio.fact("#estimate-numbers", "flux"))?.trim()).toBe(
      numberText(estimate.flux.data[26 * 32 + 16]),
    );
    expect((await download("Figure, SVG")).toString("latin1")).toMatch(/^<svg/);
    await studio.shot("methods-estimate-pixel");
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it("measures regions, finds sources and compares methods, with the tables of the command line", async () => {
    await openExample();
    await studio.page.fill("#field-iterations", "400");
    await start("Start the chains");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    const cwd = mkdtempSync(join(studio.folder, "measured-"));
    for (const { name, bytes } of files) writeFileSync(join(cwd, name), bytes);
    writeFileSync(join(cwd, "result.fits"), await download("Result, FITS"));
    const [middle, edge] = [
      await studio.pointOf("Posterior mean", 16, 16, 32, 32),
      await studio.pointOf("Posterior mean", 20, 16, 32, 32),
    ];
    await studio.page.keyboard.press("c");
    await studio.drag(middle, edge);
    writeFileSync(join(cwd, "regions.reg"), await download("Save"));
    // Equal but for the last digits of angles: an arc tangent is the host's.
    const rounded = (text: string) =>
      text.replace(/-?\d+\.\d{9,}(e-\d+)?/g, (number) => Number(number).toPrecision(12));
    const table = async (...words: string[]) =>
      rounded((await run(process.execPath, [MAIN, ...words, "--csv", "-q"], { cwd })).stdout);

    await studio.page.click("#tab-measure");
    await studio.page.click("text=Measure the region");
    await studio.page.waitForSelector("#measured tbody tr");
    expect(rounded((await download("CSV")).toString())).toBe(
      await table("measure", "result.fits", "--regions", "regions.reg"),
    );
    await studio.page.click("text=Find sources");
    await studio.page.waitForSelector("#sources tbody tr", { timeout: 60_000 });
    const csv = studio.page.locator("button:text-is('CSV')").last();
    const [file] = await Promise.all([studio.page.waitForEvent("download"), csv.click()]);
    const found = rounded(readFileSync(await file.path(), "utf8"));
    expect(found).toBe(await table("sources", "result.fits"));
    const names = found.trim().split("\n").slice(1);
    expect(names.length).toBeGreaterThan(0);
    // One mark a source on each picture of the sky.
    const marks = studio.panel("Posterior mean").locator("text.source-name");
    expect(await marks.count()).toBe(names.length);
    await studio.page.click("#sources button >> nth=0");
    await studio.page.waitForSelector("#sources");
    await studio.shot("measure");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    await choose("richardson-lucy");
    await start("Find the image");
    await studio.page.waitForSelector("text=One image has no error bars");
    for (const [title, shown] of [
      ["difference", "B − A"],
      ["ratio", "B / A"],
    ]) {
      await studio.page.click(`button:text-is("${shown}")`);
      await studio.page.waitForSelector(`.stage[data-shown="${shown}"] canvas`);
      await studio.shot(`compare-${title}`);
    }
    expect(await studio.page.locator(".compare-facts").textContent()).toMatch(
      /4 chains in .*richardson-lucy in .*method "lira" → "richardson-lucy"/,
    );
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it.each([
    [
      "map",
      async () => {
        await studio.page.selectOption("#field-map-prior", "total-variation");
        await studio.page.selectOption("#field-map-strength", "");
        await studio.page.fill("#field-map-iterations", "60");
      },
    ],
    ["em-multiscale", async () => {}],
    [
      "gradient-descent",
      async () => {
        await studio.page.fill("#field-gradient-descent-iterations", "50");
      },
    ],
  ] as const)("finds one image by %s", async (method, fill) => {
    await openExample();
    await choose(method);
    await fill();
    await studio.shot(`methods-${method}-form`);
    await start("Find the image");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    expect(await studio.panel("Flux").locator("canvas").count()).toBeGreaterThan(0);
    await studio.shot(`methods-${method}`);
    const bytes = await download("Result, FITS");
    const { written } = await runShown(".left");
    expectSame(bytes, written("result.fits"));
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it("keeps on offering the button after a run that was stopped", async () => {
    await openExample();
    await choose("richardson-lucy");
    // Without a rule to stop it goes on for minutes.
    await studio.page.selectOption("#field-richardson-lucy-stop", "");
    await studio.page.fill("#field-richardson-lucy-iterations", "10000000");
    await start("Find the image");
    await studio.page.waitForSelector("#tab-panel svg.chart path.line");
    await studio.shot("methods-working");
    await studio.page.click(".progress button:text-matches('^Stop')");
    await studio.page.waitForSelector(".verdict, .note:text('Stopped')");
    await studio.page.waitForSelector("button.primary:text-is('Find the image')");
  });

  it.each([
    ["gibbs", "200", "50"],
    ["nuts", "60", "30"],
  ])("samples with %s to the bytes of the command line", async (method, iterations, burnIn) => {
    await openExample();
    await choose(method);
    await studio.page.fill(`#field-${method}-iterations`, iterations);
    await studio.page.fill(`#field-${method}-burnIn`, burnIn);
    await studio.page.fill("#field-chains", "2");
    await start("Start the chains");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    expect(await studio.page.locator(".verdict p").first().textContent()).toMatch(/^2 chains /);
    expect(await studio.panel("Posterior mean").locator("canvas").count()).toBeGreaterThan(0);
    await studio.page.waitForSelector("#tab-panel path.outline");
    await studio.shot(`methods-${method}`);
    const bytes = await download("Result, FITS");
    const { written } = await runShown(".left");
    expectSame(bytes, written("result.fits"));
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it("tests a drawn circle with the numbers of the command line", async () => {
    await openExample();
    await studio.page.keyboard.press("c");
    await studio.drag(
      await studio.pointOf("Counts", 16, 26, 32, 32),
      await studio.pointOf("Counts", 18, 26, 32, 32),
    );
    await studio.page.waitForSelector(
      "#selection-name:text-matches('^Circle around x = 16, y = 26, radius 2 px')",
    );
    await studio.page.click("#tab-significance");
    await studio.page.fill("#field-test-replicates", "6");
    await studio.page.fill("#field-test-iterations", "200");
    await studio.page.fill("#field-test-seed", "3");
    await studio.shot("significance-form");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await start("Test this region");
    await studio.page.waitForSelector("#significance-numbers", { timeout: 120_000 });
    // Six data sets are too few to call anything significant.
    expect(await studio.page.locator(".finding .verdict strong").textContent()).toBe("A hint, but no proof");
    await studio.shot("significance");
    await studio.page.locator("button:text-is('Test, SVG')").scrollIntoViewIfNeeded();
    await studio.shot("significance-finding");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    const bytes = await download("Test, FITS");
    const { written } = await runShown(".significance");
    await expectSameTest(bytes, written("significance.fits"));
    const { printed } = await runShown(".significance", ["--json"]);
    const [region] = JSON.parse(printed).regions;
    const { low, high } = region.products.flux.intervals[0];
    const shown = (key: string) => studio.fact("#significance-numbers", key);
    expect(await shown("bound")).toBe(errorText(region.bound, region.boundError));
    expect(await shown("rank")).toBe(`${numberText(region.direct, 2)}, at best ${numberText(1 / 7, 2)}`);
    expect(await shown("test")).toBe(`${region.test.toFixed(3)} above the tail of γ = 0.005`);
    expect((await shown("flux"))?.trim()).toBe(
      `${numberText(region.products.flux.median)} (68 %: ${numberText(low)} to ${numberText(high)})`,
    );
    expect((await shown("limit"))?.trim()).toBe(numberText(region.products.upperLimits[1].limit));

    // A region that is no circle goes to the command line as an image of labels; a test that is stopped goes on.
    await studio.page.keyboard.press("r");
    await studio.drag(
      await studio.pointOf("Counts", 3, 5, 32, 32),
      await studio.pointOf("Counts", 6, 8, 32, 32),
    );
    await studio.page.waitForSelector("#tested-region:text-matches('^Box')");
    expect(await studio.page.locator("#tab-significance").getAttribute("aria-selected")).toBe("true");
    await studio.page.fill("#field-test-iterations", "1000");
    await start("Test this region");
    await studio.page.waitForSelector(".significance .progress-text:text-matches('^[1-6] of ')");
    await studio.page.click(".significance button:text-is('Stop')");
    await studio.page.waitForSelector(".significance .note:text('Stopped after')");
    await start("Test this region");
    await studio.page.waitForSelector("#significance-numbers", { timeout: 120_000 });
    const box = await download("Test, FITS");
    const labels = await download("Region for the command, FITS");
    const again = await runShown(".significance", [], labels);
    await expectSameTest(box, again.written("significance.fits"));
  });
});
