/** Regions measured and sources looked for, as that goes on while the reader looks at something else. */

import { useCallback, useState } from "react";
import type { CatalogueSource } from "tslira/significance";
import type { Desk, DeskError } from "../desk/desk.js";
import type {
  MeasuredPixels,
  MeasuredRow,
  PhotometryKind,
  PhotometryTable,
} from "../desk/photometry-protocol.js";
import type { ResultView } from "../desk/run-view.js";

/** Tables of the result on the screen, and what goes on. */
export interface Photometry {
  readonly regions?: PhotometryTable<MeasuredRow>;
  readonly sources?: PhotometryTable<CatalogueSource>;
  /** What is being measured, and which part of it is done. */
  readonly now?: { readonly kind: PhotometryKind; readonly fraction: number };
  readonly trouble: string;
  readonly measure: (regions: readonly MeasuredPixels[]) => void;
  readonly find: (falseAlarms: number) => void;
  readonly stop: () => void;
}

type Tables = Pick<Photometry, "regions" | "sources" | "now" | "trouble">;
const NOTHING: Tables = { trouble: "" };

/** Tables of a result; another result has none yet. */
export function usePhotometry(desk: Desk, result: ResultView | undefined): Photometry {
  const [held, setHeld] = useState<{ readonly of?: ResultView | undefined; readonly tables: Tables }>({
    tables: NOTHING,
  });
  const tables = held.of === result ? held.tables : NOTHING;
  const work = useCallback(
    async (kind: PhotometryKind, ask: (tell: (fraction: number) => void) => Promise<Partial<Tables>>) => {
      const put = (patch: (before: Tables) => Tables) =>
        setHeld((before) => ({ of: result, tables: patch(before.of === result ? before.tables : NOTHING) }));
      const at = (fraction: number) => put((before) => ({ ...before, trouble: "", now: { kind, fraction } }));
      const end = (patch: Partial<Tables>) => put(({ now: _over, ...before }) => ({ ...before, ...patch }));
      at(0);
      try {
        end(await ask(at));
      } catch (error) {
        const { code, message } = error as DeskError;
        end({ trouble: code === "ABORTED" ? "" : message });
      }
    },
    [result],
  );
  return {
    ...tables,
    measure: useCallback(
      (regions) => void work("regions", async (tell) => ({ regions: await desk.measure(regions, tell) })),
      [desk, work],
    ),
    find: useCallback(
      (alarms) => void work("sources", async (tell) => ({ sources: await desk.findSources(alarms, tell) })),
      [desk, work],
    ),
    stop: useCallback(() => void desk.stopPhotometry(), [desk]),
  };
}
