/**
 * Studio, served by `tslira studio`, in headless Chromium: an example from the first click to the downloads; hostile files;
 * accessibility; nothing asked of any other host.
 *
 * Needs Chromium (see `chromium.ts`). Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { fitsCard, writeFits } from "../../src/io/fits.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { numberOf, StudioPage } from "./studio-page.js";

itFindsChromium();

describe.skipIf(!hasChromium)("Studio in Chromium", { timeout: 120_000 }, () => {
  const studio = new StudioPage();

  it("serves only behind its token, to this machine, with a strict policy", async () => {
    const { port, pathname } = new URL(studio.address);
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
    expect(first.headers["content-security-policy"]).not.toMatch(/unsafe-eval'[^;]*https?:/);
    // No other address than its own and that of the hub of SAMP.
    expect(String(first.headers["content-security-policy"]).match(/https?:[^; ]*|connect-src[^;]*/g)).toEqual(
      ["connect-src 'self' http://localhost:21012"],
    );
    expect((await ask("/")).status).toBe(404);
    expect((await ask("/assets/")).status).toBe(404);
    expect((await ask(`${pathname}../../package.json`)).status).toBe(404);
    expect((await ask(`${pathname}%2e%2e/index.js`)).status).toBe(404);
    expect((await ask(pathname, "attacker.example")).status).toBe(403);
    expect((await ask(pathname, undefined, "POST")).status).toBe(405);
  });

  it("tells the story of an example, and stays responsive", { timeout: 360_000 }, async () => {
    await studio.open();
    await studio.shot("start");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
    expect(await studio.fact("#readout", "counts")).not.toBe("");
    await studio.page.fill("#field-iterations", "12000"); // long enough to be looked at on a busy machine
    expect(await studio.page.inputValue("#field-burnIn")).toBe("1200");
    // Each prior brings its settings; those of one smoothness a scale are not there under the adaptive one.
    const law = async () => [
      await studio.page.inputValue("#field-preset"),
      await studio.page.inputValue("#field-boundary"),
      await studio.page.locator("#field-alphaInit").count(),
      (await studio.page.locator("#field-preset-help").textContent())?.split(":")[0],
    ];
    expect(await law()).toEqual(["adaptive", "spill", 0, "Points and diffuse light side by side"]);
    await studio.page.selectOption("#field-preset", "lira");
    expect(await law()).toEqual(["lira", "wrap", 1, "Mostly points"]);
    await studio.shot("presets");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.selectOption("#field-preset", "adaptive");
    expect(await law()).toEqual(["adaptive", "spill", 0, "Points and diffuse light side by side"]);
    await studio.startWatching();
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector("text=Posterior mean so far", { state: "attached" });
    const line = () => studio.page.locator("#tab-panel svg.chart path.line").first().getAttribute("d");
    const before = { mean: await studio.pixels("Posterior mean so far"), line: await line() };
    expect(await studio.page.locator(".progress-text").textContent()).toMatch(/sweeps a second/);
    await studio.shot("running");
    const grown = async () =>
      (await line()) !== before.line && (await studio.pixels("Posterior mean so far")) !== before.mean;
    await expect.poll(grown, { timeout: 60_000 }).toBe(true);
    expect(await studio.page.locator(".verdict").count()).toBe(0); // still before the end
    await studio.page.waitForSelector(".verdict", { timeout: 240_000 });
    const longest = await studio.longestTask();
    console.info(
      `longest task of the main thread: ${longest.cpu.toFixed(0)} ms (${longest.sorts.toFixed(1)} sorts), ${longest.wall.toFixed(0)} ms by the clock`,
    );
    expect(longest.sorts).toBeLessThan(5);
    expect(await studio.page.locator(".verdict p").first().textContent()).toMatch(/^4 chains /);

    // The point of 1000 counts at (16, 26).
    const point = await studio.pointOf("Posterior mean", 16, 26, 32, 32);
    await studio.page.mouse.click(point.x, point.y);
    await studio.page.waitForSelector('#selection-name:text-is("Pixel x = 16, y = 26")');
    await studio.page.waitForSelector("#tab-panel path.outline");
    expect(await studio.page.locator("#tab-panel path.outline").count()).toBe(4);
    const [mean, std] = ((await studio.fact("#selection-numbers", "flux")) ?? "").split(" ± ").map(numberOf);
    expect(Math.abs(mean - 1000)).toBeLessThan(6 * std);
    await studio.shot("pixel");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // Where the data call for points: maps of smoothness among the pictures.
    await studio.page.selectOption("select[aria-label='Quantity of picture 5']", "smoothness-0");
    await studio.page.selectOption("select[aria-label='Quantity of picture 6']", "smoothness-1");
    expect(await studio.pixels("Smoothness, 2 × 2")).not.toBe(await studio.pixels("Smoothness, 4 × 4"));
    expect(
      await studio.page.locator("text=points ← mean ln α → diffuse light").count(),
    ).toBeGreaterThanOrEqual(2);
    await studio.shot("smoothness");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // By keys alone: zoom, move, select a circle.
    await studio.panel("Counts").locator(".frame").focus();
    await studio.page.keyboard.press("c");
    await studio.page.keyboard.press("ArrowLeft");
    await studio.page.keyboard.press("Enter");
    await studio.page.waitForSelector("#selection-name:text-matches('^Circle around x = 15, y = 26')");
    await studio.page.keyboard.press("+");
    expect(await studio.page.locator(".zoom button").nth(1).textContent()).toBe("1.5 ×");
    await studio.page.keyboard.press("0");

    await studio.page.click("#tab-draws");
    await studio.page.click("text=Play");
    const caption = await studio.page.locator("#draw-caption").textContent();
    await studio.page.waitForFunction(
      (old) => document.querySelector("#draw-caption")?.textContent !== old,
      caption,
    );
    await studio.page.click("text=Pause");
    await studio.page.click("#tab-chains");
    await expect.poll(() => studio.page.locator("#tab-panel svg.chart").count()).toBeGreaterThan(2);
    expect(await studio.page.locator("#tab-panel").textContent()).toContain("mean ln α, 2 × 2");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.shot("chains");

    // A result of some megabytes says on the way how much of it is written, by its true size.
    await studio.page.evaluate(() => {
      const seen: [words: string, value: number, max: number][] = [];
      (window as unknown as { seen: typeof seen }).seen = seen;
      new MutationObserver(() => {
        const bar = document.querySelector<HTMLProgressElement>("progress[aria-label=Saving]");
        if (bar) seen.push([bar.parentElement?.textContent ?? "", bar.value, bar.max]);
      }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    });
    const [result] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    const size = readFileSync(await result.path()).length;
    const seen = await studio.page.evaluate(
      () => (window as unknown as { seen: [words: string, value: number, max: number][] }).seen,
    );
    expect(seen[0][0]).toMatch(/, about [\d.]+ MB: putting it together …$/);
    const written = seen.filter(([, , max]) => max === size);
    const shares = written.map(([, value]) => value / size);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    const partly = written.filter(([, value]) => value > 0 && value < size);
    expect(partly.length).toBeGreaterThan(0);
    for (const [words, value] of partly)
      expect(words).toMatch(new RegExp(` MB: ${Math.floor((100 * value) / size)} % written$`));
    await studio.page.waitForSelector(`[role=status]:has-text('-result.fits, ')`);

    for (const [title, start] of [
      ["Figure, SVG", "<svg"],
      ["Report, HTML", "<!doctype html>"],
      ["Figure, PNG", "\u0089PNG"],
    ] as const) {
      const [download] = await Promise.all([
        studio.page.waitForEvent("download"),
        studio.page.click(`text=${title}`),
      ]);
      const text = readFileSync(await download.path(), "latin1");
      expect(text.toLowerCase().includes(start.toLowerCase())).toBe(true);
    }
  });

  it("says what is wrong with files that are broken, false or huge, and goes on", async () => {
    await studio.open();
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
    await studio.drop([
      { name: "truncated.fits", bytes: good.subarray(0, good.length - 2880) },
      { name: "page.fits", bytes: text("<!doctype html><title>404</title>") },
      { name: "huge.fits", bytes: huge },
      { name: "empty.fits", bytes: new Uint8Array(0) },
      { name: "broken.fits.gz", bytes: Uint8Array.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8]) },
      { name: "counts.fits", bytes: good },
    ]);
    await studio.page.waitForSelector(".files li.read");
    await studio.page.waitForFunction(() => document.querySelectorAll(".files li.refused").length === 5);
    const messages = await studio.page.locator(".files li .trouble").allTextContents();
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
    expect(await studio.page.locator(".go [role=status]").textContent()).toBe(
      "Still needed: point spread function.",
    );
    await studio.shot("hostile");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    // A psf that is no psf is told when the two are put together.
    await studio.drop([
      {
        name: "psf.fits",
        bytes: writeFits([
          { kind: "image", name: "PRIMARY", shape: [2, 2], data: Float64Array.from([1, -2, 1, 1]) },
        ]),
      },
    ]);
    await studio.page.waitForSelector(".go button:enabled");
    await studio.page.click("text=Open");
    await studio.page.waitForSelector(".drop > .trouble");
    expect(await studio.page.locator(".drop > .trouble").textContent()).toMatch(/psf must be .*got -2/);
  });

  it.each([
    ["tablet, upright", 820, 1180],
    ["tablet, across", 1024, 768],
  ])("fits the screen: %s", async (name, width, height) => {
    await studio.open({ colorScheme: "dark", viewport: { width, height } });
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
    expect(
      await studio.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ),
    ).toBe(0);
    await studio.shot(name.replace(/\W+/g, "-"));
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it("ends with Ctrl-C, and leaves the page with its result, its tests and another run", async () => {
    await studio.open();
    await studio.page.click(".example");
    await studio.page.fill("#field-iterations", "400");
    const ahead = studio.page.waitForFunction(() =>
      performance.getEntriesByType("resource").some(({ name }) => name.includes("significance-view")),
    );
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector(".verdict", { timeout: 60_000 });
    await ahead;
    await studio.page.waitForTimeout(1_000); // the desk fetches its own share
    const ended = new Promise((resolve) => studio.server.once("exit", resolve));
    studio.server.kill("SIGINT");
    expect(await ended).toBe(0);
    await studio.page.click("#tab-significance");
    await studio.page.waitForSelector("#tab-panel button:has-text('Test')");
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Report, HTML"),
    ]);
    expect(readFileSync(await download.path(), "utf8").toLowerCase()).toContain("<!doctype html>");
    // What was found stays until the next run has found something.
    await studio.page.click("text=Run again");
    await studio.page.waitForSelector(".card:has-text('Of the result before')");
    await studio.page.waitForSelector(".verdict", { timeout: 60_000 });
    expect(await studio.page.locator(".trouble").count()).toBe(0);
  });
});
