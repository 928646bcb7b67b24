/**
 * Firefox for tests of pages, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/): where it is, what happens without it, one page of it.
 *
 * TSLIRA_FIREFOX is its path where it is not in a usual place. Without Firefox the tests are skipped and say why; TSLIRA_REQUIRE_E2E=1 makes
 * its absence an error.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { foundBrowser } from "./found-browser.js";
import { openTextSocket } from "./web-socket.js";

const browser = foundBrowser("Firefox", "TSLIRA_FIREFOX", ["/usr/bin/firefox-esr", "/usr/bin/firefox"]);

/** Whether tests in Firefox can run. */
export const hasFirefox = browser.present;

/** A test that fails when Firefox is required and absent; a warning when it is absent. */
export const itFindsFirefox = browser.itFinds;

/** Downloads without a question, and nothing that Firefox asks of hosts by itself. */
const preferences = (downloads: string) => ({
  "browser.download.folderList": 2,
  "browser.download.dir": downloads,
  "browser.download.always_ask_before_handling_new_types": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.aboutwelcome.enabled": false,
  "app.update.enabled": false,
  "app.normandy.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.server": "",
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
});

/** A page. */
export interface FirefoxPage {
  /** Where its downloads go. */
  readonly downloads: string;
  /** Addresses that the page has asked for. */
  readonly requests: readonly string[];
  /** What it said on its console, warnings and errors included. */
  readonly words: readonly string[];
  open(address: string): Promise<void>;
  /** Run a function, given as text, in every page that is opened from here on, before its own scripts. */
  before(code: string): Promise<void>;
  /** The value of an expression, awaited; a string, a number, a boolean or null. */
  value(expression: string): Promise<unknown>;
  /** A picture of what is seen, PNG. */
  picture(): Promise<Buffer>;
  close(): Promise<void>;
}

interface Answer {
  readonly id?: number;
  readonly error?: string;
  readonly message?: string;
  readonly result?: Record<string, unknown>;
  readonly method?: string;
  readonly params?: { readonly text?: string; readonly request?: { readonly url: string } };
}

/**
 * Start Firefox with an empty profile in a folder, and open a page of 1280 by 720 pixels.
 *
 * @param more preferences besides
 */
export async function openFirefox(
  folder: string,
  more: Readonly<Record<string, string | number | boolean>> = {},
): Promise<FirefoxPage> {
  const [profile, downloads] = [join(folder, "profile"), join(folder, "downloads")];
  for (const path of [profile, downloads]) mkdirSync(path, { recursive: true });
  const lines = Object.entries({ ...preferences(downloads), ...more }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  writeFileSync(join(profile, "user.js"), lines.join("\n"));
  const firefox: ChildProcess = spawn(
    browser.path as string,
    ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: folder } },
  );
  const said = createInterface({ input: firefox.stderr as NodeJS.ReadableStream });
  const address = await new Promise<string>((resolve, reject) => {
    said.on("line", (line) => {
      const [, found] = line.match(/WebDriver BiDi listening on (ws:\S+)/) ?? [];
      if (found !== undefined) resolve(found);
    });
    firefox.once("exit", (code) => reject(new Error(`firefox: must go on, got its end with ${code}`)));
  });

  const waiting = new Map<number, (answer: Answer) => void>();
  const requests: string[] = [];
  const words: string[] = [];
  const socket = await openTextSocket(`${address}/session`, (text) => {
    const answer: Answer = JSON.parse(text);
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
    if (answer.method === "log.entryAdded") words.push(String(answer.params?.text));
    if (answer.method === "network.beforeRequestSent") requests.push(String(answer.params?.request?.url));
  });
  let last = 0;
  const ask = async (method: string, params: object) => {
    const id = ++last;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { error, message, result = {} } = await answered;
    waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: must be done, got ${error}: ${message}`);
    return result;
  };
  await ask("session.new", { capabilities: {} });
  await ask("session.subscribe", { events: ["log.entryAdded", "network.beforeRequestSent"] });
  const { context } = await ask("browsingContext.create", { type: "tab" });
  await ask("browsingContext.setViewport", { context, viewport: { width: 1280, height: 720 } });
  return {
    ...{ downloads, requests, words },
    async open(url) {
      await ask("browsingContext.navigate", { context, url, wait: "complete" });
    },
    async before(code) {
      await ask("script.addPreloadScript", { functionDeclaration: code });
    },
    async value(expression) {
      const { type, result, exceptionDetails } = (await ask("script.evaluate", {
        ...{ expression, awaitPromise: true, target: { context } },
      })) as Record<string, { readonly value?: unknown; readonly text?: string }>;
      if (String(type) === "exception") throw new Error(`${expression}: ${exceptionDetails.text}`);
      return result.value ?? null;
    },
    async picture() {
      const { data } = await ask("browsingContext.captureScreenshot", { context });
      return Buffer.from(String(data), "base64");
    },
    async close() {
      const ended = once(firefox, "exit");
      await ask("browser.close", {}).catch(() => firefox.kill("SIGKILL"));
      socket.close();
      await ended;
    },
  };
}
