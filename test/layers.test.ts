/** The layers of `src/`: imports only point up this table, and hosts are reached only from where they belong. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ENTRIES = [
  "index",
  "cluster",
  "diagnostics",
  "figures",
  "fits",
  "node",
  "settings",
  "significance",
  "sky",
  "studio",
  "viewer",
];

// What each row may import besides its own files. A row is a folder or a file of src/; entries of the package are one row.
const BASE = ["choice", "concatenated", "errors", "given", "image"];
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  concatenated: [],
  // One of the words that there are.
  choice: ["errors"],
  errors: [],
  version: [],
  // The word of a list that was probably meant, for messages.
  "nearest-word": [],
  // Names of options that a function has.
  "known-names": ["errors", "nearest-word", "shown-value"],
  // A value as a message shows it, and JSON of files, both safe from what is nested without end.
  "shown-value": [],
  "parse-json": ["errors", "shown-value"],
  // A cell of comma-separated values that no spreadsheet runs.
  "csv-cell": [],
  // Text in XML and HTML.
  "xml-text": [],
  base64: [],
  generated: [],
  image: ["errors"],
  // Options that have a value.
  given: [],
  kernels: ["errors", "generated"],
  "model-kernels": ["errors", "generated"],
  "draw-kernels": ["errors", "generated"],
  gpu: ["errors"],
  "gpu-program": ["errors", "gpu"],
  // Work that asks for numbers, answered at once or by a device.
  inquiry: [],
  data: [...BASE, "known-names"],
  // What can be set: each setting once, for all that take, write or show it.
  settings: [...BASE, "nearest-word", "parse-json", "shown-value", "data"],
  model: [...BASE, "generated", "gpu", "gpu-program", "data", "kernels", "model-kernels"],
  priors: [...BASE, "inquiry", "generated", "gpu", "gpu-program", "data", "kernels", "model-kernels"],
  posterior: [...BASE, "data"],
  // Figures of every pixel from its draws, by kernels on all workers.
  pixels: [...BASE, "draw-kernels", "posterior", "workers"],
  // Whether the model describes the data: the one place besides the samplers where model and posterior meet, without sampling.
  checks: [...BASE, "known-names", "draw-kernels", "data", "model", "posterior", "workers"],
  // How near an image is to the truth, and how well it describes photons it has not seen.
  quality: [...BASE, "data", "model"],
  samplers: [
    ...BASE,
    ...["inquiry", "generated", "gpu", "gpu-program", "kernels", "data", "model", "priors", "posterior"],
  ],
  methods: [...BASE, "inquiry", "generated", "gpu", "gpu-program", "data", "model", "priors", "posterior"],
  io: [...BASE, "nearest-word", "parse-json", "shown-value", "data", "posterior", "settings"],
  figures: [...BASE, "base64", "known-names", "shown-value", "xml-text", "data", "posterior"],
  workers: [...BASE, "data", "model", "posterior", "samplers", "io"],
  runs: [
    ...BASE,
    ...[
      "version",
      "known-names",
      "nearest-word",
      "parse-json",
      "shown-value",
      "gpu",
      "inquiry",
      "kernels",
      "data",
      "model",
      "priors",
      "posterior",
      "pixels",
      "checks",
      "quality",
      "samplers",
      "methods",
      "settings",
      "io",
      "workers",
    ],
  ],
  // Fluxes, places and limits of regions, from draws that are there.
  photometry: [...BASE, "csv-cell", "known-names", "xml-text", "data", "model", "posterior", "io"],
  // Observation and null replicates, each deconvolved, compared: tasks of their own for the pool or a cluster.
  significance: [
    ...BASE,
    ...[
      "version",
      "csv-cell",
      "parse-json",
      "shown-value",
      "kernels",
      "data",
      "photometry",
      "model",
      "posterior",
      "samplers",
      "io",
      "workers",
      "runs",
    ],
  ],
  // Jobs of many tasks: whole runs, so above them.
  jobs: [
    ...BASE,
    ...[
      "version",
      "csv-cell",
      "parse-json",
      "kernels",
      "data",
      "model",
      "posterior",
      "samplers",
      "io",
      "workers",
      "runs",
      "significance",
    ],
  ],
  // Parts of pages that show images: what a report's script and other pages share. No data is computed here.
  viewer: [...BASE, "xml-text", "data", "figures"],
  report: [
    ...BASE,
    "base64",
    "xml-text",
    "generated",
    "data",
    "model",
    "posterior",
    "checks",
    "io",
    "figures",
    "photometry",
    "significance",
    "settings",
    "viewer",
  ],
  // Files for DS9, TOPCAT and others, by the Simple Application Messaging Protocol.
  samp: [...BASE, "xml-text", "data", "io"],
  // What the package exports: its public entries, and what its own pages use besides them.
  entries: [],
  cli: [],
};

/** Rows that may import any other but `cli`. */
const ANYTHING = ["entries", "cli"];

const SRC = fileURLToPath(new URL("../src", import.meta.url));
const FILES = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const IMPORT = /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*"([^"]+)"/g;
const HOST = /(?<![\w.$"'`-])(?:window|document)\b(?=\s*[.?[(])/g;

/** Source without comments (good enough for this code base: no comment marks within strings of imports). */
const source = (file: string) =>
  readFileSync(join(SRC, file), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
const row = (file: string) => {
  const [first, ...rest] = file.split(sep);
  const name = first.replace(/(\.d)?\.[tj]s$/, "");
  return rest.length === 0 && ENTRIES.includes(name) ? "entries" : name;
};
const imports = (file: string) => [...source(file).matchAll(IMPORT)].map(([, name]) => name);

describe("layers", () => {
  it.each(FILES)("%s imports only what its row may", (file) => {
    const from = row(file);
    expect(Object.keys(LAYERS), `${file}: no row for it in the table`).toContain(from);
    for (const name of imports(file).filter((path) => /^\..*\.js$/.test(path))) {
      const to = row(normalize(join(dirname(file), name)));
      if (to === from || (ANYTHING.includes(from) && to !== "cli")) continue;
      expect(LAYERS[from], `${file} imports ${name}`).toContain(to);
    }
  });

  it("node: modules are imported only where Node is certain", () => {
    // chain-job loads its files lazily, when a run is kept on disk, which only Node can ask for.
    const mayUseNode = /^(?:node|cluster)\.ts$|^cli[\\/]|-node\.ts$|^workers[\\/]chain-job\.ts$/;
    const offenders = FILES.filter((file) => !mayUseNode.test(file)).filter((file) =>
      imports(file).some((name) => name.startsWith("node:") || /-node\.js$/.test(name)),
    );
    expect(offenders).toEqual([]);
  });

  it("window and document are not reached for; a document is an argument", () => {
    // Of what runs in a report's page alone, its entry names the document once and hands it on.
    // The generated file holds the text of that script.
    const asArgument = new RegExp(`^(?:figures|viewer|report|generated)\\${sep}`);
    const entry = join("report", "page", "main.ts");
    const offenders = FILES.filter((file) => !asArgument.test(file) && HOST.test(source(file)));
    const ambient = FILES.filter(
      (file) =>
        file !== entry &&
        !file.startsWith(`generated${sep}`) &&
        /\b(?:globalThis|self)\.(?:window|document)\b/.test(source(file)),
    );
    expect([...offenders, ...ambient]).toEqual([]);
  });

  it("the table has no row without files", () => {
    expect(Object.keys(LAYERS).sort()).toEqual([...new Set(FILES.map(row))].sort());
  });

  it.each(["src", "app/src", "kernels"])(
    "%s has no circles of imports, and no file above 500 lines",
    (place) => {
      const root = fileURLToPath(new URL(`../${place}`, import.meta.url));
      const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) =>
        /(?<!\.d)\.tsx?$/.test(file),
      );
      const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
      expect(files.filter((file) => (texts.get(file) ?? "").split("\n").length > 501)).toEqual([]);
      const sources = new Map(files.map((file) => [file.replace(/\.tsx?$/, ""), file]));
      const imported = (file: string) =>
        [...(texts.get(file) ?? "").matchAll(/\bfrom\s*"(\.[^"]+)"/g)].flatMap(([, name]) => {
          const found = sources.get(normalize(join(dirname(file), name)).replace(/\.[jt]sx?$/, ""));
          return found === undefined ? [] : [found];
        });
      const done = new Set<string>();
      const circles: string[] = [];
      const visit = (file: string, path: readonly string[]): void => {
        const start = path.indexOf(file);
        if (start >= 0) circles.push([...path.slice(start), file].join(" -> "));
        if (start >= 0 || done.has(file)) return;
        for (const next of imported(file)) visit(next, [...path, file]);
        done.add(file);
      };
      for (const file of files) if (!file.startsWith("generated")) visit(file, []);
      expect(circles).toEqual([]);
    },
  );
});
