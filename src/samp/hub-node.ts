/** The hub of SAMP's standard profile (SAMP 1.3, section 4): where it is, and calls to it as a registered client. */

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FormatError, InvalidInputError, JobError } from "../errors.js";
import { asClient, type CallHub, PATIENCE, registeredHub, type SampHub } from "./hub.js";
import { decodeResponse, encodeCall, type SampMap } from "./xml-rpc.js";

const START =
  "start a hub (TOPCAT, Aladin and DS9 have one; else jsamp hub, or astropy's samp_hub) and repeat";

/** XML by linkedom, which is loaded when a hub has answered. */
async function parseXml(text: string): Promise<Element | null> {
  const { DOMParser } = await import("linkedom");
  return new DOMParser().parseFromString(text, "text/xml").documentElement as unknown as Element | null;
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
  const call: CallHub = async (method, parameters, patience = PATIENCE) => {
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
    return decodeResponse(await parseXml(answer), answer, method);
  };

  const registered = (await call("samp.hub.register", [secret])) as SampMap;
  const client = asClient(call, "samp.hub", registered);
  await client("declareMetadata", [{ "samp.name": name }]);
  return registeredHub(client, registered["samp.hub-id"]);
}
