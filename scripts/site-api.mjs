// Pages of the API: what typedoc writes of every name, gathered by entry of the package and kind.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MEMBER =
  /(?<=\]\()((?:\.\.\/)*(?:\w+\/)?)(classes|functions|interfaces|type-aliases|variables)\/(\w+)\.md(?:#[\w-]*)?(?=\))/g;

/** How an entry is imported. */
const importName = (entry) => (entry === "index" ? "tslira" : `tslira/${entry}`);

/** Headings a level further down, the first with the name alone. */
function section(text, name) {
  const parts = text.split(/^(```[\s\S]*?^```$)/m);
  const lower = parts.map((part) => (part.startsWith("```") ? part : part.replace(/^#(?=#* )/gm, "##")));
  return lower.join("").replace(/^## \w[\w ]*: (.*)$/m, (_, title) => `## ${title} {#${name}}`);
}

/**
 * Gather the pages that typedoc has written into a folder.
 *
 * @returns the entries of the package, by folder and name
 */
export function gatherApi(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
  for (const { name: entry } of entries) {
    const kinds = readdirSync(join(folder, entry), { withFileTypes: true }).filter((one) =>
      one.isDirectory(),
    );
    for (const { name: kind } of kinds) {
      const files = readdirSync(join(folder, entry, kind)).sort();
      const sections = files.map((file) => {
        const text = readFileSync(join(folder, entry, kind, file), "utf8");
        // A member is two folders deep, its new page one.
        const linked = text
          .replace(/<a id="[^"]*"><\/a> ?/g, "")
          .replace(MEMBER, (_, up, of, name) => `${up.replace("../", "./")}${of}.md#${name}`)
          .replace(/(?<=\]\()(\w+)\.md(?:#[\w-]*)?(?=\))/g, "#$1");
        return section(linked, file.replace(".md", ""));
      });
      const title = `# ${importName(entry)}: ${kind.replace("-", " ")}`;
      writeFileSync(
        join(folder, entry, `${kind}.md`),
        ["---\noutline: 2\n---\n", title, ...sections].join("\n\n"),
      );
      rmSync(join(folder, entry, kind), { recursive: true });
    }
    const index = join(folder, entry, "index.md");
    const text = readFileSync(index, "utf8").replace(/^# .*$/m, `# ${importName(entry)}`);
    writeFileSync(
      index,
      text.replace(MEMBER, (_, up, of, name) => `${up}${of}.md#${name}`),
    );
  }
  const list = join(folder, "index.md");
  writeFileSync(
    list,
    readFileSync(list, "utf8").replace(
      /\[(\w+)\]\((\w+)\/index\.md\)/g,
      (_, __, entry) => `[${importName(entry)}](${entry}/index.md)`,
    ),
  );
  return entries
    .map(({ name: path }) => ({ path, name: importName(path) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
