/**
 * The Python package: its own tests, the fences of its README, and its wheel, installed into an empty folder.
 *
 * Needs Python with astropy, and for the wheel pip and setuptools; skipped with a reason when they are absent, failed with
 * TSLIRA_REQUIRE_INTEROP=1.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { documentFences } from "../document-fences.js";
import { pythonWith } from "./python.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGE = join(ROOT, "python");
const python = pythonWith(
  "astropy, setuptools, wheel, pip",
  "astropy with pip",
  "python3-astropy python3-pip python3-wheel",
);
const folder = mkdtempSync(join(tmpdir(), "tslira-python-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Run Python in the folder, with figures that need no screen. @throws Error with what it said */
function run(args: readonly string[], path: string): string {
  const env = { ...process.env, PYTHONPATH: path, MPLBACKEND: "Agg", PYTHONDONTWRITEBYTECODE: "1" };
  return execFileSync(python as string, args, { cwd: folder, encoding: "utf8", env, stdio: "pipe" });
}

describe.skipIf(python === undefined)("the Python package", () => {
  it("passes its own tests", () => {
    // unittest reports on standard error; what it skipped is said here too.
    const script = "import sys, unittest; sys.stderr = sys.stdout; unittest.main(module=None)";
    const said = run(["-c", script, "discover", "-v", "-s", join(PACKAGE, "tests")], PACKAGE);
    for (const [line] of said.matchAll(/^.*\.\.\. skipped .*$/gm)) console.warn(line);
  });

  it("installs from its wheel, without npm, and runs what its README shows", () => {
    execFileSync(process.execPath, [
      join(ROOT, "scripts/build-python.mjs"),
      "-o",
      folder,
      "--python",
      python as string,
    ]);
    const [wheel] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
    const target = join(folder, "site");
    run(
      ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target, join(folder, wheel)],
      "",
    );
    const fences = documentFences("python/README.md").filter(({ language }) => language === "python");
    expect(fences).toHaveLength(2);
    for (const { text } of fences) {
      const quick = text.replace(/(iterations|n_iter_max)=[\d_]+/, "$1=600");
      // The report draws figures, so that no library of theirs is missing.
      const more = 'print(len(result.report().html), __import__("tslira").__file__)';
      const done = run(["-c", `${quick}\n${more}`], target);
      expect(done).toContain(join(target, "tslira"));
    }
  });
});
