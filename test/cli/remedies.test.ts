/** What a message says to add or to leave out works: the option is read from the message itself. Looks at `dist`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

/** Name, the command without the name of its output, and the options that the message must name: the first of them is applied. */
const CASES: readonly (readonly [name: string, words: readonly string[], options: readonly string[]])[] = [
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
  ["no regions", ["measure", "result.fits", "-q", "-o"], ["--circle 16,16,2"]],
  ["two results", ["plot", "result.fits", "result.fits", "-o"], ["--kind comparison"]],
  ["ecliptic coordinates", ["bin", "ecliptic.fits", "-q", "-o"], ["--coordinates galactic"]],
];

/** Options that a message names after the semicolon, with their values. */
function remedies(message: string): string[][] {
  const remedy = message.slice(message.indexOf("; ") + 2);
  return [
    ...remedy.matchAll(/--[a-z][a-z-]*(?: (?!or\b|if\b|it\b|says\b|takes\b|is\b)(?:[^\s,;)]|,(?=\S))+)?/g),
  ].map(([option]) => option.split(" "));
}

/** A command with an option, in the place of the same one where it has it. */
function withOption(words: readonly string[], [flag, ...values]: readonly string[]): string[] {
  const at = words.indexOf(flag!);
  const rest = at < 0 ? words : [...words.slice(0, at), ...words.slice(at + 2)];
  return [...rest.slice(0, -1), flag!, ...values, ...rest.slice(-1)];
}

/** Name, a command that fails, and the command of its message. */
const COMMANDS: readonly (readonly [name: string, words: readonly string[], command: RegExp])[] = [
  ["a job that is there", ["cluster", "submit", "job.json", "-q"], /\(tslira (cluster submit \S*job\.job)\)/],
  ["no result of tslira", ["report", "counts.fits", "-o", "report.html"], /see tslira (info) for/],
];

describe("remedies of messages", () => {
  beforeAll(async () => {
    const quick = ["-n", "60", "--burn-in", "20", "-c", "2", "-q"];
    expect((await runCli(folder, "simulate", "point-source", "-o", "sim", "-q")).code).toBe(0);
    const inputs = ["sim/counts.fits", "--psf", "sim/psf.fits"];
    expect((await runCli(folder, "deconvolve", ...inputs, ...quick, "-o", "result.fits")).code).toBe(0);
    const job = { kind: "chains", counts: "sim/counts.fits", psf: "sim/psf.fits", iterations: 40, chains: 2 };
    writeFileSync(join(folder, "job.json"), JSON.stringify(job));
    expect((await runCli(folder, "cluster", "submit", "job.json", "-q")).code).toBe(0);
  }, 120_000);

  it.each(COMMANDS)("%s", async (_, words, command) => {
    const failed = await runCli(folder, ...words);
    expect(failed.code, failed.stderr).toBe(1);
    expect(failed.stderr).toMatch(/^tslira: .+ must .+, got .+; .+/);
    const [, named = ""] = failed.stderr.match(command) ?? [];
    const file = named === "info" ? [words[1]!] : [];
    const mended = await runCli(folder, ...named.split(" "), ...file);
    expect(mended.code, `${named}: ${mended.stderr}`).toBe(0);
  });

  it.each(CASES)("%s", async (name, words, options) => {
    const output = `${name.replaceAll(" ", "-")}.${words[0] === "plot" ? "png" : words[0] === "compare" ? "csv" : "fits"}`;
    const failed = await runCli(folder, ...words, output);
    expect(failed.code, failed.stderr).toBe(1);
    // Rule, value and remedy.
    expect(failed.stderr).toMatch(/^tslira: .+ must .+, got .+; .+/);
    const named = remedies(failed.stderr);
    const [first] = options;
    const remedy = named.find((option) => option.join(" ") === first) ?? [];
    for (const option of options) expect(named.map((one) => one.join(" "))).toContain(option);
    const mended = await runCli(folder, ...withOption(words, remedy), output);
    expect(mended.code, `${first}: ${mended.stderr}`).toBe(0);
  });
});
