/**
 * Runs of Studio that are disturbed: the page reloaded in the middle, chains paused, workers killed, the server gone. Whatever
 * happens, the file at the end is that of a run that nobody disturbed.
 *
 * Workers are ended by `close()` called through the debugger: nobody is told, as when a browser ends one for want of memory.
 */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { StudioPage, withoutTimes } from "./studio-page.js";

const BUILT = fileURLToPath(new URL("../../dist/studio", import.meta.url));
const SWEEPS = "3000";

itFindsChromium();

describe.skipIf(!hasChromium)("a run of Studio that is disturbed", { timeout: 300_000 }, () => {
  const studio = new StudioPage();
  let undisturbed: Buffer;

  async function begin(): Promise<void> {
    await studio.open();
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.waitForSelector(".workspace");
    await studio.page.fill("#field-iterations", SWEEPS);
    await studio.page.click("text=Start the chains");
  }
  async function finish(): Promise<Buffer> {
    await studio.page.waitForSelector(".verdict", { timeout: 240_000 });
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    return withoutTimes(readFileSync(await download.path()));
  }
  const pause = async () => {
    await studio.page.click(".progress button:text-is('Pause')");
    await studio.page.waitForSelector(".progress-text:text-is('Paused.')");
  };
  const goOn = () => studio.page.click(".progress button:text-is('Go on')");
  /** Begin, and pause where a reload would find something and not all, however fast the machine is: a pause is a checkpoint. */
  async function beginAndPause(): Promise<void> {
    await begin();
    await pause();
    const note = studio.page.locator(".kept-note span");
    await expect.poll(async () => Number(await note.textContent()), { timeout: 60_000 }).toBeGreaterThan(0);
  }
  const worker = (name: string) => studio.page.workers().filter((one) => one.url().includes(name));

  it("may be long, and stops when it is asked to", async () => {
    await studio.open();
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.waitForSelector(".workspace");
    await studio.page.fill("#field-iterations", "50000");
    await studio.page.click("text=Start the chains");
    const bar = studio.page.locator(".progress progress");
    const done = () => bar.evaluate((element: HTMLProgressElement) => element.value / element.max);
    // Beyond 7,000 sweeps a chain, where watching once took longer than sampling.
    await expect.poll(done, { timeout: 200_000, interval: 500 }).toBeGreaterThan(0.3);
    await studio.page.click(".progress button:text-matches('^Stop')");
    await studio.page.waitForSelector(".verdict", { timeout: 60_000 });
    expect(await studio.page.locator(".run-card, .card:has(.verdict)").first().textContent()).toContain(
      "Stopped early.",
    );
  });

  it("is the measure of the others, is opened again and extended", async () => {
    await begin();
    undisturbed = await finish();
    await studio.page.reload();
    await studio.page.waitForSelector(".kept-runs li.done");
    expect(await studio.page.locator(".kept-runs li p").textContent()).toMatch(
      /^Point source, 4 × 3,000 sweeps, finished \d\d:\d\d$/,
    );
    await studio.shot("kept-done");
    await studio.page.click("text=Open >> nth=0");
    expect(Buffer.compare(await finish(), undisturbed)).toBe(0);
    await studio.shot("opened-again");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.fill(".sample-more input", "3500");
    await studio.page.click("text=Sample more");
    await studio.page.waitForSelector(".progress");
    const longer = await finish();
    await studio.page.click("summary:text-is('As a command')");
    const command = (await studio.page.locator("details[open] pre").first().textContent()) ?? "";
    expect(command).toMatch(/--iterations 3500 --burn-in 300 .*--trace-every \d+/);
    expect(Buffer.compare(longer, undisturbed)).not.toBe(0);
  });

  it("is continued after a reload, to the same bytes", async () => {
    await beginAndPause();
    await goOn();
    await studio.page.reload();
    await studio.page.waitForSelector(".kept-runs li.open");
    expect(await studio.page.locator(".kept-runs li p").textContent()).toMatch(
      /^Continue the run of Point source, \d+ % done, from \d\d:\d\d$/,
    );
    await studio.shot("kept-open");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.click(".kept-runs .primary");
    const bytes = await finish();
    expect(Buffer.compare(bytes, undisturbed)).toBe(0);
    await studio.page.click("text=Other data");
    await studio.page.click("text=Discard >> nth=0");
    await studio.page.waitForFunction(() => document.querySelector(".kept-runs") === null);
  });

  it("pauses and goes on, to the same bytes", async () => {
    await begin();
    await pause();
    await studio.shot("paused");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await goOn();
    expect(Buffer.compare(await finish(), undisturbed)).toBe(0);
  });

  it("goes on when the worker of a chain dies, and says so", async () => {
    await beginAndPause();
    expect(worker("chain-worker")).toHaveLength(4);
    await goOn();
    void worker("chain-worker")[1]
      .evaluate(() => (globalThis as unknown as { close(): void }).close())
      .catch(() => undefined);
    await studio.page.waitForSelector(".note:has-text('its worker died')", { timeout: 60_000 });
    await studio.shot("chain-died");
    expect(Buffer.compare(await finish(), undisturbed)).toBe(0);
  });

  it("is offered again when the desk dies", async () => {
    await beginAndPause();
    await goOn();
    void worker("desk-worker")[0]
      .evaluate(() => (globalThis as unknown as { close(): void }).close())
      .catch(() => undefined);
    await studio.page.waitForSelector("[role=alert]:has-text('was started again')", { timeout: 60_000 });
    await studio.page.waitForSelector(".kept-runs li.open .primary:enabled");
    await studio.shot("desk-died");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.click(".kept-runs .primary");
    expect(Buffer.compare(await finish(), undisturbed)).toBe(0);
  });

  it("works where the browser keeps nothing, and says so", async () => {
    await studio.open();
    // A browser without room.
    await worker("desk-worker")[0].evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
      };
    });
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.waitForSelector(".workspace");
    await studio.page.fill("#field-iterations", SWEEPS);
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector(
      ".note:has-text('This run is not kept: the browser has no room left.')",
    );
    expect(Buffer.compare(await finish(), undisturbed)).toBe(0);
  });
});

describe.skipIf(!hasChromium)("Studio of a static host", { timeout: 300_000 }, () => {
  const studio = new StudioPage();
  let host: Server;
  /** Another name for the version of the page that is there. */
  let version = "";
  beforeAll(async () => {
    const types: Record<string, string> = {
      ".html": "text/html",
      ".js": "text/javascript",
      ".css": "text/css",
    };
    host = createServer((request, response) => {
      const name = (request.url ?? "").replace(/^\/page\//, "").replace(/[?#].*/, "") || "index.html";
      try {
        const file = readFileSync(join(BUILT, name));
        const content =
          name === "sw.js" && version !== ""
            ? String(file).replace(/VERSION = "\w+"/, `VERSION = "${version}"`)
            : file;
        response.writeHead(200, { "content-type": types[extname(name)] ?? "text/plain" }).end(content);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
    studio.address = `http://127.0.0.1:${(host.address() as AddressInfo).port}/page/`;
  });
  afterAll(() => {
    host.closeAllConnections();
    host.close();
  });

  it("offers a newer version in every tab, and keeps the older one for those that go on with it", async () => {
    await studio.open();
    const first = studio.page;
    await first.evaluate(async () => void (await navigator.serviceWorker.ready));
    await studio.openIn(first.context());
    const second = studio.page;
    await second.waitForSelector(".example .frame canvas");
    version = "newer";
    await second.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
    const offer = "text=New version: load it";
    await Promise.all([first.waitForSelector(offer), second.waitForSelector(offer)]);
    await Promise.all([second.waitForEvent("load"), second.click(offer)]);
    await second.waitForSelector(".example .frame canvas");
    expect(await first.evaluate(() => caches.keys())).toHaveLength(2);
    await Promise.all([first.waitForEvent("load"), first.click(offer)]);
    await first.waitForSelector(".example .frame canvas");
    expect(await first.locator(offer).count()).toBe(0);
    // With one tab left the older one goes.
    await second.close();
    await first.reload();
    const names = () => first.evaluate(() => caches.keys());
    await expect.poll(async () => (await names()).length).toBe(1);
    expect((await names())[0]).toMatch(/ newer$/);
    version = "";
  });

  it("opens and runs an example when the host is gone", async () => {
    await studio.open();
    await studio.page.evaluate(async () => void (await navigator.serviceWorker.ready));
    host.closeAllConnections();
    await new Promise((resolve) => host.close(resolve));
    await studio.page.reload();
    await studio.page.waitForSelector(".example .frame canvas");
    await studio.page.click(".example");
    await studio.page.fill("#field-iterations", "400");
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    expect(await studio.page.evaluate(() => caches.keys())).toHaveLength(1);
  });
});
