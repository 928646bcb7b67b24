import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Make a project in an empty folder, with the built package in `node_modules` as `npm install` would put it there. */
export function installPackage(folder: string): void {
  const npm = ["pack", "--dry-run", "--ignore-scripts", "--json"];
  const packed = execFileSync("npm", npm, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }]: { files: { path: string }[] }[] = JSON.parse(packed);
  const modules = join(folder, "node_modules");
  for (const { path } of files) cpSync(join(ROOT, path), join(modules, "tslira", path));
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name), "junction");
  }
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "page", type: "module", private: true }),
  );
}

/**
 * Build a page with Vite and the configuration that README.md gives, to be served from `/page/`.
 *
 * @param project folder that `installPackage` has prepared
 * @param page name of the folder inside it that holds `index.html`
 * @returns the built files by their paths in URLs, and what Vite printed
 */
export function buildPage(
  project: string,
  page: string,
): { readonly files: ReadonlyMap<string, Uint8Array>; readonly printed: string } {
  const folder = join(project, page);
  cpSync(join(ROOT, "examples/browser/vite.config.js"), join(folder, "vite.config.js"));
  const vite = join(ROOT, "node_modules/vite/bin/vite.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [vite, "build", "--base", `/${page}/`], {
    cwd: folder,
    // Not that of a test.
    env: { ...process.env, NODE_ENV: "production" },
    encoding: "utf8",
  });
  const printed = `${stdout}${stderr}`;
  if (status !== 0) throw new Error(`vite build must succeed, got status ${status}:\n${printed}`);
  const files = new Map<string, Uint8Array>();
  const built = join(folder, "dist");
  for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    files.set(`/${page}${file.slice(built.length).replaceAll("\\", "/")}`, readFileSync(file));
  }
  return { files, printed };
}
