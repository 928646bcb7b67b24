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

  it("opens an example, takes files to a verdict, and saves the bytes of the command", async () => {
    const tslira = (...args: readonly string[]) =>
      promisify(execFile)(process.execPath, [MAIN, ...args], { cwd: folder });
    await tslira("simulate", "point-source", "--seed", "3", "-o", ".");
    await page.open(studio.address);
    await expect.poll(() => there(".example .frame canvas")).toBe(true);
    await page.value(`document.querySelector(".example").click()`);
    await expect.poll(() => there("#field-iterations")).toBe(true);
    await click("Other data");
    await expect.poll(() => there("input[type=file]")).toBe(true);
    const names = ["counts", "psf", "exposure", "background"].map((role) => `${role}.fits`);
    const files = names.map((name) => [name, readFileSync(join(folder, name)).toString("base64")]);
    await page.value(`{
      const held = new DataTransfer();
      for (const [name, text] of ${JSON.stringify(files)})
        held.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
      const field = document.querySelector("input[type=file]");
      field.files = held.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }`);
    await expect.poll(() => there(".go button:enabled")).toBe(true);
    await page.value(`document.querySelector(".go button").click()`);
    await expect.poll(() => there("#field-iterations")).toBe(true);
    await page.value(`{
      const field = document.querySelector("#field-iterations");
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, "400");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }`);
    await click("Start the chains");
    await expect.poll(() => there(".verdict"), { timeout: 60_000 }).toBe(true);
    const target = process.env.TSLIRA_SCREENSHOTS;
    if (target) {
      mkdirSync(target, { recursive: true });
      writeFileSync(join(target, "firefox.png"), await page.picture());
    }
    await click("Result, FITS");
    const saved = () => readdirSync(page.downloads).find((name) => name.endsWith("-result.fits"));
    await expect.poll(saved).toBeDefined();
    const path = join(page.downloads, saved() as string);
    await expect.poll(() => existsSync(`${path}.part`)).toBe(false);

    // What the page gives as its command makes the same file.
    const command = await page.value(`document.querySelector("details pre").textContent`);
    const [program, ...args] = String(command).split(" ");
    expect([program, args]).toEqual(["tslira", expect.arrayContaining(["counts.fits", "400"])]);
    await tslira(...args);
    const [kept, made] = [path, join(folder, "result.fits")].map((one) => withoutTimes(readFileSync(one)));
    expect(Buffer.compare(kept, made)).toBe(0);
    expect(page.words).toEqual([]);
    const asked = page.requests.filter(
      (url) => !url.startsWith(studio.address) && !/^(data|blob|about):/.test(url),
    );
    expect(asked).toEqual([]);
  });
});
