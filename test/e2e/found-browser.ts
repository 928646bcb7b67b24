/**
 * A browser for tests of pages: where it is, and what happens without it. Its variable is its path where it is not in a usual place. Without
 * it the tests are skipped and say why; TSLIRA_REQUIRE_E2E=1 makes its absence an error.
 */
import { existsSync } from "node:fs";
import { it } from "vitest";

/** A browser that was looked for. */
export interface FoundBrowser {
  readonly path: string | undefined;
  /** Whether it is there. */
  readonly present: boolean;
  /** A test that fails when the browser is required and absent; a warning when it is absent. */
  itFinds(): void;
}

/**
 * Look for a browser.
 *
 * @param variable of the environment that may name its path
 * @param candidates usual places
 */
export function foundBrowser(name: string, variable: string, candidates: readonly string[]): FoundBrowser {
  const given = process.env[variable] || undefined;
  const path = given ?? candidates.find((candidate) => existsSync(candidate));
  const present = path !== undefined && existsSync(path);
  const required = process.env.TSLIRA_REQUIRE_E2E === "1";
  const reason =
    `${name} must be installed, got none at ${given ?? candidates.join(", ")}; ` +
    `install it or set ${variable} to its path`;
  return {
    path,
    present,
    itFinds() {
      if (!present && !required) console.warn(`skipped: ${reason}`);
      it.skipIf(!present && !required)(`finds ${name}`, () => {
        if (!present) throw new Error(`${reason} (required by TSLIRA_REQUIRE_E2E=1)`);
      });
    },
  };
}
