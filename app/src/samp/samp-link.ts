/** The connection to DS9, TOPCAT, Aladin and others, by SAMP: made after a click alone, ended with the page. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { HeardMessage, SampClient, WebHub } from "#studio";

/** A place on the sky, degrees of ICRS. */
export type IcrsPosition = readonly [ra: number, dec: number];

/** How the connection stands. */
export type SampState =
  | { readonly stage: "off"; readonly trouble?: string }
  /** The hub asks its user whether this page may come in. */
  | { readonly stage: "asking" }
  | { readonly stage: "on"; readonly hub: WebHub; readonly programs: readonly SampClient[] };

/** The connection as the page uses it. */
export interface SampLink {
  readonly state: SampState;
  /** The last that came from another program, in words. */
  readonly news: string;
  readonly forgetNews: () => void;
  readonly connect: () => void;
  /** End the connection, or waiting for it. */
  readonly disconnect: () => void;
  /** Called when another program points somewhere. @returns undo */
  readonly onPoint: (listener: (position: IcrsPosition) => void) => () => void;
}

/** What is heard. */
const MTYPES = ["image.load.fits", "coord.pointAt.sky", "samp.app.ping", "samp.hub.event.*"];
/** What is sent. */
const SENT = ["image.load.fits", "table.load.votable", "coord.pointAt.sky"];
const GONE = "The hub has ended the connection: the program that ran it was closed, perhaps.";

/** Off at first. @param onImage reads an image that another program sends; rejected when it is refused */
export function useSamp(onImage: (file: File) => Promise<void>): SampLink {
  const [state, setState] = useState<SampState>({ stage: "off" });
  const [news, setNews] = useState("");
  const ending = useRef<() => void>(undefined);
  const listener = useRef<(position: IcrsPosition) => void>(undefined);
  const read = useRef(onImage);
  read.current = onImage;

  const connect = useCallback(async () => {
    const abort = new AbortController();
    const { signal } = abort;
    let hub: WebHub | undefined;
    const off = (trouble?: string) => {
      if (signal.aborted) return;
      abort.abort();
      setState({ stage: "off", ...(trouble !== undefined && { trouble }) });
    };
    ending.current = () => {
      void hub?.close().catch(() => undefined);
      off();
    };
    setState({ stage: "asking" });
    const lookAround = async (found: WebHub) => {
      const takers = await Promise.all(SENT.map((mtype) => found.takers(mtype)));
      const programs = (await found.clients()).filter(({ id }) => takers.some((ids) => ids.includes(id)));
      if (!signal.aborted) setState({ stage: "on", hub: found, programs });
    };
    const onMessage = async ({ mtype, parameters, sender }: HeardMessage, from: WebHub) => {
      if (mtype === "image.load.fits") {
        const { url, name } = parameters;
        const content = await from.fetchFile(String(url));
        const file = new File([content], String(name || String(url).replace(/^.*\//, "") || "image.fits"));
        await read.current(file);
        const program = (await from.clients()).find(({ id }) => id === sender)?.name;
        setNews(`${file.name} came from ${program ?? "another program"}.`);
      } else if (mtype === "coord.pointAt.sky") {
        const place = [Number(parameters.ra), Number(parameters.dec)] as const;
        if (place.every(Number.isFinite)) listener.current?.(place);
      } else if (mtype === "samp.hub.event.shutdown") off(GONE);
      else if (mtype.startsWith("samp.hub.event.")) await lookAround(from);
    };
    try {
      const { openWebHub } = await import("./hub-code.js");
      const client = {
        ...{ name: "tslira Studio", description: "Bayesian deconvolution of counts", mtypes: MTYPES },
        ...{ onMessage, onGone: () => off(GONE) },
      };
      hub = await openWebHub(client, signal);
      await lookAround(hub);
    } catch (error) {
      off((error as Error).message);
    }
  }, []);
  const forgetNews = useCallback(() => setNews(""), []);
  const disconnect = useCallback(() => ending.current?.(), []);
  useEffect(() => {
    window.addEventListener("pagehide", disconnect);
    return () => window.removeEventListener("pagehide", disconnect);
  }, [disconnect]);
  return useMemo(
    () => ({
      ...{ state, news, disconnect, forgetNews },
      connect: () => void connect(),
      onPoint: (hear) => {
        listener.current = hear;
        return () => {
          if (listener.current === hear) listener.current = undefined;
        };
      },
    }),
    [state, news, connect, disconnect, forgetNews],
  );
}
