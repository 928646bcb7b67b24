/**
 * Psfs at places, of which one is true, and of a width or a pointing with an error, in Studio, in headless Chromium: the card says what they
 * are, and a run gives the bytes of the command.
 *
 * Needs Chromium (see `chromium.ts`). Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { psfEnsemble } from "../../src/data/observation/psf-ensemble.js";
import { psfSet } from "../../src/data/observation/psf-set.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { constantImage } from "../../src/image.js";
import { writeFits } from "../../src/io/fits.js";
import { psfEnsembleHdus, psfSetHdus } from "../../src/io/psf-set-file.js";
import { decodeResult } from "../../src/io/result-file.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { commandsResult, StudioPage } from "./studio-page.js";

const SHAPE = [20, 20] as const;
const places = [2, 10, 17].flatMap((y) =>
  [2, 10, 17].map((x) => ({ psf: gaussianPsf(1 + 0.1 * Math.hypot(x - 10, y - 10)), x, y })),
);
const members = psfEnsemble([1.2, 1.5, 1.9, 2.2, 2.4].map((sigma) => ({ psf: gaussianPsf(sigma) })));
const flux = constantImage(SHAPE, 0.3);
for (const [x, y] of [
  [10, 10],
  [3, 15],
])
  flux.data[y * SHAPE[1] + x] = 300;

const image = ({ data, shape }: typeof flux) =>
  writeFits([{ kind: "image", name: "PRIMARY", shape, data: Int16Array.from(data) }]);
const FILES = {
  "counts-21.fits": image(simulateCounts(flux, psfSet(places), { seed: 3 })),
  "counts-22.fits": image(simulateCounts(flux, psfSet(places), { seed: 4 })),
  "set.fits": writeFits(psfSetHdus(places)),
  "ensemble.fits": writeFits(psfEnsembleHdus(members)),
  "components.fits": writeFits(psfEnsembleHdus({ ...members, components: 3 })),
  "psf.fits": writeFits([{ kind: "image", name: "PRIMARY", ...gaussianPsf(1.6) }]),
};

itFindsChromium();

describe.skipIf(!hasChromium)("Psfs in Studio", { timeout: 180_000 }, () => {
  const studio = new StudioPage();
  const fact = async (key: string) => (await studio.fact(".card", key))?.replaceAll("\u00a0", " ");

  async function openFiles(names: readonly (keyof typeof FILES)[]): Promise<void> {
    for (const name of names) writeFileSync(join(studio.folder, name), FILES[name]);
    await studio.drop(names.map((name) => ({ name, bytes: FILES[name] })));
    await studio.page.waitForSelector(".go button:enabled");
  }

  /** Run so many sweeps here and by the command that the page gives. @returns the command */
  async function likeTheCommand(sweeps = 60): Promise<string> {
    const shown = studio.page.locator("details:has(summary:text-is('As a command')) pre").first();
    const command = (await shown.textContent()) ?? "";
    const joint = studio.page.locator("details:has(summary:text('joint.json')) pre");
    if ((await joint.count()) > 0)
      writeFileSync(join(studio.folder, "joint.json"), (await joint.textContent()) ?? "");
    expect(await studio.savedResult(sweeps)).toEqual(await commandsResult(studio.folder, command, sweeps));
    return command;
  }

  it("are taken at places, as they lie in the field", async () => {
    await studio.open();
    await openFiles(["counts-21.fits", "set.fits"]);
    await expect.poll(() => studio.page.locator(".files").textContent()).toContain("9 psfs at places");
    await studio.shot("psf-set-files");
    await studio.page.click(".go button");
    await expect.poll(() => fact("psf")).toMatch(/^9 psfs at places, 3 × 3; each \d+ × \d+ pixels$/);
    await studio.shot("psf-set-data");
    // A rectangle of one psf is no part of all.
    await studio.page.keyboard.press("x");
    const { x, y, width, height } = (await studio.panel("PSF").locator(".frame").boundingBox())!;
    await studio.drag({ x: x + 20, y: y + 20 }, { x: x + width - 20, y: y + height - 20 });
    await studio.page.click(".cutbar .primary");
    await studio.page.waitForSelector(
      "text=psf cutout: must go with one psf, got the set set.fits; leave it out",
    );
    expect(await likeTheCommand()).toContain("--psf set.fits ");
    expect((await auditPage(studio.page)).violations).toEqual([]);
  });

  it("are drawn with the image where one of several is true, and come back with the result", async () => {
    await studio.open({ colorScheme: "dark", viewport: { width: 1024, height: 768 } });
    await openFiles(["counts-21.fits", "ensemble.fits"]);
    await studio.shot("psf-ensemble-files");
    await studio.page.click(".go button");
    await expect.poll(() => fact("psf")).toMatch(/^5 psfs of which one is true; /);
    await studio.page.getByLabel("What the psf is made of").selectOption("2");
    await expect.poll(() => fact("psf")).toMatch(/^2 components of 5 psfs; /);
    const width = studio.page.getByLabel("Error of the width of the psf");
    await width.fill("30");
    expect(await width.getAttribute("aria-invalid")).toBe("true");
    await width.fill("5");
    await width.press("Enter");
    await studio.page.waitForSelector("pre:has-text('--psf-width-error 0.05')", { state: "attached" });
    await studio.shot("psf-ensemble-data");
    expect(await likeTheCommand()).toContain(
      "--psf ensemble.fits --psf-components 2 --psf-width-error 0.05 --iterations",
    );
    await studio.page.click("[role=tab]:has-text('Chains')");
    await expect
      .poll(() => studio.page.locator("#tab-panel").textContent())
      .toMatch(/psf component 0.*psf component 1.*psf width/i);
    await studio.shot("psf-ensemble-result");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // The result with its data is put together as it was.
    const bytes = readFileSync(join(studio.folder, "result.fits"));
    expect(decodeResult(new Uint8Array(bytes)).provenance.inputs.map(({ name }) => name)).toEqual([
      "counts-21.fits",
      "ensemble.fits",
    ]);
    await studio.page.click("text=Other data");
    await studio.drop([{ name: "result.fits", bytes }]);
    await studio.page.click("text=Open the result");
    await expect.poll(() => fact("psf")).toMatch(/^2 components of 5 psfs; /);
    expect(await width.inputValue()).toBe("5");
    await studio.page.getByLabel("Law of the psf").selectOption("fixed");
    await expect.poll(() => fact("psf")).toMatch(/^\d+ × \d+$/);
    await studio.page.waitForSelector("pre:has-text('--psf-law fixed')", { state: "attached" });
  });

  it("may lie beside where their headers say, each kept by a pair of chains", async () => {
    await studio.open();
    await openFiles(["counts-21.fits", "counts-22.fits", "components.fits", "psf.fits"]);
    await studio.page.click(".go button");
    await expect.poll(() => fact("psf")).toMatch(/^3 components of 5 psfs; /);
    const pointing = studio.page.getByLabel("Error of the pointing");
    await pointing.fill("0.5");
    await pointing.press("Enter");
    await studio.page.waitForSelector("pre:has-text('pointingError')", { state: "attached" });
    await studio.page.getByLabel("Law of the psf").selectOption("ensemble");
    await studio.page.waitForSelector("pre:has-text('psfLaw')", { state: "attached" });
    await studio.shot("psf-pointing-data");
    await likeTheCommand(40);
    const { observations } = JSON.parse(readFileSync(join(studio.folder, "joint.json"), "utf8")) as {
      observations: object[];
    };
    expect(observations).toEqual([
      { counts: "counts-21.fits", psf: "components.fits", psfLaw: "ensemble" },
      { counts: "counts-22.fits", psf: "psf.fits", pointingError: 0.5, psfLaw: "ensemble" },
    ]);
  });
});
