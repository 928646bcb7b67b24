/** Pair transfers for each transfer between nodes, and transfers between flux and each fitted background a sweep. */
const PAIRS_PER_NODE = 16;
const BACKGROUND_TRANSFERS = 1;

/** Transfers a sweep, of those that move any: between pixels, between nodes, and between flux and the background of each observation. */
export function transferCounts(pairTransfers: number) {
  const nodes = Math.ceil(pairTransfers / PAIRS_PER_NODE);
  return { pairs: pairTransfers, nodes, background: BACKGROUND_TRANSFERS };
}
