/** `tslira studio`: the page of Studio from this machine, to this machine only. */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "@commander-js/extra-typings";
import { InvalidInputError, JobError } from "../errors.js";
import { EXIT } from "./exit.js";
import { type HandedFiles, handedFiles } from "./handed-files.js";
import { parseWhole } from "./option-values.js";

const DETAILS = `
Drop counts and psf (exposure, background, mask) into the page, or take an example; cut out, run the
chains, look at every pixel, save the FITS result that tslira deconvolve would write. All computing is
done by the browser on this machine; the page asks nothing of any other.

The address holds a random token; without it nothing is served. Ctrl-C ends the server.

Examples:
  tslira studio
  tslira studio --port 8640 --no-open      over ssh -L 8640:127.0.0.1:8640`;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".md": "text/markdown; charset=utf-8",
};

/** Scripts, workers and WebAssembly of this address alone; no connection but to it and to the hub of SAMP on this machine. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    // Files for other programs, which this server hands on, and the hub of SAMP, which the page asks after a click alone.
    "connect-src 'self' http://localhost:21012",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

const LAST_PORT = 65_535;

/** Browsers keep runs by the port of the page: the same one each time lets them find those of before. */
const USUAL_PORT = 8640;

/** The command with all its options, but without its action. */
export function studioOptions() {
  return new Command("studio")
    .description("Open Studio, the page that deconvolves files in the browser.")
    .option("--port <n>", "port on 127.0.0.1 (default: 8640, or a free one)", parseWhole)
    .option("--no-open", "print the address, but do not open a browser")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** The command. */
export const command = () => studioOptions().action(studio);

/** A page server on this machine. */
export interface StudioServer {
  readonly address: string;
  readonly server: Server;
}

/**
 * Serve the built page below a random token.
 *
 * @param port 0 for a free one
 * @param folder of the built page
 * @throws InvalidInputError for a port that cannot be
 * @throws JobError when the page was not built, or the port is taken
 */
export async function serveStudio(port: number, folder = builtPage()): Promise<StudioServer> {
  if (port > LAST_PORT)
    throw new InvalidInputError(
      `studio: port must be a whole number from 0 to ${LAST_PORT}, got ${port}; leave --port out for a free one`,
    );
  if (!existsSync(join(folder, "index.html"))) {
    throw new JobError(`studio: the page must have been built, got nothing in ${folder}; run npm run build`);
  }
  const token = randomBytes(16).toString("base64url");
  // Only names that are there: what a request says never becomes a path.
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.slice(folder.length).replaceAll("\\", "/").replace(/^\/?/, "/"), path);
  }
  const handed = handedFiles();
  let hosts: readonly string[] = [];
  const server = createServer((request, response) => {
    answer(request, response, token, files, handed, hosts).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new JobError(
          `studio: port ${port} must be free, got ${cause.code ?? cause.message}; leave --port out for a free one`,
          { cause },
        ),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  hosts = [`127.0.0.1:${taken}`, `localhost:${taken}`];
  return { address: `http://127.0.0.1:${taken}/${token}/`, server };
}

function builtPage(): string {
  return fileURLToPath(new URL("../studio", import.meta.url));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  files: ReadonlyMap<string, string>,
  handed: HandedFiles,
  hosts: readonly string[],
): Promise<void> {
  const refuse = (status: number) => response.writeHead(status, HEADERS).end();
  // A name of somebody else's that was made to point here must not read the page.
  if (!hosts.includes(request.headers.host ?? "")) return void refuse(403);
  const path = (request.url ?? "/").replace(/[?#].*$/, "");
  const handing = `/${token}/handed/`;
  if (request.method === "PUT" && path.startsWith(handing)) {
    const place = await handed.take(request, path.slice(handing.length));
    if (typeof place === "number") return void refuse(place);
    const address = `http://${hosts[0]}${place}`;
    return void response.writeHead(201, { ...HEADERS, "content-type": "text/plain" }).end(address);
  }
  if (request.method !== "GET" && request.method !== "HEAD") return void refuse(405);
  const send = (content: Uint8Array, type: string, more = {}) => {
    const about = { "content-type": type, "content-length": content.length };
    response.writeHead(200, { ...HEADERS, ...more, ...about });
    response.end(request.method === "HEAD" ? undefined : content);
  };
  const found = handed.find(path);
  if (found) return send(found.content, found.type);
  if (path !== `/${token}` && !path.startsWith(`/${token}/`)) return void refuse(404);
  const name = path.slice(token.length + 1);
  if (name === "") return void response.writeHead(301, { ...HEADERS, location: `/${token}/` }).end();
  const file = files.get(name === "/" ? "/index.html" : name);
  const type = file && TYPES[extname(file)];
  if (file === undefined || type === undefined) return void refuse(404);
  // Their names change with what they hold: kept by the browser, they are there for another run when this server has ended.
  const kept = name.startsWith("/assets/") && { "cache-control": "private, max-age=604800, immutable" };
  send(await readFile(file), type, kept || {});
}

/** Whether Studio answers at a port of this machine: by its policy, which it sends with every answer. */
export function studioAnswers(port: number): Promise<boolean> {
  const policy = "content-security-policy";
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, method: "HEAD", path: "/", timeout: 1_000 }, (found) => {
      found.resume();
      resolve(found.headers[policy] === HEADERS[policy]);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.end();
  });
}

/** Ask the system to open an address; that it cannot is no error, for the address is printed. */
function openBrowser(address: string): void {
  const [program, ...args] =
    process.platform === "darwin"
      ? ["open", address]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", address]
        : ["xdg-open", address];
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}

async function studio(flags: { readonly port?: number | undefined; readonly open: boolean }): Promise<void> {
  const { address, server } = await (flags.port === undefined
    ? serveStudio(USUAL_PORT).catch(async () => {
        if (await studioAnswers(USUAL_PORT))
          process.stderr.write(
            `tslira studio: another one runs at port ${USUAL_PORT}, at the address that it printed; this one is beside it, and does not see ` +
              "the runs that the browser keeps for that port\n",
          );
        return serveStudio(0);
      })
    : serveStudio(flags.port));
  process.stderr.write(`tslira studio: ${address}\n  Ctrl-C ends it\n`);
  if (flags.open) openBrowser(address);
  await new Promise<void>((resolve) => {
    const end = () => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
  });
  process.exitCode = EXIT.done;
}
