/**
 * Studio and other programs, by the web profile of SAMP: a hub of astropy, whose user says no and yes, and a client that sends and takes.
 *
 * Needs Chromium (see `chromium.ts`) and Python with astropy (see `../interop/python.ts`), and port 21012 of this machine, where such a hub
 * must listen. Looks at `dist`. With TSLIRA_SCREENSHOTS=folder it saves what it sees.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { pixelToSky } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { fitsCard, imageToSkyImage, readFits, writeFits } from "../../src/io/fits.js";
import { pythonWith } from "../interop/python.js";
import { auditPage, hasChromium, itFindsChromium } from "./chromium.js";
import { StudioPage } from "./studio-page.js";

itFindsChromium();

const SCRIPT = fileURLToPath(new URL("../interop/samp-astropy.py", import.meta.url));
const python = pythonWith("astropy.samp", "astropy", "python3-astropy");
const SIDE = 16;
/** A line of the hub's client; see the script. */
interface Heard {
  readonly mtype?: string;
  readonly params: Readonly<Record<string, string>>;
  readonly read: Readonly<Record<string, unknown>> & { readonly sum: number };
  readonly clients: number;
  readonly answer: { readonly "samp.error": { readonly "samp.errortxt": string } };
}
const sky = Object.entries({
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", RADESYS: "ICRS", CRPIX1: 8, CRPIX2: 8 },
  ...{ CRVAL1: 83.6, CRVAL2: 22, CDELT1: -1e-4, CDELT2: 1e-4 },
}).map(([keyword, value]) => ({ keyword, value }));
const cards = sky.map(({ keyword, value }) => fitsCard(keyword, value));
/** Ten counts in every pixel, and a star of 400 in the pixel (5, 9). */
const counts = writeFits([
  {
    ...{ kind: "image", shape: [SIDE, SIDE], cards },
    data: Float64Array.from({ length: SIDE * SIDE }, (_, at) => (at === 9 * SIDE + 5 ? 400 : 10)),
  },
]);
const psf = writeFits([{ kind: "image", shape: [3, 3], data: Float64Array.of(1, 2, 1, 2, 4, 2, 1, 2, 1) }]);

describe.skipIf(!hasChromium || python === undefined)("Studio by SAMP", { timeout: 120_000 }, () => {
  const studio = new StudioPage();
  let hub: ChildProcess | undefined;
  const heard: Heard[] = [];
  const say = (words: object) => hub?.stdin?.write(`${JSON.stringify(words)}\n`);
  /** The next line of the hub's client that has this key, or one of this kind of message. */
  const next = async (key: string) => {
    const find = () => heard.findIndex((line) => key in line || line.mtype === key);
    await expect.poll(find).toBeGreaterThanOrEqual(0);
    return heard.splice(find(), 1)[0] as Heard;
  };
  const ask = async (mtype: string, params: Readonly<Record<string, string>>) => {
    say({ send: mtype, params });
    return (await next("answer")).answer;
  };
  const connect = () => studio.page.getByRole("button", { name: "Connect to DS9, TOPCAT, Aladin" }).click();
  const told = () => studio.page.locator(".settings-news p").last().textContent();

  afterAll(async () => {
    hub?.stdin?.end();
    if (hub && hub.exitCode === null) await once(hub, "exit");
  });

  it("takes images from other programs, and gives them images, catalogues and positions", async () => {
    await studio.open();
    studio.expected = /localhost:21012|ERR_CONNECTION_REFUSED/;
    // Nobody is asked before a click, and without a hub one sentence says what to do.
    await connect();
    await expect
      .poll(told)
      .toMatch(
        /^samp: a hub with the web profile must run on this machine, got no answer at http:\/\/localhost:21012; start /,
      );
    hub = spawn(python!, [SCRIPT, join(studio.folder, "hub.lock"), "web"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: hub.stdout! });
    expect(await once(lines, "line")).toEqual(["ready"]);
    lines.on("line", (line) => heard.push(JSON.parse(line)));
    await connect();
    await expect.poll(told).toMatch(/^samp: the hub must let this page in, got .*rejected by the user/);
    say({ allow: true });
    await connect();
    await expect
      .poll(told)
      .toBe("Connected to Receiver & <friend>. Images that they send come to this page.");
    await studio.shot("samp-start");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // A file of this machine, through the hub, to the list of files and through its checks.
    const place = (name: string, bytes: Uint8Array | string) => {
      writeFileSync(join(studio.folder, name), bytes);
      return pathToFileURL(join(studio.folder, name)).href;
    };
    const image = { url: place("counts of ds9.fits", counts), name: "counts of ds9.fits" };
    expect(await ask("image.load.fits", image)).toMatchObject({ "samp.status": "samp.ok" });
    expect(await told()).toBe("counts of ds9.fits came from Receiver & <friend>.");
    const broken = await ask("image.load.fits", {
      url: place("page.fits", "<!doctype html>"),
      name: "page.fits",
    });
    expect(broken).toMatchObject({ "samp.status": "samp.error" });
    expect(broken["samp.error"]["samp.errortxt"]).toMatch(/^page\.fits: .+ must .+; /);
    await ask("image.load.fits", { url: place("psf.fits", psf), name: "psf.fits" });
    await studio.page.getByRole("button", { name: "Remove page.fits" }).click();
    await studio.shot("samp-received");
    await studio.page.click(".go button");
    await studio.page.waitForSelector(".workspace");

    await studio.page.fill("#field-iterations", "300");
    await studio.page.click("text=Start the chains");
    await studio.page.waitForSelector(".verdict", { timeout: 60_000 });
    await studio.page.click("text=Send the image");
    const sent = await next("image.load.fits");
    await studio.page.waitForSelector("text=Receiver & <friend> has it.");
    const [download] = await Promise.all([
      studio.page.waitForEvent("download"),
      studio.page.click("text=Result, FITS"),
    ]);
    const mean = imageToSkyImage(readFits(new Uint8Array(readFileSync(await download.path())))[0]);
    expect(sent.read.shape).toEqual([SIDE, SIDE]);
    const sum = mean.data.reduce((all, value) => all + value);
    expect(sent.read.sum / sum).toBeCloseTo(1, 12);
    const { lon, lat } = pixelToSky(parseWcs(sky).wcs!, 3, 5); // where samp-astropy.py looks
    expect(sent.read.sky).toEqual([expect.closeTo(lon, 10), expect.closeTo(lat, 10)]);

    // A pixel that is picked here is shown there, and the other way round.
    const point = await studio.pointOf("Posterior mean", 5, 9, SIDE, SIDE);
    await studio.page.mouse.click(point.x, point.y);
    const star = pixelToSky(parseWcs(sky).wcs!, 5, 9);
    const { params } = await next("coord.pointAt.sky");
    expect([Number(params.ra), Number(params.dec)]).toEqual([
      expect.closeTo(star.lon, 10),
      expect.closeTo(star.lat, 10),
    ]);
    const other = pixelToSky(parseWcs(sky).wcs!, 12, 2);
    await ask("coord.pointAt.sky", { ra: String(other.lon), dec: String(other.lat) });
    await studio.page.waitForSelector('#selection-name:text-is("Pixel x = 12, y = 2")');

    await studio.page.click("#tab-measure");
    await studio.page.click("text=Find sources");
    await studio.page.waitForSelector("#sources");
    await studio.page.click("text=Send the sources");
    const table = await next("table.load.votable");
    expect(table.read).toMatchObject({
      rows: 1,
      columns: expect.arrayContaining(["flux", "source_limit_95"]),
    });
    await studio.shot("samp-sent");
    expect((await auditPage(studio.page)).violations).toEqual([]);

    // What was heard of pointing is not said again; a page that goes is registered no longer.
    expect(heard).toEqual([]);
    say({ clients: true });
    const { clients } = await next("clients");
    await studio.page.close();
    const left = async () => {
      say({ clients: true });
      return (await next("clients")).clients;
    };
    await expect.poll(left).toBe(clients - 1);
  });
});
