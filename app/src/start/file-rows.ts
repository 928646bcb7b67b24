/** The list of files: read one after the other, and still there when one comes back from what they hold. */

import { type Dispatch, type SetStateAction, useCallback, useRef, useState } from "react";
import type { Desk } from "../desk/desk.js";
import type { ReadFile } from "../desk/protocol.js";
import type { EventBinning } from "../desk/start-calls.js";
import type { Configuration } from "../settings/configuration.js";
import { assignImages, type ListedImage } from "./assign-images.js";
import type { EventFields } from "./event-fields.js";

/** A file on the list. */
export interface Row {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  readonly state: "reading" | "read" | "refused";
  readonly message?: string;
  readonly file?: number;
  readonly images: readonly ListedImage[];
  /** What else the file holds. */
  readonly found?: Omit<ReadFile, "id" | "images">;
  /** How the events of the file are binned; undefined as long as that is not known to work. */
  readonly binning?: EventBinning | undefined;
  readonly fields?: EventFields;
}

/** The list and what changes it. */
export interface FileRows {
  readonly rows: readonly Row[];
  readonly setRows: Dispatch<SetStateAction<readonly Row[]>>;
  /** Read a file. Rejected, with the message that its row shows, when it is refused. */
  readonly read: (file: File) => Promise<void>;
}

/** An empty list. @param onSettings called for settings that come as a file */
export function useFileRows(
  desk: Desk | undefined,
  onSettings: (configuration: Configuration, source: string) => void,
): FileRows {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const lastKey = useRef(0);
  const read = useCallback(
    async (file: File) => {
      if (desk === undefined) return;
      const key = ++lastKey.current;
      const change = (part: Partial<Row>) => (all: readonly Row[]) =>
        all.map((row): Row => (row.key === key ? { ...row, ...part } : row));
      setRows((all) => [...all, { key, name: file.name, size: file.size, state: "reading", images: [] }]);
      try {
        const { id, images, ...found } = await desk.readFile(file, file.name);
        if (found.configuration) onSettings(found.configuration, file.name);
        const listed = images.map((image): ListedImage => ({ ...image, use: undefined, of: 0 }));
        const put = change({ state: "read", file: id, images: listed, found });
        setRows((all) => assignImages(put(all)));
      } catch (error) {
        setRows(change({ state: "refused", message: (error as Error).message }));
        throw error;
      }
    },
    [desk, onSettings],
  );
  return { rows, setRows, read };
}
