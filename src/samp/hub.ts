/** What a registered client says to a hub of SAMP, whichever profile it came by (SAMP 1.3, section 3.12). */

import type { JobError } from "../errors.js";
import type { SampMap, SampValue } from "./xml-rpc.js";

/** How long a hub may take to answer, in milliseconds; a client that loads a file has longer. */
export const PATIENCE = 10_000;

/** Calls a method of the hub. @param patience milliseconds */
export type CallHub = (
  method: string,
  parameters: readonly SampValue[],
  patience?: number,
) => Promise<SampValue>;

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

/**
 * Calls in the name of a registered client.
 *
 * @param prefix of the profile's methods
 * @param registered what the hub answered when the client registered
 */
export function asClient(
  call: CallHub,
  prefix: "samp.hub" | "samp.webhub",
  { "samp.private-key": key = "" }: SampMap,
): CallHub {
  return (method, parameters, patience) => call(`${prefix}.${method}`, [key, ...parameters], patience);
}

/** A registration. @param call in the name of the client @param hubId of the hub, which is no program */
export function registeredHub(call: CallHub, hubId: SampValue | undefined): SampHub {
  return {
    async clients() {
      const ids = (await call("getRegisteredClients", [])) as readonly string[];
      return Promise.all(
        ids
          .filter((id) => id !== hubId)
          .map(async (id) => {
            const metadata = (await call("getMetadata", [id])) as SampMap;
            return { id, name: String(metadata["samp.name"] ?? id) };
          }),
      );
    },
    async takers(mtype) {
      return Object.keys((await call("getSubscribedClients", [mtype])) as SampMap);
    },
    async send(id, mtype, parameters, seconds) {
      const message = { "samp.mtype": mtype, "samp.params": parameters };
      const words = [id, message, String(seconds)];
      let answer: SampMap;
      try {
        answer = (await call("callAndWait", words, 1000 * seconds + PATIENCE)) as SampMap;
      } catch (error) {
        // The hub has passed it on, and gave up waiting.
        const { fields } = error as JobError;
        if (!/time.?out/i.test(String(fields?.fault ?? ""))) throw error;
        return { done: true, note: `no answer within ${seconds} s` };
      }
      const { "samp.status": status, "samp.error": trouble = {} } = answer;
      const note = (trouble as SampMap)["samp.errortxt"];
      return { done: status !== "samp.error", ...(status !== "samp.ok" && { note: String(note ?? status) }) };
    },
    async close() {
      await call("unregister", []);
    },
  };
}
