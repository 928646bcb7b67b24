/**
 * `tslira send` and astropy's hub, with a client that opens what it is sent.
 *
 * Needs Python with astropy (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3); skipped with a reason when it is absent,
 * failed with TSLIRA_REQUIRE_INTEROP=1.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pixelToSky } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { fitsCard } from "../../src/io/fits.js";
import { writeFitsFile } from "../../src/io/fits-file-node.js";
import { MAIN } from "../cli/run-cli.js";
import { pythonWith } from "./python.js";

const SCRIPT = fileURLToPath(new URL("samp-astropy.py", import.meta.url));
const python = pythonWith("astropy.samp", "astropy", "python3-astropy");
const folder = mkdtempSync(join(tmpdir(), "tslira samp-"));
const lock = join(folder, "hub.lock");

const cards = Object.entries({
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", RADESYS: "ICRS", CRPIX1: 12, CRPIX2: 12 },
  ...{ CRVAL1: 83.6, CRVAL2: 22, CDELT1: -1e-4, CDELT2: 1e-4 },
}).map(([keyword, value]) => ({ keyword, value }));

describe.skipIf(python === undefined)("files by SAMP", () => {
  let hub: ChildProcess;
  const heard: string[] = [];
  /** What the client of the hub has printed since it was last asked. */
  const received = () => heard.splice(0).map((line) => JSON.parse(line));

  beforeAll(async () => {
    hub = spawn(python!, [SCRIPT, lock], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: hub.stdout! });
    expect(await once(lines, "line")).toEqual(["ready"]);
    lines.on("line", (line) => heard.push(line));
    const data = Float64Array.from({ length: 48 }, (_, index) => index);
    const image = { kind: "image" as const, data, shape: [6, 8] };
    const sky = cards.map(({ keyword, value }) => fitsCard(keyword, value));
    await writeFitsFile(join(folder, "an image.fits"), [{ ...image, cards: sky }]);
  }, 60_000);
  afterAll(async () => {
    hub?.stdin?.end();
    if (hub !== undefined) await once(hub, "exit");
    rmSync(folder, { recursive: true, force: true });
  });

  const send = async (args: readonly string[], place = lock) => {
    const env = { ...process.env, SAMP_HUB: `std-lockurl:${pathToFileURL(place).href}` };
    const child = spawn(process.execPath, [MAIN, "send", ...args], { cwd: folder, env });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        text += chunk;
      });
    const [code] = await once(child, "close");
    return { code, text };
  };

  it("sends an image with its sky coordinates, and points there", async () => {
    const { code, text } = await send(["an image.fits", "--at", "05:34:24,+22:00:00"]);
    const name = "Receiver & <friend>";
    expect(text).toBe(
      `an image.fits: image.load.fits sent to ${name}\nposition 83.6, 22: coord.pointAt.sky sent to ${name}\n`,
    );
    expect(code).toBe(0);
    const [image, point] = received();
    expect(image.params).toMatchObject({ name: "an image.fits" });
    const { lon, lat } = pixelToSky(parseWcs(cards).wcs!, 3, 5);
    // 0 + 1 + ... + 47.
    expect(image.read).toMatchObject({ shape: [6, 8], sum: 1128 });
    expect(image.read.sky[0]).toBeCloseTo(lon, 10);
    expect(image.read.sky[1]).toBeCloseTo(lat, 10);
    expect([Number(point.params.ra), Number(point.params.dec)]).toEqual([expect.closeTo(83.6, 10), 22]);
  });

  it("sends tables as FITS and VOTable, to one by name", async () => {
    const column = { name: "flux", format: "D", values: Float64Array.of(1, 2, 3) };
    await writeFitsFile(join(folder, "table.fits"), [{ kind: "table", name: "SOURCES", columns: [column] }]);
    const votable =
      '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>' +
      '<FIELD name="flux" datatype="double"/><DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>';
    writeFileSync(join(folder, "table.vot"), votable);
    const { code, text } = await send(["table.fits", "table.vot", "--to", "receiver", "--json"]);
    expect([code, text.trim().split("\n").length]).toEqual([0, 2]);
    expect(received().map(({ mtype, read }) => [mtype, read])).toEqual([
      ["table.load.fits", { rows: 3, columns: ["flux"] }],
      ["table.load.votable", { rows: 1, columns: ["flux"] }],
    ]);
  });

  it("says what is missing: a program, a file, a hub", async () => {
    const nobody = await send(["an image.fits", "--to", "ds9"]);
    expect(nobody.code).toBe(1);
    expect(nobody.text).toContain("a program named ds9 that takes image.load.fits must be registered");
    expect(nobody.text).toContain("got Receiver & <friend>, Idle (not image.load.fits); start it");

    writeFileSync(join(folder, "broken.vot"), "no table");
    const refused = await send(["broken.vot"]);
    expect(refused.code).toBe(2);
    expect(refused.text).toContain("send: a program must take broken.vot, got");

    expect(await send(["none.fits"])).toMatchObject({ code: 1 });
    const alone = await send(["an image.fits"], join(folder, "no.lock"));
    expect(alone.code).toBe(2);
    expect(alone.text).toMatch(/samp: a hub must run, with its lock file .*, got no such file; start a hub/);
    // A hub that was killed leaves its lock file.
    const dead = join(folder, "dead.lock");
    writeFileSync(dead, "samp.secret=x\nsamp.hub.xmlrpc.url=http://127.0.0.1:1/\n");
    const gone = await send(["an image.fits"], dead);
    expect(gone.code).toBe(2);
    expect(gone.text).toMatch(
      /the hub at http:\/\/127\.0\.0\.1:1\/ must answer, got .*; if it no longer runs, delete/,
    );
  });
});
