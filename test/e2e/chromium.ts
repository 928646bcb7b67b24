/**
 * Chromium for tests of pages: where it is, what happens without it, how it is started, and what axe finds on a page.
 *
 * TSLIRA_CHROMIUM is its path where it is not in a usual place. Without Chromium the tests are skipped and say why;
 * TSLIRA_REQUIRE_E2E=1 makes its absence an error.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { it } from "vitest";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const given = process.env.TSLIRA_CHROMIUM || undefined;
const executablePath = given ?? CANDIDATES.find((path) => existsSync(path));

/** Whether tests of pages can run. */
export const hasChromium = executablePath !== undefined && existsSync(executablePath);

const required = process.env.TSLIRA_REQUIRE_E2E === "1";
const reason =
  `Chromium must be installed, got none at ${given ?? CANDIDATES.join(", ")}; ` +
  "install it or set TSLIRA_CHROMIUM to its path";

/** A test that fails when Chromium is required and absent; a warning when it is absent. */
export function itFindsChromium(): void {
  if (!hasChromium && !required) console.warn(`skipped: ${reason}`);
  it.skipIf(!hasChromium && !required)("finds Chromium", () => {
    if (!hasChromium) throw new Error(`${reason} (required by TSLIRA_REQUIRE_E2E=1)`);
  });
}

/** Chromium that asks nothing of any host but this machine. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [
      ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
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
