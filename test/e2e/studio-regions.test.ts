/**
 * Regions, profiles, limits and comparisons in Studio: drawn with the mouse and by keys, undone, written and read back, and what the
 * draws say of them, held against the result file.
 *
 * Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseDs9Regions, type ShapedRegion } from "../../src/data/regions/ds9-region.js";
import { termsPixels } from "../../src/data/regions/region-terms.js";
import { readFits } from "../../src/io/fits.js";
import { wcsCards } from "../../src/io/fits-wcs.js";
import { decodeResult } from "../../src/io/result-file.js";
import type { PosteriorResult } from "../../src/posterior/result.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { numberOf, StudioPage } from "./studio-page.js";

const CHANDRA = fileURLToPath(new URL("../../../shared/data/chandra-gc", import.meta.url));
const COUNTS = "chandra-counts-obs-id-4684.fits.gz";
const PSF = "chandra-psf-obs-id-4684.fits.gz";
const hasChandra = existsSync(join(CHANDRA, COUNTS));
if (!hasChandra) {
  const absent = `no ${COUNTS} in ../shared/data/chandra-gc`;
  if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error(`${absent}, and TSLIRA_REQUIRE_SHARED=1`);
  console.warn(`skipped in part: ${absent}`);
}

itFindsChromium();

describe.skipIf(!hasChromium)("Regions in Studio", { timeout: 180_000 }, () => {
  const studio = new StudioPage();
  const SIZE = 32;
  const at = (x: number, y: number, title = "Counts") => studio.pointOf(title, x, y, SIZE, SIZE);
  const names = () => studio.page.locator(".region-names button").allTextContents();
  const heading = () => studio.page.locator("#selection-name").textContent();
  const chosen = (name: string) =>
    studio.page.locator(`.region-names [aria-pressed=true]:text-is("${name}")`);

  /** Drop a text on the pictures. */
  async function dropText(name: string, text: string): Promise<void> {
    const transfer = await studio.page.evaluateHandle(
      ([file, words]) => {
        const held = new DataTransfer();
        held.items.add(new File([words], file));
        return held;
      },
      [name, text] as const,
    );
    await studio.page.dispatchEvent(".drop-regions", "drop", { dataTransfer: transfer });
  }

  /** The region file that Save gives. */
  async function saved(): Promise<string> {
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click(".region-files button:text-is('Save')"),
    ]);
    return readFileSync(await download.path(), "utf8");
  }

  async function result(): Promise<PosteriorResult> {
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    return decodeResult(new Uint8Array(readFileSync(await download.path())));
  }

  /** Flux of pixels in all draws: mean, and the central 68 and 95 %, by sorting. */
  function fluxOf({ trace, mean }: PosteriorResult, pixels: readonly number[]) {
    const size = mean.data.length;
    const draws = trace.images.chains
      .flatMap((chain) =>
        Array.from({ length: chain.length / size }, (_, draw) =>
          pixels.reduce((sum, pixel) => sum + chain[draw * size + pixel], 0),
        ),
      )
      .sort((a, b) => a - b);
    const quantile = (p: number) => draws[Math.round(p * (draws.length - 1))];
    return {
      mean: pixels.reduce((sum, pixel) => sum + mean.data[pixel], 0),
      spread: quantile(0.84) - quantile(0.16),
      narrow: [quantile(0.16), quantile(0.84)],
      wide: [quantile(0.025), quantile(0.975)],
    };
  }

  async function run(seed: string, iterations = "400"): Promise<void> {
    await studio.page.fill("#field-iterations", iterations);
    await studio.page.fill("#field-seed", seed);
    await studio.page.click("button:text-matches('^(Start the chains|Run again)$')");
    await studio.page.waitForSelector(".verdict", { timeout: 90_000 });
  }

  it("draws, edits, names, undoes, writes and reads regions", async () => {
    await studio.open();
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
    const draw = async (key: string, from: [number, number], to: [number, number]) => {
      await studio.page.keyboard.press(key);
      await studio.drag(await at(...from), await at(...to));
    };
    await draw("c", [6, 6], [9, 6]);
    await draw("e", [20, 8], [25, 10]);
    await draw("r", [3, 20], [8, 24]);
    await draw("a", [16, 25], [22, 25]);
    await studio.page.keyboard.press("g");
    for (const [x, y] of [
      [24, 18],
      [29, 18],
      [27, 24],
      [24, 18],
    ] as const) {
      const point = await at(x, y);
      await studio.page.mouse.click(point.x, point.y);
    }
    expect(await names()).toEqual(["Region 1", "Region 2", "Region 3", "Region 4", "Region 5"]);
    expect(await heading()).toBe("Polygon of 3 corners");
    await studio.shot("regions-drawn");

    // Chosen from the list; a handle makes the circle larger, its inside moves it.
    await studio.page.click(".region-names button:text-is('Region 1')");
    await expect.poll(heading).toBe("Circle around x = 6, y = 6, radius 3 px");
    await studio.page.keyboard.press("p");
    await studio.drag(await at(9, 6), await at(10, 6));
    await expect.poll(heading).toBe("Circle around x = 6, y = 6, radius 4 px");
    await studio.drag(await at(6, 6), await at(8, 7));
    await expect.poll(heading).toBe("Circle around x = 8, y = 7, radius 4 px");
    await studio.page.keyboard.press("Control+z");
    await expect.poll(heading).toBe("Circle around x = 6, y = 6, radius 4 px");
    await studio.page.keyboard.press("Control+z");
    await expect.poll(heading).toBe("Circle around x = 6, y = 6, radius 3 px");
    await studio.page.keyboard.press("Control+Shift+z");
    await studio.page.keyboard.press("Control+y");
    await expect.poll(heading).toBe("Circle around x = 8, y = 7, radius 4 px");

    // The box turned by its handle, which stands beyond its right side.
    await studio.page.click(".region-names button:text-is('Region 3')");
    await expect.poll(heading).toBe("Box around x = 5.5, y = 22, 6 × 5 px");
    const width = (await studio.panel("Counts").locator(".frame").boundingBox())!.width;
    await studio.drag(await at(8.5 + (18 * SIZE) / width, 22), await at(5.5, 29));
    await expect
      .poll(() => studio.page.locator(".region-fields label:has-text('angle') input").inputValue())
      .toBe("90");

    // By keys alone: choose, move, make larger, delete, undo.
    await studio.panel("Counts").locator(".frame").focus();
    await studio.page.keyboard.press("n");
    await chosen("Region 4").waitFor();
    await studio.page.keyboard.press("Alt+ArrowRight");
    await studio.page.keyboard.press("Alt+Shift+ArrowDown");
    await studio.page.keyboard.press("]");
    await expect.poll(heading).toBe("Annulus around x = 17, y = 15, radii 3 and 6.5 px");
    await studio.page.keyboard.press("Delete");
    await expect.poll(names).toEqual(["Region 1", "Region 2", "Region 3", "Region 5"]);
    await studio.page.keyboard.press("Control+z");
    await expect.poll(names).toHaveLength(5);
    await studio.page.click(".region-names button:text-is('Region 2')");
    await studio.page.fill(".region-title input", "knot {B}");
    await chosen("knot {B}").waitFor();

    // What is saved is what is shown, pixel by pixel in number, and comes back the same.
    const text = await saved();
    const { regions } = parseDs9Regions(text);
    expect(regions.map(({ name }) => name)).toEqual(await names());
    for (const { name, terms } of regions) {
      await studio.page.locator(".region-names button").getByText(name, { exact: true }).click();
      await expect
        .poll(() => studio.fact("#selection-numbers", "counts"))
        .toContain(` in ${termsPixels(terms, [SIZE, SIZE]).length} pixels`);
    }
    await dropText("again.reg", text);
    await expect.poll(names).toHaveLength(10);
    expect((await names()).slice(5)).toEqual(regions.map(({ name }) => `${name} (2)`));
    const again = parseDs9Regions(await saved()).regions;
    expect(again.slice(5).map(({ terms }) => terms)).toEqual(again.slice(0, 5).map(({ terms }) => terms));
    await studio.page.keyboard.press("Control+z");
    await expect.poll(names).toHaveLength(5);

    // What is wrong is said, and leaves everything as it is.
    await dropText("bad.reg", "image\ncircle(3,4");
    await studio.page.waitForSelector(
      ".middle .trouble:text-matches('^bad.reg, line 2: the brackets of circle must be closed')",
    );
    await dropText("sky.reg", "icrs\ncircle(266,-29,3)");
    await studio.page.waitForSelector(".middle .trouble:text-matches('image must have sky coordinates')");
    await dropText("picture.png", "x");
    await studio.page.waitForSelector(
      ".middle .trouble:text-matches('^picture.png: .*must be a region file')",
    );
    expect(await names()).toHaveLength(5);
    await studio.shot("regions-refused");
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it("draws by keys alone, and says where a region holds nothing", async () => {
    await studio.open();
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
    const frame = studio.panel("Counts").locator(".frame");
    const start = await at(10, 10);
    await studio.page.mouse.move(start.x, start.y);
    await frame.focus();
    await studio.page.keyboard.press("g");
    await studio.page.keyboard.press("Enter");
    for (const key of ["ArrowRight", "ArrowUp"]) {
      for (let step = 0; step < 5; step++) await studio.page.keyboard.press(key);
      await studio.page.keyboard.press("Enter");
    }
    await studio.page.keyboard.press("Enter");
    await expect.poll(heading).toBe("Polygon of 3 corners");
    for (const key of ["c", "e", "r", "a"]) {
      await studio.page.keyboard.press(key);
      await studio.page.keyboard.press("Enter");
    }
    expect(await names()).toHaveLength(5);
    await studio.page.fill(".region-fields label:has-text('x from 0') input", "-40");
    await studio.page.waitForSelector("text=No pixel has its middle in this region");
    await frame.focus();
    await studio.page.keyboard.press("l");
    await studio.page.keyboard.press("Enter");
    await studio.page.keyboard.press("Shift+ArrowLeft");
    await studio.page.keyboard.press("Enter");
    await studio.page.waitForSelector(
      "#profile-line:text-matches('from x = 15, y = 15 to x = 5, y = 15', 'i')",
    );
    await studio.page.waitForSelector("#tab-panel svg.chart");
  });

  it("says what the draws say of regions, profiles and limits, and compares two runs", async () => {
    await studio.open({ colorScheme: "dark" });
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
    await studio.page.keyboard.press("c");
    await studio.drag(await at(16, 26), await at(19, 26));
    await run("3");
    await studio.page.waitForSelector("#tab-panel path.outline");
    const first = await result();
    const [{ terms }] = parseDs9Regions(await saved()).regions as [ShapedRegion];
    const pixels = termsPixels(terms, [SIZE, SIZE]);
    const expected = fluxOf(first, pixels);
    const flux = ((await studio.fact("#selection-numbers", "flux")) ?? "").split(" ± ").map(numberOf);
    expect(Math.abs(flux[0] - expected.mean)).toBeLessThan(0.051 * expected.spread);
    for (const [key, ends] of [
      ["interval", expected.narrow],
      ["interval95", expected.wide],
    ] as const) {
      const shown = ((await studio.fact("#selection-numbers", key)) ?? "").split(" to ").map(numberOf);
      // Between two draws, and four digits.
      for (const [index, end] of ends.entries()) {
        expect(Math.abs(shown[index] - end), key).toBeLessThan(0.1 * expected.spread);
      }
    }
    // The point of 1000 counts lies at (16, 26).
    const centroid = (await studio.fact("#selection-numbers", "centroid")) ?? "";
    const [, x, y] = /^x ([\d.]+) ± .*, y ([\d.]+) ±/.exec(centroid) ?? [];
    expect(Math.hypot(Number(x) - 16, Number(y) - 26)).toBeLessThan(0.3);
    await studio.page.click("summary:has-text('Correlation')");
    await studio.page.waitForSelector(".correlation .frame canvas");
    await studio.page.locator(".correlation .picture").scrollIntoViewIfNeeded();
    await studio.shot("regions-correlation");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // Profiles: of the flux with its band, of the counts with points.
    await studio.page.click("#tab-profile");
    await studio.page.waitForSelector("#tab-panel path.posterior-band", { state: "attached" });
    await studio.shot("profile-flux");
    await studio.page.selectOption(".profile select", "counts");
    await expect.poll(() => studio.page.locator("#tab-panel circle.point").count()).toBeGreaterThan(7);
    expect(await studio.page.locator("#tab-panel path.outline.series-2").count()).toBe(1);
    await studio.page.keyboard.press("l");
    await studio.drag(await at(4, 26), await at(28, 26));
    await studio.page.click("text=Along a line");
    await expect.poll(() => studio.page.locator("#tab-panel circle.point").count()).toBe(25);
    await studio.shot("profile-line");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // Limits of one picture, and colours of all.
    const before = { counts: await studio.pixels("Counts"), mean: await studio.pixels("Posterior mean") };
    await studio.page.click("[aria-label='Limits of Counts']");
    await studio.page.fill(".popup-box label:has-text('To') input", "5");
    await studio.page.keyboard.press("Enter");
    await studio.page.waitForSelector("[aria-label='Limits set of Counts']");
    await expect.poll(async () => (await studio.pixels("Counts")) !== before.counts).toBe(true);
    expect(await studio.pixels("Posterior mean")).toBe(before.mean);
    await studio.shot("limits");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.keyboard.press("Escape");
    await studio.page.keyboard.press("Control+z");
    await expect.poll(() => studio.pixels("Counts")).toBe(before.counts);
    const [from, to] = [await at(8, 8), await at(12, 14)];
    await studio.page.mouse.move(from.x, from.y);
    await studio.page.mouse.down({ button: "right" });
    await studio.page.mouse.move(to.x, to.y, { steps: 4 });
    await studio.page.mouse.up({ button: "right" });
    await studio.page.click(".toolbar button:text-is('Colours')");
    const contrast = Number(await studio.page.locator("label:has-text('Contrast') input").inputValue());
    const bias = Number(await studio.page.locator("label:has-text('Bias') input").inputValue());
    // Four of 32 pixels to the right, six up; the slider shows the decimal logarithm.
    expect(bias).toBeCloseTo(0.5 + 4 / SIZE, 1);
    expect(contrast).toBeCloseTo(6 / SIZE, 1);
    await studio.page.check("label:has-text('Inverted') input");
    await studio.shot("colours");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.click("text=Reset colours");
    await expect.poll(() => studio.pixels("Counts")).toBe(before.counts);
    await studio.page.keyboard.press("Escape");

    // A second run beside the first.
    await run("4", "300");
    const second = await result();
    await studio.page.click("text=Swipe");
    await studio.page.waitForSelector(".stage.swipe");
    const ratio = Number(
      /B \/ A = ([\d.]+)/.exec((await studio.fact(".compare-facts", "selected")) ?? "")?.[1],
    );
    expect(ratio).toBeCloseTo(fluxOf(second, pixels).mean / expected.mean, 3);
    expect(await studio.page.locator(".compare-facts").textContent()).toMatch(
      /iterations 400 → 300.*seed 3 → 4|seed 3 → 4.*iterations 400 → 300/,
    );
    const slider = studio.page.locator(".compare-bar input[type=range]");
    await slider.focus();
    for (let press = 0; press < 10; press++) await studio.page.keyboard.press("ArrowRight");
    expect(await studio.page.locator(".stage-layer >> nth=1").getAttribute("style")).toContain("60%");
    const stage = (await studio.page.locator(".stage").boundingBox())!;
    await studio.drag(
      { x: stage.x + 0.6 * stage.width, y: stage.y + 0.5 * stage.height },
      { x: stage.x + 0.3 * stage.width, y: stage.y + 0.5 * stage.height },
    );
    expect(Number(await slider.inputValue())).toBeCloseTo(0.3, 1);
    await studio.shot("swipe");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.keyboard.press("Escape");
    await studio.page.waitForSelector(".panels");
    await studio.page.keyboard.press("b");
    for (const letter of ["B", "A", "B"]) await studio.page.waitForSelector(`.stage[data-shown=${letter}]`);
    await studio.page.click("text=Stop blinking");
    await studio.shot("blink");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    const still = await studio.page.locator(".stage").getAttribute("data-shown");
    await studio.page.click(`text=Show ${still === "A" ? "B" : "A"}`);
    expect(await studio.page.locator(".stage").getAttribute("data-shown")).not.toBe(still);
    await studio.page.keyboard.press("b");
    await studio.page.waitForSelector(".panels");
  });

  it("does not blink for those who asked for less motion", async () => {
    await studio.open({ reducedMotion: "reduce" });
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
    await run("1", "100");
    await run("2", "100");
    await studio.page.keyboard.press("b");
    await studio.page.waitForSelector(".stage[data-shown=A]");
    expect(await studio.page.locator("text=Stop blinking").count()).toBe(0);
    await studio.page.click("text=Show B");
    await studio.page.waitForSelector(".stage[data-shown=B]");
  });

  it.skipIf(!hasChandra)("writes regions of Chandra on the sky, in a cut-out", async () => {
    await studio.open({ viewport: { width: 1280, height: 720 } });
    await studio.drop([COUNTS, PSF].map((name) => ({ name, bytes: readFileSync(join(CHANDRA, name)) })));
    await studio.page.waitForSelector(".files li.read >> nth=1");
    await studio.page.click("text=Open");
    await studio.page.waitForSelector(".workspace");
    await studio.cutOut("Counts", [104, 96], [152, 144], [256, 256]);
    await studio.page.waitForSelector('dt:text-is("cut-out")');
    const [nx, ny] = (await studio.page.locator(".what").textContent())!
      .match(/(\d+) × (\d+)/)!
      .slice(1)
      .map(Number);
    const cut =
      (await studio.page.locator('.facts div:has(dt:text-is("cut-out")) dd').first().textContent()) ?? "";
    const [left, bottom] = [...cut.matchAll(/(\d+):\d+/g)].map(([, from]) => Number(from));
    const place = (x: number, y: number) => studio.pointOf("Counts", x, y, nx, ny);
    await studio.page.keyboard.press("e");
    await studio.drag(await place(20, 22), await place(28, 26));
    await studio.page.keyboard.press("r");
    await studio.drag(await place(4, 4), await place(12, 9));
    const [{ header }] = readFits(new Uint8Array(gunzipSync(readFileSync(join(CHANDRA, COUNTS)))));
    const cards = wcsCards(header);
    const inFile: ShapedRegion[][] = [];
    for (const system of ["icrs", "fk5", "galactic", "image"]) {
      await studio.page.selectOption("[aria-label='Coordinates of the region file']", system);
      const text = await saved();
      expect(text).toMatch(new RegExp(`\\n${system}\\n`));
      inFile.push([...parseDs9Regions(text, { wcs: cards }).regions]);
    }
    // The same places in the whole file, whatever the coordinates; Galactic ones within 1e-5 arcseconds of 0.25 to 0.5 a pixel.
    const [image] = inFile.slice(-1);
    const ellipse = image[0].terms[0].shape;
    expect(ellipse).toMatchObject({ kind: "ellipse", x: left + 20, y: bottom + 22 });
    for (const regions of inFile) {
      for (const [index, { name, terms }] of regions.entries()) {
        expect(name).toBe(image[index].name);
        const [here, there] = [terms[0].shape, image[index].terms[0].shape];
        if (
          here.kind === "polygon" ||
          there.kind === "polygon" ||
          here.kind === "annulus" ||
          there.kind === "annulus"
        )
          throw new Error("must be ellipse and box");
        expect(Math.hypot(here.x - there.x, here.y - there.y)).toBeLessThan(1e-3);
      }
    }
    await studio.page.fill("#field-iterations", "300");
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    await studio.page.waitForSelector("#selection-numbers [data-key=flux]");
    expect(await studio.fact("#selection-numbers", "centroid")).toMatch(/RA 17ʰ45ᵐ/);
    await studio.shot("regions-chandra");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.setViewportSize({ width: 820, height: 1180 });
    expect(
      await studio.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ),
    ).toBe(0);
    await studio.shot("regions-tablet");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    // Regions stay where they are in the sky when the cut-out is undone.
    const inPixels = () => studio.page.selectOption("[aria-label='Coordinates of the region file']", "image");
    await inPixels();
    const cutOut = await saved();
    await studio.page.click(".facts .link");
    await studio.page.waitForSelector('dt:text-is("cut-out")', { state: "detached" });
    await expect.poll(names).toEqual(["Region 1", "Region 2"]);
    await inPixels();
    expect(parseDs9Regions(await saved()).regions).toEqual(parseDs9Regions(cutOut).regions);
  });
});
