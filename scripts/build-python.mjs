// Build the wheel of the Python package, with the program and what it needs at run time inside, so that it installs without npm. The program
// must have been built. What depends on the platform is left out: PNG figures, for which Python has matplotlib.
//
//   node scripts/build-python.mjs [-o folder] [--python python3]
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
// The settings are written into the package first: without them it cannot be imported.
import "./python-settings.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    output: { type: "string", short: "o", default: "python/dist" },
    python: { type: "string", default: "python3" },
  },
});
const output = resolve(values.output);
const work = mkdtempSync(join(tmpdir(), "tslira-wheel-"));
/** What no running program reads; the dist/ of Plot is for pages without modules. */
const UNUSED =
  /\.(map|d\.[cm]?ts|[cm]?tsx?|md|markdown|flow|node|yml)$|\/(test|tests|docs|examples|\.github|__snapshots__)$|node_modules\/@observablehq\/plot\/dist$|\.min\.js$/i;
/** What has to go with the code. */
const LICENCE = /\/licen[cs]es?\b[^/]*$/i;
/** Binaries of one platform, and the compiler that a library names as a peer. */
const ABSENT = /@resvg\/resvg-js-|node_modules\/typescript$|__fixtures__$/;

try {
  cpSync(join(root, "python"), work, {
    recursive: true,
    filter: (path) => !/__pycache__|egg-info|\/(dist|notebooks|tests)$/.test(path),
  });
  cpSync(join(root, "LICENSE"), join(work, "LICENSE"));
  const program = join(work, "tslira", "program");
  mkdirSync(program);
  const filter = (path) => (!UNUSED.test(path) || LICENCE.test(path)) && !ABSENT.test(path);
  for (const part of ["dist", "assets"])
    cpSync(join(root, part), join(program, part), { recursive: true, filter });
  const { name, version, type, imports, exports, dependencies, license } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  writeFileSync(
    join(program, "package.json"),
    `${JSON.stringify({ name, version, type, license, imports, exports, dependencies }, null, 2)}\n`,
  );
  const packages = execFileSync("npm", ["ls", "--omit=dev", "--all", "--parseable"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const path of packages.trim().split("\n").slice(1)) {
    cpSync(path, join(program, relative(root, path)), { recursive: true, filter: (one) => filter(one) });
  }
  mkdirSync(output, { recursive: true });
  const pip = [
    "-m",
    "pip",
    "wheel",
    "--quiet",
    "--no-deps",
    "--no-build-isolation",
    "--wheel-dir",
    output,
    work,
  ];
  execFileSync(values.python, pip, { stdio: ["ignore", "inherit", "inherit"] });
  const wheel = readdirSync(output).find(
    (file) => file.startsWith(`tslira-${version}`) && file.endsWith(".whl"),
  );
  if (wheel === undefined)
    throw new Error(`build-python: ${output} must hold a wheel of version ${version}, got none`);
  const megabytes = statSync(join(output, wheel)).size / 2 ** 20;
  process.stdout.write(`${join(values.output, basename(wheel))}: ${megabytes.toFixed(1)} MB\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
