/** `tslira studio`: ports that cannot be, and others of its kind at a port. */
import { createServer, type Server } from "node:http";
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
});
