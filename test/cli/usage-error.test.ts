/** What is wrong with a command line is said as everything else is: what must hold, what was given, what to do. */
import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { reportError } from "../../src/cli/exit.js";
import { checkOutputPaths } from "../../src/cli/output-path.js";
import { readCatalogue } from "../../src/cli/read-catalogue.js";
import { fileSha256 } from "../../src/io/file-sha256-node.js";
import { readSignificance } from "../../src/significance/significance-file-node.js";
import { finished, MAIN, runCli, startCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-usage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("standard output", () => {
  it.skipIf(!existsSync("/dev/full"))("that cannot be written is an error", async () => {
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [MAIN, "--help"], { stdio: ["ignore", full, "pipe"] });
    closeSync(full);
    const { code, stderr } = await finished(child);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tslira: standard output: must take what is printed, got ENOSPC; .*\n$/);
  });

  it("of messages that nobody reads does not end the work", async () => {
    const child = startCli(folder, ["resume", "nothing"]);
    child.stderr?.destroy();
    expect((await finished(child)).code).toBe(1);
  });
});

describe("what is no name of a file", () => {
  it("is told of - as an output, and of the limit of open files as a cause", async () => {
    await expect(checkOutputPaths(["-"], { overwrite: true })).rejects.toThrow(
      "-: output must be a file, got the word for standard output; name a file",
    );
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const exit = reportError(
      Object.assign(new Error("EMFILE: too many open files, open 'a.js'"), { code: "EMFILE" }),
    );
    const [[text]] = write.mock.calls;
    write.mockRestore();
    expect([exit, text]).toEqual([2, expect.stringContaining("raise it, for example ulimit -n 1024")]);
  });
});

describe.skipIf(process.platform === "win32")("a link whose file is to come", () => {
  it("is as good an output as its file, and the same one", async () => {
    const at = (name: string) => join(folder, name);
    mkdirSync(at("far"));
    symlinkSync("far/new.fits", at("link.fits"));
    symlinkSync("gone/new.fits", at("lost.fits"));
    await checkOutputPaths([at("link.fits")], { overwrite: false });
    await expect(
      checkOutputPaths([at("link.fits"), at("far/new.fits")], { overwrite: true }),
    ).rejects.toThrow("output must be a file of its own, got another output");
    await expect(checkOutputPaths([at("lost.fits")], { overwrite: false })).rejects.toThrow(
      /lost.fits: folder .*gone must exist, got none/,
    );
    await runCli(folder, ..."simulate point-source -o linked -q".split(" "));
    const made =
      "deconvolve linked/counts.fits --psf linked/psf.fits --method richardson-lucy -n 5 -q -o link.fits";
    expect((await runCli(folder, ...made.split(" "))).code).toBe(0);
    expect(existsSync(at("far/new.fits"))).toBe(true);
    expect(lstatSync(at("link.fits")).isSymbolicLink()).toBe(true);
  });
});

describe.skipIf(process.platform === "win32")("a pipe or device", () => {
  it("is no file to read or to replace, and is not waited for", async () => {
    execFileSync("mkfifo", [join(folder, "pipe.fits")]);
    const got = "got a device, pipe or socket; choose";
    await runCli(folder, ..."simulate point-source -o sim -q".split(" "));
    const files = "deconvolve sim/counts.fits --psf sim/psf.fits -n 20 -c 2 -q";
    for (const words of [
      `${files} -o pipe.fits --overwrite`,
      `${files} -o /dev/full --overwrite`,
      "deconvolve sim/counts.fits --psf sim/psf.fits -o r.fits --method map --prior patches:file=pipe.fits",
      "bin pipe.fits -o b.fits",
    ]) {
      const { code, stderr } = await runCli(folder, ...words.split(" "));
      expect({ words, code, told: stderr.includes(got) }).toEqual({ words, code: 1, told: true });
    }
    await expect(fileSha256(join(folder, "pipe.fits"))).rejects.toThrow(got);
    await expect(fileSha256("/dev/zero")).rejects.toThrow(got);
    await expect(readSignificance(join(folder, "pipe.fits"))).rejects.toThrow(got);
    await expect(readCatalogue(join(folder, "pipe.fits"), { shape: [8, 8] })).rejects.toThrow(got);
  });
});

describe("a command line", () => {
  it.each([
    [
      "deconvolve --chian 2",
      "deconvolve: options must be those of its help, got --chian; did you mean --chains?",
    ],
    [
      "deconvolve --xyzzy",
      "deconvolve: options must be those of its help, got --xyzzy; see tslira deconvolve --help",
    ],
    ["constructor", "command must be one of tslira's, got constructor; see tslira --help"],
    ["deconvole a.fits", "command must be one of tslira's, got deconvole; did you mean deconvolve?"],
    ["deconvolve a b c", "deconvolve: arguments must be at most 1, got 3; leave out the others"],
    ["deconvolve a.fits --psf", "deconvolve: --psf must come with <file or name>, got none; add it"],
    ["simulate disk", "simulate: --output must be given, got none; add --output <folder>"],
    ["resume", "resume: <checkpoint> must be given, got none; add it"],
    [
      "deconvolve a.fits --boundary foo",
      "deconvolve: --boundary must be one of spill, wrap, got foo; choose one",
    ],
    [
      "deconvolve a.fits -n 3.5",
      "deconvolve: --iterations must be as its help says, got 3.5; give a whole number",
    ],
    [
      "simulate rabbit -o x",
      "simulate: <sky> must be one of point-source, disk, gaussian-and-points, got rabbit; choose one",
    ],
  ])("%s", async (words, message) => {
    const { code, stdout, stderr } = await runCli(folder, ...words.split(" "));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^tslira: .*\n$/);
    expect(stderr).toContain(message);
    // Where the remedy leaves a choice, the help has what there is to choose from.
    expect(stderr).toMatch(/see tslira ([a-z]+ )?--help\)?\n$/);
  });
});
