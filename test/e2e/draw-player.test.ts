/**
 * The player of draws in Chromium, from a file and without a network.
 *
 * Needs Chromium (see `chromium.ts`).
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { figureDocument } from "../../src/figures/document-node.js";
import { drawPlayerPage } from "../../src/figures/draw-player.js";
import { hasChromium, itFindsChromium, launchChromium } from "./chromium.js";

itFindsChromium();

const folder = mkdtempSync(join(tmpdir(), "tslira-player-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.skipIf(!hasChromium)(
  "plays, steps, changes the chain and reads pixels, without an error or a request",
  async () => {
    // Draw k of chain c holds 10 c + k in the left column and 0 elsewhere.
    const trace = {
      shape: [2, 3] as const,
      first: 0,
      every: 2,
      chains: [0, 10].map((offset) =>
        Float32Array.from({ length: 60 }, (_, index) =>
          index % 3 === 0 ? offset + Math.floor(index / 6) : 0,
        ),
      ),
    };
    const options = {
      document: await figureDocument(),
      vmin: 0,
      vmax: 20,
      stretch: "linear",
      colormap: "gray",
    } as const;
    const path = join(folder, "draws.html");
    writeFileSync(path, drawPlayerPage(trace, options));
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.context().setOffline(true);
      const troubles: string[] = [];
      page.on("console", (message) => troubles.push(message.text()));
      page.on("pageerror", (error) => troubles.push(error.message));
      page.on("request", (request) => {
        if (request.url() !== pathToFileURL(path).href) troubles.push(request.url().slice(0, 80));
      });
      await page.goto(pathToFileURL(path).href);
      await page.waitForSelector("[data-ready]");
      const says = () => page.locator(".which").innerText();
      /** Red of the pixel at the lower left of a picture. */
      const red = (index: number) =>
        page
          .locator("canvas")
          .nth(index)
          .evaluate((canvas: HTMLCanvasElement) => canvas.getContext("2d")?.getImageData(0, 1, 1, 1).data[0]);
      expect(await says()).toBe("chain 1, draw 1, sweep 1; mean of 1 draws");
      await page.locator(".tslira-player").focus();
      await page.keyboard.press("2");
      await page.keyboard.press("End");
      await page.keyboard.press("ArrowLeft");
      expect(await says()).toBe("chain 2, draw 9, sweep 17; mean of 9 draws");
      // Draw 18 and mean 14 of 20, in 254 steps of gray.
      expect(await red(0)).toBe(Math.round((Math.round(0.9 * 254) / 254) * 255));
      expect(await red(1)).toBe(Math.round((Math.round(0.7 * 254) / 254) * 255));
      const box = await page.locator("canvas").first().boundingBox();
      await page.mouse.move(box!.x + 3, box!.y + box!.height - 3);
      expect(await page.locator(".pixel").innerText()).toMatch(/^x 0, y 0: draw ≈ 18(\.\d)?, mean ≈ 14/);
      await page.locator(".chain").selectOption("0");
      // Pressed and read at once: ten draws may be over before a second question arrives.
      const label = await page.locator(".play").evaluate((button: HTMLButtonElement) => {
        button.click();
        return button.getAttribute("aria-label");
      });
      expect(label).toBe("Pause");
      await page.waitForFunction(() => document.querySelector(".which")?.textContent?.includes("draw 10,"));
      await page.waitForFunction(
        () => document.querySelector(".play")?.getAttribute("aria-label") === "Play",
      );
      expect(troubles).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);
