/**
 * Pictures in Studio: grid and contours, limits by dragging, fingers, small windows, and figures as they are on the screen.
 *
 * Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { readFileSync } from "node:fs";
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { icrsToGalactic } from "../../src/data/sky/galactic.js";
import { pixelToSky, skyToPixel } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { fitsCard, imageToSkyImage, readFits, writeFits } from "../../src/io/fits.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { StudioPage } from "./studio-page.js";

itFindsChromium();

describe.skipIf(!hasChromium)("Pictures in Studio", { timeout: 120_000 }, () => {
  const studio = new StudioPage();
  const SIZE = 32;

  async function openExample(): Promise<void> {
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
  }

  /** Numbers of the box of limits of the counts. */
  async function limits(): Promise<number[]> {
    const popup = studio.panel("Counts").locator(".limits");
    await popup.locator("button").first().click();
    const fields = await popup
      .locator("input")
      .evaluateAll((all: HTMLInputElement[]) => all.map(({ value }) => Number(value)));
    await studio.page.keyboard.press("Escape");
    return fields;
  }

  it("have a grid, contours at levels that are typed, and limits that are dragged", async () => {
    await studio.open({ hasTouch: true });
    await openExample();
    await studio.page.click("button:text-is('Lines')");
    const menu = studio.page.locator(".popup-box");
    await menu.locator("input[type=checkbox]").check();
    // On counts, exposure and background, not on the psf; what waits has no picture.
    await expect.poll(() => studio.page.locator(".grid-lines").count()).toBe(3);
    const label = studio.panel("Counts").locator(".grid-label[text-anchor=middle]:text-is('20')");
    const at = await studio.pointOf("Counts", 20, 0, SIZE, SIZE);
    const box = (await label.boundingBox())!;
    expect(Math.abs(box.x + box.width / 2 - at.x)).toBeLessThan(1);

    await menu.getByLabel("Contours of").selectOption("counts");
    await expect.poll(() => studio.page.locator(".contours").count()).toBe(3);
    const levels = menu.getByLabel("Levels");
    const offered = ((await levels.inputValue()) ?? "").split(", ").map(Number);
    expect(offered).toEqual(offered.toSorted((a, b) => a - b));
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.shot("pictures-lines");
    await levels.fill("1e6");
    await levels.press("Enter");
    await expect.poll(() => studio.page.locator(".contours").count()).toBe(0);
    await studio.page.keyboard.press("Escape");
    await studio.page.keyboard.press("Control+z");
    await expect.poll(() => studio.page.locator(".contours").count()).toBe(3);

    const [low, high] = await limits();
    const bar = (await studio.panel("Counts").locator(".limits-bar canvas").boundingBox())!;
    const end = { x: bar.x + bar.width - 2, y: bar.y + bar.height / 2 };
    await studio.drag(end, { x: end.x - bar.width / 2, y: end.y });
    // Half of the bar is half of the root of the values; one pixel of the screen is less than 1 %.
    const [from, to] = await limits();
    expect(from).toBe(low);
    expect(Math.abs(to / (high / 4) - 1)).toBeLessThan(0.04);
    await studio.page.mouse.dblclick(end.x, end.y);
    expect(await limits()).toEqual([low, high]);
  });

  it("have contours of other files, where both show the same sky", async () => {
    const side = 24;
    const image = (
      values: (x: number, y: number) => number,
      cards: Readonly<Record<string, string | number>> = {},
      nx = side,
    ) =>
      writeFits([
        {
          ...{ kind: "image", name: "PRIMARY", shape: [side, nx] },
          data: Float32Array.from({ length: side * nx }, (_, at) => values(at % nx, Math.floor(at / nx))),
          cards: Object.entries(cards).map(([keyword, value]) => fitsCard(keyword, value)),
        },
      ]);
    const sky = (of: string, lon: number, lat: number, step: number) => ({
      ...(of === "galactic"
        ? { CTYPE1: "GLON-TAN", CTYPE2: "GLAT-TAN" }
        : { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN" }),
      ...{ CRVAL1: lon, CRVAL2: lat, CRPIX1: 12.5, CRPIX2: 12.5, CDELT1: -step, CDELT2: step },
    });
    const wcsOf = (cards: Readonly<Record<string, string | number>>) =>
      parseWcs(Object.entries(cards).map(([keyword, value]) => ({ keyword, value }))).wcs!;
    // A radio map in galactic coordinates, of half the pixels, with a source on the pixel (15, 9) of the counts.
    const counts = sky("equatorial", 266.4, -29, 2e-4);
    const centre = icrsToGalactic({ lon: 266.4, lat: -29 });
    const radio = sky("galactic", centre.lon, centre.lat, 3e-4);
    const place = icrsToGalactic(pixelToSky(wcsOf(counts), 15, 9));
    const source = skyToPixel(wcsOf(radio), place.lon, place.lat);
    const round = (x: number, y: number) =>
      100 * Math.exp(-((x - source.x) ** 2 + (y - source.y) ** 2) / (2 * 3 ** 2));
    await studio.open();
    await studio.drop([
      { name: "counts.fits", bytes: image((x, y) => (x * 7 + y * 3) % 5, counts) },
      { name: "psf.fits", bytes: image((x, y) => Number(x === 12 && y === 12)) },
    ]);
    await studio.page.waitForSelector(".go button:enabled");
    await studio.page.click(".go button");
    await studio.page.waitForSelector(".workspace");
    await studio.page.click("button:text-is('Lines')");
    const menu = studio.page.locator(".popup-box");
    const open = (name: string, bytes: Uint8Array) =>
      menu
        .getByLabel("File for contours")
        .setInputFiles({ name, mimeType: "application/fits", buffer: Buffer.from(bytes) });
    await open("radio.fits", image(round, { ...radio, BUNIT: "Jy/beam" }));
    await expect.poll(() => menu.getByLabel("Contours of").inputValue()).toBe("file radio.fits");
    expect(await menu.locator("p").last().textContent()).toContain("Jy/beam");
    await menu.getByLabel("Levels").fill("50");
    await menu.getByLabel("Levels").press("Enter");
    const ring = async () => {
      const box = (await studio.panel("Counts").locator(".contours path").last().boundingBox())!;
      return { x: box.x + box.width / 2, y: box.y + box.height / 2, radius: (box.width + box.height) / 4 };
    };
    const middle = await studio.pointOf("Counts", 15, 9, side, side);
    const pixel = (await studio.pointOf("Counts", 16, 9, side, side)).x - middle.x;
    // Half of the peak lies at sqrt(2 ln 2) times sigma, 3 pixels of 1.5; interpolation between its pixels takes a percent.
    await expect
      .poll(async () => Math.abs((await ring()).radius / (1.1774 * 4.5 * pixel) - 1))
      .toBeLessThan(0.03);
    const { x, y } = await ring();
    expect(Math.hypot(x - middle.x, y - middle.y) / pixel).toBeLessThan(0.1);
    await studio.shot("pictures-contours");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // What does not show this sky is refused, in words; without sky coordinates the same pixels are taken.
    const words = menu.locator(".trouble");
    await open("far.fits", image(round, sky("equatorial", 120, 10, 2e-4)));
    await expect
      .poll(() => words.textContent())
      .toMatch(/^far\.fits: image must show some of the sky.* deg away/);
    await open("plain.fits", image(round, {}, 30));
    await expect.poll(() => words.textContent()).toMatch(/^plain\.fits: image must have sky coordinates/);
    await studio.page.setViewportSize({ width: 1024, height: 768 });
    await studio.page.emulateMedia({ colorScheme: "dark" });
    await studio.shot("pictures-contours-refused");
    await open(
      "plain.fits",
      image((x, y) => round(x - 15 + source.x, y - 9 + source.y)),
    );
    await expect.poll(() => menu.getByLabel("Contours of").inputValue()).toBe("file plain.fits");
    expect(await words.count()).toBe(0);
    await menu.getByLabel("Levels").fill("50");
    await menu.getByLabel("Levels").press("Enter");
    const same = await studio.pointOf("Counts", 15, 9, side, side);
    await expect
      .poll(async () => Math.hypot((await ring()).x - same.x, (await ring()).y - same.y) / pixel)
      .toBeLessThan(0.1);
  });

  it("follow two fingers", async () => {
    await studio.open({ hasTouch: true });
    await openExample();
    const touch = await studio.page.context().newCDPSession(studio.page);
    const middle = await studio.pointOf("Counts", 15.5, 15.5, SIZE, SIZE);
    const fingers = (type: string, apart: number, aside = 0) =>
      touch.send("Input.dispatchTouchEvent", {
        type: type as "touchStart",
        touchPoints:
          apart === 0
            ? []
            : [-1, 1].map((side, id) => ({ x: middle.x + aside + (side * apart) / 2, y: middle.y, id })),
      });
    await fingers("touchStart", 60);
    for (const apart of [80, 100, 120]) await fingers("touchMove", apart);
    await expect.poll(() => studio.page.textContent(".zoom button:nth-child(2)")).toBe("2.0 ×");
    // Both moved to the right by a quarter of the picture: its left quarter comes into view.
    const width = (await studio.panel("Counts").locator(".frame").boundingBox())!.width;
    await fingers("touchMove", 120, width / 4);
    await fingers("touchEnd", 0);
    await studio.page.waitForTimeout(100);
    await studio.page.mouse.move(middle.x - width / 2 + 2, middle.y);
    // Before it was column 8: 32 / 2 pixels are seen, the middle ones.
    const [x] = ((await studio.fact("#readout", "position")) ?? "").split(", ").map(Number);
    expect(x).toBe(4);
    expect(await studio.page.locator("#selection-name").textContent()).toMatch(/^Pixel/);
  });

  it("leave room for what is picked in small windows, and are saved as they are shown", async () => {
    await studio.open({ viewport: { width: 1024, height: 768 }, colorScheme: "dark" });
    await openExample();
    await studio.page.fill("#field-iterations", "300");
    await studio.page.click("button:text-is('Start the chains')");
    await studio.page.waitForSelector(".verdict", { timeout: 90_000 });
    await studio.page.waitForSelector(".tab-panel svg.chart");
    for (const [width, height] of [
      [1024, 768],
      // A window of 1440 x 900 at 200 %.
      [720, 450],
    ]) {
      await studio.page.setViewportSize({ width, height });
      await studio.page.waitForTimeout(200);
      await studio.shot(`pictures-${width}`);
      for (const part of ["#readout", ".tab-panel svg.chart", ".panel .frame"]) {
        const { x, y, width: wide } = (await studio.page.locator(part).first().boundingBox())!;
        expect(x, part).toBeGreaterThanOrEqual(0);
        expect(x + wide, part).toBeLessThanOrEqual(width);
        expect(y, part).toBeLessThan(height - 40);
      }
      const column = (await studio.page.locator(".right").boundingBox())!;
      const trace = (await studio.page.locator(".tab-panel svg.chart").first().boundingBox())!;
      expect(trace.y + 60).toBeLessThan(Math.min(height, column.y + column.height));
      const tops = await studio.page
        .locator("[role=tab]")
        .evaluateAll((all) => all.map((tab) => tab.getBoundingClientRect().top));
      expect(new Set(tops).size).toBe(1);
      expect(
        await studio.page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
    }
    await studio.page.setViewportSize({ width: 1280, height: 720 });
    await studio.page.keyboard.press("c");
    await studio.drag(
      await studio.pointOf("Counts", 16, 16, SIZE, SIZE),
      await studio.pointOf("Counts", 20, 16, SIZE, SIZE),
    );
    const saved = async (what: string) => {
      const [download] = await Promise.all([
        studio.page.waitForEvent("download"),
        studio.page.click(`button:text-is('Pictures, ${what}')`),
      ]);
      return readFileSync(await download.path());
    };
    const text = (await saved("SVG")).toString();
    const figure = await studio.page.evaluate((svg) => {
      const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
      const words = [...root.querySelectorAll(":scope > text")].map((one) => one.textContent);
      const circle = root.querySelector(".region circle");
      return {
        name: root.tagName,
        words,
        // Of each picture and of its colour bar.
        images: root.querySelectorAll("image").length,
        radius: Number(circle?.getAttribute("r")),
        tools: root.querySelectorAll(".cross, .handle").length,
      };
    }, text);
    expect(figure.name).toBe("svg");
    expect(figure.words).toEqual(
      expect.arrayContaining(["Counts", "Posterior mean", "Residual", "residual in σ"]),
    );
    expect(figure.images).toBe(12);
    expect(figure.tools).toBe(0);
    const { width } = (await studio.panel("Counts").locator(".frame").boundingBox())!;
    expect(Math.abs(figure.radius / ((4 / SIZE) * width) - 1)).toBeLessThan(0.05);
    const png = decode(await saved("PNG"));
    const [wide, tall] = text
      .match(/width="([\d.]+)" height="([\d.]+)"/)!
      .slice(1)
      .map(Number);
    expect(Math.abs(png.width - 2 * wide)).toBeLessThanOrEqual(2);
    expect(Math.abs(png.height - 2 * tall)).toBeLessThanOrEqual(2);

    // A mask by numbers: 49 pixel centres lie within 4 pixels of another.
    await studio.page.getByLabel("radius, px").fill("4");
    await studio.page.click("button:text-is('Leave out')");
    expect(await studio.fact(".card", "mask")).toMatch(/^49 pixels left out/);
    expect(await studio.page.locator("details:has-text('As a command') pre").first().textContent()).toContain(
      "--mask mask.fits",
    );
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("button:text-is('save mask.fits')"),
    ]);
    const mask = imageToSkyImage(readFits(new Uint8Array(readFileSync(await download.path())))[0]);
    expect(mask.shape).toEqual([SIZE, SIZE]);
    expect(mask.data.filter((value) => value === 0).length).toBe(49);
    expect([mask.data[16 * SIZE + 20], mask.data[16 * SIZE + 21]]).toEqual([0, 1]);
    await studio.shot("pictures-mask");
    await studio.page.locator(".card [data-key=mask] button:text-is('undo')").click();
    await expect.poll(() => studio.page.locator(".card [data-key=mask]").count()).toBe(0);
  });
});
