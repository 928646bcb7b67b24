import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

/** The policy of a careful site: no connections, scripts and workers of its own, styles and pictures inside figures. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'unsafe-inline'",
  "img-src data:",
].join("; ");

/** Built pages on a port of this machine. */
export interface PageServer {
  readonly origin: string;
  /** Paths that were asked for and do not exist. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

/**
 * Serve files from memory, to this machine only.
 *
 * @param files content by path; a path that ends with a slash stands for its `index.html`
 */
export async function servePages(files: ReadonlyMap<string, Uint8Array>): Promise<PageServer> {
  const missing: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    const content = request.method === "GET" ? files.get(path) : undefined;
    const type = TYPES[extname(path)];
    if (content !== undefined && type !== undefined) {
      response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(content);
    } else if (pathname === "/favicon.ico") {
      // Browsers ask on their own.
      response.writeHead(204).end();
    } else {
      missing.push(`${request.method} ${pathname}`);
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    missing,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
