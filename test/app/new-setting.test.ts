/** One entry in the list of settings, and every door has it: no other file knows of it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { Setting } from "../../src/settings/setting.js";

const GLOW: Setting = {
  key: "glowWidth",
  kind: { type: "number", least: 0, most: 2 },
  methods: ["lira"],
  group: "Model",
  label: "Width of the glow",
  meaning: "Pixels over which the sky glows.",
  default: 0.5,
  formerly: 0.5,
};
vi.mock("../../src/settings/list.js", async (importOriginal) => {
  const { SETTINGS } = await importOriginal<typeof import("../../src/settings/list.js")>();
  return { SETTINGS: [...SETTINGS, GLOW] };
});
// Studio imports the package by name; here it is the source, with the longer list.
vi.mock("tslira", () => import("../../src/index.js"));
vi.mock("tslira/fits", () => import("../../src/fits.js"));
vi.mock("tslira/sky", () => import("../../src/sky.js"));
vi.mock("#settings", () => import("../../src/settings.js"));
vi.mock("#studio", () => import("../../src/studio.js"));

const { configurationHash, configurationOfResult, readHash } = await import(
  "../../app/src/settings/configuration.js"
);
const { commandOf, typescriptOf } = await import("../../app/src/settings/reproduce.js");
const { fieldError, fieldsUnder, formIsGood, settingsOf, startForm } = await import(
  "../../app/src/settings/settings.js"
);
const { significanceCommand: testCommand, significanceQuestion } = await import(
  "../../app/src/settings/significance-settings.js"
);
const { command: deconvolveCommand } = await import("../../src/cli/deconvolve.js");
const { readConfigFile } = await import("../../src/cli/deconvolve-config.js");
const { command: infoCommand } = await import("../../src/cli/info.js");
const { significanceSettings } = await import("../../src/cli/significance.js");
const { significanceOptions } = await import("../../src/cli/significance-options.js");
const { command: simulateCommand } = await import("../../src/cli/simulate.js");
const { readTable } = await import("../../src/fits.js");
const { LiraDeconvolver, readResult, readFitsFile, simulatePointSource, writeResult } = await import(
  "../../src/node.js"
);
const { settingRows } = await import("../../src/report/config-table.js");
const { reproducingCode } = await import("../../src/report/reproduce.js");

const folder = mkdtempSync(join(tmpdir(), "tslira-setting-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

/** What a command prints on stdout. */
async function output(
  command: { parseAsync(args: string[], how: { from: "user" }): unknown },
  args: string[],
) {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    await command.parseAsync(args, { from: "user" });
  } finally {
    spy.mockRestore();
  }
  return written.join("");
}

describe("an entry in the list of settings", () => {
  it("is a flag with its help and its check, and a key of config files", async () => {
    expect(deconvolveCommand().helpInformation()).toMatch(
      /--glow-width <x>\s+pixels over which the sky glows \(default: 0\.5\)/,
    );
    const command = significanceOptions().exitOverride();
    command.parse(["counts.fits", "--glow-width", "1.5"], { from: "user" });
    expect(significanceSettings(command.opts())).toEqual({ glowWidth: 1.5 });
    command.configureOutput({ writeErr: () => undefined });
    expect(() => command.parse(["a.fits", "--glow-width", "wide"], { from: "user" })).toThrow(
      /Give a number/,
    );
    writeFileSync(at("run.json"), '{"glowWidth": 1.25}');
    expect((await readConfigFile(at("run.json"))).options).toEqual({ glowWidth: 1.25 });
    writeFileSync(at("bad.json"), '{"glowWidht": 1.25}');
    await expect(readConfigFile(at("bad.json"))).rejects.toThrow('did you mean "glowWidth"?');
    writeFileSync(at("bad.json"), '{"glowWidth": "wide"}');
    await expect(readConfigFile(at("bad.json"))).rejects.toThrow('glowWidth must be a number, got "wide"');
    expect(() => new LiraDeconvolver({ glowWidth: 3 } as object)).toThrow(
      "lira: glowWidth must be a number from 0 to 2, got 3; the default is 0.5",
    );
  });

  it("goes from a flag into CONFIG, and from there to info, report and the code that repeats the run", async () => {
    await output(simulateCommand(), ["point-source", "--shape", "16", "-o", at("sim"), "--quiet"]);
    const files = [at("sim/counts.fits"), "--psf", at("sim/psf.fits"), "-o", at("result.fits"), "--quiet"];
    const short = ["-n", "40", "--burn-in", "10", "--chains", "2", "--workers", "0"];
    await output(deconvolveCommand(), [...files, ...short, "--glow-width", "1.5"]);
    const result = await readResult(at("result.fits"));
    expect(result.config).toMatchObject({ glowWidth: 1.5, iterations: 40 });
    const config = (await readFitsFile(at("result.fits"))).find(({ name }) => name === "CONFIG")!;
    const columns = readTable(config).columns.map(({ name }) => name);
    expect(columns[0]).toBe("n_iter_max");
    expect(columns).toContain("glow_width");
    expect(await output(infoCommand(), [at("result.fits")])).toMatch(/width of the glow\s+1\.5\n/);
    expect(settingRows(result.config, 1)).toContainEqual({
      name: "glowWidth",
      value: "1.5",
      meaning: "Pixels over which the sky glows.",
    });
    expect(reproducingCode(result, undefined)).toContain("glowWidth: 1.5,");
  });

  it("is a field of Studio's form, and in the command and code that Studio gives", async () => {
    const field = fieldsUnder("adaptive").find(({ key }) => key === "glowWidth")!;
    expect(field).toMatchObject({ label: "Width of the glow", start: "0.5", kind: "number" });
    expect(fieldError(field, { glowWidth: "3" })).toBe("at most 2");
    const form = { ...startForm(), glowWidth: "1.5" };
    expect(formIsGood(form)).toBe(true);
    expect(readHash(configurationHash(form, {}))).toMatchObject({ form, notes: [] });
    const settings = settingsOf(form);
    expect(commandOf({}, {}, settings)).toContain(" --glow-width 1.5 ");
    expect(typescriptOf({}, {}, settings)).toContain("  glowWidth: 1.5,\n");
    const question = significanceQuestion({ circle: { x: 3, y: 4, radius: 2 } }, form)!;
    expect(testCommand({}, {}, question)).toContain(" --glow-width 1.5 ");
    const short = { ...settings, iterations: 40, burnIn: 10, chains: 2 };
    const result = await new LiraDeconvolver(short).run(simulatePointSource({ shape: [16, 16] }), {
      workers: 0,
    });
    expect(configurationOfResult(result.config, [16, 16]).form.glowWidth).toBe("1.5");
    await writeResult(result, at("again.fits"));
    expect((await readResult(at("again.fits"))).config).toEqual(result.config);
  });
});
