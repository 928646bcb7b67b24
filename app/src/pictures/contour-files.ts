/** Images of other files whose contours can be drawn over the pictures. */

import { useCallback, useState } from "react";
import type { ContourFrame, ContourImage } from "../desk/contour-image.js";
import type { Desk } from "../desk/desk.js";
import type { Layer } from "./layers.js";

/** An image of another file, as contours take it. */
export interface ContourFile extends Layer {
  readonly image: ContourImage["image"];
  readonly source: ContourImage;
}

/** Those that were opened, and what opens one more. */
export interface ContourFiles {
  readonly list: readonly ContourFile[];
  /** @throws Error when the file does not show the sky of the pictures */
  readonly open: (file: File) => Promise<ContourFile>;
}

/** No files yet. */
export function useContourFiles(desk: Desk, frame: ContourFrame): ContourFiles {
  const [list, setList] = useState<readonly ContourFile[]>([]);
  const open = useCallback(
    async (file: File) => {
      const source = await desk.contourImage(file, file.name, frame);
      const { name, unit, image } = source;
      const opened: ContourFile = {
        ...{ id: `file ${name}`, title: name, label: "its unit", unit, kind: "flux", image, source },
      };
      setList((all) => [...all.filter(({ id }) => id !== opened.id), opened]);
      return opened;
    },
    [desk, frame],
  );
  return { list, open };
}
