/** Documents stay true: links lead somewhere, commands and options exist, the code in docs/programs.md runs. Looks at `dist`. */
import { execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readResult } from "../src/io/result-file-node.js";
import { documentFences } from "./document-fences.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((file) => file.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file.replaceAll("\\", "/")}`),
  "python/README.md",
];
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const manifest = JSON.parse(read("package.json"));

/** Text as it reads in one line, so that wrapped code is found. */
const flat = (file: string) => read(file).replace(/\\\n/g, " ").replace(/\s+/g, " ");

/** Help of a command, asked for once. */
const helps = new Map<string, string>();
function helpOf(command: string): string {
  const cli = join(ROOT, "dist/cli/main.js");
  const text =
    helps.get(command) ?? execFileSync(process.execPath, [cli, command, "--help"], { encoding: "utf8" });
  helps.set(command, text);
  return text;
}

describe.each(DOCUMENTS)("%s", (file) => {
  it("has links that lead to files and headings", () => {
    const targets = [...read(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target]) => target);
    const broken = targets.filter((target) => {
      const [path, heading] = target.split("#");
      const document = path === "" ? file : join(dirname(file), path);
      if (!existsSync(join(ROOT, document))) return true;
      if (heading === undefined) return false;
      const slugs = [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
        title
          .toLowerCase()
          .replace(/[^\w -]/g, "")
          .replaceAll(" ", "-"),
      );
      return !slugs.includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it("names scripts that exist", () => {
    const names = [...flat(file).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    expect(names.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it("uses commands and options that the command line has", () => {
    const shell = documentFences(file)
      .filter(({ language }) => language === "sh")
      .map(({ text }) => text.replace(/\\\n/g, " "))
      .join("\n");
    for (const [, command, rest] of shell.matchAll(/(?:npx tslira|node dist\/cli\/main\.js) (\w+)(.*)$/gm)) {
      const text = helpOf(command);
      expect(text).toContain(`Usage: tslira ${command}`);
      // What is in quotes is a value, also where it looks like options.
      const options = rest.replace(/"[^"]*"/g, "").matchAll(/(?<=\s)--?[a-z][\w-]*/g);
      for (const [option] of options) {
        expect(text, `tslira ${command} ${option}`).toMatch(new RegExp(`(?<![\\w-])${option}(?![\\w-])`));
      }
    }
  });

  it("speaks of no folder or host of the machine it was written on", () => {
    expect(read(file)).not.toMatch(/\/(?:home|root|tmp|work|Users)\/|localhost|127\.0\.0\.1/);
  });
});

describe("code in documents", () => {
  const EXAMPLES = [
    "examples/point-source.mjs",
    "examples/browser/main.js",
    "examples/browser/vite.config.js",
  ];
  let folder = "";
  beforeAll(() => {
    // As after `npm install` in someone's project.
    folder = mkdtempSync(join(tmpdir(), "tslira-docs-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/tslira"), "junction");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is that of examples/", () => {
    const blocks = documentFences("docs/programs.md").filter(({ language }) => language === "js");
    expect(blocks.map(({ text }) => text)).toEqual(EXAMPLES.map(read));
  });

  it("runs in Node and writes what it says (with fewer sweeps)", async () => {
    const code = read("examples/point-source.mjs");
    const short = code.replace("iterations: 5_000, burnIn: 500", "iterations: 200, burnIn: 50");
    expect(short).not.toBe(code);
    writeFileSync(join(folder, "example.mjs"), short);
    const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder });
    expect(stdout).toMatch(/^\n4 chains /);
    expect(stdout).toMatch(/observed: \d+/);
    expect(stdout).toMatch(/^flux at \(16, 16\) of 32 x 32: \d+/m);
    const result = await readResult(join(folder, "result.fits"));
    expect(result.config).toMatchObject({ iterations: 200, burnIn: 50, chains: 4, seed: 372 });
    const png = readFileSync(join(folder, "posterior.png"));
    expect([...png.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
  });

  it("of docs/methods.md runs, block after block", async () => {
    const blocks = documentFences("docs/methods.md").filter(({ language }) => language === "js");
    expect(blocks.length).toBeGreaterThan(3);
    writeFileSync(join(folder, "methods.mjs"), blocks.map(({ text }) => text).join("\n"));
    const { stdout } = await promisify(execFile)(process.execPath, ["methods.mjs"], { cwd: folder });
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toMatch(/^\d+ the photons held out were described best/);
    expect(lines[2]).toBe("true [ 32, 32 ]");
    expect(lines).toHaveLength(blocks.length);
  });

  it("of docs/library.md runs, block after block", async () => {
    const blocks = documentFences("docs/library.md").filter(({ language }) => language === "js");
    expect(blocks).toHaveLength(5);
    writeFileSync(join(folder, "library.mjs"), blocks.map(({ text }) => text).join("\n"));
    const { stdout } = await promisify(execFile)(process.execPath, ["library.mjs"], { cwd: folder });
    expect(stdout).toContain("counts must be finite whole numbers >= 0, got -1");
    expect(stdout.match(/\btrue\b/g)).toHaveLength(8);
    expect(stdout).not.toMatch(/false|undefined|NaN/);
  });

  it("uses in the browser only what entries without Node export", async () => {
    const imports = [...read("examples/browser/main.js").matchAll(/import \{([^}]*)\} from "tslira(.*)";/g)];
    expect(imports.map(([, , entry]) => entry)).toEqual(["", "/figures"]);
    for (const [, names, entry] of imports) {
      const file = new URL(`../dist${entry || "/index"}.js`, import.meta.url).href;
      const built: Record<string, unknown> = await import(file);
      for (const name of names.split(",")) expect(built[name.trim()]).toBeTypeOf("function");
    }
  });
});
