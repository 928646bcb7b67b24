/** The hub of SAMP's standard profile (SAMP 1.3, section 4): where it is, and calls to it as a registered client. */

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FormatError, InvalidInputError, JobError } from "../errors.js";
import { decodeResponse, encodeCall, type SampMap, type SampValue } from "./xml-rpc.js";

const START =
  "start a hub (TOPCAT, Aladin and DS9 have one; else jsamp hub, or astropy's samp_hub) and repeat";

/** How long a hub may take to answer, in milliseconds; a client that loads a file has longer. */
const PATIENCE = 10_000;

/** A program that is registered with the hub. */
export interface SampClient {
  /** Of the hub. */
  readonly id: string;
  /** That it goes by, its id without one. */
  readonly name: string;
}

/** What a client says of a message. */
export interface SampAnswer {
  /** False when it could not do what was asked. */
  readonly done: boolean;
  /** In its words; undefined when all is well. */
  readonly note?: string | undefined;
}

/** A registration with a hub. */
export interface SampHub {
  /** All other clients. */
  clients(): Promise<SampClient[]>;
  /** Ids of other clients that take a kind of message. */
  takers(mtype: string): Promise<string[]>;
  /**
   * Send a message to a client, and wait until it has done what is asked.
   *
   * @param seconds to wait at most
   * @returns whether it did, and what it says beside that: why not, or not quite
   */
  send(id: string, mtype: string, parameters: SampMap, seconds: number): Promise<SampAnswer>;
  /** End the registration. */
  close(): Promise<void>;
}

/** Text of the lock file, in which a running hub says where it is. */
async function lockText(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<[string, string]> {
  const given = environment.SAMP_HUB;
  const url = given?.replace(/^std-lockurl:/, "");
  if (given !== undefined && url === given) {
    throw new InvalidInputError(
      `samp: SAMP_HUB must begin with std-lockurl:, got ${given}; unset it for the hub of ~/.samp`,
    );
  }
  const place = url ?? join(homedir(), ".samp");
  try {
    if (url === undefined) return [place, await readFile(place, "utf8")];
    if (url.startsWith("file:")) return [place, await readFile(fileURLToPath(url), "utf8")];
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return [place, await response.text()];
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    const got = code === "ENOENT" ? "no such file" : message;
    throw new JobError(`samp: a hub must run, with its lock file ${place}, got ${got}; ${START}`, { cause });
  }
}

/**
 * Register with the hub that runs.
 *
 * @param name by which other clients know this program
 * @param environment of which SAMP_HUB says where a hub is that is not the user's own
 * @throws JobError when there is none, or it does not answer; FormatError when it is no hub
 */
export async function openHub(
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<SampHub> {
  const [place, text] = await lockText(environment);
  const lock = new Map(
    text
      .split(/\r?\n/)
      .filter((line) => !line.startsWith("#"))
      .map((line) => [line.replace(/=.*/, "").trim(), line.replace(/^[^=]*=/, "").trim()]),
  );
  const url = lock.get("samp.hub.xmlrpc.url")?.replace(/\\/g, "");
  const secret = lock.get("samp.secret");
  if (!url || !secret) {
    throw new FormatError(
      `samp: ${place} must hold samp.hub.xmlrpc.url and samp.secret, got neither or one; ${START}`,
    );
  }
  const call = async (method: string, parameters: readonly SampValue[], patience = PATIENCE) => {
    let answer: string;
    try {
      const response = await fetch(url, {
        ...{ method: "POST", headers: { "Content-Type": "text/xml" } },
        body: encodeCall(method, parameters),
        signal: AbortSignal.timeout(patience),
      });
      answer = await response.text();
    } catch (cause) {
      const { message, cause: inner } = cause as Error;
      const got = inner instanceof Error && inner.message !== "" ? inner.message : message;
      const remedy = `if it no longer runs, delete ${place} and ${START}`;
      throw new JobError(`samp: the hub at ${url} must answer, got ${got}; ${remedy}`, { cause });
    }
    return decodeResponse(answer, method);
  };

  const { "samp.private-key": key, "samp.hub-id": hubId } = (await call("samp.hub.register", [
    secret,
  ])) as SampMap;
  const asClient = (method: string, ...parameters: readonly SampValue[]) =>
    call(`samp.hub.${method}`, [key, ...parameters]);
  await asClient("declareMetadata", { "samp.name": name });
  return {
    async clients() {
      const ids = (await asClient("getRegisteredClients")) as readonly string[];
      return Promise.all(
        ids
          .filter((id) => id !== hubId)
          .map(async (id) => {
            const metadata = (await asClient("getMetadata", id)) as SampMap;
            return { id, name: String(metadata["samp.name"] ?? id) };
          }),
      );
    },
    async takers(mtype) {
      return Object.keys((await asClient("getSubscribedClients", mtype)) as SampMap);
    },
    async send(id, mtype, parameters, seconds) {
      const message = { "samp.mtype": mtype, "samp.params": parameters };
      const words = [key, id, message, String(seconds)];
      let answer: SampMap;
      try {
        answer = (await call("samp.hub.callAndWait", words, 1000 * seconds + PATIENCE)) as SampMap;
      } catch (error) {
        // The hub has passed it on, and gave up waiting.
        const { fields } = error as JobError;
        if (!/time.?out/i.test(String(fields?.fault ?? ""))) throw error;
        return { done: true, note: `no answer within ${seconds} s` };
      }
      const { "samp.status": status, "samp.error": trouble = {} } = answer;
      const note = (trouble as SampMap)["samp.errortxt"];
      return {
        done: status !== "samp.error",
        ...(status !== "samp.ok" && { note: String(note ?? status) }),
      };
    },
    async close() {
      await asClient("unregister");
    },
  };
}
