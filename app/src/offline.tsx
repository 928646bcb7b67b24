/** The page without its server: a service worker keeps it, on hosts that always have it at the same address. */

import { useEffect, useState } from "react";

/**
 * Whether the page may be kept: over https or from this machine, but not from `tslira studio`, whose address, port and token
 * are others each time, so that a kept page would only be in the way.
 */
export function mayKeepPage({
  pathname,
  hostname,
}: {
  readonly pathname: string;
  readonly hostname: string;
}): boolean {
  const local = hostname === "127.0.0.1" || hostname === "localhost";
  return !(local && /^\/[\w-]{22}\//.test(pathname));
}

const ready = new Set<() => void>();
let next: ServiceWorker | undefined;

/** Register the worker. Where that is not possible the page works as before, with its server. */
export async function keepPageOffline(): Promise<void> {
  const workers = globalThis.navigator?.serviceWorker;
  if (import.meta.env.DEV || workers === undefined || !mayKeepPage(location)) return;
  try {
    const registration = await workers.register("./sw.js", { scope: "./", updateViaCache: "none" });
    const look = () => {
      if (registration.waiting === null || workers.controller === null) return;
      next = registration.waiting;
      for (const tell of ready) tell();
    };
    look();
    workers.controller?.postMessage("clean");
    // Another tab has taken the newer page: this one goes on with the old, which stays kept, and is offered the newer too.
    const before = workers.controller;
    workers.addEventListener("controllerchange", () => {
      if (before === null) return;
      next = workers.controller ?? undefined;
      for (const tell of ready) tell();
    });
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", look);
    });
  } catch {
    // Refused by the browser (private windows, certificates): nothing else depends on it.
  }
}

/** Offers the newer page when there is one; the one at hand stays whole until then. */
export function UpdateButton() {
  const [offered, setOffered] = useState(next !== undefined);
  useEffect(() => {
    const tell = () => setOffered(true);
    ready.add(tell);
    return () => void ready.delete(tell);
  }, []);
  if (!offered) return null;
  return (
    <button
      type="button"
      className="quiet"
      onClick={() => {
        if (next === navigator.serviceWorker.controller) return location.reload();
        navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
        next?.postMessage("take over");
      }}
    >
      New version: load it
    </button>
  );
}
