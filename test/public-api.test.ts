/** What the package promises: the names its entries export, each with a doc comment. Looks at `dist`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

interface Export {
  readonly name: string;
  readonly kind: "class" | "function" | "value" | "type";
  readonly hasComment: boolean;
}

/** Exported names of a declaration file, with the doc comment where each is declared. */
function exportsOf(checker: ts.TypeChecker, entry: ts.SourceFile): Export[] {
  const entrySymbol = checker.getSymbolAtLocation(entry);
  if (entrySymbol === undefined) throw new Error(`${entry.fileName}: must be a module; run npm run build`);
  return checker
    .getExportsOfModule(entrySymbol)
    .map((exported): Export => {
      const { Alias, Class, Function: Callable, Value } = ts.SymbolFlags;
      const symbol = exported.flags & Alias ? checker.getAliasedSymbol(exported) : exported;
      const isTypeOnly = exported.declarations?.some(ts.isTypeOnlyImportOrExportDeclaration) === true;
      const kind =
        isTypeOnly || !(symbol.flags & Value)
          ? "type"
          : symbol.flags & Class
            ? "class"
            : symbol.flags & Callable
              ? "function"
              : "value";
      const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker));
      return { name: exported.name, kind, hasComment: comment.trim() !== "" };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const ENTRIES = ["index", "cluster", "diagnostics", "figures", "fits", "node", "significance", "sky"];
const nameOf = (entry: string) => (entry === "index" ? "tslira" : `tslira/${entry}`);
const entryFile = (name: string) => fileURLToPath(new URL(`../dist/${name}.d.ts`, import.meta.url));
const program = ts.createProgram(ENTRIES.map(entryFile), {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  skipLibCheck: true,
  types: [],
});
const checker = program.getTypeChecker();
const exported = new Map(
  ENTRIES.map((name) => {
    const file = program.getSourceFile(entryFile(name));
    if (file === undefined) throw new Error(`dist/${name}.d.ts must exist; run npm run build`);
    return [name, exportsOf(checker, file)];
  }),
);
const root = exported.get("index") ?? [];
const values = (list: readonly Export[]) =>
  list.filter(({ kind }) => kind !== "type").map(({ name }) => name);

/** Names of an entry that are nowhere else: `tslira/node` has those of all others, too. */
const elsewhere = new Set(
  ENTRIES.filter((entry) => entry !== "node").flatMap((entry) =>
    (exported.get(entry) ?? []).map(({ name }) => name),
  ),
);
const own = (entry: string) =>
  (exported.get(entry) ?? []).filter(({ name }) => entry !== "node" || !elsewhere.has(name));

describe("public API", () => {
  it("exports exactly the names of public-api.txt", async () => {
    const text = ENTRIES.map(
      (entry) =>
        `${[nameOf(entry), ...own(entry).map(({ name, kind }) => `  ${kind} ${name}`)].join("\n")}\n`,
    ).join("\n");
    await expect(text).toMatchFileSnapshot("public-api.txt");
  });

  it("has a root that one can hold in mind", () => {
    expect(values(root).length).toBeLessThanOrEqual(60);
  });

  it("has every name in one entry, and all of them in tslira/node", () => {
    const all = ENTRIES.flatMap(own).map(({ name }) => name);
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
    const node = new Set((exported.get("node") ?? []).map(({ name }) => name));
    expect([...elsewhere].filter((name) => !node.has(name))).toEqual([]);
  });

  it("has no function that no door, document, example, script or bench uses", () => {
    const folder = fileURLToPath(new URL("..", import.meta.url));
    const users = ["src/cli", "app/src", "docs", "examples", "scripts", "bench"].flatMap((place) =>
      readdirSync(join(folder, place), { recursive: true, encoding: "utf8" })
        .filter((file) => /\.(tsx?|mjs|js|md)$/.test(file) && !file.startsWith("api"))
        .map((file) => readFileSync(join(folder, place, file), "utf8")),
    );
    const text = [readFileSync(join(folder, "README.md"), "utf8"), ...users].join("\n");
    const unused = ENTRIES.flatMap((entry) => values(own(entry))).filter(
      (name) => !new RegExp(`\\b${name}\\b`).test(text),
    );
    expect(unused).toEqual([]);
  });

  it("every export has a doc comment", () => {
    const bare = [...exported.values()].flat().filter(({ hasComment }) => !hasComment);
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  it("the built modules export the values that the types promise, and nothing else", async () => {
    for (const [entry, list] of exported) {
      const built = await import(new URL(`../dist/${entry}.js`, import.meta.url).href);
      expect(Object.keys(built).sort(), nameOf(entry)).toEqual(values(list));
    }
  });
});
