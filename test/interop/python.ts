/** The Python that judges files of ours: TSLIRA_PYTHON, else python3 or /usr/bin/python3. */
import { spawnSync } from "node:child_process";

/** A Python that has these modules (`"astropy, regions"`); undefined without. */
export function findPython(modules: string): string | undefined {
  const given = process.env.TSLIRA_PYTHON;
  const candidates = given ? [given] : ["python3", "/usr/bin/python3"];
  return candidates.find((name) => spawnSync(name, ["-c", `import ${modules}`]).status === 0);
}

/** The same, and a word on what is missing. @throws Error where TSLIRA_REQUIRE_INTEROP=1 wants it */
export function pythonWith(modules: string, name: string, debian: string): string | undefined {
  const python = findPython(modules);
  if (python === undefined) {
    const reason = `${name} must be installed, for example with \`apt-get install ${debian}\``;
    if (process.env.TSLIRA_REQUIRE_INTEROP === "1")
      throw new Error(`${reason} (required by TSLIRA_REQUIRE_INTEROP=1)`);
    console.warn(`skipped: ${reason}`);
  }
  return python;
}
