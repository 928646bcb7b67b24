/**
 * The ways into Studio, in headless Chromium: event lists, results, settings, pictures, files of 100 MB.
 *
 * Needs Chromium (see `chromium.ts`). Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { fitsCard, writeFits } from "../../src/io/fits.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { commandsResult, MAIN, numberOf, StudioPage } from "./studio-page.js";

itFindsChromium();

const column = (name: string, unit: string, values: readonly number[]) => ({
  ...{ name, unit, format: "1D" as const, values: Float64Array.from(values) },
});

/** An event list: 900 events of 1 to 10 keV in a square of 32 x 32 around X, Y = 4096, brightest in its middle. */
function events(): Uint8Array {
  const along = (index: number, step: number) => 4080.5 + ((index * step + Math.floor(index / 32)) % 32);
  const rows = Array.from({ length: 900 }, (_, index) => index);
  const at = (step: number) => rows.map((index) => (index % 3 === 0 ? 4096.5 : along(index, step)));
  const cards = [1, 2].flatMap((axis) => [
    fitsCard(`TCTYP${axis}`, axis === 1 ? "RA---TAN" : "DEC--TAN"),
    fitsCard(`TCRPX${axis}`, 4096.5),
    fitsCard(`TCRVL${axis}`, axis === 1 ? 266.4 : -29),
    fitsCard(`TCDLT${axis}`, axis === 1 ? -0.000137 : 0.000137),
  ]);
  const columns = [
    column("X", "pixel", at(7)),
    column("Y", "pixel", at(11)),
    column(
      "ENERGY",
      "eV",
      rows.map((index) => 1_000 * 10 ** (index / 900)),
    ),
    column(
      "TIME",
      "s",
      rows.map((index) => 1e8 + index * 10),
    ),
  ];
  return writeFits([{ kind: "empty" }, { kind: "table", name: "EVENTS", cards, columns }]);
}

const psf = writeFits([
  { kind: "image", name: "PRIMARY", shape: [3, 3], data: Float64Array.from([1, 2, 1, 2, 4, 2, 1, 2, 1]) },
]);
const tslira = (cwd: string, ...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...args], { cwd });

describe.skipIf(!hasChromium)("The start of Studio in Chromium", { timeout: 180_000 }, () => {
  const studio = new StudioPage();
  const told = () => studio.page.locator(".events [role=status]").textContent();
  const value = (key: string) => studio.page.inputValue(`#field-${key}`);

  it("bins an event list by energy, as the command does", async () => {
    await studio.open();
    await studio.drop([
      { name: "evt2.fits", bytes: events() },
      { name: "psf.fits", bytes: psf },
    ]);
    await expect.poll(told).toMatch(/900 of 900 events in 32 × 32 pixels\./);
    expect(await studio.page.locator(".range").count()).toBe(2);
    await studio.shot("start-events");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.getByLabel("ENERGY in eV, from").fill("2000");
    await studio.page.getByLabel("Bin size").fill("2");
    // 1000 * 10^(index / 900) >= 2000 from index 271 on.
    await expect.poll(told).toMatch(/629 of 900 events in 1[67] × 1[67] pixels\./);
    await studio.page.getByLabel("TIME in s, below").fill("1");
    await studio.page.waitForSelector(".events .trouble");
    expect(await studio.page.locator(".events .trouble").textContent()).toMatch(/must hold events that pass/);
    expect(await studio.page.locator(".go button").isDisabled()).toBe(true);
    await studio.page.getByLabel("TIME in s, below").fill("");
    await studio.page.waitForSelector(".go button:enabled");
    await studio.page.click(".go button");
    await studio.page.waitForSelector(".workspace");
    expect(await studio.page.locator(".workspace .facts").first().textContent()).toMatch(/629 in 1/);
    expect(await studio.fact("#readout", "sky")).toMatch(/^RA 17ʰ45ᵐ/);
    await studio.page.click("summary:text-is('As a command')");
    const [bin, deconvolve] = (
      (await studio.page.locator("details[open] pre").first().textContent()) ?? ""
    ).split("\n");
    expect(deconvolve).toMatch(/^tslira deconvolve evt2-counts\.fits --psf psf\.fits/);
    // The command makes the file whose SHA-256 a run here records.
    writeFileSync(join(studio.folder, "evt2.fits"), events());
    writeFileSync(join(studio.folder, "psf.fits"), psf);
    await tslira(studio.folder, ...bin.split(" ").slice(1));
    expect(await studio.savedResult(60)).toEqual(await commandsResult(studio.folder, deconvolve, 60));
  });

  it("bins events on the grid of an exposure, as --like does, where counts do not go with it", async () => {
    const shape = [14, 18] as const;
    // Pixels of 2 x 2 of the events, turned by about 10 degrees.
    const exposure = writeFits([
      {
        ...{ kind: "image", name: "PRIMARY", shape, data: new Float64Array(14 * 18).fill(2e4) },
        cards: [
          ...[fitsCard("CTYPE1", "RA---TAN"), fitsCard("CTYPE2", "DEC--TAN")],
          ...[fitsCard("CRVAL1", 266.4), fitsCard("CRVAL2", -29)],
          ...[fitsCard("CRPIX1", 9.5), fitsCard("CRPIX2", 7.5)],
          ...[fitsCard("CD1_1", -0.00027), fitsCard("CD1_2", 0.000048)],
          ...[fitsCard("CD2_1", 0.000048), fitsCard("CD2_2", 0.00027)],
        ],
      },
    ]);
    const counts = writeFits([
      { kind: "image", name: "PRIMARY", shape: [32, 32], data: new Int16Array(32 * 32).fill(1) },
    ]);
    const files = { "counts.fits": counts, "evt2.fits": events(), "psf.fits": psf, "expmap.fits": exposure };
    await studio.open();
    await studio.drop(Object.entries(files).map(([name, bytes]) => ({ name, bytes })));
    await studio.page.waitForSelector(".go button:enabled");
    await studio.page.click(".go button");
    const refused = studio.page.locator(".drop > .trouble");
    await expect.poll(() => refused.textContent()).toMatch(/exposure must have the shape \[32, 32\]/);
    await studio.shot("start-mismatch");
    await refused.getByRole("button", { name: "Bin evt2.fits on the grid of expmap.fits" }).click();
    await expect.poll(told).toMatch(/of 900 events in 18 × 14 pixels, \d+ beyond the edges\./);
    await studio.page.setViewportSize({ width: 1024, height: 768 });
    await studio.shot("start-like");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    const chosen = studio.page.locator(".events-like button");
    expect(await chosen.getAttribute("aria-pressed")).toBe("true");
    expect(await studio.page.getByLabel("Bin size").count()).toBe(0);
    // Pressed again it gives the pixels of the events back.
    await chosen.click();
    await expect.poll(told).toMatch(/900 of 900 events in 32 × 32 pixels\./);
    await chosen.click();
    await expect.poll(told).toMatch(/of 900 events in 18 × 14 pixels/);
    await studio.page.waitForSelector(".go button:enabled");
    await studio.page.click(".go button");
    await studio.page.waitForSelector(".workspace");
    await studio.page.click("summary:text-is('As a command')");
    const [bin, deconvolve] = (
      (await studio.page.locator("details[open] pre").first().textContent()) ?? ""
    ).split("\n");
    expect(bin).toMatch(/^tslira bin evt2\.fits .*--like expmap\.fits/);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(studio.folder, name), bytes);
    await tslira(studio.folder, ...bin.split(" ").slice(1), "--overwrite");
    expect(await studio.savedResult(60)).toEqual(await commandsResult(studio.folder, deconvolve, 60));
  });

  it("opens a result as a run that is done, alone and with its data", async () => {
    await tslira(studio.folder, "simulate", "disk", "-o", "sim");
    const files = ["psf", "exposure", "background"].flatMap((name) => [`--${name}`, `sim/${name}.fits`]);
    const settings = [
      "--iterations",
      "300",
      "--burn-in",
      "40",
      "--chains",
      "3",
      "--seed",
      "5",
      "--alpha-init",
      "0.2",
    ];
    await tslira(studio.folder, "deconvolve", "sim/counts.fits", ...files, ...settings, "-o", "disk.fits");
    const read = (name: string) => ({
      name: name.replace("sim/", ""),
      bytes: readFileSync(join(studio.folder, name)),
    });

    await studio.open();
    await studio.drop([read("disk.fits")]);
    await studio.page.waitForSelector(".files li.read");
    expect(await studio.page.locator(".found").textContent()).toMatch(
      /Result\. 3 chains of 300 sweeps, 32 × 32 pixels/,
    );
    await studio.shot("start-result");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.click("text=Open the result");
    await studio.page.waitForSelector(".verdict");
    expect([
      await value("iterations"),
      await value("burnIn"),
      await value("seed"),
      await value("alphaInit"),
      await value("preset"),
      await value("totalRate"),
    ]).toEqual([...["300", "40", "5", "0.2"], ...["lira", "0"]]);
    expect(await studio.page.locator(".verdict p").first().textContent()).toMatch(/^3 chains /);
    expect(await studio.page.getByRole("button", { name: "Run again" }).isDisabled()).toBe(true);
    await studio.page.waitForSelector("#tab-panel path.outline");
    expect(await studio.page.locator("#tab-panel path.outline").count()).toBe(3);
    await studio.shot("start-result-open");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    expect(await studio.page.locator("main").textContent()).not.toMatch(/NaN/);
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    // Every byte of the file that was opened.
    expect(
      Buffer.compare(readFileSync(await download.path()), readFileSync(join(studio.folder, "disk.fits"))),
    ).toBe(0);
    for (const title of ["Report, HTML", "Figure, SVG"]) {
      const [made] = await Promise.all([
        studio.page.waitForEvent("download"),
        studio.page.click(`text=${title}`),
      ]);
      expect(readFileSync(await made.path(), "utf8")).toMatch(/<svg/);
    }

    await studio.page.click("text=Other data");
    await studio.drop(
      ["disk.fits", "sim/counts.fits", "sim/psf.fits", "sim/exposure.fits", "sim/background.fits"].map(read),
    );
    await studio.page.waitForSelector(".files li.read >> nth=4");
    await studio.page.click("text=Open the result");
    await studio.page.waitForSelector(".verdict");
    await expect.poll(() => studio.panel("Residual").locator("canvas").count()).toBeGreaterThan(0);
    expect(await studio.fact("#readout", "predicted")).toMatch(/σ$/);
    await studio.page.getByRole("button", { name: "Run again" }).click();
    await studio.page.waitForSelector(".progress");
    await studio.page.waitForSelector(".verdict", { timeout: 60_000 });
    // The same data and settings give the same posterior.
    const [again] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    // Data begin at a whole block: headers have not as many cards, the command among them.
    const mean = (bytes: Buffer) => bytes.subarray(2880 * Math.ceil((bytes.indexOf("END   ") + 80) / 2880));
    const [a, b] = [readFileSync(await again.path()), readFileSync(join(studio.folder, "disk.fits"))].map(
      (bytes) => mean(bytes).subarray(0, 4096).toString("base64"),
    );
    expect(a).toBe(b);
  });

  it("takes settings from a file, an address and the clipboard, and gives them back", async () => {
    await studio.open();
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
    await studio.page.fill("#field-iterations", "777");
    await studio.page.fill("#field-seed", "31");
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Save configuration"),
    ]);
    expect(download.suggestedFilename()).toMatch(/-settings\.json$/);
    const saved = readFileSync(await download.path());
    expect(JSON.parse(saved.toString())).toMatchObject({
      settings: { iterations: 777, burnIn: 77, seed: 31 },
    });
    await studio.page.getByRole("button", { name: "Reset", exact: true }).click();
    expect(await value("iterations")).toBe("2000");
    await studio.shot("start-reset");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.locator(".settings-news").getByRole("button", { name: "Undo" }).click();
    expect([await value("iterations"), await value("seed")]).toEqual(["777", "31"]);
    // Ctrl-Z goes back through the fields, one at a time.
    await studio.page.getByRole("button", { name: "Start the chains" }).focus();
    await studio.page.keyboard.press("Control+z");
    expect([await value("iterations"), await value("seed")]).toEqual(["777", "0"]);

    const paste = (text: string) =>
      studio.page.evaluate((words) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", words);
        document.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
        );
      }, text);
    await paste(saved.toString());
    await expect.poll(() => value("seed")).toBe("31");
    await paste("x#settings=1&seed=twelve&chains=2");
    await expect.poll(() => value("chains")).toBe("2");
    expect(await studio.page.locator(".settings-news p").textContent()).toMatch(
      /seed must be a number, got twelve/,
    );

    await studio.page.goto("about:blank");
    await studio.page.goto(`${studio.address}#settings=1&iterations=500&burnIn=50&boundary=wrap`);
    await studio.page.waitForSelector(".example .frame canvas");
    expect(new URL(studio.page.url()).hash).toBe("");
    await studio.drop([{ name: "more.json", bytes: new TextEncoder().encode("{ broken") }]);
    await studio.page.waitForSelector(".files li.refused");
    expect(await studio.page.locator(".files .trouble").textContent()).toMatch(/^more\.json: must be JSON/);
    await studio.page.click(".example");
    await studio.page.waitForSelector(".workspace");
    expect([await value("iterations"), await value("boundary")]).toEqual(["500", "wrap"]);
    // Another link in the address bar brings its settings, and leads away from no data.
    await studio.page.evaluate(() => {
      location.hash = "settings=1&seed=5";
    });
    await expect.poll(() => value("seed")).toBe("5");
    await studio.page.click("text=Other data");
    await studio.drop([{ name: "saved.json", bytes: saved }]);
    await studio.page.waitForSelector(".files li.read");
    expect(await studio.page.locator(".settings-news p").textContent()).toMatch(
      /^Settings from saved\.json: \d changed\./,
    );
  });

  it("makes a picture the true sky, right way up", async () => {
    // 40 x 20 pixels, dark but for a bright block at the upper left.
    const data = new Uint8Array(40 * 20 * 3).fill(20);
    for (let row = 2; row < 6; row++)
      for (let col = 3; col < 8; col++) data.fill(250, (row * 40 + col) * 3, (row * 40 + col) * 3 + 3);
    const png = encode({ width: 40, height: 20, channels: 3, depth: 8, data });
    await studio.open({ colorScheme: "dark" });
    await studio.drop([{ name: "portrait.png", bytes: png }]);
    await studio.page.waitForSelector(".files li.read");
    await studio.shot("start-picture");
    expect((await auditPage(studio.page)).violations).toEqual([]);
    await studio.page.getByLabel("Longest side in pixels").fill("40");
    await studio.page.click("text=Observe it");
    await studio.page.waitForSelector(".workspace");
    // The brightest pixel is above the middle and on the left: row 0 is at the bottom.
    const [x, y] = ((await studio.fact("#readout", "position")) ?? "").split(", ").map(Number);
    expect(x).toBeGreaterThanOrEqual(2);
    expect(x).toBeLessThanOrEqual(8);
    expect(y).toBeGreaterThanOrEqual(13);
    expect(y).toBeLessThanOrEqual(18);
    expect(numberOf(await studio.fact("#readout", "truth"))).toBeGreaterThan(100);
    await studio.shot("start-picture-open");
    await studio.page.click("text=Other data");
    await studio.drop([{ name: "cut.png", bytes: png.subarray(0, 60) }]);
    await studio.page.waitForSelector(".files li.refused");
    expect(await studio.page.locator(".files .trouble").textContent()).toMatch(
      /^cut\.png: must be a whole picture/,
    );
  });

  it("reads files of 100 MB without holding up the page", async () => {
    // 3.2 million events of 32 bytes; an image of 7,000 x 7,200 16-bit pixels with a bright block.
    const rows = 3_200_000;
    const spread = (salt: number) =>
      Float64Array.from({ length: rows }, (_, row) => ((row * salt) % 7993) + 0.5);
    const list = writeFits([
      { kind: "empty" },
      {
        kind: "table",
        name: "EVENTS",
        columns: [
          { name: "X", format: "1D", values: spread(7919) },
          { name: "Y", format: "1D", values: spread(104_729) },
          { name: "ENERGY", unit: "eV", format: "1D", values: spread(1_299_709) },
          {
            name: "TIME",
            unit: "s",
            format: "1D",
            values: Float64Array.from({ length: rows }, (_, row) => row),
          },
        ],
      },
    ]);
    const pixels = new Int16Array(7_000 * 7_200).fill(1);
    for (let row = 5_000; row < 5_010; row++) pixels.fill(900, row * 7_200 + 1_000, row * 7_200 + 1_010);
    const image = writeFits([{ kind: "image", shape: [7_000, 7_200], data: pixels }]);
    const paths = [list, image].map((bytes, index) => {
      const path = join(studio.folder, index === 0 ? "long-evt.fits" : "large-counts.fits");
      writeFileSync(path, bytes);
      return path;
    });
    expect(Math.min(list.length, image.length)).toBeGreaterThan(100e6);
    writeFileSync(join(studio.folder, "psf.fits"), psf);

    await studio.open();
    const watched = async (what: string) => {
      const { cpu, wall, sorts } = await studio.longestTask();
      console.info(
        `${what}: longest task of the page ${cpu.toFixed(0)} ms (${sorts.toFixed(1)} sorts), ${wall.toFixed(0)} ms by the clock`,
      );
      return sorts;
    };
    await studio.startWatching();
    await studio.page.setInputFiles("input[type=file]", [paths[0], join(studio.folder, "psf.fits")]);
    await studio.page.waitForSelector(".files li.read >> nth=1", { timeout: 90_000 });
    await expect.poll(told, { timeout: 30_000 }).toMatch(/3,200,000 of 3,200,000 events in \d+ × \d+ pixels/);
    expect(await watched(`event list of ${Math.round(list.length / 1e6)} MB`)).toBeLessThan(5);
    await studio.page.getByRole("button", { name: "Remove long-evt.fits" }).click();
    await studio.startWatching();
    await studio.page.setInputFiles("input[type=file]", paths[1]);
    await studio.page.waitForSelector(".files li.read >> nth=1", { timeout: 90_000 });
    await studio.page.waitForSelector("text=are more than chains can sample");
    // A part of 512 x 512 at the start, around the brightest block of the preview; another one is dragged.
    const part = studio.page.locator("input[size='22']");
    expect(await part.inputValue()).toBe("757:1269,4696:5208");
    const overview = studio.page.locator(".overview");
    await overview.locator(".frame canvas").first().waitFor();
    await overview.scrollIntoViewIfNeeded();
    const box = (await overview.locator(".frame").boundingBox())!;
    const at = (x: number, y: number) => ({
      x: box.x + (x / 7_200) * box.width,
      y: box.y + (1 - y / 7_000) * box.height,
    });
    await studio.drag(at(2_000, 900), at(2_300, 1_300));
    const drawn = (await part.inputValue()).split(/[:,]/).map(Number);
    // One pixel of the screen is 15 of the image.
    for (const [index, edge] of [2_000, 2_300, 900, 1_300].entries())
      expect(Math.abs(drawn[index] - edge)).toBeLessThan(16);
    await studio.drag(at(2_150, 1_100), at(1_005, 5_005));
    const [x0, x1, y0, y1] = (await part.inputValue()).split(/[:,]/).map(Number);
    expect([x1 - x0, y1 - y0]).toEqual([drawn[1] - drawn[0], drawn[3] - drawn[2]]);
    await studio.shot("start-large");
    await studio.page.click(".go button");
    await studio.page.waitForSelector(".workspace", { timeout: 90_000 });
    expect(
      await watched(`image of ${Math.round(image.length / 1e6)} MB, and opening a part of it`),
    ).toBeLessThan(10);
    // Sampling on the way would take the whole page along.
    expect(await studio.page.locator(".top .what").textContent()).toMatch(
      new RegExp(`${x1 - x0} × ${y1 - y0} pixels$`),
    );
    expect(numberOf(await studio.fact("#readout", "counts"))).toBe(900);
  });
});
