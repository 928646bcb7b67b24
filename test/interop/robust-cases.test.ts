/** Cases of damaged files, disturbed runs and inputs out of proportion: scripts that exit 0 when the program behaves. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const CASES = fileURLToPath(new URL("../../../shared/cases/robust", import.meta.url));
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const present = existsSync(CASES);
if (!present) {
  const reason = `robust cases: ${CASES} is absent`;
  if (process.env.TSLIRA_REQUIRE_SHARED) throw new Error(reason);
  console.warn(`${reason}; skipped`);
}

describe.skipIf(!present)("robust cases", () => {
  const names = present ? readdirSync(CASES).filter((name) => existsSync(join(CASES, name, "cmd.sh"))) : [];

  it("there are some", () => expect(names.length).toBeGreaterThan(0));

  it.each(names)("%s", { timeout: 300_000 }, (name) => {
    const { status, stdout, stderr } = spawnSync("bash", [join(CASES, name, "cmd.sh"), MAIN], {
      encoding: "utf8",
      timeout: 280_000,
    });
    expect(status, `${stdout.slice(-2000)}\n${stderr.slice(-2000)}`).toBe(0);
  });
});
