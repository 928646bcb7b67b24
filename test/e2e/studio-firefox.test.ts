/**
 * Studio's main story in headless Firefox: an example, its chains, the verdict, and the file that is saved, which has the bytes of the command's.
 *
 * Needs Firefox (see `firefox.ts`). Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FirefoxPage, hasFirefox, itFindsFirefox, openFirefox } from "./firefox.js";
import { MAIN, startStudio, withoutTimes } from "./studio-page.js";

itFindsFirefox();

describe.skipIf(!hasFirefox)("Studio in Firefox", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "tslira-firefox-"));
  let studio: Awaited<ReturnType<typeof startStudio>>;
  let page: FirefoxPage;
  const there = (selector: string) =>
    page.value(`document.querySelector(${JSON.stringify(selector)}) !== null`);
  const click = (text: string) =>
    page.value(
      `[...document.querySelectorAll("button")].find((one) => one.textContent.startsWith(${JSON.stringify(text)})).click()`,
    );

  beforeAll(async () => {
    studio = await startStudio();
    page = await openFirefox(folder);
  });
  afterAll(async () => {
    await page?.close();
    studio?.server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes an example to a verdict, and saves the bytes of the command", async () => {
    await page.open(studio.address);
    await expect.poll(() => there(".example .frame canvas")).toBe(true);
    await page.value(`[...document.querySelectorAll(".example")].at(-1).click()`);
    await expect.poll(() => there("#field-iterations")).toBe(true);
    await page.value(`{
      const field = document.querySelector("#field-iterations");
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, "400");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }`);
    await click("Start the chains");
    await expect.poll(() => there(".verdict"), { timeout: 60_000 }).toBe(true);
    const command = String(
      await page.value(`[...document.querySelectorAll("details pre")].map((one) => one.textContent)[0]`),
    );
    await click("Result, FITS");
    const target = process.env.TSLIRA_SCREENSHOTS;
    if (target) {
      mkdirSync(target, { recursive: true });
      writeFileSync(join(target, "firefox.png"), await page.picture());
    }
    const saved = () => readdirSync(page.downloads).find((name) => name.endsWith("-result.fits"));
    await expect.poll(saved).toBeDefined();
    const path = join(page.downloads, saved() as string);
    await expect.poll(() => existsSync(`${path}.part`)).toBe(false);

    // What the page gives as its command makes the same file.
    for (const line of command.replaceAll(/\\\n/g, " ").trim().split("\n")) {
      const [, ...args] = line.trim().split(/\s+/);
      await promisify(execFile)(process.execPath, [MAIN, ...args], { cwd: folder });
    }
    const made = readdirSync(folder).find((name) => name.endsWith(".fits")) as string;
    expect(made).toBeDefined();
    expect(
      Buffer.compare(withoutTimes(readFileSync(path)), withoutTimes(readFileSync(join(folder, made)))),
    ).toBe(0);
    expect(page.words).toEqual([]);
    const asked = page.requests.filter(
      (url) => !url.startsWith(studio.address) && !/^(data|blob|about):/.test(url),
    );
    expect(asked).toEqual([]);
  });
});
