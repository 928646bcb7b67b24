/**
 * The commands and the code of the documents run, in a folder that holds what they name; with fewer sweeps and replicates than are
 * written there. `docs.test.ts` runs the longer programs of docs/programs.md, docs/methods.md and docs/library.md. Looks at `dist`.
 */
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gaussianPsf, simulateGaussianAndPoints } from "tslira";
import { type FitsHduInput, writeFits } from "tslira/fits";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documentFences } from "./document-fences.js";
import { findPython } from "./interop/python.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MAIN = join(ROOT, "dist/cli/main.js");
const runFile = promisify(execFile);
/** A program that hangs is ended, and the error names it. */
const run = (file: string, args: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv }) =>
  runFile(file, args, { ...options, timeout: 400_000 });

/** Commands of a document, one a line, continued lines joined, remarks behind `#` left out. */
const commands = (file: string) =>
  documentFences(file)
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.replace(/\\\n/g, " ").split("\n"))
    .map((line) => line.replace(/\s#.*$/, "").trim())
    .filter((line) => /^(?:npx )?tslira /.test(line));

/** What is not run here, and why. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^cluster (?:submit .*--executor slurm|cancel)/, "needs Slurm: test/cluster"],
  [/^studio/, "serves until it is stopped: test/e2e"],
];

/** Words of a shell line; quotes hold them together. */
const words = (line: string) =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare,
  );

const LENGTH = /^(?:--iterations|-n)$/;

/** The same command with less to do: what is written for a paper takes minutes. */
function shortened([command, ...rest]: readonly string[]): string[] {
  const quick = rest.map((word, index) => {
    if (LENGTH.test(rest[index - 1] ?? "")) return "120";
    if (/^--(?:replicates|bootstrap)$/.test(rest[index - 1] ?? "")) return "6";
    return word.replace(/-n \d+/, "-n 120").replace("=map ", "=map --iterations 30 ");
  });
  const samples = command === "deconvolve" || command === "significance";
  const length = samples && !quick.some((word) => LENGTH.test(word)) ? ["-n", "120"] : [];
  return [command, ...quick, ...length, "--overwrite"];
}

/** What every document finds, and the copy of it that a document's commands may change. */
let base = "";
let folder = "";
function freshCopy(): void {
  folder = mkdtempSync(join(base, "copy-"));
  for (const name of readdirSync(base))
    if (!name.startsWith("copy-")) cpSync(join(base, name), join(folder, name));
}
const tslira = (args: readonly string[]) => run(process.execPath, [MAIN, ...args], { cwd: folder });

const helps = new Map<string, Promise<string>>();
function helpOf(command: string): Promise<string> {
  const found = helps.get(command) ?? tslira([...command.split(" "), "--help"]).then(({ stdout }) => stdout);
  helps.set(command, found);
  return found;
}

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "tslira-fences-"));
  folder = base;
  const inputs = ["--psf", "psf.fits", "--exposure", "exposure.fits", "--background", "background.fits"];
  await tslira(["simulate", "gaussian-and-points", "-o", ".", "-q"]);
  for (const [name, ...more] of [["result"], ["other", "-s", "2"], ["lira", "--preset", "lira"]]) {
    const lengths = ["-n", "400", "--burn-in", "100", "-q"];
    await tslira(["deconvolve", "counts.fits", ...inputs, ...lengths, ...more, "-o", `${name}.fits`]);
  }
  writeFileSync(join(folder, "knots.reg"), "image\ncircle(17,27,3) # text={knot}\nbox(9,9,4,4,0)\n");
  writeFileSync(join(folder, "field.reg"), "image\nbox(16.5,16.5,28,28,0)\n");
  writeFileSync(join(folder, "holes.reg"), "image\ncircle(4,4,2)\n");
  // A map of the whole sky, 49,152 pixels.
  const map = {
    name: "EXPOSURE",
    unit: "cm2 s",
    format: "D",
    values: new Float64Array(12 * 64 ** 2).fill(1e7),
  };
  const pixelisation = { PIXTYPE: "HEALPIX", ORDERING: "RING", NSIDE: 64, COORDSYS: "C" };
  const ofMap = Object.entries(pixelisation).map(([keyword, value]) => ({ keyword, value }));
  const table = { kind: "table", name: "MAP", columns: [map], cards: ofMap } as FitsHduInput;
  writeFileSync(join(folder, "exposure_hpx.fits"), writeFits([{ kind: "empty" }, table]));
  // Two observations of one pointing; labels of regions are whole numbers, as counts are.
  const { shape, data } = simulateGaussianAndPoints({ seed: 1 }).counts;
  const sky = { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 10, CRVAL2: 20, CRPIX1: 16, CRPIX2: 16 };
  const cards = Object.entries({ ...sky, CDELT1: -1e-4, CDELT2: 1e-4 });
  const header = cards.map(([keyword, value]) => ({ keyword, value }));
  writeFileSync(join(folder, "pointed.fits"), writeFits([{ kind: "image", shape, data, cards: header }]));
  const observation = { counts: "pointed.fits", psf: "psf.fits", background: "background.fits" };
  writeFileSync(join(folder, "joint.json"), JSON.stringify({ observations: [observation, observation] }));
  cpSync(join(folder, "counts.fits"), join(folder, "labels.fits"));
  const narrow = gaussianPsf(1.8);
  writeFileSync(join(folder, "psf-other.fits"), writeFits([{ kind: "image", ...narrow }]));
}, 240_000);
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe.each([
  "terminal",
  "diagnostics",
  "files",
  "methods",
  "psf",
  "regions",
  "significance",
  "sources",
  "gallery",
  "cluster",
])("commands of %s", (document) => {
  const file = `docs/${document}.md`;
  beforeAll(() => {
    freshCopy();
    if (document !== "cluster") return;
    const [{ text }] = documentFences(file).filter(({ language }) => language === "json");
    const job = JSON.parse(text);
    writeFileSync(join(folder, "job.json"), JSON.stringify({ ...job, iterations: 120, chains: 2 }));
  });
  for (const line of commands(file)) {
    const args = words(line.replace(/^(?:npx )?tslira /, "").replace(/ [>|].*$/, ""));
    const reason = ELSEWHERE.find(([which]) => which.test(args.join(" ")))?.[1];
    // Chandra's files are public but not in the package.
    const missing = args.find((word) => /chandra|^gc\.fits$/.test(word));
    if (reason !== undefined || missing !== undefined) continue;
    it(line.replace(/\s+/g, " "), async () => {
      const help = await helpOf(args.slice(0, args[0] === "cluster" ? 2 : 1).join(" "));
      const known = help.includes("--overwrite");
      const quick = shortened(args).filter((word) => known || word !== "--overwrite");
      // The first lines of docs/cluster.md are ways to the same folder.
      if (/^cluster submit job\.json/.test(args.join(" ")))
        rmSync(join(folder, "job.job"), { recursive: true, force: true });
      const { stdout } = await tslira(quick);
      // Commands for another program, such as parallel, to run.
      if (quick.includes("shell"))
        for (const task of stdout.trim().split("\n")) await run("sh", ["-c", task], { cwd: folder });
      const output = quick[quick.findIndex((word) => /^-o$|^--(?:png|csv|figure)$/.test(word)) + 1];
      if (quick.some((word) => word === "-o")) expect(existsSync(join(folder, output)), output).toBe(true);
    });
  }
});

const ENTRIES = ["", "/cluster", "/diagnostics", "/figures", "/fits", "/node", "/significance", "/sky"];

/** What a document's code may take for granted: all names of the package, a simulated observation and its results. */
async function scope(): Promise<Record<string, unknown>> {
  const exported = await Promise.all(
    ENTRIES.map((entry) => import(new URL(`../dist${entry || "/index"}.js`, import.meta.url).href)),
  );
  const all = Object.assign({}, ...exported);
  const data = simulateGaussianAndPoints({ seed: 1 });
  const [result, other, lira] = await Promise.all(
    ["result", "other", "lira"].map((name) => all.readResult(join(folder, `${name}.fits`))),
  );
  const boundary = result.config.boundary;
  const [check] = await all.predictiveCheck(data, result.trace, { boundary });
  const circle = all.circularRegion({ x: 16, y: 16, radius: 2 }, data.counts.shape);
  const short = { replicates: 6, iterations: 100, seed: 1, scan: { radius: 2 } };
  const estimate = await all.estimateSignificance(data, [circle], short);
  const predicted = all.predictedCounts(data.flux, data, { boundary });
  const document = await all.figureDocument();
  const region = circle;
  return {
    ...all,
    data,
    region,
    observation: data,
    result,
    other,
    lira,
    check,
    estimate,
    predicted,
    document,
  };
}

const SHARED = join(ROOT, "../shared/data");
/** Folder of the public data that a tutorial begins with. */
const NEEDS: Readonly<Record<string, string>> = {
  "docs/tutorials/chandra.md": "chandra-gc",
  "docs/tutorials/fermi.md": "fermi-gc",
  "docs/tutorials/events-to-significance.md": "fermi-gc",
};

const TUTORIALS = readdirSync(join(ROOT, "docs/tutorials")).map((name) => `docs/tutorials/${name}`);

/** What a reader does from top to bottom, in a folder of its own, each language for itself. */
describe.each(["README.md", ...TUTORIALS])("the way through %s", (file) => {
  const data = NEEDS[file];
  const missing = data !== undefined && !existsSync(join(SHARED, data));
  if (missing && process.env.TSLIRA_REQUIRE_SHARED === "1")
    throw new Error(`${file}: no ../shared/data/${data}, and TSLIRA_REQUIRE_SHARED=1`);
  if (missing) console.warn(`skipped: ${file}: no ../shared/data/${data}`);
  const code = (language: string) =>
    documentFences(file)
      .filter((fence) => fence.language === language)
      .map(({ text }) => text)
      .join("\n");
  let place = "";
  beforeAll(() => {
    place = mkdtempSync(join(base, "copy-tutorial-"));
    if (missing) return;
    if (data !== undefined) cpSync(join(SHARED, data), place, { recursive: true });
    mkdirSync(join(place, "node_modules"));
    symlinkSync(ROOT, join(place, "node_modules/tslira"), "junction");
    const [job] = code("sh").match(/\b\w+\.json\b/) ?? [];
    if (job !== undefined)
      writeFileSync(join(place, job), code("json").replace(/"iterations": \d+/, '"iterations": 120'));
  });

  it.skipIf(missing)("in the terminal", async () => {
    for (const line of commands(file)) {
      if (/^npx tslira studio/.test(line)) continue;
      const quick = shortened(words(line.replace(/^(?:npx )?tslira /, "")));
      const known = (await helpOf(quick.slice(0, quick[0] === "cluster" ? 2 : 1).join(" "))).includes(
        "--overwrite",
      );
      const args = quick.filter((word) => known || word !== "--overwrite");
      await run(process.execPath, [MAIN, ...args], { cwd: place });
    }
  });

  it.skipIf(missing || code("ts") === "")("in TypeScript", async () => {
    const { outputText } = ts.transpileModule(code("ts").replace(/iterations: [\d_]+/g, "iterations: 120"), {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ES2022 },
    });
    writeFileSync(join(place, "tutorial.mjs"), outputText);
    await run(process.execPath, ["tutorial.mjs"], { cwd: place });
  });

  const python = findPython("astropy, matplotlib");
  if (python === undefined) console.warn(`skipped: the Python of ${file}: no astropy with matplotlib`);
  it.skipIf(missing || python === undefined || code("python") === "")("in Python", async () => {
    writeFileSync(join(place, "tutorial.py"), code("python").replace(/iterations=[\d_]+/g, "iterations=120"));
    const env = {
      ...process.env,
      PYTHONPATH: join(ROOT, "python"),
      MPLBACKEND: "Agg",
      PYTHONDONTWRITEBYTECODE: "1",
    };
    await run(python as string, ["tutorial.py"], { cwd: place, env });
  });
});

describe("code", () => {
  let names: Record<string, unknown> = {};
  beforeAll(async () => {
    freshCopy();
    names = await scope();
    process.chdir(folder);
  }, 120_000);
  afterAll(() => process.chdir(ROOT));

  it.each(["diagnostics", "gallery", "psf", "regions", "report", "result-file", "significance", "sources"])(
    "of docs/%s.md runs and imports what is exported",
    async (document) => {
      const blocks = documentFences(`docs/${document}.md`).filter(({ language }) => /^[jt]s$/.test(language));
      expect(blocks.length).toBeGreaterThan(0);
      for (const { text } of blocks) {
        const imports = [...text.matchAll(/^import \{([^}]*)\} from "([^"]+)";$/gm)];
        const given = new Map(Object.entries(names));
        for (const [, list, from] of imports) {
          const url = from.replace(/^tslira$/, "tslira/index").replace(/^tslira\//, `${ROOT}/dist/`);
          const entry = await import(from.startsWith("node:") ? from : `${url}.js`);
          for (const name of list.split(",").flatMap((word) => word.trim() || [])) {
            expect(entry, `${name} of ${from}`).toHaveProperty(name);
            given.set(name, entry[name]);
          }
        }
        const body = text
          .replace(/^import [\s\S]*? from "[^"]+";$/gm, "")
          .replace(/iterations: [\d_]+/g, "iterations: 120")
          .replace(/replicates: \d+/g, "replicates: 6");
        const declared = [...body.matchAll(/^const (\w+) =/gm)].map(([, name]) => name);
        const { outputText } = ts.transpileModule(
          `return (async () => { ${body}\n return [${declared}]; })()`,
          {
            compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ES2022 },
          },
        );
        const parameters = [...given.keys()].filter((name) => /^[A-Za-z]\w*$/.test(name));
        const code = new Function(...parameters, "console", outputText);
        const quiet = { log() {} };
        const made = await code(...parameters.map((name) => given.get(name)), quiet);
        for (const value of made) expect(value).toBeDefined();
      }
    },
  );
});
