/**
 * Inputs that people complained about in public, one folder each with a script that exits 0 when the program does right by them. Needs
 * ../shared; skips with the reason where it is absent.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const CASES = fileURLToPath(new URL("../../../shared/cases/field", import.meta.url));
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const present = existsSync(CASES);
if (!present) {
  if (process.env.TSLIRA_REQUIRE_SHARED === "1")
    throw new Error(`${CASES} must be there (TSLIRA_REQUIRE_SHARED=1)`);
  console.warn(`skipped: no cases in ${CASES}`);
}

describe.skipIf(!present)("what people bring", () => {
  it("is answered rightly in every case", () => {
    const names = present ? readdirSync(CASES).filter((name) => existsSync(join(CASES, name, "cmd.sh"))) : [];
    expect(names.length).toBeGreaterThan(0);
    const failed = names.flatMap((name) => {
      const { status, stdout, stderr } = spawnSync("sh", [join(CASES, name, "cmd.sh"), MAIN], {
        encoding: "utf8",
      });
      return status === 0 ? [] : [`${name}: exit ${status} ${stdout}${stderr}`.trim()];
    });
    expect(failed).toEqual([]);
  }, 1_800_000);
});
