/**
 * Several observations of one sky in Studio, in headless Chromium: a region is left out of each where it sees that part of the sky.
 *
 * Needs Chromium (see `chromium.ts`). Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fitsCard, imageToSkyImage, readFits, writeFits } from "../../src/io/fits.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { commandsResult, StudioPage } from "./studio-page.js";

const SIZE = 24;

/** Counts of a source on a flat field, whose pixel (0, 0) lies at (x, y) of the first observation. */
function counts(x: number, y: number): Uint8Array {
  const data = Int16Array.from({ length: SIZE * SIZE }, (_, pixel) => {
    const [dx, dy] = [(pixel % SIZE) + x - 12, Math.floor(pixel / SIZE) + y - 10];
    return Math.round(30 * Math.exp(-(dx * dx + dy * dy) / 8)) + ((pixel * 7) % 3 === 0 ? 1 : 0);
  });
  const cards = [
    ...[fitsCard("CTYPE1", "RA---TAN"), fitsCard("CTYPE2", "DEC--TAN")],
    ...[fitsCard("CRVAL1", 266.4), fitsCard("CRVAL2", -29)],
    ...[fitsCard("CRPIX1", 12.5 - x), fitsCard("CRPIX2", 12.5 - y)],
    ...[fitsCard("CDELT1", -0.000137), fitsCard("CDELT2", 0.000137)],
  ];
  return writeFits([{ kind: "image", name: "PRIMARY", shape: [SIZE, SIZE], data, cards }]);
}

const FILES = {
  "counts-11.fits": counts(0, 0),
  "counts-12.fits": counts(3, 1),
  "psf.fits": writeFits([
    { kind: "image", name: "PRIMARY", shape: [3, 3], data: Float64Array.of(1, 2, 1, 2, 4, 2, 1, 2, 1) },
  ]),
};

itFindsChromium();

describe.skipIf(!hasChromium)("Several observations in Studio", { timeout: 180_000 }, () => {
  const studio = new StudioPage();
  const masked = () => studio.fact(".card", "mask");
  const joint = async () =>
    JSON.parse(
      (await studio.page.locator("details:has(summary:text('joint.json')) pre").textContent()) ?? "",
    ) as { readonly observations: readonly { readonly mask?: string }[] };

  /** Middle of the lightest part of a picture, and how much of the picture is empty, in pixels of the first observation. */
  const lightest = (title: string) =>
    studio
      .panel(title)
      .locator(".frame canvas")
      .evaluate((canvas: HTMLCanvasElement, size) => {
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, width, height);
        const light = (at: number) => data[4 * at] + data[4 * at + 1] + data[4 * at + 2];
        const all = Array.from({ length: width * height }, (_, at) => at);
        const top = Math.max(...all.map(light));
        const best = all.filter((at) => light(at) === top);
        const mean = (of: (at: number) => number) => best.reduce((sum, at) => sum + of(at), 0) / best.length;
        return {
          x: ((mean((at) => at % width) + 0.5) / width) * size - 0.5,
          y: (1 - (mean((at) => Math.floor(at / width)) + 0.5) / height) * size - 0.5,
          empty: (all.filter((at) => data[4 * at + 3] === 0).length / all.length) * size * size,
        };
      }, SIZE);

  /** Pixels (x, y) that a mask leaves out, saved beside the files of the command. */
  async function savedMask(name: string): Promise<(readonly [number, number])[]> {
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click(`button:text-is('save ${name}')`),
    ]);
    const bytes = readFileSync(await download.path());
    writeFileSync(join(studio.folder, name), bytes);
    const { data, shape } = imageToSkyImage(readFits(new Uint8Array(bytes))[0]);
    expect(shape).toEqual([SIZE, SIZE]);
    return [...data.keys()]
      .filter((pixel) => data[pixel] === 0)
      .map((pixel) => [pixel % SIZE, Math.floor(pixel / SIZE)]);
  }

  it("leaves a region out of each, where it sees that part of the sky", async () => {
    await studio.open({ colorScheme: "dark" });
    await studio.drop(Object.entries(FILES).map(([name, bytes]) => ({ name, bytes })));
    await studio.page.waitForSelector(".go button:enabled");
    await studio.page.click(".go button");
    await studio.page.waitForSelector("dd:has-text('at (3.000, 1.000) px')");
    // Pictures of both show the same sky, so that what is drawn on one lies right on the other: three columns and a row of it are not there.
    for (const [title, empty] of [
      ["Counts", 0],
      ["Counts 2", 3 * SIZE + SIZE - 3],
    ] as const) {
      const seen = await lightest(title);
      expect(seen.x, title).toBeCloseTo(12, 0);
      expect(seen.y, title).toBeCloseTo(10, 0);
      expect(Math.abs(seen.empty - empty), title).toBeLessThan(10);
    }
    const region = await studio.page.evaluateHandle(() => {
      const held = new DataTransfer();
      held.items.add(new File(["image\ncircle(13,11,3)\n"], "source.reg"));
      return held;
    });
    await studio.page.dispatchEvent(".drop-regions", "drop", { dataTransfer: region });
    await studio.page.click("button:text-is('Leave out')");
    // 29 pixels have their middles within 3 of that of another.
    await expect.poll(masked).toMatch(/^29 pixels left out/);
    await studio.shot("together-mask");
    const around = (x: number, y: number) => (pixel: readonly [number, number]) =>
      Math.hypot(pixel[0] - x, pixel[1] - y) <= 3;
    const [first, second] = [await savedMask("mask-1.fits"), await savedMask("mask-2.fits")];
    expect([first.length, second.length]).toEqual([29, 29]);
    expect([first.every(around(12, 10)), second.every(around(9, 9))]).toEqual([true, true]);

    // The command that the page gives makes the same file.
    const command = await studio.page
      .locator("details:has(summary:text-is('As a command')) pre")
      .first()
      .textContent();
    const config = await joint();
    expect(config.observations.map(({ mask }) => mask)).toEqual(["mask-1.fits", "mask-2.fits"]);
    writeFileSync(join(studio.folder, "joint.json"), JSON.stringify(config));
    for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(studio.folder, name), bytes);
    expect(await studio.savedResult(60)).toEqual(await commandsResult(studio.folder, command ?? "", 60));
    await studio.page.setViewportSize({ width: 1024, height: 768 });
    await studio.shot("together-result");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // On shared pixels one mask serves all.
    await studio.page.locator(".card [data-key=mask] button:text-is('undo')").click();
    await expect.poll(() => studio.page.locator(".card [data-key=mask]").count()).toBe(0);
    await studio.page.getByLabel("Where the observations lie").selectOption("none");
    await expect.poll(() => studio.page.locator("dd:has-text('at (3.000')").count()).toBe(0);
    await studio.page.click(".region-names button");
    await studio.page.click("button:text-is('Leave out')");
    await expect.poll(masked).toMatch(/save mask\.fits$/);
    expect((await joint()).observations.map(({ mask }) => mask)).toEqual(["mask.fits", "mask.fits"]);
    expect((await savedMask("mask.fits")).every(around(12, 10))).toBe(true);
  });
});
