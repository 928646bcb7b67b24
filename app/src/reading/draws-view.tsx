/** A player of posterior draws. */

import { useCallback, useEffect, useMemo, useState } from "react";
import type { SkyImage } from "tslira";
import { type Frame, quantityScale, type Selection, type Style, selectionShape } from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { ObservationView } from "../desk/observation-view.js";
import type { ResultView } from "../desk/run-view.js";
import { Bar, Picture } from "../pictures/picture.js";

/** Milliseconds between draws. */
const PAUSE = 120;

interface DrawsProps {
  readonly desk: Desk;
  readonly data: ObservationView;
  readonly result: ResultView;
  readonly selection: Selection;
  readonly style: Style;
}

/** The player. */
export function DrawsView({ desk, data, result, selection, style }: DrawsProps) {
  const [position, setPosition] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [image, setImage] = useState<SkyImage>();
  const { chains, draws } = result;
  const total = chains * Math.min(...draws);
  // One chain after the other, draw by draw, so that their agreement is seen.
  const [chain, index] = [position % chains, Math.floor(position / chains)];
  const scale = useMemo(() => quantityScale("flux", result.mean, style), [result.mean, style]);
  const overlay = useCallback((frame: Frame) => selectionShape(frame, selection), [selection]);

  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    void desk.draw(chain, index).then((draw) => {
      if (!current) return;
      setImage(draw);
      if (playing) timer = setTimeout(() => setPosition((now) => (now + 1) % total), PAUSE);
    });
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [desk, chain, index, playing, total]);

  const sweep = result.firstSweep + index * result.everySweeps;
  return (
    <div className="draws">
      <p id="draw-caption" className="sentence">
        Chain {chain + 1}, sweep {sweep}
      </p>
      {image && (
        <>
          <Picture
            image={image}
            scale={scale}
            overlay={overlay}
            label={`One draw: chain ${chain + 1}, sweep ${sweep}`}
          />
          <Bar scale={scale} label="flux of one draw" unit={data.unit ?? ""} />
        </>
      )}
      <div className="player">
        <button type="button" className="primary" onClick={() => setPlaying(!playing)}>
          {playing ? "Pause" : "Play"}
        </button>
        <input
          type="range"
          min={0}
          max={total - 1}
          value={position}
          aria-label="Draw"
          aria-valuetext={`chain ${chain + 1}, sweep ${sweep}`}
          onChange={({ target }) => setPosition(Number(target.value))}
        />
      </div>
      <p className="muted">
        Every draw is a sky that explains the counts. What most of them show is well determined; what comes
        and goes is not.
      </p>
    </div>
  );
}
