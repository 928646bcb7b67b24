/** What a message says to add or to leave out works: the option is read from the message itself. Looks at `dist`. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shellWords } from "../../src/cli/recorded-data.js";
import { type FitsHduInput, fitsCard, writeFits } from "../../src/io/fits.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-remedies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SIDE = 12;
const WCS = { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 6.5, CRPIX2: 6.5, CRVAL1: 30, CRVAL2: 10 };
const PIXELS = { CDELT1: -1e-3, CDELT2: 1e-3 };
type Cards = Readonly<Record<string, string | number>>;
const cardsOf = (cards: Cards) => Object.entries(cards).map(([keyword, value]) => fitsCard(keyword, value));
function image(
  name: string,
  value: (x: number, y: number, plane: number) => number,
  cards: Cards = {},
  planes = 1,
) {
  const data = Float64Array.from({ length: planes * SIDE * SIDE }, (_, at) =>
    value(at % SIDE, Math.floor(at / SIDE) % SIDE, Math.floor(at / SIDE ** 2)),
  );
  const shape = planes === 1 ? [SIDE, SIDE] : [planes, SIDE, SIDE];
  writeFileSync(join(folder, name), writeFits([{ kind: "image", shape, data, cards: cardsOf(cards) }]));
}
const counted = (x: number, y: number) => ((3 * x + 5 * y) % 7) + 1;
const sky = { ...WCS, ...PIXELS };
image("counts.fits", counted, sky);
image("shifted.fits", counted, { ...sky, CRPIX1: 9.5 });
image("cube.fits", (x, y, plane) => counted(x, y) + plane, sky, 3);
image("psf.fits", (x, y) => Math.exp(-0.5 * ((x - 6) ** 2 + (y - 6) ** 2)));
image("elsewhere.fits", () => 2, { ...sky, CRVAL2: 40 });
image("exposure.fits", () => 1e7, { ...sky, BUNIT: "cm2 s" });
image("background.fits", () => 0.5, sky);
const columns = ["A", "B"].map((name) => ({ name, values: new Float64Array(48).fill(1), format: "D" }));
const healpix = { PIXTYPE: "HEALPIX", ORDERING: "RING", NSIDE: 2 };
const table = (more: Cards) =>
  writeFits([
    { kind: "empty" },
    { kind: "table", name: "MAP", columns, cards: cardsOf({ ...healpix, ...more }) } as FitsHduInput,
  ]);
writeFileSync(join(folder, "map.fits"), table({ COORDSYS: "G" }));
writeFileSync(join(folder, "ecliptic.fits"), table({ COORDSYS: "E" }));
/** An event list of 60 photons. */
function events(name: string, energy: { readonly name: string; readonly unit?: string }) {
  const grid = { CTYPE: ["RA---TAN", "DEC--TAN"], CRPX: [6, 6], CRVL: [30, 10], CDLT: [-1e-3, 1e-3] };
  const cards = cardsOf(
    Object.fromEntries(
      Object.entries(grid).flatMap(([key, [x, y]]) => [
        [`T${key}1`, x!],
        [`T${key}2`, y!],
      ]),
    ),
  );
  const column = (of: string, value: (row: number) => number) => ({
    name: of,
    values: Float64Array.from({ length: 60 }, (_, row) => value(row)),
    format: "D" as const,
  });
  const photons = [
    column("X", (row) => 1 + (row % 11)),
    column("Y", (row) => 1 + ((7 * row) % 11)),
    { ...column(energy.name, (row) => 100 * (row + 1)), ...(energy.unit && { unit: energy.unit }) },
  ];
  const table = { kind: "table", name: "EVENTS", columns: photons, cards } as FitsHduInput;
  writeFileSync(join(folder, name), writeFits([{ kind: "empty" }, table]));
}
events("energies.fits", { name: "ENERGY", unit: "eV" });
events("channels.fits", { name: "PI", unit: "chan" });
image("coarse-psf.fits", (x, y) => Math.exp(-((x - 6) ** 2) - (y - 6) ** 2), {
  ...{ ...sky, CRPIX1: 7, CRPIX2: 7 },
  ...{ CDELT1: -4e-3, CDELT2: 4e-3 },
});
image("half-exposure.fits", (x) => (x < 6 ? 1e7 : Number.NaN), { ...sky, BUNIT: "cm2 s" });
image("half-mask.fits", (x) => (x < 6 ? 1 : 0), sky);
writeFileSync(
  join(folder, "two.json"),
  JSON.stringify({
    observations: ["counts.fits", "shifted.fits"].map((counts) => ({ counts, psf: "psf.fits" })),
  }),
);
image("an-output-that-exists.fits", counted, sky);

const RUN = ["--method", "richardson-lucy", "-n", "3", "-q"];
const deconvolve = (...words: string[]) => ["deconvolve", ...words, "--psf", "psf.fits", ...RUN, "-o"];

const INPUTS = ["counts.fits", "--psf", "psf.fits"];
const TEST = [
  "sim/counts.fits",
  "-p",
  "sim/psf.fits",
  "-b",
  "sim/background.fits",
  "--replicates",
  "4",
  "-n",
  "40",
  "-c",
  "1",
  "-q",
];
const QUICK = ["-n", "60", "--burn-in", "20", "-c", "2", "-q"];

/**
 * Name, the command without the name of its output, and the options that the message must name. The first is applied; those with a value
 * of the test (`--mask=`) all are, since the message cannot know it. Last, the words that they stand for; brackets belong to the word before.
 */
const CASES: readonly (readonly [
  name: string,
  words: readonly string[],
  options: readonly string[],
  instead?: readonly string[],
])[] = [
  ["a cube of counts", deconvolve("cube.fits"), ["--plane 0", "--plane 0:3"]],
  ["an exposure of another field", deconvolve("counts.fits", "-e", "elsewhere.fits"), ["--align pixels"]],
  [
    "a background in counts",
    deconvolve("counts.fits", "-e", "exposure.fits", "-b", "background.fits"),
    ["--background-unit counts"],
  ],
  ["two fields", ["deconvolve", "--config", "two.json", ...RUN, "-o"], ["--offsets wcs", "--offsets none"]],
  ["no psf", ["deconvolve", "counts.fits", ...RUN, "-o"], ["--psf psf.fits", "--psf gaussian:fwhm=2.5"]],
  ["a column that is not there", ["bin", "map.fits", "--column", "C", "-q", "-o"], ["--column A"]],
  ["an output that exists", ["bin", "map.fits", "-q", "-o"], ["--overwrite"]],
  [
    "nothing to compare with",
    ["compare", "--method", "rl=richardson-lucy -n 3", "-q", "-o"],
    ["--simulate disk"],
  ],
  [
    "an option of another method",
    ["deconvolve", ...INPUTS, "-n", "20", "--stop", "held-out", "-q", "-o"],
    ["--method richardson-lucy"],
  ],
  [
    "no prior",
    ["deconvolve", ...INPUTS, "-n", "20", "--method", "nuts", "-q", "-o"],
    ["--prior exponential:rate=1"],
  ],
  ["two results", ["plot", "result.fits", "result.fits", "-o"], ["--kind comparison"]],
  ["ecliptic coordinates", ["bin", "ecliptic.fits", "-q", "-o"], ["--coordinates galactic"]],
  [
    "a psf of large pixels",
    ["deconvolve", "counts.fits", "--psf", "coarse-psf.fits", ...RUN, "-o"],
    ["--align pixels"],
  ],
  [
    "no exposure where counts are",
    deconvolve("counts.fits", "-e", "half-exposure.fits"),
    ["--mask=half-mask.fits"],
  ],
  ["no output", ["plot", "result.fits", "--kind", "mean"], ["--preview"]],
  ["a page too large", ["report", "result.fits", "--max-size", "10k", "-o"], ["--max-size 1M"]],
  [
    "no psf beside the counts",
    ["plot", "result.fits", "--kind", "dataset", "--counts", "sim/counts.fits", "-o"],
    ["--psf=sim/psf.fits"],
  ],
  [
    "inputs that are elsewhere",
    ["plot", "result.fits", "--kind", "residuals", "-o"],
    ["--counts=sim/counts.fits", "--psf=sim/psf.fits"],
  ],
  [
    "a result and its checkpoint",
    ["deconvolve", ...INPUTS, ...QUICK, "--checkpoint", "own.fits", "-o", "own.fits"],
    ["--checkpoint=own.checkpoint"],
  ],
  [
    "a checkpoint that is there",
    ["deconvolve", ...INPUTS, ...QUICK, "--checkpoint", "sim", "-o"],
    ["--checkpoint=new"],
  ],
  [
    "no regions",
    ["measure", "result.fits", "--counts", "sim/counts.fits", "--psf", "sim/psf.fits", "-q", "-o"],
    ["--circle 16,16,2"],
  ],
  ["nothing to test", ["significance", ...TEST, "-o"], ["--circle 16,16,2", "--scan 2"]],
  ["a scan that is not made", ["significance", ...TEST, "--scan-png", "scan.png", "-o"], ["--scan 2"]],
  [
    "energies of channels",
    ["bin", "channels.fits", "--energy", "1:2keV", "-q", "-o"],
    ["--pi=100:700"],
    ["--energy", "1:2keV"],
  ],
  [
    "a filter that is no range",
    ["bin", "energies.fits", "[energy=a]", "-q", "-o"],
    ["--where=ENERGY>500"],
    ["[energy=a]"],
  ],
  [
    "a filter that bins",
    ["bin", "energies.fits", "[bin x=1:8:1]", "-q", "-o"],
    ["--bin-size=1", "--center=4,4", "--size=8"],
    ["[bin x=1:8:1]"],
  ],
  [
    "a part of the exposure",
    deconvolve("counts.fits", "-e", "exposure.fits", "[1:8,1:8]"),
    ["--cutout 0:8,0:8"],
    ["[1:8,1:8]"],
  ],
  [
    "a moving figure",
    ["plot", "result.fits", "--kind", "animation", "--preview"],
    ["-o x.html"],
    ["--preview"],
  ],
  ["an output of others", ["cluster", "collect", "done.job", "-q", "-o", "result.fits"], ["--overwrite"]],
];

/** Name, a command that fails, and the flag that its message says to leave out. */
const LEFT_OUT: readonly (readonly [name: string, words: readonly string[], flag: string])[] = [
  ["a column of events", ["bin", "energies.fits", "--column", "A", "-q"], "--column"],
  ["energies of a HEALPix map", ["bin", "map.fits", "--energy", "1:2", "-q"], "--energy"],
  ["pixels of a HEALPix map", ["bin", "map.fits", "--coordinates", "pixel", "-q"], "--coordinates"],
  ["a column of time", ["bin", "energies.fits", "--time", "1:2", "-q"], "--time"],
  ["channels that are not there", ["bin", "energies.fits", "--pi", "1:2", "-q"], "--pi"],
  ["galactic columns", ["bin", "energies.fits", "--coordinates", "galactic", "-q"], "--coordinates"],
  ["sources of one image", ["report", "estimate.fits", "--no-inputs", "--sources", "x.fits"], "--sources"],
  [
    "some planes and all",
    deconvolve("cube.fits", "--planes", "separate", "--plane", "1").slice(0, -1),
    "--plane",
  ],
  [
    "the centre of a psf by name",
    ["deconvolve", "counts.fits", "--psf", "gaussian:fwhm=2", "--psf-centre", "peak", ...RUN],
    "--psf-centre",
  ],
  ["workers", ["deconvolve", ...INPUTS, ...RUN, "--workers", "1"], "--workers"],
  [
    "a sky without a simulation",
    ["compare", ...INPUTS, "--shape", "16", "--method", "richardson-lucy -n 3", "-q"],
    "--shape",
  ],
  ["the folder of a job", ["cluster", "submit", "done.job", "--folder", "x", "-q"], "--folder"],
];

/** Options that a message names after the semicolon, with their values. */
function remedies(message: string): string[][] {
  const remedy = message.slice(message.indexOf("; ") + 2);
  return [
    ...remedy.matchAll(
      /(?:-o|--[a-z][a-z-]*)(?: (?!or\b|if\b|it\b|says\b|takes\b|is\b)(?:[^\s,;)]|,(?=\S))+)?/g,
    ),
  ].map(([option]) => option.split(" "));
}

/** A command without an option. */
function without(words: readonly string[], flag: string): string[] {
  const at = words.indexOf(flag);
  return at < 0 ? [...words] : [...words.slice(0, at), ...words.slice(at + 2)];
}

/** A command with an option, in the place of the same one where it has it. */
function withOption(words: readonly string[], [flag, ...values]: readonly string[]): string[] {
  return [...without(words, flag!), flag!, ...values];
}

const CONDITIONS = "energies.fits[EVENTS][ENERGY>500]";

/** Name, a command that fails, the command of its message, and what to add to it. */
const COMMANDS: readonly (readonly [
  name: string,
  words: readonly string[],
  command: RegExp,
  more: readonly string[],
])[] = [
  [
    "a job that is there",
    ["cluster", "submit", "job.json", "-q"],
    /\(tslira (cluster submit \S*job\.job)\)/,
    [],
  ],
  ["no job", ["cluster", "status", "sim"], /one with tslira (cluster submit)/, ["again.json", "-q"]],
  ["nothing to collect", ["cluster", "collect", "empty.job"], /see tslira (cluster status)/, ["empty.job"]],
  ["no task", ["cluster", "run-task", "done.job", "7.5"], /see tslira (cluster status)/, ["done.job"]],
  [
    "no result of tslira",
    ["report", "counts.fits", "-o", "report.html"],
    /see tslira (info) for/,
    ["counts.fits"],
  ],
  [
    "conditions on events",
    [...deconvolve(CONDITIONS), "conditions.fits"],
    /to tslira (bin), which/,
    [CONDITIONS, "-o", "cut.fits"],
  ],
];

/** Name, a command with a word that is not known, that word, and where it stands: in the command, or in a config file. */
const MEANT: readonly (readonly [name: string, words: readonly string[], wrong: string])[] = [
  ["a command", ["inof", "counts.fits"], "inof"],
  ["a flag", ["info", "counts.fits", "--jsno"], "--jsno"],
  ["a figure", ["plot", "result.fits", "--kind", "meen", "-o", "meant.png"], "meen"],
  [
    "a method",
    ["compare", ...INPUTS, "--method", "richardson-lucie -n 3", "-q", "-o", "meant.csv"],
    "richardson-lucie",
  ],
  [
    "a prior",
    [
      "deconvolve",
      ...INPUTS,
      "-n",
      "3",
      "-q",
      "--method",
      "map",
      "--prior",
      "exponentail:rate=1",
      "-o",
      "m.fits",
    ],
    "exponentail",
  ],
  ["a column", ["bin", "energies.fits", "--where", "ENERGIE>500", "-q", "-o", "meant.fits"], "ENERGIE"],
  ["a setting of a file", ["deconvolve", "--config", "meant.json", ...RUN, "-o", "config.fits"], "pfs"],
];

/** What the verdict says of runs that are too short to judge, and their options. */
const SHORT: readonly (readonly [state: string, ...options: readonly string[]])[] = [
  ["disagree", "-n", "20", "--burn-in", "0", "-c", "2"],
  ["weak", "-n", "120", "--burn-in", "40", "-c", "2", "--preset", "lira"],
  ["unknown", "-n", "40", "--burn-in", "5", "-c", "1"],
];

describe("remedies of messages", () => {
  beforeAll(async () => {
    const quick = ["-n", "60", "--burn-in", "20", "-c", "2", "-q"];
    expect((await runCli(folder, "simulate", "point-source", "-o", "sim", "-q")).code).toBe(0);
    cpSync(join(folder, "sim"), join(folder, "gone"), { recursive: true });
    const inputs = ["gone/counts.fits", "--psf", "gone/psf.fits"];
    expect((await runCli(folder, "deconvolve", ...inputs, ...quick, "-o", "result.fits")).code).toBe(0);
    expect((await runCli(folder, ...deconvolve("counts.fits"), "estimate.fits")).code).toBe(0);
    const job = { kind: "chains", counts: "sim/counts.fits", psf: "sim/psf.fits", iterations: 40, chains: 2 };
    for (const name of ["job.json", "again.json"]) writeFileSync(join(folder, name), JSON.stringify(job));
    const shell = ["--folder", "empty.job", "--executor", "shell", "-q"];
    expect((await runCli(folder, "cluster", "submit", "job.json", ...shell)).code).toBe(0);
    for (const at of ["job.job", "done.job"])
      expect((await runCli(folder, "cluster", "submit", "job.json", "--folder", at, "-q")).code).toBe(0);
    rmSync(join(folder, "gone"), { recursive: true });
  }, 120_000);

  const bracketed = (words: readonly string[]) => words.join("\n").replaceAll("\n[", "[").split("\n");
  async function failing(words: readonly string[]): Promise<string> {
    const { code, stderr } = await runCli(folder, ...words);
    expect([1, 2], stderr).toContain(code);
    // Rule, value and remedy, below warnings.
    expect(stderr).toMatch(/^tslira: (?!warning).+ (must|need) .+, got .+; .+\n$/m);
    return stderr.slice(stderr.lastIndexOf("tslira: "));
  }

  it.each(COMMANDS)("%s", async (_, words, command, more) => {
    const message = await failing(words);
    const [, named] = message.match(command) ?? [];
    expect(named, message).toBeDefined();
    const mended = await runCli(folder, ...named!.split(" "), ...more);
    expect(mended.code, `${named}: ${mended.stderr}`).toBe(0);
  });

  const ENDINGS: Readonly<Record<string, string>> = { plot: "png", compare: "csv", report: "html" };
  const outputOf = (name: string, command = "") =>
    `${name.replaceAll(" ", "-")}.${ENDINGS[command] ?? "fits"}`;
  const cases = CASES.map(([name, words, options, instead = []]) => ({ name, words, options, instead }));
  it.each(cases)("$name", async ({ name, words, options, instead }) => {
    const all = words.at(-1) === "-o" ? [...words, outputOf(name, words[0])] : words;
    const named = remedies(await failing(bracketed(all)));
    const fixed = options.filter((option) => option.includes("=") && !option.includes(" "));
    for (const option of options)
      expect(named.map((one) => (fixed.includes(option) ? one[0] : one.join(" ")))).toContain(
        fixed.includes(option) ? option.replace(/=.*/s, "") : option,
      );
    const applied =
      fixed.length > 0 ? fixed.map((option) => option.split(/=(.*)/s, 2)) : [options[0].split(" ")];
    const rest = all.filter((word) => !instead.includes(word));
    const mended = await runCli(folder, ...applied.reduce(withOption, rest));
    expect(mended.code, `${applied.join(" ")}: ${mended.stderr}`).toBe(0);
  });

  it.each(MEANT)("the word that was meant: %s", async (_, words, wrong) => {
    const config = join(folder, "meant.json");
    const text = JSON.stringify({ counts: "counts.fits", pfs: "psf.fits" });
    writeFileSync(config, text);
    const { code, stderr } = await runCli(folder, ...words);
    expect(code).toBe(1);
    const [, meant] = /did you mean "?([^"?]+)"?\?/i.exec(stderr) ?? [];
    expect(meant, stderr).toBeDefined();
    writeFileSync(config, text.replace(wrong, meant!));
    const mended = await runCli(folder, ...words.map((word) => word.replace(wrong, meant!)));
    expect(mended.code, mended.stderr).toBe(0);
  });

  it.each(SHORT)(
    "the verdict of a run that is too short: %s %s %s %s %s %s %s",
    async (state, ...options) => {
      const small = ["--psf", "gaussian:fwhm=0.3", "--cutout", "0:8,0:8", "--seed", "1", "-w", "0", "-q"];
      const run = async (words: readonly string[]) => {
        const { code, stdout, stderr } = await runCli(
          folder,
          "deconvolve",
          "counts.fits",
          ...small,
          ...words,
          "--json",
          "--overwrite",
        );
        expect(code, stderr).toBe(0);
        return JSON.parse(stdout).verdict as { readonly state: string; readonly remedy: string };
      };
      const first = await run([...options, "-o", "short.fits"]);
      expect(first.state, first.remedy).toBe(state);
      // What info says of the result is the same.
      const told = (await runCli(folder, "info", "short.fits")).stdout;
      expect(told).toContain(`Next: ${first.remedy}\n\ntslira report short.fits -o short.html\n`);
      const [, flag, value] = /\((--[a-z-]+) (\d+)\)/.exec(first.remedy) ?? [];
      expect(flag, first.remedy).toBeDefined();
      const long = flag === "--iterations" ? "-n" : "-c";
      const second = await run([...withOption(options, [long, value!]), "-o", "longer.fits"]);
      // Nobody can know how long is enough; it is nearer to it than before.
      expect(["agree", "weak", "disagree"]).toContain(second.state);
    },
  );

  it.each([
    ["a result", "result.fits", "report"],
    ["an image by another method", "estimate.fits", "plot"],
    ["a job", "done.job", "cluster"],
  ])("what info says of %s", async (_, file, verb) => {
    const { stdout, stderr } = await runCli(folder, "info", file);
    const [program, ...words] = shellWords(stdout.trimEnd().split("\n").at(-1)!);
    expect([program, words[0]], stdout + stderr).toEqual(["tslira", verb]);
    const { code, stderr: said } = await runCli(folder, ...words);
    expect(code, said).toBe(0);
  });

  it("what info says of other folders", async () => {
    mkdirSync(join(folder, "left.checkpoint"));
    writeFileSync(join(folder, "left.checkpoint", "run.json"), "{}");
    // Whole checkpoints are resumed by test/runs/kill.slow.test.ts.
    expect((await runCli(folder, "info", "left.checkpoint")).stdout).toMatch(
      /\ntslira resume left\.checkpoint\n$/,
    );
    expect((await runCli(folder, "info", "sim")).stderr).toMatch(
      /must name a file, got a folder; choose a file/,
    );
  });

  it.each(LEFT_OUT)("%s is left out", async (name, words, flag) => {
    const all = words[0] === "cluster" ? words : [...words, "-o", outputOf(name, words[0])];
    const message = await failing(all);
    expect(message).toMatch(/leave (it|.*) out|leave out|left out/);
    const mended = await runCli(folder, ...without(all, flag));
    expect(mended.code, mended.stderr).toBe(0);
  });
});
