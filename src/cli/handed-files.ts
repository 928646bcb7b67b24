/** Files that the page of Studio hands to other programs on this machine, each at an address of its own. */

import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { extname } from "node:path";

/** Most bytes of a file, and most files; older ones go. */
const MAX_BYTES = 2 ** 28;
const MAX_FILES = 16;

const TYPES: Readonly<Record<string, string>> = {
  ".fits": "application/fits",
  ".vot": "application/x-votable+xml",
};

/** A file as it is served. */
export interface HandedFile {
  readonly content: Uint8Array;
  readonly type: string;
}

/** The files, by their paths. */
export interface HandedFiles {
  /** Keep the body of a request. @returns the path where it is found, or the status of a refusal */
  take(request: IncomingMessage, name: string): Promise<string | number>;
  find(path: string): HandedFile | undefined;
}

/** None yet. */
export function handedFiles(): HandedFiles {
  const held = new Map<string, HandedFile>();
  return {
    async take(request, name) {
      const type = TYPES[extname(name)];
      if (type === undefined || !/^[\w.-]{1,120}$/.test(name)) return 415;
      if (Number(request.headers["content-length"]) > MAX_BYTES) return 413;
      const parts: Uint8Array[] = [];
      let bytes = 0;
      for await (const part of request) {
        bytes += part.length;
        if (bytes > MAX_BYTES) return 413;
        parts.push(part);
      }
      // Not below the page's token, which other programs need not know.
      const path = `/${randomBytes(16).toString("base64url")}/${name}`;
      held.set(path, { content: Buffer.concat(parts), type });
      for (const oldest of [...held.keys()].slice(0, -MAX_FILES)) held.delete(oldest);
      return path;
    },
    find: (path) => held.get(path),
  };
}
