/** `tslira studio`: ports that cannot be, and others of its kind at a port. */
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { serveStudio, studioAnswers } from "../../src/cli/studio.js";

/** The folder of the built page. */
const PAGE = new URL("../../dist/studio", import.meta.url).pathname;

let open: Server | undefined;
afterEach(() => {
  open?.closeAllConnections();
  open?.close();
});
const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe("tslira studio", () => {
  it("refuses a port that cannot be, and one that is taken, in words", async () => {
    await expect(serveStudio(99_999, PAGE)).rejects.toThrow(
      "studio: port must be a whole number from 0 to 65535, got 99999; leave --port out for a free one",
    );
    const { server } = await serveStudio(0, PAGE);
    open = server;
    await expect(serveStudio(portOf(server), PAGE)).rejects.toThrow(/must be free, got EADDRINUSE/);
  });

  it("is known from other programs at a port", async () => {
    open = (await serveStudio(0, PAGE)).server;
    expect(await studioAnswers(portOf(open))).toBe(true);
    open.close();
    open.closeAllConnections();
    open = createServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => open?.listen(0, "127.0.0.1", resolve));
    expect(await studioAnswers(portOf(open))).toBe(false);
  });

  it("hands files of the page on, at addresses of their own", async () => {
    const { address, server } = await serveStudio(0, PAGE);
    open = server;
    const put = (path: string, body: Uint8Array<ArrayBuffer>) => fetch(path, { method: "PUT", body });
    const bytes = Uint8Array.of(1, 2, 3);
    const answer = await put(`${address}handed/mean.fits`, bytes);
    expect(answer.status).toBe(201);
    const place = await answer.text();
    expect(place).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/mean\.fits$/);
    // Who knows where a file is knows nothing of the page.
    expect(place.startsWith(address)).toBe(false);
    const found = await fetch(place);
    expect(found.headers.get("content-type")).toBe("application/fits");
    expect(new Uint8Array(await found.arrayBuffer())).toEqual(bytes);
    const { origin } = new URL(address);
    expect((await put(`${origin}/handed/mean.fits`, bytes)).status).toBe(405);
    expect((await put(`${address}handed/page.html`, bytes)).status).toBe(415);
    expect((await put(`${address}handed/..%2Fmean.fits`, bytes)).status).toBe(415);
    // The oldest of more than sixteen goes.
    for (let file = 0; file < 16; file++) await put(`${address}handed/table.vot`, bytes);
    expect((await fetch(place)).status).toBe(404);
    // 256 MiB are the most.
    const refused = await new Promise((resolve) => {
      const headers = { "content-length": 2 ** 28 + 1 };
      const asked = request(`${address}handed/large.fits`, { method: "PUT", headers }, ({ statusCode }) => {
        resolve(statusCode);
        asked.destroy();
      });
      asked.on("error", () => undefined);
      asked.flushHeaders();
    });
    expect(refused).toBe(413);
  });
});
