/**
 * A report opened from its file in headless Chromium, without a network: numbers, pixels, regions, draws, keys, accessibility.
 *
 * Needs Chromium (see `chromium.ts`). Looks at `dist`.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { LiraResult } from "../../src/posterior/result.js";
import { auditPage, hasChromium, itFindsChromium, launchChromium } from "./chromium.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

itFindsChromium();

describe.skipIf(!hasChromium)("a report in Chromium", { timeout: 60_000 }, () => {
  let folder = "";
  let report = "";
  let result: LiraResult;
  let counts: { data: Float64Array };
  let browser: Browser;
  let page: Page;
  let complaints: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tslira-report-"));
    const run = (...args: string[]) => execFileSync(process.execPath, [MAIN, ...args, "-q"], { cwd: folder });
    run("simulate", "gaussian-and-points", "-o", ".");
    run(
      ...["deconvolve", "counts.fits", "--psf", "psf.fits", "--exposure", "exposure.fits"],
      ...["--background", "background.fits", "-n", "600", "--burn-in", "100", "-s", "3", "-o", "result.fits"],
    );
    run("sources", "result.fits", "--draws", "20", "-o", "sources.fits");
    run("report", "result.fits", "--sources", "sources.fits", "-o", "report.html");
    report = pathToFileURL(join(folder, "report.html")).href;
    const node = await import(
      pathToFileURL(fileURLToPath(new URL("../../dist/node.js", import.meta.url))).href
    );
    result = await node.readResult(join(folder, "result.fits"));
    ({
      observation: { counts },
    } = await node.readObservationFiles({
      counts: join(folder, "counts.fits"),
      psf: join(folder, "psf.fits"),
    }));
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  async function open(options: BrowserContextOptions = {}): Promise<void> {
    complaints = [];
    const context = await browser.newContext({
      offline: true,
      viewport: { width: 1280, height: 720 },
      ...options,
    });
    page = await context.newPage();
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (request.url() !== report && !request.url().startsWith("data:"))
        complaints.push(`request: ${request.url()}`);
    });
    await page.goto(report);
    await page.waitForSelector("html.ready");
  }

  const frame = (panel: number) => page.locator("#panels .frame").nth(panel);
  /** Point of the pixel (x, y) in the first picture of 32 x 32, the whole of it in view. */
  async function pointOf(x: number, y: number, panel = 0): Promise<{ x: number; y: number }> {
    await frame(panel).scrollIntoViewIfNeeded();
    const box = (await frame(panel).boundingBox())!;
    return { x: box.x + ((x + 0.5) / 32) * box.width, y: box.y + (1 - (y + 0.5) / 32) * box.height };
  }
  const readout = (key: string) => page.locator(`#readout [data-key="${key}"] dd`).textContent();
  const number = (text: string | null) => Number((text ?? "").replaceAll(",", "").replace("−", "-"));
  const frames = () =>
    page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

  it("is small, and reads the numbers of the pixel under the pointer", async () => {
    expect(statSync(join(folder, "report.html")).size).toBeLessThan(5e6);
    await open();
    for (const [x, y] of [
      [16, 16],
      [3, 29],
      [0, 0],
      [31, 31],
    ]) {
      const point = await pointOf(x, y);
      await page.mouse.move(point.x, point.y);
      await frames();
      const pixel = y * 32 + x;
      expect(await readout("position")).toBe(`${x}, ${y}`);
      const [mean, std] = (await readout("flux"))!.split(" ± ").map(number);
      // Shown to two digits of the error.
      expect(Math.abs(mean - result.mean.data[pixel])).toBeLessThanOrEqual(0.051 * result.std.data[pixel]);
      expect(Math.abs(std / result.std.data[pixel] - 1)).toBeLessThanOrEqual(0.051);
      expect(number(await readout("rhat"))).toBeCloseTo(result.diagnostics.rhat.data[pixel], 2);
      expect(number(await readout("counts-0"))).toBe(counts.data[pixel]);
      expect(number(await readout("snr"))).toBeCloseTo(result.mean.data[pixel] / result.std.data[pixel], 1);
    }
  });

  it("shows trace, histogram and correlations of the pixel that is clicked", async () => {
    await open();
    const point = await pointOf(16, 26, 1);
    await page.mouse.click(point.x, point.y);
    await frames();
    expect(await page.locator("#selection-name").textContent()).toBe("Pixel x = 16, y = 26");
    expect(await page.locator("#selection-trace path.line").count()).toBe(4);
    expect(await page.locator("#selection-histogram path.outline").count()).toBe(4);
    expect(await page.locator("#selection-map-note").textContent()).toMatch(
      /^Strongest: −?0\.\d\d at \(\d+, \d+\)/,
    );
    expect(await page.locator("#selection-note").textContent()).toMatch(/of 2,000 kept draws/);
  });

  it("sums a region that is drawn, with the error of the sum", async () => {
    await open();
    await page.check("input[name=tool][value=circle]");
    const from = await pointOf(16, 26);
    const to = await pointOf(16, 23.4);
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x, from.y + 10);
    await page.mouse.move(to.x, to.y);
    await page.mouse.up();
    await frames();
    expect(await page.locator("#selection-name").textContent()).toMatch(
      /^Circle around x = 16, y = 26, radius 2\.6 px/,
    );
    const inside = Array.from({ length: 1024 }, (_, pixel) => pixel).filter(
      (pixel) => ((pixel % 32) - 16) ** 2 + (Math.floor(pixel / 32) - 26) ** 2 <= 2.6 ** 2,
    );
    const sums = result.trace.images.chains.flatMap((chain) =>
      Array.from({ length: chain.length / 1024 }, (_, draw) =>
        inside.reduce((sum, pixel) => sum + chain[draw * 1024 + pixel], 0),
      ),
    );
    const mean = inside.reduce((sum, pixel) => sum + result.mean.data[pixel], 0);
    const average = sums.reduce((all, value) => all + value, 0) / sums.length;
    const std = Math.sqrt(sums.reduce((all, value) => all + (value - average) ** 2, 0) / (sums.length - 1));
    const text = await page.locator('#selection-numbers [data-key="flux"] dd').textContent();
    const [shownMean, shownStd] = (text ?? "").split(" ± ").map((part) => number(part.split(" ")[0]));
    expect(Math.abs(shownMean - mean)).toBeLessThanOrEqual(0.051 * std);
    // All 2,000 draws are in the page; quantised ones give the same error to two digits.
    expect(Math.abs(shownStd / std - 1)).toBeLessThan(0.06);
    expect(await page.locator('#selection-numbers [data-key="pixels"] dd').textContent()).toBe(
      String(inside.length),
    );
  });

  it("plays draws, steps, and shows one chain", async () => {
    await open();
    const caption = () => page.locator("#draw-caption").textContent();
    expect(await caption()).toMatch(/^One draw: chain 1, sweep \d+/);
    await page.click("#film-forward");
    expect(await caption()).toMatch(/chain 2/);
    expect(await page.locator("#running-caption").textContent()).toBe("Mean of draws 1 to 2");
    await page.selectOption("#film-speed", "25");
    await page.click("#play");
    expect(await page.locator("#play").textContent()).toBe("Pause");
    await page.waitForFunction(
      () => Number((document.getElementById("film-position") as HTMLInputElement).value) > 5,
    );
    await page.click("#play");
    await page.selectOption("#film-chain", "2");
    expect(await caption()).toMatch(/chain 3/);
    const colours = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("#draw-picture canvas")!;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(Array.from(new Uint32Array(data.buffer))).size;
    });
    expect(colours).toBeGreaterThan(20);
  });

  it("links zoom and cursor of all pictures, by keys alone", async () => {
    await open();
    await frame(2).focus();
    const point = await pointOf(10, 10);
    await page.mouse.move(point.x, point.y);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowUp");
    await frames();
    expect(await readout("position")).toBe("11, 20");
    const cross = () =>
      page
        .locator("#panels .frame svg path.cross")
        .evaluateAll((all) => all.map((one) => one.getAttribute("d")));
    expect(new Set(await cross()).size).toBe(1);
    const before = (await cross())[0];
    await page.keyboard.press("+");
    await frames();
    expect(new Set(await cross()).size).toBe(1);
    expect((await cross())[0]).not.toBe(before);
    await page.keyboard.press("Enter");
    await frames();
    expect(await page.locator("#selection-name").textContent()).toBe("Pixel x = 11, y = 20");
    await page.keyboard.press("0");
    await frames();
  });

  it("leads from a doubtful pixel to its trace", async () => {
    await open();
    const link = page.locator(".goto").first();
    const [x, y] = await link.evaluate((element) => [element.dataset.x, element.dataset.y]);
    await link.click();
    await frames();
    expect(await page.locator("#selection-name").textContent()).toBe(`Pixel x = ${x}, y = ${y}`);
  });

  it.each([
    ["light, wide", { colorScheme: "light", viewport: { width: 1280, height: 720 } }],
    ["dark, wide", { colorScheme: "dark", viewport: { width: 1280, height: 720 } }],
    ["light, phone", { colorScheme: "light", viewport: { width: 400, height: 800 }, hasTouch: true }],
  ] as [string, BrowserContextOptions][])("is accessible and fits the screen: %s", async (_, options) => {
    await open(options);
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    ).toBe(0);
    // Marks of sources lie on a dark image in every theme.
    const marks = page.locator("figure image ~ svg[overflow=hidden] path:nth-child(even)");
    const strokes = await marks.evaluateAll((all) => all.map((one) => getComputedStyle(one).stroke));
    expect(strokes.length).toBeGreaterThan(0);
    expect(new Set(strokes)).toEqual(new Set(["rgb(255, 255, 255)"]));
    const { passes, violations } = await auditPage(page);
    expect(passes).toEqual(
      expect.arrayContaining(["color-contrast", "label", "button-name", "heading-order"]),
    );
    expect(violations).toEqual([]);
  });
});
