// Studio: built into the package (dist/studio), served by `tslira studio` or any static host.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** For hosts that send no header; `tslira studio` sends the same and more (src/cli/studio.ts). */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data: blob:; connect-src 'self' http://localhost:21012; base-uri 'none'; form-action 'none'";

/** Folders of the packages whose code is in the page or its workers. */
const bundled = new Set();

/** Remember the packages of a bundle. */
const collect = () => ({
  name: "collect-packages",
  generateBundle(_, output) {
    for (const { modules = {} } of Object.values(output)) {
      for (const id of Object.keys(modules)) {
        const [folder] = id.match(/^.*\/node_modules\/(@[^/]+\/)?[^/]+/) ?? [];
        if (folder !== undefined) bundled.add(folder);
      }
    }
  },
});

/** Write the licences of these packages, and of those that linkedom's worker build has inside, beside the page. */
const licences = () => ({
  name: "licences",
  apply: "build",
  generateBundle() {
    const folders = [...bundled];
    for (const folder of folders) {
      if (!/\/linkedom(\/node_modules\/|$)/.test(folder) && !inside.has(folder)) continue;
      const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      for (const name of Object.keys(dependencies)) {
        const found = packageFolder(name, folder);
        inside.add(found);
        if (!folders.includes(found)) folders.push(found);
      }
    }
    const texts = folders.sort().map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      return `## ${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : ""}\n`;
    });
    const head = "# Licences of the packages inside this page\n";
    this.emitFile({ type: "asset", fileName: "licenses.md", source: [head, ...texts].join("\n") });
  },
});
const inside = new Set();

/** Write the service worker, with the names of all files of the page and a version that changes with any of them. */
const offline = () => ({
  name: "offline",
  apply: "build",
  enforce: "post",
  generateBundle: {
    order: "post",
    handler(_, output) {
      const hash = createHash("sha256");
      const files = Object.values(output).sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
      for (const { fileName, source, code } of files) hash.update(`${fileName}\n`).update(source ?? code);
      const names = ["./", ...files.map(({ fileName }) => `./${fileName}`)];
      const text = readFileSync(here("offline-worker.js"), "utf8")
        .replace("const FILES = [];", `const FILES = ${JSON.stringify(names)};`)
        .replace('const VERSION = "";', `const VERSION = "${hash.digest("hex").slice(0, 16)}";`);
      this.emitFile({ type: "asset", fileName: "sw.js", source: text });
    },
  },
});

/** Folder of a package as another one finds it. */
function packageFolder(name, from) {
  for (const place of createRequire(join(from, "package.json")).resolve.paths(name) ?? []) {
    const folder = join(place, name);
    try {
      readFileSync(join(folder, "package.json"));
      return folder;
    } catch {
      // Not here; one folder further up.
    }
  }
  throw new Error(`studio: ${name} must be installed for ${dirname(from)}; run npm ci`);
}

export default {
  root: here("."),
  // Relative addresses: the page works from any folder of any host.
  base: "./",
  resolve: {
    // The entries of the package, public or of its own pages.
    alias: [
      { find: /^tslira$/, replacement: here("../dist/index.js") },
      { find: /^(?:tslira\/|#)([a-z]+)$/, replacement: here("../dist/$1.js") },
    ],
  },
  plugins: [
    collect(),
    licences(),
    offline(),
    {
      name: "policy",
      apply: "build",
      transformIndexHtml: () => [
        {
          tag: "meta",
          attrs: { "http-equiv": "Content-Security-Policy", content: POLICY },
          injectTo: "head-prepend",
        },
      ],
    },
  ],
  worker: { format: "es", plugins: () => [collect()] },
  build: {
    outDir: here("../dist/studio"),
    emptyOutDir: true,
    target: "es2023",
    modulePreload: false,
    rolldownOptions: { checks: { pluginTimings: false } },
    chunkSizeWarningLimit: 1_000,
  },
};
