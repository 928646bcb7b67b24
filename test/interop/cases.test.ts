/**
 * Cases beside the checkout, one folder each with a script that exits 0 when the program behaves: inputs that people complained about in
 * public (`field`), and damaged files, disturbed runs and inputs out of proportion (`robust`). Skipped with a reason where they are absent.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../shared/cases", import.meta.url));
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const present = existsSync(ROOT);
if (!present) {
  const reason = `cases: ${ROOT} is absent`;
  if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error(`${reason} (TSLIRA_REQUIRE_SHARED=1)`);
  console.warn(`skipped: ${reason}`);
}

describe.skipIf(!present).each(["field", "robust"])("cases: %s", (kind) => {
  const folder = join(ROOT, kind);
  const names = present ? readdirSync(folder).filter((name) => existsSync(join(folder, name, "cmd.sh"))) : [];

  it("are there", () => expect(names.length).toBeGreaterThan(0));

  for (const name of names) {
    it(name, { timeout: 300_000 }, () => {
      const { status, stdout, stderr } = spawnSync("bash", [join(folder, name, "cmd.sh"), MAIN], {
        encoding: "utf8",
        timeout: 280_000,
      });
      expect(status, `${stdout.slice(-2000)}\n${stderr.slice(-2000)}`).toBe(0);
    });
  }
});
