/**
 * The package in a page, built with Vite and opened in headless Chromium: the same bytes as in Node, with Web Workers.
 *
 * Needs Chromium (see `chromium.ts`), and for runs on the GPU in Node the package webgpu. Looks at `dist`.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findTestGpu } from "../kernels-gpu/device.js";
import { hasChromium, itFindsChromium, launchChromium } from "./chromium.js";
import { buildPage, installPackage } from "./installed-package.js";
import * as scenarios from "./page/scenarios.js";
import { type PageServer, servePages } from "./page-server.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../examples/browser", import.meta.url));

itFindsChromium();
const gpu = await findTestGpu();
if ("missing" in gpu) console.warn(`browser.test.ts, on the GPU skipped: ${gpu.missing}`);
else gpu.gpu.close();

describe.skipIf(!hasChromium)("tslira in Chromium", { timeout: 60_000 }, () => {
  let folder = "";
  let printed = "";
  let tslira: scenarios.Tslira;
  let server: PageServer;
  let browser: Browser;
  let page: Page;
  /** What must not happen: errors and warnings on the console, uncaught errors, requests to elsewhere. */
  let complaints: string[] = [];
  let workersStarted = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tslira-e2e-"));
    installPackage(folder);
    cpSync(join(HERE, "page"), join(folder, "scenarios"), { recursive: true });
    cpSync(EXAMPLE, join(folder, "example"), { recursive: true });
    const code = readFileSync(join(EXAMPLE, "main.js"), "utf8");
    const short = code.replace("iterations: 5_000", "iterations: 1_000");
    expect(short).not.toBe(code);
    writeFileSync(join(folder, "example/main.js"), short);

    const pages = ["scenarios", "example"].map((name) => buildPage(folder, name));
    printed = pages.map((built) => built.printed).join("");
    // The very files that the page was built from.
    const entry = (name: string) =>
      import(pathToFileURL(join(folder, `node_modules/tslira/dist/${name}.js`)).href);
    tslira = { ...(await entry("index")), ...(await entry("fits")) };
    server = await servePages(new Map(pages.flatMap(({ files }) => [...files])));
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    complaints = [];
    workersStarted = 0;
    page = await openPage(browser);
  });
  async function openPage(from: Browser): Promise<Page> {
    const page = await from.newPage();
    page.on("console", (message) => {
      if (["error", "warning", "assert"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("crash", () => complaints.push("the page crashed"));
    page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${server.origin}/`) && !url.startsWith("data:"))
        complaints.push(`request: ${url}`);
    });
    page.on("worker", () => workersStarted++);
    return page;
  }
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
    expect(server.missing).toEqual([]);
  });

  /** Run a scenario in the page. */
  async function inPage<Answer>(name: keyof typeof scenarios, ...rest: unknown[]): Promise<Answer> {
    await page.goto(`${server.origin}/scenarios/`);
    return page.evaluate(
      ([scenario, parameters]) =>
        (
          globalThis as unknown as { runScenario(name: unknown, ...rest: unknown[]): Promise<never> }
        ).runScenario(scenario, ...parameters),
      [name, rest] as const,
    );
  }

  it("is built by Vite without modules of Node", () => {
    expect(printed).toMatch(/built in/);
    expect(printed).not.toMatch(/externalized|node:/);
  });

  it.each([
    ["standard", 2],
    ["spill", 2],
    ["wrap", 2],
    ["wrap", 0],
    ["widePsf", 2],
  ] as const)("gives the bytes of Node and reports progress: %s, %i workers", async (name, workers) => {
    const there = await inPage<scenarios.RunReport>("runCase", name, workers);
    const here = await scenarios.runCase(tslira, name, workers);
    expect(Object.keys(here.digests).length).toBeGreaterThan(20);
    expect(there.digests).toEqual(here.digests);
    expect(there.verdict).toBe(here.verdict);
    expect(workersStarted).toBe(workers);

    expect(there.stages).toEqual(["sampling", "diagnosing"]);
    expect(there.done.length).toBeGreaterThan(1);
    expect(there.done).toEqual([...there.done].sort((one, other) => one - other));
    expect(there.done.at(-1)).toBe(there.total);
    expect(there.total).toBe(here.total);
  });

  describe.skipIf("missing" in gpu)("on the GPU", () => {
    let withGpu: Browser;
    beforeAll(async () => {
      withGpu = await launchChromium({ gpu: true });
    });
    afterAll(() => withGpu?.close());

    // Both draw by the same SwiftShader, so that the bytes of a run which goes through every shader carry over what tests in Node say of
    // the law (test/samplers/gpu.slow.test.ts).
    it.each([
      ["gpuAdaptive", 1],
      ["gpuLevels", 2],
    ] as const)("gives the bytes of Node: %s, %i times", { timeout: 120_000 }, async (name, times) => {
      const here = await scenarios.runCase(tslira, name, 0);
      expect(Object.keys(here.digests).length).toBeGreaterThan(15);
      await page.close();
      page = await openPage(withGpu);
      for (let time = 0; time < times; time++) {
        const there = await inPage<scenarios.RunReport>("runCase", name, 0);
        expect(there.digests).toEqual(here.digests);
      }
      expect(workersStarted).toBe(0);
    });

    it("says what is missing in a page without an adapter", async () => {
      const failure = await inPage<scenarios.FailureReport>("failWithoutGpu");
      // The browser says it too, on the console.
      expect(complaints.splice(0)).toEqual(["No available adapters."]);
      expect(failure.message).toMatch(
        /^gpu: the machine must offer an adapter of WebGPU, got none; .*choose device cpu/,
      );
    });
  });

  it("stops a run when its signal fires", async () => {
    const { complete, iterations, sweeps, codeBefore } = await inPage<scenarios.AbortReport>("abortRun");
    expect(complete).toBe(false);
    expect(sweeps).toHaveLength(2);
    for (const count of sweeps) {
      expect(count).toBeGreaterThan(1_000);
      expect(count).toBeLessThan(iterations);
    }
    expect(codeBefore).toBe("ABORTED");
    expect(workersStarted).toBe(2);
  });

  it("hands over an error from a worker with its code", async () => {
    const failure = await inPage<scenarios.FailureReport>("failInWorker");
    expect(failure).toMatchObject({ name: "NumericsError", code: "NUMERICS" });
    expect(failure).toEqual(await scenarios.failInWorker(tslira));
    expect(workersStarted).toBeGreaterThan(0);
  });

  it("runs the page of README.md and shows its figure (with fewer sweeps)", async () => {
    await page.goto(`${server.origin}/example/`);
    const figure = page.locator("#figure svg").first();
    await figure.waitFor({ timeout: 50_000 });
    expect(await page.title()).toBe("100 %");
    expect(await page.locator("#verdict").textContent()).toMatch(/^4 chains /);
    const box = await figure.boundingBox();
    expect(box?.width).toBeGreaterThan(300);
    expect(box?.height).toBeGreaterThan(300);
    const text = await figure.textContent();
    for (const title of [
      "Counts",
      "Posterior mean",
      "Standard deviation",
      "Signal to noise",
      "Effective sample size",
    ]) {
      expect(text).toContain(title);
    }
    // Pictures that a browser can read, whose pixels are squares of several, however a viewer smooths: six panels.
    const sizes = await page.evaluate(() =>
      Promise.all(
        [...document.querySelectorAll("#figure image")].map(async (element) => {
          const picture = new Image();
          picture.src = element.getAttribute("href") ?? element.getAttribute("xlink:href") ?? "";
          await picture.decode();
          return [picture.naturalWidth, picture.naturalHeight];
        }),
      ),
    );
    expect(
      sizes.filter(([width, height]) => width > 32 && width % 32 === 0 && height === width),
    ).toHaveLength(6);
  });
});
