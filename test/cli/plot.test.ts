import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLOT_KINDS } from "../../src/cli/plot-kinds.js";
import {
  blockImage,
  itermImage,
  kittyImage,
  sixelImage,
  terminalProtocol,
} from "../../src/cli/terminal-image.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-plot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cli = (...args: readonly string[]) => runCli(folder, "plot", ...args);
const file = (name: string) => readFileSync(join(folder, name));

beforeAll(async () => {
  const simulate = ["gaussian-and-points", "--shape", "17x12", "-s", "3", "-o", "sim", "-q"];
  expect((await runCli(folder, "simulate", ...simulate)).code).toBe(0);
  const data = [
    "sim/counts.fits",
    "-p",
    "sim/psf.fits",
    "-e",
    "sim/exposure.fits",
    "-b",
    "sim/background.fits",
  ];
  const settings = [
    "-n",
    "60",
    "--burn-in",
    "20",
    "-c",
    "2",
    "-s",
    "5",
    "--trace-keep",
    "20",
    "-w",
    "0",
    "-q",
  ];
  const made = await runCli(folder, "deconvolve", ...data, ...settings, "-o", "r.fits");
  expect(made).toMatchObject({ code: 0 });
  const lira = await runCli(
    folder,
    "deconvolve",
    ...data,
    ...settings,
    "--preset",
    "lira",
    "-o",
    "lira.fits",
  );
  expect(lira).toMatchObject({ code: 0 });
  const lucy = ["--method", "richardson-lucy", "-n", "5", "-q", "-o", "rl.fits"];
  expect(await runCli(folder, "deconvolve", ...data, ...lucy)).toMatchObject({ code: 0 });
}, 60_000);

describe("tslira plot", () => {
  it("draws every kind, as PDF or moving", { timeout: 240_000 }, async () => {
    for (const [kind, { svg }] of Object.entries(PLOT_KINDS)) {
      const starts: Record<string, string> = svg
        ? { pdf: "%PDF-1.4" }
        : { gif: "GIF89a", apng: "\x89PNG", html: "<!doctype html>" };
      for (const [ending, start] of Object.entries(starts)) {
        const name = `${kind}.${ending}`;
        const { code, stderr } = await cli(
          // Of one alpha a level there is a prior to draw.
          kind === "hyperprior" ? "lira.fits" : "r.fits",
          ...(kind === "rgb" ? ["r.fits", "r.fits"] : []),
          "--kind",
          kind,
          "-o",
          name,
          "--theme",
          "dark",
          "--frames",
          "4",
        );
        expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: "" });
        expect(file(name).subarray(0, start.length).toString("latin1")).toBe(start);
      }
    }
  });

  it("draws maps of smoothness of the adaptive prior, hyperpriors of LIRA's, and says which is which", async () => {
    await cli("r.fits", "-k", "smoothness", "--axes", "pixels", "--title", "Where points are", "-o", "s.svg");
    const svg = file("s.svg").toString();
    // 17 x 12 pixels: 17 / 4 blocks of 4 x 4 on the longer side, but only 17 / 8 of 8 x 8.
    for (const text of [
      ">Where points are<",
      "Blocks of 2 × 2",
      "Blocks of 4 × 4",
      "diffuse light",
      "x (pixel)",
    ])
      expect(svg).toContain(text);
    expect(svg).not.toContain("Blocks of 8 × 8");
    expect(await cli("lira.fits", "-k", "smoothness", "-o", "x.svg")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/must have maps of smoothness, .* got none; run with preset adaptive/),
    });
    expect((await cli("r.fits", "-k", "hyperprior", "-o", "x.svg")).stderr).toMatch(
      /one alpha a level \(preset lira\), got one of the adaptive prior; choose smoothness/,
    );
    await cli("r.fits", "-k", "parameter-traces", "--parameter", "smoothness0", "-o", "t.svg");
    expect(file("t.svg").toString()).toContain(">mean ln α, 2 × 2<");
  });

  it("compares results, with each other and with the truth", async () => {
    copyFileSync(join(folder, "r.fits"), join(folder, "other.fits"));
    await cli("r.fits", "other.fits", "-k", "comparison", "--truth", "sim/flux.fits", "-o", "compared.svg");
    const svg = file("compared.svg").toString();
    for (const text of [">Truth<", ">r<", ">other<", "rms difference"]) expect(svg).toContain(text);
    expect((await cli("r.fits", "other.fits", "-o", "x.png")).stderr).toContain("are for --kind comparison");
    await cli("r.fits", "rl.fits", "-k", "grid", "--limits", "99.5", "-o", "grid.svg");
    const grid = file("grid.svg").toString();
    for (const text of [">r<", ">rl<", ">flux, asinh scale<"]) expect(grid).toContain(text);
  });

  it("draws for paper: its width, limits, title, regions and contours", async () => {
    writeFileSync(join(folder, "knots.reg"), "image\ncircle(9,7,3) # text={knot}\n-circle(9,7,1)\n");
    const looks = [
      "--vmin",
      "0",
      "--vmax",
      "50",
      "--stretch",
      "sqrt",
      "--title",
      "A field",
      "--width",
      "88mm",
    ];
    const over = ["--regions", "knots.reg", "--contours", "1,3sigma", "--contours-of", "sim/counts.fits"];
    expect(await cli("r.fits", "-k", "mean", ...looks, ...over, "-o", "paper.svg")).toMatchObject({
      code: 0,
    });
    const svg = file("paper.svg").toString();
    expect(svg).toMatch(/^<svg [^>]*width="88mm"/);
    for (const text of [">A field<", ">flux, sqrt scale<", ">knot<", ">50<"]) expect(svg).toContain(text);
    expect(svg).toContain('stroke-dasharray="4,3" fill="none" stroke="#ffffff"');
    expect(svg).toMatch(/<path d="M[^"]+" stroke-linejoin="round" fill="none" stroke="#ffffff"/);
  });

  it("draws images of methods without draws by all kinds that need none, and reports on them", async () => {
    await cli("rl.fits", "-k", "residuals", "-o", "rl.svg");
    for (const text of [">Predicted counts<", ">Gaussian and point sources<"])
      expect(file("rl.svg").toString()).toContain(text);
    expect((await cli("rl.fits", "-k", "rank", "-o", "x.svg")).stderr).toMatch(
      /rank must be of a result with draws, got one image by richardson-lucy; choose posterior, mean/,
    );
    expect(await runCli(folder, "report", "rl.fits", "-o", "rl.html", "-q")).toMatchObject({ code: 0 });
    const page = file("rl.html").toString();
    for (const text of [
      "Flux by richardson-lucy",
      "all 5 iterations were done",
      "expected for Poisson counts",
    ])
      expect(page).toContain(text);
    expect(page).not.toContain("<script");
  });

  it("finds the observation beside the result, or takes the one given, if it is the same", async () => {
    mkdirSync(join(folder, "moved"));
    copyFileSync(join(folder, "r.fits"), join(folder, "moved", "r.fits"));
    const given = ["--counts", "sim/counts.fits", "--psf", "sim/psf.fits", "-e", "sim/exposure.fits"];
    const all = [...given, "-b", "sim/background.fits"];
    const moved = (...args: string[]) => runCli(join(folder, "moved"), "plot", "r.fits", ...args);
    expect((await moved("-k", "residuals", "-o", "res.svg")).stderr).toContain("is not where it was");
    const beside = all.map((name) => (name.startsWith("sim/") ? `../${name}` : name));
    expect((await moved("-k", "residuals", ...beside, "-o", "res.svg")).code).toBe(0);
    await cli("r.fits", "-k", "residuals", "-o", "res.svg");
    expect(file("moved/res.svg")).toEqual(file("res.svg"));
    const wrong = ["--counts", "sim/exposure.fits", "--psf", "sim/psf.fits"];
    expect((await cli("r.fits", "-k", "dataset", ...given.slice(2), "-o", "x.png")).stderr).toContain(
      "--counts",
    );
    expect((await cli("r.fits", "-k", "dataset", "--observation", "2", "-o", "x.png")).stderr).toContain(
      "1 to 1",
    );
    writeFileSync(join(folder, "strange.fits"), Buffer.concat([file("sim/counts.fits"), Buffer.alloc(2880)]));
    wrong[1] = "strange.fits";
    const { stderr, code } = await cli("r.fits", "-k", "dataset", ...wrong, "-o", "x.png");
    expect({ stderr, code }).toMatchObject({ code: 1, stderr: expect.stringContaining("SHA-256") });
  });

  it("heeds pixel, radius, parameters, chain and width", async () => {
    await cli("r.fits", "-k", "pixel-trace", "--at", "3,4", "--radius", "1", "-o", "a.svg");
    expect(file("a.svg").toString()).toContain("flux within 1 px of x = 3, y = 4");
    await cli("r.fits", "-k", "parameter-traces", "--parameter", "logPost", "--chain", "2", "-o", "b.svg");
    const svg = file("b.svg").toString();
    expect(svg).toContain(">log posterior<");
    expect(svg).toContain(">chain 2<");
    expect(svg).not.toContain("α");
    await cli("r.fits", "-k", "mean", "--width", "321", "-o", "c.png");
    expect(file("c.png").readUInt32BE(16)).toBe(321);
  });

  it("previews in the terminal", async () => {
    const { code, stdout } = await cli("r.fits", "--kind", "mean", "--preview");
    expect(code).toBe(0);
    // Twelve rows in half blocks of 17 columns, and a line with the limits.
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(7);
    expect(lines[0].match(/▀/g)).toHaveLength(17);
  });

  it.each([
    [["--kind", "rnk", "-o", "x.png"], "did you mean rank?"],
    [["--kind", "rank", "-o", "x.gif"], ".png, .svg, .pdf"],
    [["--kind", "animation", "-o", "x.png"], ".apng, .gif, .html"],
    [["--kind", "animation", "--preview"], "stands still"],
    [["--chain", "3", "-o", "x.png"], "in 1 to 2"],
    [["--kind", "rank", "--chain", "1", "-o", "x.png"], "at least two chains"],
    [["--kind", "pixel-trace", "--at", "17,0", "-o", "x.png"], "17 columns and 12 rows"],
    [["--at", "1", "-o", "x.png"], "give x,y"],
    [["--contours-of", "r.fits", "-o", "x.png"], "must come with --contours"],
    [["--width", "20mm", "-o", "x.svg"], "got 20mm; give a larger one"],
    [["--limits", "1,2,3", "-o", "x.png"], "for example 99.5"],
    [
      ["--grid", "--axes", "degrees", "-o", "x.png"],
      "--axes degrees and --grid must be for a result with sky coordinates",
    ],
    [[], "add -o x.png or --preview"],
    [["-o", "r.fits"], "must end in"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await cli("r.fits", ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  it("replaces files only when told to", async () => {
    writeFileSync(join(folder, "old.svg"), "mine");
    expect((await cli("r.fits", "-k", "mean", "-o", "old.svg")).code).toBe(1);
    expect(file("old.svg").toString()).toBe("mine");
    expect((await cli("r.fits", "-k", "mean", "-o", "old.svg", "--overwrite")).code).toBe(0);
    expect(file("old.svg").toString()).toMatch(/^<svg/);
  });
});

describe("images in terminals", () => {
  it.each([
    [{ TERM: "xterm-kitty" }, "kitty"],
    [{ TERM_PROGRAM: "iTerm.app", TERM: "xterm-256color" }, "iterm"],
    [{ TERM: "foot" }, "sixel"],
    [{ TERM: "tmux-256color", KITTY_WINDOW_ID: "1" }, "blocks"],
    [{ TERM: "xterm-256color" }, "blocks"],
    [{}, "blocks"],
  ])("of %j use %s", (env, protocol) => {
    expect(terminalProtocol(env)).toBe(protocol);
  });

  it("go to kitty in pieces of 4096 characters, to iTerm2 in one", () => {
    const png = Uint8Array.from({ length: 7000 }, (_, index) => index % 251);
    const pieces = kittyImage(png)
      .split("\u001b_G")
      .slice(1)
      .map((piece) => /^([^;]*);([^\\]*)$/.exec(piece.split("\u001b\\")[0]) ?? []);
    expect(pieces.map(([, keys]) => keys)).toEqual(["a=T,f=100,m=1", "m=1", "m=0"]);
    const joined = pieces.map(([, , data]) => data).join("");
    expect(new Uint8Array(Buffer.from(joined, "base64"))).toEqual(png);
    expect(itermImage(png)).toContain(
      `size=7000;preserveAspectRatio=1:${Buffer.from(png).toString("base64")}`,
    );
  });

  it("are bands of six rows as sixel", () => {
    const rgba = Array.from({ length: 5 * 7 }, (_, pixel) =>
      pixel % 5 === 0 ? [255, 0, 0, 255] : [0, 0, 0, 255],
    ).flat();
    const text = sixelImage({ width: 5, height: 7, rgba });
    // Red is register 5 * 42 = 210: the left column; black the other four. Six rows are "~" (63 + 63), one row "@" (63 + 1).
    expect(text).toContain('"1;1;5;7');
    expect(text).toContain("#210;2;100;0;0");
    expect(text).toContain("#210~!4?$#0?!4~-#210@!4?$#0?!4@-");
  });

  it("are averaged to the width of the terminal as blocks", () => {
    const rgba = Array.from({ length: 8 }, (_, pixel) => [pixel % 2 === 0 ? 100 : 200, 0, 0, 255]).flat();
    expect(blockImage({ width: 4, height: 2, rgba }, 2)).toBe(
      "\u001b[38;2;150;0;0m\u001b[49m▀\u001b[38;2;150;0;0m\u001b[49m▀\u001b[0m\n",
    );
  });
});
