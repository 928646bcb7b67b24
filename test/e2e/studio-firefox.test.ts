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
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { START_SECONDS } from "../../src/workers/start-web-worker.js";
import { type FirefoxPage, hasFirefox, itFindsFirefox, openFirefox } from "./firefox.js";
import { MAIN, startStudio, withoutTimes } from "./studio-page.js";

itFindsFirefox();

/** A way to Studio on which the script of its worker is lost so many times: asked for, and never answered. */
async function lossyWay(address: string, losses: number) {
  const { origin, pathname } = new URL(address);
  const lost: string[] = [];
  const server = createServer((asked, answer) => {
    const path = asked.url ?? "/";
    if (/\/desk-worker-/.test(path) && lost.length < losses) {
      lost.push(path);
      return;
    }
    const { host: _own, ...headers } = asked.headers;
    const forward = request(`${origin}${path}`, { method: asked.method, headers }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    forward.on("error", () => answer.destroy());
    asked.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}${pathname}`,
    lost,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

describe.skipIf(!hasFirefox)("Studio in Firefox", { timeout: 300_000 }, () => {
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
    // A driven Firefox sometimes never ends making a worker within a worker: then Studio starts another desk and offers the run again.
    const isFound = async () => {
      if (await there(".verdict")) return true;
      await page.value(`document.querySelector(".kept-runs li.open .primary:enabled")?.click()`);
      return false;
    };
    await expect.poll(isFound, { timeout: 220_000 }).toBe(true);
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

  it("starts a worker again whose script is lost, and says so when it is lost twice", async () => {
    // Firefox holds a request back for so many milliseconds, of 20,000, whose address another one waits for.
    const patience = { "network.cache.entry_wait_timeout_ms": 500 };
    const other = await openFirefox(join(folder, "lossy"), patience);
    try {
      // The clock of the watch over workers stands still until it is told that its time is up.
      await other.before(`() => {
        const wait = window.setTimeout;
        const held = [];
        window.timeIsUp = () => held.splice(0).map((run) => run()).length;
        window.setTimeout = (run, time, ...rest) =>
          ${JSON.stringify(START_SECONDS.map((seconds) => 1000 * seconds))}.includes(time)
            ? (held.push(run), 0)
            : wait(run, time, ...rest);
      }`);
      for (const losses of [1, 2]) {
        const way = await lossyWay(studio.address, losses);
        try {
          await other.open(way.address);
          for (let start = 1; start <= losses; start++) {
            await expect.poll(() => way.lost.length).toBe(start);
            expect(await other.value("timeIsUp()")).toBe(1);
          }
          const words = () => other.value(`document.body.textContent`);
          const example = () => other.value(`document.querySelector(".example .frame canvas") !== null`);
          if (losses === 1) await expect.poll(example).toBe(true);
          else
            await expect.poll(words).toContain("studio: its worker must start, got no sign of life in 40 s");
          expect(other.words).toEqual([]);
        } finally {
          way.close();
        }
      }
    } finally {
      await other.close();
    }
  });
});
