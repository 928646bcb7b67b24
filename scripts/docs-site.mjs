// The site of the documents, in .site/www: the documents of this tree, the notebooks with their outputs, the commands as their help has them,
// the list of settings, the API, and Studio. Asks no other host, neither here nor in the browser. `npm run docs:site` builds the package first.
//
//   node scripts/docs-site.mjs [--base /tslira/] [--serve]
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, serve } from "vitepress";
import { gatherApi } from "./site-api.mjs";
import { commandPages } from "./site-commands.mjs";
import { notebookPage, withTabs, withThemes } from "./site-pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: { base: { type: "string", default: "/" }, serve: { type: "boolean", default: false } },
});
const site = join(root, ".site");
const PAGES = join(site, "pages");
const PUBLIC = join(site, "public");

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Documents and where their pages stand; others of docs/ stand where they do there. */
const PLACES = { "README.md": "index.md", "python/README.md": "python.md" };
for (const name of ["CHANGELOG", "CONTRIBUTING", "AGENTS"]) PLACES[`${name}.md`] = `${name.toLowerCase()}.md`;
for (const name of readdirSync(join(root, "python/notebooks")))
  if (name.endsWith(".ipynb"))
    PLACES[`python/notebooks/${name}`] = `notebooks/${name.replace(".ipynb", ".md")}`;
const placeOf = (path) => PLACES[path] ?? (/^docs\/.*\.md$/.test(path) ? path.slice(5) : undefined);

/** Links to documents become links to their pages; those to other files lead to a copy, that of a program as text. */
function withLinks(text, path) {
  const here = placeOf(path);
  const notebooks = text.replace(
    /`(python\/notebooks\/([\w-]+)\.ipynb)`/g,
    (_, file, name) => `[${name}](${posix.relative(posix.dirname(path), file)})`,
  );
  return notebooks.replace(
    /(?<=\]\()(?!https?:|#|\/)([^)\s#]+)(#[^)\s]*)?(?=\))/g,
    (_, target, anchor = "") => {
      const file = posix.normalize(posix.join(posix.dirname(path), target));
      const place = placeOf(file);
      if (place !== undefined) return `./${posix.relative(posix.dirname(here), place)}${anchor}`;
      if (/\.(png|svg)$/.test(file)) {
        cpSync(join(root, file), join(PAGES, file.replace(/^docs\//, "")));
        return `./${posix.relative(posix.dirname(here), file.replace(/^docs\//, ""))}`;
      }
      if (!existsSync(join(root, file)))
        throw new Error(`docs-site: ${path} leads to ${target}, which is not there`);
      const copy = /\.(html|json|png|svg|cff)$/.test(file) ? file : `${file}.txt`;
      cpSync(join(root, file), join(PUBLIC, "files", copy));
      return `/files/${copy}`;
    },
  );
}

rmSync(site, { recursive: true, force: true });
// The first page is written where it stands.
write(join(PAGES, "index.md"), withTabs(readFileSync(join(root, "site/index.md"), "utf8")));
const documents = [
  ...Object.keys(PLACES).filter((path) => path.endsWith(".md") && path !== "README.md"),
  ...readdirSync(join(root, "docs"), { recursive: true })
    .map((name) => `docs/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".md")),
];
for (const path of documents) {
  const text = readFileSync(join(root, path), "utf8");
  write(join(PAGES, placeOf(path)), withThemes(withTabs(withLinks(text, path))));
}
for (const [path, place] of Object.entries(PLACES).filter(([path]) => path.endsWith(".ipynb"))) {
  const page = notebookPage(
    JSON.parse(readFileSync(join(root, path), "utf8")),
    posix.basename(place, ".md"),
    `${values.base}files/${path}`,
  );
  for (const { name, bytes } of page.pictures) write(join(PAGES, "notebooks", name), bytes);
  cpSync(join(root, path), join(PUBLIC, "files", path));
  write(join(PAGES, place), page.text);
}
cpSync(join(root, "docs/gallery"), join(PAGES, "gallery"), { recursive: true });
cpSync(join(root, "site/images"), join(PAGES, "images"), { recursive: true });
cpSync(join(root, "site/icon.svg"), join(PUBLIC, "icon.svg"));
cpSync(join(root, "dist/studio"), join(PUBLIC, "studio"), { recursive: true });

const commands = await commandPages();
for (const { name, text } of commands) write(join(PAGES, "commands", `${name}.md`), text);

const typedoc = spawnSync("npx", ["typedoc", "--logLevel", "Warn"], { cwd: root, stdio: "inherit" });
if (typedoc.status !== 0) process.exit(1);
const modules = gatherApi(join(PAGES, "api"));
const listed = commands.map(({ name }) => name).filter((name) => !/^(index|settings)$/.test(name));
writeFileSync(join(site, "contents.json"), JSON.stringify({ base: values.base, commands: listed, modules }));

process.env.TSLIRA_SITE_BASE = values.base;
await build(join(root, "site"));
process.stdout.write(`site: ${relative(process.cwd(), join(site, "www"))}\n`);
if (values.serve) await serve({ root: join(root, "site") });
