// What studies keep: rows in a work file, so that the next run goes on from there, and tables in docs/studies.
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The rows of a work file, one a line of JSON; a line that was cut off is none. */
export function keptRows<Row>(path: string): { readonly rows: Row[]; readonly keep: (row: Row) => void } {
  mkdirSync(dirname(path), { recursive: true });
  const rows: Row[] = existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line.endsWith("}"))
        .map((line) => JSON.parse(line))
    : [];
  return {
    rows,
    keep(row) {
      rows.push(row);
      appendFileSync(path, `${JSON.stringify(row)}\n`);
    },
  };
}

/** Print a table in Markdown. */
export function printTable(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  console.log(`| ${heads.join(" | ")} |\n|${"---|".repeat(heads.length)}`);
  for (const cells of rows) console.log(`| ${cells.join(" | ")} |`);
}

/** Write docs/studies/`name`.json, with the commit that made it. */
export function writeStudy(name: string, content: object): void {
  const commit = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();
  const path = `docs/studies/${name}.json`;
  writeFileSync(`${path}.part`, `${JSON.stringify({ commit, ...content }, null, 1)}\n`);
  renameSync(`${path}.part`, path);
}
