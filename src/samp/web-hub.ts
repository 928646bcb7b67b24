/** The hub of SAMP's web profile (SAMP 1.3, section 5), for pages: at a known address, and with the user's word instead of a lock file. */

import { JobError } from "../errors.js";
import { asClient, type CallHub, PATIENCE, registeredHub, type SampHub } from "./hub.js";
import { decodeResponse, encodeCall, type SampMap } from "./xml-rpc.js";

/** Where such a hub listens. */
const HUB = "http://localhost:21012";

/** Seconds that the hub may hold back an answer as long as there is no message. */
const PULL_SECONDS = 10;
/** Milliseconds between questions to a hub that does not hold its answers back. */
const PULL_PAUSE = 300;

/** A message of another program. */
export interface HeardMessage {
  readonly mtype: string;
  readonly parameters: SampMap;
  /** Id of the program. */
  readonly sender: string;
}

/** The registration of a page. */
export interface WebHub extends SampHub {
  /** Tell all programs that take a kind of message, and wait for none. */
  tell(mtype: string, parameters: SampMap): Promise<void>;
  /** What an address holds that a program has named: a file of this machine, or one elsewhere; fetched by the hub. */
  fetchFile(address: string): Promise<Blob>;
}

/** What a page says of itself, and hears. */
export interface WebClient {
  readonly name: string;
  readonly description: string;
  /** Kinds of messages that are heard. */
  readonly mtypes: readonly string[];
  /** Hears one of them; who asked for an answer gets that it was done, or the message of the error. */
  onMessage(message: HeardMessage, hub: WebHub): Promise<void> | void;
  /** The hub is gone, or has ended the registration. */
  onGone(): void;
}

const fetchFailed = (cause: unknown) =>
  new JobError(
    `samp: a hub with the web profile must run on this machine, got no answer at ${HUB}; ` +
      "start TOPCAT, Aladin or another hub, and connect again",
    { cause },
  );

/** Calls the hub. Without a header, so that the browser need not ask the hub first whether it may. */
function webCalls(signal: AbortSignal): CallHub {
  return async (method, parameters, patience = PATIENCE) => {
    const last = method.endsWith(".unregister");
    const limit = Number.isFinite(patience) ? [AbortSignal.timeout(patience)] : [];
    let text: string;
    try {
      const response = await fetch(`${HUB}/`, {
        ...{ method: "POST", body: encodeCall(method, parameters) },
        // The last word is said even when the page goes.
        ...(last ? { keepalive: true } : { signal: AbortSignal.any([signal, ...limit]) }),
      });
      text = await response.text();
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw fetchFailed(cause);
    }
    return decodeResponse(new DOMParser().parseFromString(text, "text/xml").documentElement, text, method);
  };
}

/**
 * Register with the hub, which asks its user first, for as long as that takes.
 *
 * @param signal ends waiting, and the registration
 * @throws JobError when there is no hub, or its user says no
 */
export async function openWebHub(client: WebClient, signal: AbortSignal): Promise<WebHub> {
  const { name, description, mtypes } = client;
  const call = webCalls(signal);
  const about = { "samp.name": name, "samp.description.text": description };
  const registered = await call("samp.webhub.register", [about], Number.POSITIVE_INFINITY).catch((error) => {
    const fault = (error as JobError).fields?.fault;
    if (fault === undefined) throw error;
    throw new JobError(
      `samp: the hub must let this page in, got ${JSON.stringify(fault)}; connect again, and allow it in the hub's window`,
      { cause: error },
    );
  });
  const { "samp.hub-id": hubId, "samp.url-translator": translator } = registered as SampMap;
  const ask = asClient(call, "samp.webhub", registered as SampMap);
  try {
    await ask("declareMetadata", [about]);
    // In this order: who cannot be called may not say what for.
    await ask("allowReverseCallbacks", ["1"]);
    await ask("declareSubscriptions", [Object.fromEntries(mtypes.map((mtype) => [mtype, {}]))]);
  } catch (error) {
    await ask("unregister", []).catch(() => undefined);
    throw error;
  }

  const hub: WebHub = {
    ...registeredHub(ask, hubId),
    async tell(mtype, parameters) {
      await ask("notifyAll", [{ "samp.mtype": mtype, "samp.params": parameters }]);
    },
    async fetchFile(address) {
      // Some hubs call themselves 127.0.0.1 here; pages may be bound to the address that the standard names.
      const through = String(translator).replace(/^http:\/\/127\.0\.0\.1:21012\//, `${HUB}/`);
      const response = await fetch(through + encodeURIComponent(address), { signal }).catch((cause) => {
        throw fetchFailed(cause);
      });
      if (!response.ok)
        throw new JobError(
          `samp: the hub must be able to fetch ${address}, got status ${response.status}; save the file, and open it here`,
        );
      return response.blob();
    },
  };
  const hear = async (called: SampMap) => {
    const words = called["samp.params"] as readonly SampMap[];
    // The sender and the message are the last; between them, where an answer is wanted, stands the message's number.
    const { "samp.mtype": mtype, "samp.params": parameters } = words.at(-1) as SampMap;
    // Some hubs say samp.client.receiveCall, astropy's the last part of it.
    const asked = String(called["samp.methodName"]).endsWith("receiveCall");
    const heard = { mtype: String(mtype), parameters: parameters as SampMap };
    const answer: SampMap = await Promise.resolve()
      .then(() => client.onMessage({ ...heard, sender: String(words.at(asked ? -3 : -2)) }, hub))
      .then(
        () => ({ "samp.status": "samp.ok", "samp.result": {} }),
        ({ message }: Error) => ({
          ...{ "samp.status": "samp.error", "samp.result": {} },
          "samp.error": { "samp.errortxt": message },
        }),
      );
    if (asked) await ask("reply", [String(words.at(-2)), answer]);
  };
  const listen = async () => {
    while (!signal.aborted) {
      const calls = (await ask(
        "pullCallbacks",
        [String(PULL_SECONDS)],
        1000 * PULL_SECONDS + PATIENCE,
      )) as readonly SampMap[];
      for (const one of calls) void hear(one).catch(() => undefined);
      if (calls.length === 0) await new Promise((resolve) => setTimeout(resolve, PULL_PAUSE));
    }
  };
  void listen().catch(() => signal.aborted || client.onGone());
  return hub;
}
