import type { ChainPiece, KeptRun, RunCheckpoints } from "tslira";

/** Checkpoints in memory, as a copy like that of a database; `refuseAfter` pieces it breaks, as a killed program would. */
export function memoryCheckpoints() {
  let kept: KeptRun | undefined;
  const pieces = new Map<string, ChainPiece>();
  const store = {
    added: 0,
    refuseAfter: Number.POSITIVE_INFINITY,
    read: async () => structuredClone(kept && { ...kept, pieces: [...pieces.values()] }),
    async writeRecord(record: KeptRun["record"]) {
      kept = { record: structuredClone(record), pieces: [] };
    },
    async addPiece(piece: ChainPiece) {
      if (++store.added > store.refuseAfter) throw new Error("the program was killed");
      const columns = kept!.record.columns.length;
      pieces.set(
        `${piece.chain} ${piece.state.sweeps - piece.rows.length / columns}`,
        structuredClone(piece),
      );
    },
  };
  return store satisfies RunCheckpoints;
}
