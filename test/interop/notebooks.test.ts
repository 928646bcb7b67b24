/**
 * The notebooks of the Python package: each runs from top to bottom with few sweeps, and the outputs that it holds belong to its code.
 *
 * Needs Python with nbclient, ipykernel and matplotlib, skipped with a reason when they are absent, failed with TSLIRA_REQUIRE_INTEROP=1; the
 * real images of ../shared/data, without which two are skipped, or fail with TSLIRA_REQUIRE_SHARED=1.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { pythonWith } from "./python.js";

const FOLDER = fileURLToPath(new URL("../../python/notebooks", import.meta.url));
const DATA = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const python = pythonWith(
  "astropy, matplotlib, nbclient, nbformat, ipykernel",
  "nbclient with ipykernel",
  "python3-nbclient python3-nbformat python3-ipykernel python3-matplotlib",
);
const notebooks = readdirSync(FOLDER).filter((name) => name.endsWith(".ipynb"));
/** Folder of the data that a notebook reads. */
const needs = (name: string) => ({ chandra: "chandra-gc", fermi: "fermi-gc" })[name.split("-")[0]];

describe.skipIf(python === undefined)("notebooks", () => {
  it("are three, and small", () => {
    expect(notebooks).toHaveLength(3);
    const sizes = notebooks.map((name) => statSync(join(FOLDER, name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1.5e6);
  });

  it.each(notebooks)("%s runs, and holds its own outputs", (name) => {
    const folder = needs(name);
    const missing = folder !== undefined && !existsSync(join(DATA, folder));
    if (missing && process.env.TSLIRA_REQUIRE_SHARED === "1")
      throw new Error(`no ../shared/data/${folder}, and TSLIRA_REQUIRE_SHARED=1`);
    if (missing) console.warn(`${name}: only its stored outputs are checked, no ../shared/data/${folder}`);
    const words = missing ? ["--stored"] : ["--data", DATA, "--sweeps", "40"];
    const done = spawnSync(python!, [join(FOLDER, "execute.py"), ...words, join(FOLDER, name)], {
      encoding: "utf8",
      env: { ...process.env, PYDEVD_DISABLE_FILE_VALIDATION: "1" },
    });
    expect([done.status, done.status === 0 ? "" : done.stdout + done.stderr]).toEqual([0, ""]);
    expect(done.stdout).toContain(missing ? "outputs belong to the code" : "cells ran");
  });
});
