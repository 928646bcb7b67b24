/**
 * The site of the documents, as `npm run docs:site` built it: no link is broken, no page asks another host, and what moves on it moves, in
 * headless Chromium.
 *
 * Needs Chromium (see `chromium.ts`). Looks at `.site`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHTML } from "linkedom";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditPage, hasChromium, itFindsChromium, launchChromium } from "./chromium.js";

const SITE = fileURLToPath(new URL("../../.site", import.meta.url));
const WWW = join(SITE, "www");
if (!existsSync(WWW)) throw new Error("site: must be built, got no .site/www; run npm run docs:site");
const { base }: { base: string } = JSON.parse(readFileSync(join(SITE, "contents.json"), "utf8"));
const files = new Set(
  readdirSync(WWW, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => posix.join(one.parentPath.slice(WWW.length + 1).replaceAll("\\", "/"), one.name)),
);
const pages = [...files].filter((file) => /\.html$/.test(file) && !/^(studio|files)\/|^404/.test(file));

itFindsChromium();

describe("The site", () => {
  const parsed = new Map(
    pages.map((page) => [page, parseHTML(readFileSync(join(WWW, page), "utf8")).document]),
  );
  const ids = new Map<string, Set<string>>();
  for (const [page, document] of parsed)
    ids.set(page, new Set([...document.querySelectorAll("[id]")].map((one) => one.id)));

  it("has a page for every document, command, tutorial and entry of the API", () => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const documents = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => name.replaceAll("\\", "/").replace(/md$/, "html"));
    expect(documents.filter((name) => !files.has(name))).toEqual([]);
    const help = readFileSync(join(root, "src/cli/main.ts"), "utf8");
    const [, list = ""] = /^const COMMANDS[^{]*\{\n(.*?)^\}/ms.exec(help) ?? [];
    const commands = [...list.matchAll(/^ {2}(\w+): "/gm)].map(([, name]) => `commands/${name}.html`);
    expect(commands.length).toBeGreaterThan(10);
    expect(commands.filter((name) => !files.has(name))).toEqual([]);
    const entries = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).exports);
    const api = entries
      .filter((name) => !name.endsWith(".json"))
      .map((name) => `api/${name.slice(2) || "index"}/index.html`);
    expect(api.filter((name) => !files.has(name))).toEqual([]);
  });

  it("has no link that leads nowhere", () => {
    const broken: string[] = [];
    let count = 0;
    for (const [page, document] of parsed) {
      const found = document.querySelectorAll("a[href], img[src], link[href], script[src]");
      for (const element of found) {
        const target = element.getAttribute("href") ?? element.getAttribute("src") ?? "";
        if (/^(https?|data|mailto):/.test(target)) continue;
        count++;
        const url = new URL(target, `http://site${base}${page}`);
        const path = decodeURI(url.pathname)
          .slice(base.length)
          .replace(/(^|\/)$/, "$1index.html");
        const anchor = decodeURIComponent(url.hash.slice(1));
        const known = path.startsWith("studio/") ? undefined : ids.get(path);
        if (!url.pathname.startsWith(base) || !files.has(path)) broken.push(`${page}: ${target}`);
        else if (anchor !== "" && known && !known.has(anchor))
          broken.push(`${page}: ${target} (no such heading)`);
      }
    }
    expect(broken).toEqual([]);
    expect(count).toBeGreaterThan(2_000);
    console.info(`${count} links and pictures of ${pages.length} pages`);
  });

  it("asks no other host", () => {
    const asked: string[] = [];
    for (const [page, document] of parsed)
      for (const element of document.querySelectorAll(
        "img[src], link[href], script[src], iframe[src], source[srcset]",
      )) {
        const target =
          ["src", "href", "srcset"].map((name) => element.getAttribute(name)).find(Boolean) ?? "";
        if (/^(https?:)?\/\//.test(target)) asked.push(`${page}: ${target}`);
      }
    const styles = [...files]
      .filter((file) => file.endsWith(".css"))
      .map((file) => readFileSync(join(WWW, file), "utf8"));
    expect(asked.concat(styles.flatMap((text) => text.match(/url\("?https?:[^)]*/g) ?? []))).toEqual([]);
  });
});

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

describe.skipIf(!hasChromium)("The site in Chromium", { timeout: 120_000 }, () => {
  let server: Server;
  let browser: Browser;
  let origin = "";
  const complaints: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://site");
      const path = pathname.slice(base.length).replace(/(^|\/)$/, "$1index.html");
      if (!pathname.startsWith(base) || !files.has(path)) response.writeHead(404).end();
      else
        response
          .writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain" })
          .end(readFileSync(join(WWW, path)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
    const page = await context.newPage();
    page.on("console", (message) => complaints.push(`${path}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`${path}: ${error}`));
    page.on("response", (answer) => {
      if (answer.status() >= 400) complaints.push(`${path}: ${answer.status()} ${answer.url()}`);
    });
    page.on("request", (asked) => {
      if (!asked.url().startsWith(`${origin}${base}`) && !/^(data|blob):/.test(asked.url()))
        complaints.push(`${path}: asks ${asked.url()}`);
    });
    await page.goto(`${origin}${base}${path}`, { waitUntil: "networkidle" });
    return page;
  }

  async function shot(page: Page, name: string): Promise<void> {
    const folder = process.env.TSLIRA_SCREENSHOTS;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `site ${name}.png`) });
  }

  const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["phone", { colorScheme: "light", viewport: { width: 390, height: 844 } }],
  ];

  it.each(LOOKS)("says on one screen what it is and how to start: %s", async (name, options) => {
    const page = await open("", options);
    await shot(page, `first page ${name}`);
    expect(await page.locator("html").getAttribute("class")).toBe(name === "dark" ? "dark" : null);
    // Nothing of the first page lies below the screen, on a phone its picture alone.
    const { height = 0 } = page.viewportSize() ?? {};
    const bottom = async (selector: string) => {
      const box = await page.locator(selector).first().boundingBox();
      return (box?.y ?? height) + (box?.height ?? height);
    };
    expect(await bottom(".start .words > p:last-child")).toBeLessThan(height);
    if (name !== "phone") expect(await bottom(".start figure")).toBeLessThan(height);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    // VitePress's own: a search button with its keys beside its name, menus in the bar.
    const own = /label-content-name-mismatch|nested-interactive/;
    expect((await auditPage(page)).violations.filter((one) => !own.test(one))).toEqual([]);
    await page.context().close();
  });

  it("keeps the language that was chosen, from block to block and page to page", async () => {
    const page = await open("tutorials/first-hour.html");
    await page.locator(".vp-code-group label", { hasText: "Python" }).first().click();
    const shown = () =>
      page.locator(".vp-code-group .blocks > .active").evaluateAll((all) => all.map((one) => one.className));
    expect((await shown()).filter((name) => !name.includes("language-python"))).toEqual([]);
    await page.locator(".VPSidebar a", { hasText: "A point source" }).first().click();
    await page.waitForURL(/point-source/);
    await expect.poll(shown).toContainEqual(expect.stringContaining("language-python"));
    expect((await shown()).filter((name) => !name.includes("language-python"))).toEqual([]);
    await shot(page, "tutorial");
    await page.context().close();
  });

  it("finds a word, a setting and a function", async () => {
    const page = await open("");
    for (const [word, target] of [
      ["pairTransfers", "commands/settings"],
      ["catalogue", "sources"],
      ["skyToPixel", "api/sky/functions"],
    ]) {
      await page.locator(".DocSearch-Button").click();
      await page.locator(".VPLocalSearchBox input").fill(word);
      await page.locator(`.VPLocalSearchBox .result[href*="${target}"]`).first().waitFor();
      if (word === "catalogue") await shot(page, "search");
      await page.keyboard.press("Escape");
    }
    await page.context().close();
  });

  const PAGES = [
    "tutorials/first-hour",
    "commands/deconvolve",
    "commands/settings",
    "api/index/functions",
    "gallery",
    "priors",
  ];
  it.each(PAGES.map((path) => `${path}.html`))(
    "shows %s in dark and light, wide and narrow",
    async (path) => {
      for (const [name, options] of LOOKS) {
        const page = await open(path, options);
        await shot(page, `${path.replaceAll("/", " ")} ${name}`);
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
          name,
        ).toBeLessThanOrEqual(0);
        await page.context().close();
      }
    },
  );

  it("runs an example in Studio after one click, and keeps Studio for the time without a network", async () => {
    const page = await open("");
    await page.locator(".start a", { hasText: "Run an example" }).click();
    await page.locator(".verdict").first().waitFor({ timeout: 60_000 });
    await shot(page, "studio");
    const scope = await page.evaluate(async () => (await navigator.serviceWorker.ready).scope);
    expect(scope).toBe(`${origin}${base}studio/`);
    await page.context().setOffline(true);
    await page.goto(`${origin}${base}studio/`);
    await page.waitForSelector(".example .frame canvas");
    await page.context().close();
  });

  it("gave nothing to complain about", () => expect(complaints).toEqual([]));
});
