/*
 * Node may hang for ever as it exits (nodejs/node#54918): its last act is to wait for functions that are being compiled beside,
 * and a compilation that has run out of room waits in turn for a collection of garbage, which only the event loop begins. With
 * heaps as full as ours at the end of a run 4 of 150 programs hung on a busy machine, and 0 of 600 with a loop that turns until
 * the compilations are over, a few milliseconds each. A job of a cluster would hold its node until its time is up.
 */

const TURNS = 3;
const TURN_MS = 20;

/** Keep Node's event loop alive for a moment after whatever runs now; does nothing in a browser. */
export function linger(): void {
  if (globalThis.process?.versions?.node === undefined) return;
  let turns = 0;
  // In turns: one timer would be over at once behind work that is longer.
  const turn = () => {
    if (turns++ < TURNS) setTimeout(turn, TURN_MS);
  };
  turn();
}
