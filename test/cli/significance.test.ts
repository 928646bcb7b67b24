import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { significanceLines } from "../../src/cli/significance.js";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { writeFitsFile } from "../../src/io/fits-file-node.js";
import { reportFromFile } from "../../src/report/report-file-node.js";
import { checkSignificance } from "../../src/significance/significance-file.js";
import { readSignificance } from "../../src/significance/significance-file-node.js";
import { finished, runCli, startCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-significance-"));
const cli = (...args: readonly string[]) => runCli(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const INPUT = [
  "significance",
  "sim/counts.fits",
  "--psf",
  "sim/psf.fits",
  "--background",
  "sim/background.fits",
];
const RUN = ["--replicates", "5", "-n", "120", "-s", "3", "-q"];

beforeAll(async () => {
  await cli("simulate", "point-source", "-o", "sim", "--shape", "16", "-q");
  writeFileSync(
    join(folder, "r.reg"),
    "# Region file format: DS9\nimage\ncircle(9,9,2) # text={source}\nbox(4,4,5,5,0) # text={empty}\n-circle(4,4,1)\n",
  );
});

describe("tslira significance", () => {
  it("tests regions of a file, a circle and labels, and writes FITS, CSV, JSON and figures", async () => {
    const labels = new Float64Array(256);
    labels[3] = 2;
    await writeFitsFile(join(folder, "labels.fits"), [{ kind: "image", data: labels, shape: [16, 16] }]);
    const { code, stdout, stderr } = await cli(
      ...[
        ...INPUT,
        ...RUN,
        "--regions",
        "r.reg",
        "--regions",
        "labels.fits",
        "--circle",
        "12,3,2",
        "-o",
        "s.fits",
      ],
      ...[
        "--csv",
        "s.csv",
        "--png",
        "s.png",
        "--scan",
        "2",
        "--scan-png",
        "scan.png",
        "--threshold",
        "100",
        "--json",
      ],
    );
    expect(code, stderr).toBe(0);
    const found = JSON.parse(stdout);
    expect(found.regions.map(({ name, pixels }: { name: string; pixels: number }) => [name, pixels])).toEqual(
      [
        ["r.reg: source", 13],
        ["r.reg: empty", 20],
        ["labels.fits: label 2", 1],
        ["circle x=12 y=3 r=2", 13],
      ],
    );
    const [source, empty] = found.regions;
    // 1000 counts on a background of 2 a pixel.
    expect(source.bound).toBe(source.tailProbability);
    expect(source.bound).toBeLessThanOrEqual(0.005);
    // The note below the table allows every bound in it.
    const { estimate: kept } = await readSignificance(join(folder, "s.fits"));
    const least = /at best (\S+); by rank/.exec(significanceLines(kept).join("\n"))![1];
    const bounds: number[] = found.regions.map(({ bound }: { bound: number }) => bound);
    expect(Number(least)).toBeCloseTo(Math.min(...bounds), 5);
    expect(source.direct).toBeCloseTo(1 / 6, 12);
    expect(empty.bound).toBeGreaterThan(0.05);
    expect(source.products.exceeds).toEqual([{ threshold: 100, probability: 1 }]);
    expect(found.warnings.join()).toContain("at least 20");
    expect(readFileSync(join(folder, "s.csv"), "utf8").split("\n")).toHaveLength(6);
    for (const file of ["s.png", "scan.png"])
      expect(readFileSync(join(folder, file)).subarray(1, 4).toString()).toBe("PNG");
    const { estimate, provenance } = await readSignificance(join(folder, "s.fits"));
    expect(estimate.regions[0].bound).toBe(source.bound);
    expect(estimate.scan!.excess.shape).toEqual([16, 16]);
    expect(provenance.inputs!.map(({ name }) => name)).toContain("sim/psf.fits");
    expect(provenance.command).toContain("--scan 2");
    // All are in: the folder of replicates is gone.
    expect(existsSync(join(folder, "s.fits.tasks"))).toBe(false);
  });

  it("is the same with threads and without, and goes on where it was stopped", async () => {
    const common = [...INPUT, ...RUN, "--regions", "r.reg"];
    for (const workers of ["0", "2"]) {
      const { code, stderr } = await cli(
        ...common,
        "-w",
        workers,
        "--keep-tasks",
        "--tasks",
        `t${workers}`,
        "-o",
        `w${workers}.fits`,
      );
      expect(code, stderr).toBe(0);
    }
    const files = readdirSync(join(folder, "t0"));
    expect(files).toHaveLength(7);
    expect(readdirSync(join(folder, "t2"))).toEqual(files);
    for (const file of files) {
      expect(
        readFileSync(join(folder, "t0", file)).equals(readFileSync(join(folder, "t2", file))),
        file,
      ).toBe(true);
    }
    const stored = (name: string) => readSignificance(join(folder, name));
    const whole = (await stored("w0.fits")).estimate;
    expect((await stored("w2.fits")).estimate).toEqual(whole);

    // Two are lost and one is damaged: these alone run again. A replicate that is there is taken as it is.
    const path = (index: number) => join(folder, "t2", `task-00000${index}.fits`);
    rmSync(path(0));
    rmSync(path(4));
    writeFileSync(path(2), readFileSync(path(2)).subarray(0, 2880));
    const again = await cli(...common, "-w", "2", "--tasks", "t2", "-o", "again.fits");
    expect(again.code, again.stderr).toBe(0);
    expect((await stored("again.fits")).estimate).toEqual(whole);

    // More replicates: those of before are the first of them.
    const more = await cli(
      ...INPUT,
      ...[
        "--replicates",
        "7",
        "-n",
        "120",
        "-s",
        "3",
        "-q",
        "--regions",
        "r.reg",
        "--tasks",
        "t0",
        "-o",
        "more.fits",
      ],
    );
    expect(more.code, more.stderr).toBe(0);
    expect((await stored("more.fits")).estimate.regions[0].nullShares.slice(0, 5)).toEqual(
      whole.regions[0].nullShares,
    );
  });

  it("tests several observations of a config file together, with the same bytes for any number of workers", async () => {
    const made = await cli("simulate", "point-source", "-o", "sim2", "--shape", "16", "--seed", "9", "-q");
    expect(made.code, made.stderr).toBe(0);
    const files = (from: string) =>
      Object.fromEntries(
        ["counts", "psf", "exposure", "background"].map((image) => [image, `${from}/${image}.fits`]),
      );
    const config = {
      ...{ iterations: 100, seed: 4, replicates: 3, gamma: 0.01, circles: ["8,8,2"], thresholds: [50] },
      observations: [files("sim"), files("sim2")],
    };
    writeFileSync(join(folder, "joint.json"), JSON.stringify(config));
    for (const workers of ["0", "2"]) {
      const { code, stderr } = await cli(
        ...["significance", "--config", "joint.json", "-w", workers, "-q", "--keep-tasks"],
        ...["--replicates", "4", "--tasks", `joint${workers}`, "-o", `joint${workers}.fits`],
      );
      expect(code, stderr).toBe(0);
    }
    const tasks = readdirSync(join(folder, "joint0"));
    expect(tasks).toHaveLength(6);
    for (const file of tasks) {
      const [here, there] = ["joint0", "joint2"].map((place) => readFileSync(join(folder, place, file)));
      expect(here!.equals(there!), file).toBe(true);
    }
    const { estimate, provenance } = await readSignificance(join(folder, "joint0.fits"));
    // The flag wins over the config file, which says the rest.
    expect(estimate.run).toMatchObject({ replicates: 4, gamma: 0.01, config: { iterations: 100, seed: 4 } });
    expect(estimate.regions.map(({ name }) => name)).toEqual(["circle x=8 y=8 r=2"]);
    expect(estimate.regions[0].products.exceeds).toEqual([{ threshold: 50, probability: 1 }]);
    expect(provenance.inputs).toHaveLength(8);

    const twice = await cli(
      ...["significance", "sim/counts.fits", "--config", "joint.json", "-o", "twice.fits"],
    );
    expect(twice.code).toBe(1);
    expect(twice.stderr).toContain("significance: counts must be given with each observation");
    writeFileSync(join(folder, "until.json"), JSON.stringify({ ...config, until: "rhat<1.01" }));
    const until = await cli("significance", "--config", "until.json", "-o", "until.fits");
    expect(until.code).toBe(1);
    expect(until.stderr).toContain("the same number of sweeps");
  });

  it("keeps finished replicates when it is stopped", async () => {
    const args = [
      ...INPUT,
      "--replicates",
      "40",
      "-n",
      "4000",
      "-q",
      "-w",
      "1",
      "--circle",
      "8,8,2",
      "-o",
      "stop.fits",
    ];
    const child = startCli(folder, args);
    const end = finished(child);
    const tasks = join(folder, "stop.fits.tasks");
    while (!existsSync(tasks) || readdirSync(tasks).filter((name) => /^task.*fits$/.test(name)).length < 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGINT");
    const { code, stderr } = await end;
    expect(code).toBe(130);
    expect(stderr).toContain("the same command goes on from there");
    expect(existsSync(join(folder, "stop.fits"))).toBe(false);
    const others = await cli(
      ...INPUT,
      "--replicates",
      "40",
      "-n",
      "4001",
      "-q",
      "--circle",
      "8,8,2",
      "-o",
      "stop.fits",
    );
    expect(others).toMatchObject({ code: 1 });
    expect(others.stderr).toContain("tasks must be those of this run");
  });

  it("is told in a report of the same observation", async () => {
    const made = await cli(
      ...["deconvolve", "sim/counts.fits", "--psf", "sim/psf.fits", "--background", "sim/background.fits"],
      ...["-o", "sim/result.fits", "-n", "100", "-c", "2", "-q", "-w", "0"],
    );
    expect(made.code, made.stderr).toBe(0);
    const { code, stderr } = await cli(
      "report",
      "sim/result.fits",
      "--significance",
      "s.fits",
      "-o",
      "report.html",
      "-q",
    );
    expect(code, stderr).toBe(0);
    const html = readFileSync(join(folder, "report.html"), "utf8");
    expect(html).toContain('id="significance"');
    expect(html).toContain("source: more than the null hypothesis explains, p ≤ ");
    expect(
      (await cli("report", "sim/result.fits", "--significance", "sim/psf.fits", "-o", "other.html")).code,
    ).not.toBe(0);
  });

  it("is refused in a report of other counts or another sky of the same shape", async () => {
    await cli("simulate", "point-source", "-o", "other", "--shape", "16", "-s", "8", "-q");
    const psf = ["--psf", "sim/psf.fits", "--background", "sim/background.fits"];
    await cli(
      "deconvolve",
      "other/counts.fits",
      ...psf,
      "-o",
      "other.fits",
      "-n",
      "50",
      "-c",
      "2",
      "-q",
      "-w",
      "0",
    );
    const report = ["report", "other.fits", "--significance", "s.fits", "-o", "other.html", "-q"];
    const { code, stderr } = await cli(...report);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "report: significance: must be about the counts of the result, got those of sim/counts.fits (another SHA-256); give the run of the same",
    );

    const { estimate } = await readSignificance(join(folder, "s.fits"));
    const sky = (lon: number): WcsCard[] =>
      Object.entries({
        ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 8, CRPIX2: 8, CRVAL1: lon, CRVAL2: 20 },
        ...{ CDELT1: -0.001, CDELT2: 0.001, RADESYS: "ICRS" },
      }).map(([keyword, value]) => ({ keyword, value }));
    const of = { shape: [16, 16], wcs: sky(83) } as const;
    const run = (wcs: WcsCard[]) => ({ estimate: { ...estimate, run: { ...estimate.run, wcs } } });
    for (const wcs of [[], sky(83), sky(83.0004)]) checkSignificance(run(wcs), of, "s.fits");
    expect(() => checkSignificance(run(sky(83.01)), of, "s.fits")).toThrow(
      // 0.01 degrees at a declination of 20 are 9.4 pixels of 0.001.
      "s.fits: must be about the sky of the result, got pixels 9.4 pixels away",
    );
    await expect(
      reportFromFile(join(folder, "other.fits"), {
        significance: { ...estimate, run: { ...estimate.run, shape: [8, 32] } },
      }),
    ).rejects.toThrow("report: significance: must be about the image [16, 16] of the result, got [8, 32]");
  });

  it.each([
    [["--circle", "8,8,2"], "output"],
    [["-o", "x.fits"], "at least one"],
    [["--circle", "8,8", "-o", "x.fits"], "x,y,radius"],
    [["--circle", "80,8,2", "-o", "x.fits"], "got none"],
    [["--regions", "none.reg", "-o", "x.fits"], "must exist"],
    [["--circle", "8,8,2", "--gamma", "0.9", "-o", "x.fits"], "gamma must lie in"],
    [["--circle", "8,8,2", "--scan-png", "x.png", "-o", "x.fits"], "must come with --scan"],
  ])("refuses %s", async (args, message) => {
    const { code, stderr } = await cli(...INPUT, ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});
