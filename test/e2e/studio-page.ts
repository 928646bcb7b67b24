/**
 * Studio served by `tslira studio` and opened in Chromium: what every test of the page needs.
 *
 * Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { readFits } from "../../src/io/fits.js";
import { launchChromium } from "./chromium.js";

/** The command line as it is built. */
export const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Sizes of the screen in which pictures of the page are saved. */
const SIZES = [
  { width: 1280, height: 720 },
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
] as const;

/** A point of the page, in pixels of the screen. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A file to drop on the page. */
export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A number as Studio writes it. */
export const numberOf = (text: string | null) => Number((text ?? "").replaceAll(",", "").replace("−", "-"));

/** Start `tslira studio`. @returns it, and where the page is, with its token */
export async function startStudio(): Promise<{ readonly server: ChildProcess; readonly address: string }> {
  const server = spawn(process.execPath, [MAIN, "studio", "--no-open"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const address = await new Promise<string>((resolve, reject) => {
    let said = "";
    server.stderr?.on("data", (piece) => {
      said += piece;
      const found = said.match(/http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\//);
      if (found) resolve(found[0]);
    });
    server.once("exit", () => reject(new Error(`tslira studio must serve, got: ${said}`)));
  });
  return { server, address };
}

/**
 * Serve Studio for the tests of a `describe` block. Each test opens pages of its own; none may complain on its console, ask
 * another host or crash.
 */
export class StudioPage {
  /** An empty folder of this block. */
  folder = "";
  server!: ChildProcess;
  /** Where the page is, with its token. */
  address = "";
  page!: Page;
  /** Requests and words of the console that a test expects besides. */
  expected: RegExp | undefined;
  #browser!: Browser;
  #complaints: string[] = [];

  /** Register the steps before and after the tests. @param options whether the browser offers a GPU */
  constructor(options: { readonly gpu?: boolean } = {}) {
    beforeAll(async () => {
      this.folder = mkdtempSync(join(tmpdir(), "tslira-studio-"));
      ({ server: this.server, address: this.address } = await startStudio());
      this.#browser = await launchChromium(options);
    }, 60_000);
    afterAll(async () => {
      await this.#browser?.close();
      if (this.server && this.server.exitCode === null) this.server.kill("SIGKILL");
      if (this.folder !== "") rmSync(this.folder, { recursive: true, force: true });
    });
    afterEach(async () => {
      await this.page?.context().close();
      const { expected } = this;
      this.expected = undefined;
      expect(this.#complaints.filter((words) => !expected?.test(words))).toEqual([]);
    });
  }

  /** Open the start screen in a browser that knows nothing of earlier visits. */
  async open(options: BrowserContextOptions = {}): Promise<void> {
    this.#complaints = [];
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
    await this.openIn(context);
    await this.page.waitForSelector(".example .frame canvas");
  }

  /** Open the page once more in a browser that was here before, for example to see what it kept. */
  async openIn(context: BrowserContext, address = this.address): Promise<void> {
    this.page = await context.newPage();
    this.page.on("console", (message) => this.#complaints.push(`${message.type()}: ${message.text()}`));
    this.page.on("pageerror", (error) => this.#complaints.push(String(error)));
    this.page.on("crash", () => this.#complaints.push("the page crashed"));
    this.page.on("request", (asked) => {
      if (!asked.url().startsWith(this.address) && !/^(data|blob):/.test(asked.url()))
        this.#complaints.push(`request: ${asked.url()}`);
    });
    await this.page.goto(address);
  }

  /** Record from here on what the threads of the page do. */
  async startWatching(): Promise<void> {
    await this.#browser.startTracing(this.page, { categories: ["toplevel", "__metadata"] });
  }

  /**
   * The longest task of the main thread since `startWatching`: milliseconds of the processor and by the clock, and `sorts`, how
   * often this page could have sorted 2^18 numbers meanwhile. A slow machine stretches all alike, so tests bound `sorts`.
   */
  async longestTask(): Promise<{ readonly cpu: number; readonly wall: number; readonly sorts: number }> {
    type TraceEvent = Record<"name" | "ph", string> &
      Record<"pid" | "tid", number> & { args: { name?: string }; dur?: number; tdur?: number };
    const text = (await this.#browser.stopTracing()).toString();
    const { traceEvents }: { traceEvents: TraceEvent[] } = JSON.parse(text);
    const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
    const main = new Set(
      traceEvents
        .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
        .map(thread),
    );
    const tasks = traceEvents.filter((one) => one.ph === "X" && main.has(thread(one)));
    expect(tasks.length).toBeGreaterThan(100);
    const longest = (key: "dur" | "tdur") => Math.max(...tasks.map((one) => (one[key] ?? 0) / 1000));
    const cpu = longest("tdur");
    // The fastest of several, which other programs disturbed least.
    const sort = await this.page.evaluate(() => {
      const once = () => {
        const numbers = Float64Array.from({ length: 2 ** 18 }, (_, index) => (index * 7919) % 104_729);
        const start = performance.now();
        numbers.sort();
        return performance.now() - start;
      };
      return Math.min(...Array.from({ length: 9 }, once));
    });
    return { cpu, wall: longest("dur"), sorts: cpu / sort };
  }

  /** Save what is seen in every size and theme that people have, when that is asked for. */
  async shot(name: string): Promise<void> {
    const target = process.env.TSLIRA_SCREENSHOTS;
    if (!target) return;
    mkdirSync(target, { recursive: true });
    const { page } = this;
    const size = page.viewportSize()!;
    const dark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
    for (const viewport of SIZES) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        // Pictures are drawn anew in the frames after a change of size.
        await page.waitForTimeout(400);
        await page.screenshot({ path: join(target, `${name} ${viewport.width} ${colorScheme}.png`) });
      }
    }
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
    await page.setViewportSize(size);
    await page.waitForTimeout(400);
  }

  /** Drop files on the page. */
  async drop(files: readonly DroppedFile[]): Promise<void> {
    const plain = files.map(({ name, bytes }) => ({ name, text: Buffer.from(bytes).toString("base64") }));
    const transfer = await this.page.evaluateHandle((list) => {
      const held = new DataTransfer();
      for (const { name, text } of list) {
        held.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
      }
      return held;
    }, plain);
    await this.page.dispatchEvent(".drop", "drop", { dataTransfer: transfer });
  }

  /** The panel that shows a picture. */
  panel(title: string) {
    return this.page.locator(".panel", { has: this.page.locator(`option:checked:text-is("${title}")`) });
  }

  /** Middle of the pixel (x, y) of a picture of `nx` by `ny` pixels that is shown whole. */
  async pointOf(title: string, x: number, y: number, nx: number, ny: number): Promise<Point> {
    const box = (await this.panel(title).locator(".frame").boundingBox())!;
    return { x: box.x + ((x + 0.5) / nx) * box.width, y: box.y + (1 - (y + 0.5) / ny) * box.height };
  }

  /** Drag with the mouse from one point to another. */
  async drag(from: Point, to: Point): Promise<void> {
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2);
    await this.page.mouse.move(to.x, to.y);
    await this.page.mouse.up();
  }

  /** Cut a rectangle out of a picture of `nx` by `ny` pixels, from one pixel to another. */
  async cutOut(
    title: string,
    [x0, y0]: readonly [number, number],
    [x1, y1]: readonly [number, number],
    [nx, ny]: readonly [number, number],
  ): Promise<void> {
    await this.page.keyboard.press("x");
    await this.drag(await this.pointOf(title, x0, y0, nx, ny), await this.pointOf(title, x1, y1, nx, ny));
    await this.shot(`cut-out of ${title}`);
    await this.page.click(".cutbar .primary");
  }

  /** A value of a list of facts, as text. */
  fact(list: string, key: string) {
    return this.page.locator(`${list} [data-key="${key}"] dd`).textContent({ timeout: 10_000 });
  }

  /** Run so many sweeps. @returns SHA-256 of the result that the page saves, see `withoutTimes` */
  async savedResult(sweeps: number): Promise<string> {
    await this.page.fill("#field-iterations", String(sweeps));
    await this.page.click("text=Start the chains");
    await this.page.waitForSelector(".verdict", { timeout: 60_000 });
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.page.click("text=Result, FITS"),
    ]);
    return sha256(withoutTimes(readFileSync(await download.path())));
  }

  /** The colours of a picture, to see whether they change. */
  pixels(title: string) {
    return this.panel(title)
      .locator("canvas")
      .first()
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  }
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Run a command that the page gave, with so many sweeps. @returns SHA-256 of its result, see `withoutTimes` */
export async function commandsResult(folder: string, command: string, sweeps: number): Promise<string> {
  const shorter = command.replace(
    /--iterations \d+ --burn-in \d+/,
    `--iterations ${sweeps} --burn-in ${sweeps / 10}`,
  );
  const made = join(folder, "result.fits");
  rmSync(made, { force: true });
  await promisify(execFile)(process.execPath, [MAIN, ...shorter.split(" ").slice(1)], { cwd: folder });
  return sha256(withoutTimes(readFileSync(made)));
}

/** A result file with the cards blanked that say when it was made and how long it took. */
export function withoutTimes(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const end = readFits(new Uint8Array(bytes))[0].dataOffset;
  for (let at = 0; at < end; at += 80) {
    if (/^(DATE|RUNBEG|RUNEND|RUNSECS) *=/.test(copy.toString("latin1", at, at + 12)))
      copy.fill(" ", at + 8, at + 80);
  }
  return copy;
}
