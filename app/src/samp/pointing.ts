/** One place on the sky in this page and in other programs: what is picked here is shown there, and the other way round. */

import { useCallback, useEffect, useMemo, useState } from "react";
import type { Shape, WcsCard } from "tslira";
import { regionFrame } from "#studio";
import type { SampLink } from "./samp-link.js";

/** Pointing, and whether it goes on. */
export interface Pointing {
  /** Point the others to a pixel (x, y). */
  readonly point: (pixel: readonly [number, number]) => void;
  readonly on: boolean;
  /** Undefined where the image has no sky. */
  readonly setOn: ((on: boolean) => void) | undefined;
}

/** Pointing in an image. @param goTo shows a pixel that another program points to; positions beyond the image are not heard */
export function usePointing(
  { state, onPoint }: SampLink,
  wcs: readonly WcsCard[],
  [ny, nx]: Shape,
  goTo: (pixel: readonly [number, number]) => void,
): Pointing {
  const [on, setOn] = useState(true);
  const connected = state.stage === "on" ? state.hub : undefined;
  const frame = useMemo(() => {
    try {
      return regionFrame("icrs", wcs);
    } catch {
      return undefined; // no sky in these headers
    }
  }, [wcs]);
  useEffect(() => {
    if (!connected || !frame) return;
    return onPoint(([ra, dec]) => {
      const { x, y } = frame.position(ra, dec);
      const [col, row] = [Math.round(x), Math.round(y)];
      if (col >= 0 && col < nx && row >= 0 && row < ny) goTo([col, row]);
    });
  }, [connected, frame, onPoint, goTo, nx, ny]);
  const point = useCallback(
    ([x, y]: readonly [number, number]) => {
      if (!connected || !frame || !on) return;
      const [ra, dec] = frame.written(x, y);
      if (Number.isFinite(ra) && Number.isFinite(dec))
        void connected.tell("coord.pointAt.sky", { ra: String(ra), dec: String(dec) }).catch(() => undefined);
    },
    [connected, frame, on],
  );
  return { point, on, setOn: frame && setOn };
}
