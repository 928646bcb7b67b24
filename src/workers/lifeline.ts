/*
 * How the death of a Web Worker is noticed. A browser that ends one (memory, a crash, a closed process) tells nobody; but it
 * gives back the locks that the worker held. A worker therefore holds a lock for as long as it lives, and whoever wants to
 * know of its end waits for the same lock.
 */

/**
 * Hold a lock for as long as this worker lives.
 *
 * @returns its name, once it is held, to be told to whoever watches; undefined where there are no locks (pages over plain
 *   http from another machine, Node)
 */
export function holdLifeline(): Promise<string | undefined> {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return Promise.resolve(undefined);
  const name = `tslira-worker-${globalThis.crypto.randomUUID()}`;
  return new Promise((resolve) => {
    locks
      .request(name, () => {
        resolve(name);
        return new Promise(() => undefined);
      })
      .catch(() => resolve(undefined));
  });
}

/**
 * Wait for the end of a worker.
 *
 * @param name what its `holdLifeline` gave
 * @param onDeath called once, when the worker has ended, however that came about
 * @returns ends the watch
 */
export function watchLifeline(name: string, onDeath: () => void): () => void {
  const watch = new AbortController();
  globalThis.navigator.locks
    .request(name, { signal: watch.signal }, () => {
      if (!watch.signal.aborted) onDeath();
    })
    .catch(() => undefined);
  return () => watch.abort();
}
