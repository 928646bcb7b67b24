/** What users install: contents of the package, its types and exports, its dependencies. Looks at `dist`. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../src/version.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const readJson = (file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8"));
const manifest = readJson("package.json");

let folder = "";
let tarball = "";
let files: readonly string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tslira-package-"));
  // Without scripts: `prepack` would build while other tests read dist.
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: ROOT,
  });
  const [{ filename, files: listed }] = JSON.parse(stdout);
  tarball = join(folder, filename);
  files = listed.map(({ path }: { path: string }) => path);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("package", () => {
  it("tells the version of package.json everywhere", () => {
    const changelog = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8");
    const citation = readFileSync(join(ROOT, "CITATION.cff"), "utf8");
    expect(VERSION).toBe(manifest.version);
    expect(readJson("package-lock.json").version).toBe(manifest.version);
    expect(changelog.match(/^## (\S+)/m)?.[1]).toBe(manifest.version);
    expect(citation).toContain(`\nversion: ${manifest.version}\n`);
  });

  it("keeps its command when it is published", () => {
    // npm publishes without a command whose path begins with a point.
    expect(manifest.bin).toEqual({ tslira: "dist/cli/main.js" });
  });

  it("holds what its documents lead to, and show", () => {
    const links = files
      .filter((file) => file.endsWith(".md") && !file.startsWith("dist/"))
      .flatMap((file) => {
        const text = readFileSync(join(ROOT, file), "utf8");
        const targets = text.matchAll(/(?:\]\(|(?:src|srcset)=")(?!https?:|#)([^)#"\s]+)/g);
        return [...targets].map(([, target]) => posix.join(posix.dirname(file), target));
      });
    expect(links.length).toBeGreaterThan(150);
    expect(links.filter((link) => !files.includes(link))).toEqual([]);
  });

  it("holds the built code, its types, the page of Studio, the font, the documents and the papers, and nothing else", () => {
    // Studio is a page: besides scripts it has a document, a style sheet and the licences of what is bundled in.
    const allowed =
      /^(dist\/studio\/(index\.html|licenses\.md|assets\/[\w-]+\.(js|css))|dist\/.*\.(js|d\.ts)|assets\/fonts\/[^/]+|docs\/(tutorials\/)?[\w-]+\.md|docs\/images\/[\w-]+\.(png|svg)|docs\/gallery\/\w+(-dark)?\.(svg|png|html)|docs\/studies\/[\w-]+\.json|examples\/[\w/.-]+|python\/README\.md|package\.json|README\.md|LICENSE|CHANGELOG\.md|CITATION\.cff)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        ...["package.json", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff"],
        ...["dist/index.js", "dist/index.d.ts", "dist/node.js", "dist/node.d.ts", "dist/cli/main.js"],
        ...["dist/workers/chain-worker.js", "dist/generated/kernels-wasm.js"],
        ...["dist/significance/significance-worker.js", "dist/pixels/pixel-worker.js"],
        ...["dist/checks/replicate-worker.js", "dist/settings.js", "dist/settings.d.ts"],
        ...["dist/viewer.js", "dist/viewer.d.ts", "dist/studio/index.html", "dist/studio/licenses.md"],
      ]),
    );
  });

  it("holds no file of dist that has lost its source", () => {
    const sources = new Set(
      readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).map((file) =>
        file.replaceAll("\\", "/").replace(/\.ts$/, ""),
      ),
    );
    // The names of Studio's files are the bundler's, and its folder is emptied before every build.
    const built = files.filter((file) => file.startsWith("dist/") && !file.startsWith("dist/studio/"));
    const orphans = built.filter((file) => !sources.has(file.slice(5).replace(/(\.d\.ts|\.js)$/, "")));
    expect(orphans, "remove dist and build again").toEqual([]);
  });

  it("names no folder of the machine that built it", () => {
    const built = files.filter((file) => file.startsWith("dist/"));
    expect(built.filter((file) => readFileSync(join(ROOT, file), "utf8").includes(ROOT))).toEqual([]);
  });

  it("passes publint", async () => {
    const bytes = readFileSync(tarball);
    const { messages, pkg } = await publint({
      pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("has types that resolve (attw)", async () => {
    const attw = join(ROOT, "node_modules/@arethetypeswrong/cli/dist/index.js");
    // Ends with a status other than 0, so rejects, when a problem remains that the profile does not accept.
    await run(process.execPath, [attw, tarball, "--profile", "esm-only"]);
  });
});

describe("the page of Studio", () => {
  const studio = () => files.filter((file) => file.startsWith("dist/studio/"));

  it("needs at most 300 kB, compressed, until its first screen can be used, and no other host", () => {
    const page = readFileSync(join(ROOT, "dist/studio/index.html"), "utf8");
    expect(page).toMatch(/Content-Security-Policy[^>]+default-src &#39;none&#39;/);
    expect([...page.matchAll(/(?:src|href)="(?!\.\/|data:)[^"]*"/g)].map(String)).toEqual([]);
    // The page, its styles, its desk, and what these import at once; all else is fetched when the first screen is there.
    const first = new Set<string>();
    const add = (file: string) => {
      if (first.has(file)) return;
      first.add(file);
      const text = readFileSync(join(ROOT, "dist/studio/assets", file), "utf8");
      for (const [, name] of text.matchAll(/(?:from|import)\s*["`']\.\/([\w-]+\.js)["`']/g)) add(name);
    };
    const entries = studio().filter((file) => /assets\/(index|desk-worker)-[\w-]+\.js$/.test(file));
    expect(entries).toHaveLength(2);
    for (const file of entries) add(basename(file));
    const styles = studio().filter((file) => /assets\/[\w-]+\.css$/.test(file));
    const all = [
      "dist/studio/index.html",
      ...styles,
      ...[...first].map((file) => `dist/studio/assets/${file}`),
    ];
    const size = all.reduce((sum, file) => sum + gzipSync(readFileSync(join(ROOT, file))).length, 0);
    expect(size).toBeLessThan(300_000);
  });

  it("comes with the licences of what is inside", () => {
    const licences = readFileSync(join(ROOT, "dist/studio/licenses.md"), "utf8");
    for (const name of ["react", "react-dom", "@observablehq/plot", "linkedom", "htmlparser2", "fflate"]) {
      expect(licences).toMatch(new RegExp(`^## ${name} \\d`, "m"));
    }
    const permissive = /^(MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|0BSD)$/;
    const found = [...licences.matchAll(/^## \S+ \d\S* \((.*)\)$/gm)].map(([, name]) => name);
    expect(found.length).toBeGreaterThan(20);
    expect(found.filter((name) => !permissive.test(name))).toEqual([]);
  });
});

describe("dependencies", () => {
  const dependencies: Readonly<Record<string, string>> = manifest.dependencies;

  it("are those that the built code imports", () => {
    const imported = new Set<string>();
    // Studio's scripts are bundles that import nothing from elsewhere.
    for (const file of files.filter((path) => path.endsWith(".js") && !path.startsWith("dist/studio/"))) {
      const text = readFileSync(join(ROOT, file), "utf8");
      for (const [, name] of text.matchAll(/(?:^|[\s}])(?:from|import)\s*\(?\s*"([^".][^"\n]*)"/gm)) {
        // Code that reports show imports the package itself.
        if (!name.startsWith("node:") && !name.startsWith("tslira"))
          imported.add(name.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? name);
      }
    }
    // What an imported package needs beside it counts as imported.
    for (const name of [...imported]) {
      const { peerDependencies = {}, peerDependenciesMeta = {} } = readJson(
        `node_modules/${name}/package.json`,
      );
      for (const peer of Object.keys(peerDependencies)) {
        if (!peerDependenciesMeta[peer]?.optional) imported.add(peer);
      }
    }
    expect(Object.keys(dependencies).sort()).toEqual([...imported].sort());
  });

  it("are pinned to exact versions", () => {
    const all = { ...dependencies, ...manifest.devDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
  });

  it("have licences that let anyone use the package", () => {
    const permissive = new Set([
      ...["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "Unlicense", "0BSD", "CC0-1.0"],
    ]);
    // resvg, which turns figures into PNG in Node, is MPL-2.0: copyleft for its own files alone. It is used unmodified.
    const fileCopyleft = /^node_modules\/@resvg\/resvg-js(-[a-z0-9-]+)?$/;
    const installed: [string, { license?: string; dev?: boolean }][] = Object.entries(
      readJson("package-lock.json").packages,
    );
    const others = installed.filter(
      ([path, { license = "none", dev = false }]) =>
        path !== "" &&
        !dev &&
        !permissive.has(license) &&
        !(license === "MPL-2.0" && fileCopyleft.test(path)),
    );
    expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
  });
});
