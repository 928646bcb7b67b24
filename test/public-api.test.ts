/** What the package promises: the names its entries export, each with a doc comment. Looks at `dist`. */
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

const entryFile = (name: string) => fileURLToPath(new URL(`../dist/${name}.d.ts`, import.meta.url));
const program = ts.createProgram(["index", "node", "settings", "viewer"].map(entryFile), {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  skipLibCheck: true,
  types: [],
});
const checker = program.getTypeChecker();
const [main, node, settings, viewer] = ["index", "node", "settings", "viewer"].map((name) => {
  const file = program.getSourceFile(entryFile(name));
  if (file === undefined) throw new Error(`dist/${name}.d.ts must exist; run npm run build`);
  return exportsOf(checker, file);
});

describe("public API", () => {
  it("exports exactly the names of public-api.txt", async () => {
    const lines = (title: string, list: readonly Export[]) => [
      title,
      ...list.map(({ name, kind }) => `  ${kind} ${name}`),
    ];
    const names = new Set(main.map(({ name }) => name));
    const added = node.filter(({ name }) => !names.has(name));
    const text = [
      ...lines("tslira", main),
      "",
      ...lines("tslira/node, besides those", added),
      "",
      ...lines("tslira/settings", settings),
      "",
      ...lines("tslira/viewer", viewer),
      "",
    ].join("\n");
    await expect(text).toMatchFileSnapshot("public-api.txt");
  });

  it("tslira/node has everything of tslira", () => {
    const names = new Set(node.map(({ name }) => name));
    expect(main.filter(({ name }) => !names.has(name))).toEqual([]);
  });

  it("every export has a doc comment", () => {
    expect(
      [...node, ...settings, ...viewer].filter(({ hasComment }) => !hasComment).map(({ name }) => name),
    ).toEqual([]);
  });

  it("the built modules export the values that the types promise, and nothing else", async () => {
    const values = (list: readonly Export[]) =>
      list.filter(({ kind }) => kind !== "type").map(({ name }) => name);
    const built = async (name: string) =>
      Object.keys(await import(new URL(`../dist/${name}.js`, import.meta.url).href)).sort();
    expect(await built("index")).toEqual(values(main));
    expect(await built("node")).toEqual(values(node));
    expect(await built("settings")).toEqual(values(settings));
    expect(await built("viewer")).toEqual(values(viewer));
  });
});
