/**
 * Chromium for tests of pages: where it is, what happens without it, how it is started, and what axe finds on a page.
 *
 * TSLIRA_CHROMIUM is its path where it is not in a usual place. Without Chromium the tests are skipped and say why;
 * TSLIRA_REQUIRE_E2E=1 makes its absence an error.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { foundBrowser } from "./found-browser.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = foundBrowser("Chromium", "TSLIRA_CHROMIUM", [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
]);

/** Whether tests of pages can run. */
export const hasChromium = browser.present;

/** A test that fails when Chromium is required and absent; a warning when it is absent. */
export const itFindsChromium = browser.itFinds;

/** Flags for WebGPU on SwiftShader, the GPU that comes with Chromium and is a CPU; without them a machine without a GPU offers none. */
const SWIFTSHADER = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/**
 * Chromium that asks nothing of any host but this machine.
 *
 * @param gpu whether pages find an adapter of WebGPU
 */
export function launchChromium({ gpu = false } = {}): Promise<Browser> {
  return chromium.launch({
    ...(browser.path !== undefined && { executablePath: browser.path }),
    args: [
      ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
      ...(gpu ? SWIFTSHADER : []),
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ],
  });
}

/** What axe finds on a page by WCAG 2.1 A and AA, and by best practice: rules that hold, and what breaks one. */
export async function auditPage(page: Page): Promise<{ passes: string[]; violations: string[] }> {
  await page.evaluate(AXE); // through the debugger, which no content security policy stops
  return page.evaluate(async () => {
    type Rule = { id: string; impact: string; nodes: { html: string }[] };
    const { axe } = globalThis as unknown as {
      axe: { run(options: unknown): Promise<{ passes: Rule[]; violations: Rule[] }> };
    };
    const found = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] });
    return {
      passes: found.passes.map(({ id }) => id),
      violations: found.violations.map(
        ({ id, impact, nodes }) =>
          `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 140)).join(" | ")}`,
      ),
    };
  });
}
