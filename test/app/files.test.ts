/** Files that a page is given and cannot use. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { fileBytes } from "../../app/src/desk/file-bytes.js";
import { deskFiles } from "../../app/src/desk/files.js";
import { deskSessions } from "../../app/src/desk/sessions.js";
import type { Row } from "../../app/src/start/file-rows.js";
import { missing } from "../../app/src/start/start-screen.js";
import { composeTogether } from "../../src/io/compose-together.js";

describe("bytes of a file", () => {
  it("are refused in words of their own where the browser cannot give them", async () => {
    // What browsers say of a folder, and of a file that changed: sentences without its name.
    const folder = {
      size: 4096,
      slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException("x", "NotFoundError")) }),
    };
    await expect(fileBytes(folder as never, "folder")).rejects.toThrow(
      /^folder: must be a file that can be read, /,
    );
    const large = { size: 3e9 };
    await expect(fileBytes(large as never, "a.fits")).rejects.toThrow(
      /^a\.fits: .* at most 2 GB .*, got 3\.0 GB;/,
    );
    expect(await fileBytes(new Blob(["ab"]), "b")).toEqual(Uint8Array.of(97, 98));
  });
});

describe("event lists", () => {
  it("are opened one at a time", () => {
    const row = (key: number) =>
      ({
        key,
        name: "",
        size: 1,
        state: "read",
        images: [],
        found: { events: {} },
        binning: {},
      }) as never as Row;
    expect(missing({}, [row(1), row(2)])).toMatch(/one at a time: remove/);
    expect(missing({}, [row(1)])).not.toMatch(/one at a time/);
  });
});

describe("a kept run", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("goes on in one tab alone", async () => {
    const held = [{ name: "tslira-session-one", clientId: "another" }];
    const request = () => Promise.reject(new DOMException("", "TimeoutError"));
    vi.stubGlobal("navigator", { locks: { request, query: async () => ({ held }) } });
    const sessions = deskSessions(deskFiles(), async () => undefined);
    const begin = (session: string) => sessions.begin({ title: "", form: {}, session }, {}, {}, {}, "");
    await expect(begin("one")).rejects.toThrow(/must go on in one tab alone/);
    // Of another the tab that stood still has the lock: the run goes on, though nothing can be kept here.
    expect((await begin("two")).trouble()).toMatch(/^This run is not kept/);
  });
});

describe("observations", () => {
  it("with the same counts are pointed out, those without photons aside", () => {
    const one = (...data: number[]) => {
      const image = { data: Float64Array.from(data), shape: [1, 2] as const };
      return { observation: { counts: image, psf: image }, notes: ["a"] };
    };
    const notes = (...all: ReturnType<typeof one>[]) => composeTogether(all).notes;
    expect(notes(one(1, Number.NaN), one(1, 2), one(1, Number.NaN))).toEqual([
      "a",
      expect.stringMatching(
        /^observations: each should have counts of its own, got the same ones in 1 and 3;/,
      ),
    ]);
    expect(notes(one(1, 2), one(2, 1), one(0, 0), one(0, 0))).toEqual(["a"]);
  });
});
