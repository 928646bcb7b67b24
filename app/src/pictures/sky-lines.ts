/** Grid and contours on the pictures: what is wanted, and the code that draws it once it is there. */

import { useEffect, useMemo, useState } from "react";
import type { Shape } from "tslira";
import type { SkyWcs } from "tslira/sky";
import type { Frame, Viewport } from "#viewer";
import type { ContourFile } from "./contour-files.js";
import type { Layer } from "./layers.js";

/** Lines that are wanted on all pictures of the sky. */
export interface SkyLines {
  readonly grid: boolean;
  readonly contours?: WantedContours | undefined;
}

/** Contours of a layer at levels in its unit. */
export interface WantedContours {
  readonly of: string;
  readonly levels: readonly number[];
  /** Sigma in pixels of the Gaussian that smooths it first; 0 for none. */
  readonly smoothing: number;
}

/** Lines as they are drawn. */
export interface LineDrawing {
  overlay(frame: Frame, wcs: SkyWcs | undefined, view: Viewport, shape: Shape): string;
  /** px at the lower edge of a picture that belong to labels. */
  margin(frame: Frame): number;
}

/**
 * What draws lines; undefined while nothing is to be drawn, or its code is on the way.
 *
 * @param wcs of the pictures
 */
export function useSkyLines(
  lines: SkyLines,
  layers: readonly (Layer | ContourFile)[],
  wcs: SkyWcs | undefined,
): LineDrawing | undefined {
  const [code, setCode] = useState<typeof import("./drawn-lines.js")>();
  const { grid, contours } = lines;
  const wanted = grid || contours !== undefined;
  useEffect(() => {
    if (!wanted || code) return;
    let current = true;
    import("./drawn-lines.js").then(
      (found) => current && setCode(found),
      // The menu, of the same code, says so.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [wanted, code]);
  const layer = contours && layers.find(({ id }) => id === contours.of);
  const image = layer?.image;
  const source = layer && "source" in layer ? layer.source : undefined;
  return useMemo(() => {
    if (!code || !wanted) return undefined;
    return code.drawnLines(grid, contours && image ? code.contoursOf(image, contours, wcs, source) : []);
  }, [code, wanted, grid, contours, image, wcs, source]);
}
