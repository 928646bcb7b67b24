/**
 * Studio, served by `tslira studio`, in headless Chromium: an example and real Chandra files from the first click to the FITS
 * file, held against the command line's; hostile files; accessibility; nothing asked of any other host.
 *
 * Needs Chromium as `browser.test.ts` does. Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fitsCard, readFits, writeFits } from "../../src/io/fits.js";
import { decodeResult } from "../../src/io/result-file.js";
import type { PosteriorResult } from "../../src/posterior/result.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const CHANDRA = fileURLToPath(new URL("../../../shared/data/chandra-gc", import.meta.url));
const COUNTS = "chandra-counts-obs-id-4684.fits.gz";
const PSF = "chandra-psf-obs-id-4684.fits.gz";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const given = process.env.TSLIRA_CHROMIUM || undefined;
const executablePath = given ?? CANDIDATES.find((path) => existsSync(path));
const present = executablePath !== undefined && existsSync(executablePath);
const required = process.env.TSLIRA_REQUIRE_E2E === "1";
const reason = "Chromium must be installed, got none; install it or set TSLIRA_CHROMIUM to its path";
if (!present && !required) console.warn(`skipped: ${reason}`);
const hasChandra = existsSync(join(CHANDRA, COUNTS));
if (!hasChandra) {
  const absent = `no ${COUNTS} in ../shared/data/chandra-gc`;
  if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error(`${absent}, and TSLIRA_REQUIRE_SHARED=1`);
  console.warn(`skipped in part: ${absent}`);
}

it.skipIf(!present && !required)("finds Chromium", () => {
  if (!present) throw new Error(`${reason} (required by TSLIRA_REQUIRE_E2E=1)`);
});

describe.skipIf(!present)("Studio in Chromium", { timeout: 120_000 }, () => {
  let folder = "";
  let server: ChildProcess;
  let address = "";
  let browser: Browser;
  let page: Page;
  let complaints: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tslira-studio-"));
    server = spawn(process.execPath, [MAIN, "studio", "--no-open"], { stdio: ["ignore", "ignore", "pipe"] });
    address = await new Promise((resolve, reject) => {
      let said = "";
      server.stderr?.on("data", (piece) => {
        said += piece;
        const found = said.match(/http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\//);
        if (found) resolve(found[0]);
      });
      server.once("exit", () => reject(new Error(`tslira studio must serve, got: ${said}`)));
    });
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: [
        ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    if (server && server.exitCode === null) server.kill("SIGKILL");
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await page?.context().close();
    expect(complaints).toEqual([]);
  });

  async function open(colorScheme: "light" | "dark" = "light", width = 1280, height = 720): Promise<void> {
    complaints = [];
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    page = await context.newPage();
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("crash", () => complaints.push("the page crashed"));
    context.on("request", (asked) => {
      if (!asked.url().startsWith(address) && !/^(data|blob):/.test(asked.url()))
        complaints.push(`request: ${asked.url()}`);
    });
    await page.goto(address);
    await page.waitForSelector(".example .frame canvas");
  }

  async function shot(name: string): Promise<void> {
    const target = process.env.TSLIRA_SCREENSHOTS;
    if (!target) return;
    mkdirSync(target, { recursive: true });
    await page.screenshot({ path: join(target, `${name}.png`) });
  }

  async function drop(
    files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  ): Promise<void> {
    const plain = files.map(({ name, bytes }) => ({ name, text: Buffer.from(bytes).toString("base64") }));
    const transfer = await page.evaluateHandle((list) => {
      const held = new DataTransfer();
      for (const { name, text } of list) {
        held.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
      }
      return held;
    }, plain);
    await page.dispatchEvent(".drop", "drop", { dataTransfer: transfer });
  }

  const panel = (title: string) =>
    page.locator(".panel", { has: page.locator(`option:checked:text-is("${title}")`) });
  /** Middle of the pixel (x, y) of a picture of `nx` by `ny` pixels that is shown whole. */
  async function pointOf(title: string, x: number, y: number, nx: number, ny: number) {
    const box = (await panel(title).locator(".frame").boundingBox())!;
    return { x: box.x + ((x + 0.5) / nx) * box.width, y: box.y + (1 - (y + 0.5) / ny) * box.height };
  }
  async function drag(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2);
    await page.mouse.move(to.x, to.y);
    await page.mouse.up();
  }
  const fact = (list: string, key: string) =>
    page.locator(`${list} [data-key="${key}"] dd`).textContent({ timeout: 10_000 });
  const number = (text: string | null) => Number((text ?? "").replaceAll(",", "").replace("−", "-"));
  const pixels = (title: string) =>
    panel(title)
      .locator("canvas")
      .first()
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

  async function violations(): Promise<string[]> {
    await page.evaluate(AXE); // through the debugger, which no content security policy stops
    return page.evaluate(async () => {
      type Rule = { id: string; impact: string; nodes: { html: string }[] };
      const { axe } = globalThis as unknown as {
        axe: { run(options: unknown): Promise<{ violations: Rule[] }> };
      };
      const found = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
      return found.violations.map(
        ({ id, impact, nodes }) =>
          `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 140)).join(" | ")}`,
      );
    });
  }

  it("serves only behind its token, to this machine, with a strict policy", async () => {
    const { port, pathname } = new URL(address);
    const ask = (path: string, host = `127.0.0.1:${port}`, method = "GET") =>
      new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
        request({ host: "127.0.0.1", port, path, method, headers: { host } }, (answer) => {
          answer.resume();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
        })
          .on("error", reject)
          .end();
      });
    const first = await ask(pathname);
    expect(first.status).toBe(200);
    expect(first.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(first.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'/);
    expect(first.headers["content-security-policy"]).not.toMatch(/connect-src|unsafe-eval'[^;]*https?:/);
    expect((await ask("/")).status).toBe(404);
    expect((await ask("/assets/")).status).toBe(404);
    expect((await ask(`${pathname}../../package.json`)).status).toBe(404);
    expect((await ask(`${pathname}%2e%2e/index.js`)).status).toBe(404);
    expect((await ask(pathname, "attacker.example")).status).toBe(403);
    expect((await ask(pathname, undefined, "POST")).status).toBe(405);
  });

  it("tells the story of an example, and stays responsive", async () => {
    await open();
    await shot("start");
    expect(await violations()).toEqual([]);
    await page.click(".example");
    await page.waitForSelector(".workspace");
    expect(await fact("#readout", "counts")).not.toBe("");
    await page.fill("#field-iterations", "4000");
    expect(await page.inputValue("#field-burnIn")).toBe("400");
    await page.evaluate(() => {
      const kept = globalThis as unknown as { longest: number };
      kept.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) kept.longest = Math.max(kept.longest, duration);
      }).observe({ type: "longtask" });
    });
    await page.click("text=Start the chains");
    await page.waitForSelector("text=Posterior mean so far", { state: "attached" });
    const line = () => page.locator("#tab-panel svg.chart path.line").first().getAttribute("d");
    const before = { mean: await pixels("Posterior mean so far"), line: await line() };
    expect(await page.locator(".progress-text").textContent()).toMatch(/sweeps a second/);
    await shot("running");
    const grown = async () =>
      (await line()) !== before.line && (await pixels("Posterior mean so far")) !== before.mean;
    await expect.poll(grown, { timeout: 20_000 }).toBe(true);
    expect(await page.locator(".verdict").count()).toBe(0); // still before the end
    await page.waitForSelector(".verdict", { timeout: 60_000 });
    const longest = await page.evaluate(() => (globalThis as unknown as { longest: number }).longest);
    console.info(`longest task of the main thread while sampling: ${Math.round(longest)} ms`);
    // Sampling on the main thread would block it for seconds; a busy machine stretches everything.
    expect(longest).toBeLessThan(400);
    expect(await page.locator(".verdict p").first().textContent()).toMatch(/^4 chains /);

    // The point of 1000 counts at (16, 26).
    const point = await pointOf("Posterior mean", 16, 26, 32, 32);
    await page.mouse.click(point.x, point.y);
    await page.waitForSelector('#selection-name:text-is("Pixel x = 16, y = 26")');
    await page.waitForSelector("#tab-panel path.outline");
    expect(await page.locator("#tab-panel path.outline").count()).toBe(4);
    const [mean, std] = ((await fact("#selection-numbers", "flux")) ?? "").split(" ± ").map(number);
    expect(Math.abs(mean - 1000)).toBeLessThan(6 * std);
    await shot("pixel");
    expect(await violations()).toEqual([]);

    // By keys alone: zoom, move, select a circle.
    await panel("Counts").locator(".frame").focus();
    await page.keyboard.press("c");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#selection-name:text-matches('^Circle around x = 15, y = 26')");
    await page.keyboard.press("+");
    expect(await page.locator(".zoom button").nth(1).textContent()).toBe("1.5 ×");
    await page.keyboard.press("0");

    await page.click("#tab-draws");
    await page.click("text=Play");
    const caption = await page.locator("#draw-caption").textContent();
    await page.waitForFunction(
      (old) => document.querySelector("#draw-caption")?.textContent !== old,
      caption,
    );
    await page.click("text=Pause");
    await page.click("#tab-chains");
    await expect.poll(() => page.locator("#tab-panel svg.chart").count()).toBeGreaterThan(2);
    expect(await violations()).toEqual([]);
    await shot("chains");

    for (const [title, start] of [
      ["Figure, SVG", "<svg"],
      ["Report, HTML", "<!doctype html>"],
      ["Figure, PNG", "\u0089PNG"],
    ] as const) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click(`text=${title}`)]);
      const text = readFileSync(await download.path(), "latin1");
      expect(text.toLowerCase().includes(start.toLowerCase())).toBe(true);
    }
  });

  it.skipIf(!hasChandra)("deconvolves Chandra files to the bytes of the command line", async () => {
    await open("dark");
    await drop([COUNTS, PSF].map((name) => ({ name, bytes: readFileSync(join(CHANDRA, name)) })));
    await page.waitForSelector(".files li.read >> nth=1");
    expect(
      await page
        .locator(".found select")
        .evaluateAll((all) => all.map((one) => (one as HTMLSelectElement).value)),
    ).toEqual(["counts", "psf"]);
    await shot("files");
    await page.click("text=Open");
    await page.waitForSelector(".workspace");
    expect(await fact("#readout", "sky")).toMatch(/^RA 17ʰ45ᵐ/);
    await page.keyboard.press("x");
    await drag(await pointOf("Counts", 104, 96, 256, 256), await pointOf("Counts", 152, 144, 256, 256));
    await shot("cut-out");
    await page.click(".cutbar .primary");
    await page.waitForSelector('dt:text-is("cut-out")');
    await page.keyboard.press("x");
    await drag(
      await pointOf("Point spread function", 15, 14, 48, 48),
      await pointOf("Point spread function", 31, 30, 48, 48),
    );
    await page.click(".cutbar .primary");
    await page.waitForFunction(() => document.querySelectorAll(".facts .link").length === 2);
    await page.fill("#field-iterations", "300");
    await page.fill("#field-seed", "11");
    await page.click("text=Start the chains");
    await page.waitForSelector(".verdict", { timeout: 90_000 });
    await page.click("summary:text-is('As a command')");
    const command = (await page.locator("details[open] pre").first().textContent()) ?? "";
    expect(command).toMatch(/--cutout \d+:\d+,\d+:\d+ --psf-cutout \d+:\d+,\d+:\d+ .*--iterations 300/);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Result, FITS")]);
    const here = readFileSync(await download.path());

    for (const name of [COUNTS, PSF]) cpSync(join(CHANDRA, name), join(folder, name));
    const [program, ...args] = command.split(" ");
    expect(program).toBe("tslira");
    await promisify(execFile)(process.execPath, [MAIN, ...args], { cwd: folder });
    const there = readFileSync(join(folder, "result.fits"));
    const results = [here, there].map((bytes) => decodeResult(new Uint8Array(bytes)));
    expect(results[0].config).toEqual(results[1].config);
    expect(results[0].provenance.inputs).toEqual(results[1].provenance.inputs);
    expect(results[0].provenance.inputs).toHaveLength(2);
    expect(results[0].provenance.command).toBe(command);
    // Every byte but those that say when.
    expect(Buffer.compare(withoutTimes(here), withoutTimes(there))).toBe(0);

    // A circle around the brightest pixel, by mouse; its flux is the sum of the draws.
    const result: PosteriorResult = results[0];
    const [ny, nx] = result.mean.shape;
    const top = result.mean.data.indexOf(Math.max(...result.mean.data));
    const [x, y] = [top % nx, Math.floor(top / nx)];
    const middle = await pointOf("Posterior mean", x, y, nx, ny);
    await page.mouse.click(middle.x, middle.y);
    await page.waitForSelector(`#selection-name:text-is("Pixel x = ${x}, y = ${y}")`);
    await page.keyboard.press("c");
    await drag(middle, await pointOf("Posterior mean", x + 3, y, nx, ny));
    await page.waitForSelector("#selection-name:text-matches('^Circle')");
    const radius = Number(await page.inputValue(".selection input[type=number]"));
    expect(Math.abs(radius - 3)).toBeLessThan(0.3);
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
    await page.waitForFunction(
      (count) =>
        document
          .querySelector('#selection-numbers [data-key="counts"] dd')
          ?.textContent?.includes(`in ${count} pixels`),
      inside.length,
    );
    const flux = async () =>
      ((await fact("#selection-numbers", "flux")) ?? "")
        .split(" ± ")
        .map((part) => number(part.split(" ")[0]));
    // Shown to two digits of the error.
    await expect.poll(async () => Math.abs((await flux())[0] - expected)).toBeLessThanOrEqual(0.051 * spread);
    expect(Math.abs((await flux())[1] / spread - 1)).toBeLessThanOrEqual(0.051);
    await shot("chandra");
    expect(await violations()).toEqual([]);
  });

  it("says what is wrong with files that are broken, false or huge, and goes on", async () => {
    await open();
    const good = writeFits([
      {
        kind: "image",
        name: "PRIMARY",
        shape: [8, 8],
        data: new Float64Array(64).fill(3),
        cards: [fitsCard("OBJECT", "x")],
      },
    ]);
    const huge = Buffer.from(good);
    for (const axis of [1, 2]) {
      const at = huge.indexOf(`NAXIS${axis}  =`);
      huge.write(String(1e6).padStart(20), at + 10, "latin1");
    }
    const text = (words: string) => new TextEncoder().encode(words);
    await drop([
      { name: "truncated.fits", bytes: good.subarray(0, good.length - 2880) },
      { name: "page.fits", bytes: text("<!doctype html><title>404</title>") },
      { name: "huge.fits", bytes: huge },
      { name: "empty.fits", bytes: new Uint8Array(0) },
      { name: "broken.fits.gz", bytes: Uint8Array.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8]) },
      { name: "counts.fits", bytes: good },
    ]);
    await page.waitForSelector(".files li.read");
    await page.waitForFunction(() => document.querySelectorAll(".files li.refused").length === 5);
    const messages = await page.locator(".files li .trouble").allTextContents();
    for (const [index, name] of [
      "truncated.fits",
      "page.fits",
      "huge.fits",
      "empty.fits",
      "broken.fits.gz",
    ].entries()) {
      expect(messages[index]).toMatch(
        new RegExp(`^${name.replaceAll(".", "\\.")}(\\[0\\])?: .+ must .+; .+`, "s"),
      );
    }
    expect(await page.locator(".go [role=status]").textContent()).toBe(
      "Still needed: point spread function.",
    );
    await shot("hostile");
    expect(await violations()).toEqual([]);
    // A psf that is no psf is told when the two are put together.
    await drop([
      {
        name: "psf.fits",
        bytes: writeFits([
          { kind: "image", name: "PRIMARY", shape: [2, 2], data: Float64Array.from([1, -2, 1, 1]) },
        ]),
      },
    ]);
    await page.waitForSelector(".go button:enabled");
    await page.click("text=Open");
    await page.waitForSelector(".drop > .trouble");
    expect(await page.locator(".drop > .trouble").textContent()).toMatch(/psf must be .*got -2/);
  });

  it.each([
    ["tablet, upright", 820, 1180],
    ["tablet, across", 1024, 768],
  ])("fits the screen: %s", async (name, width, height) => {
    await open("dark", width, height);
    await page.click(".example");
    await page.waitForSelector(".workspace");
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    ).toBe(0);
    await shot(name.replace(/\W+/g, "-"));
    expect(await violations()).toEqual([]);
  });

  it("ends with Ctrl-C", async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});

/** A result file with the cards blanked that say when it was made and how long it took. */
function withoutTimes(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const end = readFits(new Uint8Array(bytes))[0].dataOffset;
  for (let at = 0; at < end; at += 80) {
    if (/^(DATE|RUNBEG|RUNEND|RUNSECS) *=/.test(copy.toString("latin1", at, at + 12)))
      copy.fill(" ", at + 8, at + 80);
  }
  return copy;
}
