/**
 * Chains of Studio on the GPU, in Chromium on its SwiftShader: pictures on the way, a pause and a reload, and at the end the bytes of the
 * command that Studio shows; and one image. What the GPU does not do is said beside its field.
 *
 * Needs Chromium (see `chromium.ts`), and for the command the package webgpu (see `kernels-gpu/device.ts`). Looks at `dist`. With
 * TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readFits } from "../../src/io/fits.js";
import { decodeResult } from "../../src/io/result-file.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { MAIN, StudioPage } from "./studio-page.js";

itFindsChromium();
const inNode = await findTestGpu();
if ("missing" in inNode) console.warn(`studio-gpu.test.ts, the command skipped: ${inNode.missing}`);
else inNode.gpu.close();

/** The parts of a result file by name, each as its bytes. */
const dataOf = (file: Buffer) =>
  readFits(new Uint8Array(file)).map(
    ({ name, dataOffset, dataLength }) =>
      [name, file.subarray(dataOffset, dataOffset + dataLength).toString("base64")] as const,
  );

/** The result of the run, for a browser that has no GPU. */
let made: Buffer | undefined;

describe.skipIf(!hasChromium)("Studio with a GPU", { timeout: 240_000 }, () => {
  const studio = new StudioPage({ gpu: true });

  /** The result that the page offers; the command that it shows makes the same data, on the same GPU. */
  async function resultAsByCommand(): Promise<Buffer> {
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    const found = readFileSync(await download.path());
    await studio.page.click("summary:text-is('As a command')");
    const shown = (await studio.page.locator("details[open] pre").first().textContent()) ?? "";
    expect(shown).toContain(" --device gpu ");
    if ("missing" in inNode) return found;
    const cwd = mkdtempSync(join(studio.folder, "command-"));
    for (const line of shown.trim().split("\n")) {
      const [, ...args] = line.split(" ");
      await promisify(execFile)(process.execPath, [MAIN, ...args], { cwd });
    }
    // All but headers, which name files that an example of the page does not have.
    expect(dataOf(found)).toEqual(dataOf(readFileSync(join(cwd, "result.fits"))));
    return found;
  }

  it("offers it, and says what it does not do", async () => {
    await studio.open();
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.waitForSelector("#field-device");
    const start = studio.page.locator("text=Start the chains");
    const sampled = () => studio.page.locator("#field-cycleSpin option[value=sampled]").isDisabled();
    const help = (field: string) => studio.page.locator(`#field-${field}-help`).textContent();
    expect(await studio.page.inputValue("#field-device")).toBe("cpu");
    expect(await help("device")).toMatch(/Here: google swiftshader\.$/);
    expect(await sampled()).toBe(false);
    await studio.page.click("summary:text-is('Advanced')");
    await studio.page.selectOption("#field-cycleSpin", "sampled");
    expect(await start.isEnabled()).toBe(true);
    await studio.page.selectOption("#field-device", "gpu");
    expect(await help("cycleSpin")).toBe("none, ensemble or random on the GPU, please");
    expect(await start.isEnabled()).toBe(false);
    await studio.page.selectOption("#field-cycleSpin", "ensemble");
    expect(await sampled()).toBe(true);
    expect(await start.isEnabled()).toBe(true);
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.selectOption("#field-method", "gradient-descent");
    await studio.page.waitForSelector(
      "text=Runs on the CPU: the GPU has LIRA, Gradient sampler (NUTS), Richardson-Lucy and Most probable image (MAP) alone.",
    );
  });

  it("runs there, is paused, reloaded and continued, to the bytes of its command", async () => {
    await studio.open();
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.selectOption("#field-device", "gpu");
    await studio.page.fill("#field-iterations", "24");
    await studio.page.fill("#field-chains", "2");
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector("text=Posterior mean so far", { state: "attached" });
    const before = await studio.pixels("Posterior mean so far");
    await studio.page.click(".progress button:text-is('Pause')");
    const grown = async () => (await studio.pixels("Posterior mean so far")) !== before;
    await expect.poll(grown, { timeout: 60_000 }).toBe(true);
    await studio.shot("gpu-running");
    await studio.page.waitForSelector(".progress-text:text-is('Paused.')");
    const kept = studio.page.locator(".kept-note span");
    await expect.poll(async () => Number(await kept.textContent()), { timeout: 60_000 }).toBeGreaterThan(0);
    await studio.page.reload();
    await studio.page.click(".kept-runs li.open .primary");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    await studio.shot("gpu-done");
    made = await resultAsByCommand();
    expect(decodeResult(new Uint8Array(made)).config).toMatchObject({ device: "gpu" });
  });

  const images = [
    ["richardson-lucy", { iterations: "12" }, { stop: "tolerance=1e-3" }],
    ["map", { iterations: "8" }, { prior: "total-variation", strength: "" }],
  ] as const;
  it.each(images)("finds an image there, the same as its command: %s", async (method, numbers, choices) => {
    await studio.open();
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.selectOption("#field-method", method);
    await studio.page.selectOption("#field-device", "gpu");
    for (const [name, value] of Object.entries(choices)) {
      await studio.page.selectOption(`#field-${method}-${name}`, value);
    }
    for (const [name, value] of Object.entries(numbers)) {
      await studio.page.fill(`#field-${method}-${name}`, value);
    }
    await studio.page.click("summary:text-is('Advanced')");
    await studio.page.fill("#field-bootstrap", "5");
    expect(await studio.page.locator("#field-bootstrap-help").textContent()).toBe("0 on the GPU, please");
    await studio.page.fill("#field-bootstrap", "0");
    await studio.page.click("text=Find the image");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    await resultAsByCommand();
  });

  it("samples by gradients there, the same as its command", async () => {
    await studio.open();
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.selectOption("#field-method", "nuts");
    await studio.page.selectOption("#field-device", "gpu");
    // Trajectories are long, and SwiftShader takes 10 ms and more for a gradient.
    await studio.page.fill("#field-nuts-iterations", "4");
    await studio.page.fill("#field-nuts-burnIn", "2");
    await studio.page.fill("#field-chains", "1");
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    const found = await resultAsByCommand();
    expect(decodeResult(new Uint8Array(found)).config).toMatchObject({ method: "nuts", device: "gpu" });
  });

  it("goes on on the CPU where the GPU is gone, when it is told to", async () => {
    await studio.open();
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.selectOption("#field-device", "gpu");
    await studio.page.fill("#field-iterations", "400");
    await studio.page.fill("#field-chains", "2");
    await studio.page.click("text=Start the chains");
    const kept = studio.page.locator(".kept-note span");
    await expect.poll(async () => Number(await kept.textContent()), { timeout: 60_000 }).toBeGreaterThan(0);
    // A desk without WebGPU, as after an update of the browser or of a driver.
    await studio.page.context().route(/desk-worker.*\.js/, async (route) => {
      const response = await route.fetch();
      const gone = 'Object.defineProperty(navigator, "gpu", { value: undefined });';
      await route.fulfill({ response, body: gone + (await response.text()) });
    });
    await studio.page.reload();
    const goOn = studio.page.locator(".kept-runs li.open .primary");
    await expect.poll(() => goOn.textContent(), { timeout: 60_000 }).toBe("Continue on the CPU");
    await goOn.click();
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    const note = await studio.page.locator(".verdict .note").first().textContent();
    expect(note).toBe("device: chains that began on the GPU go on on the CPU");
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    const { provenance, config } = decodeResult(new Uint8Array(readFileSync(await download.path())));
    expect(config).not.toHaveProperty("device");
    expect(provenance.device).toMatch(/^device: chains began on the GPU and went on on the CPU after \d/);
  });

  it("takes the faster device where that is left to it, and says which", async () => {
    await studio.open();
    await studio.page.click('.example:has-text("Point source")');
    await studio.page.selectOption("#field-device", "auto");
    await studio.page.fill("#field-iterations", "20");
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector(".verdict", { timeout: 120_000 });
    const note = await studio.page.locator(".verdict .note").first().textContent();
    expect(note).toMatch(
      /^device: chains run on the CPU; for a sweep of all 4 chains .* the GPU \(.*\) takes/,
    );
  });
});

describe.skipIf(!hasChromium)("Studio without a GPU", { timeout: 60_000 }, () => {
  const studio = new StudioPage();

  it("does not offer one, and says so of a result that was made on one", async () => {
    await studio.open();
    await studio.drop([{ name: "result.fits", bytes: made as Buffer }]);
    await studio.page.waitForSelector(".go button:enabled");
    await studio.page.click("text=Open");
    await studio.page.waitForSelector(".verdict");
    expect(await studio.page.inputValue("#field-device")).toBe("gpu");
    const help = await studio.page.locator("#field-device-help").textContent();
    expect(help).toBe("CPU, please: these settings are for a GPU, and this browser offers none.");
    await studio.page.selectOption("#field-device", "cpu");
    expect(await studio.page.locator("#field-device").count()).toBe(0);
  });
});
