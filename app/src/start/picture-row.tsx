/** A picture on the start screen: how it becomes the sky of a simulated observation. */

import { useState } from "react";
import { quantityScale } from "#viewer";
import type { FoundPicture, PictureOptions } from "../desk/start-calls.js";
import { Thumbnail } from "../pictures/picture.js";

interface PictureProps {
  readonly found: FoundPicture;
  readonly onOpen: (options: PictureOptions) => void;
}

const START = { side: "64", counts: "20000", psfSigma: "1.5" };
const FIELDS = [
  ["side", "Longest side in pixels", 8, 256],
  ["counts", "Counts", 1, 1e8],
  ["psfSigma", "Blur, σ in pixels", 0.3, 10],
] as const;

/** The row. */
export function PictureRow({ found, onOpen }: PictureProps) {
  const [invert, setInvert] = useState(true);
  const [texts, setTexts] = useState<Readonly<Record<keyof typeof START, string>>>(START);
  const value = (key: keyof typeof START) => Number(texts[key]);
  const wrong = FIELDS.find(
    ([key, , least, most]) => texts[key].trim() === "" || !(value(key) >= least && value(key) <= most),
  );
  return (
    <div className="events">
      <div className="events-seen">
        <Thumbnail
          image={found.preview}
          scale={quantityScale("counts", found.preview, {
            stretch: "linear",
            colormap: "gray",
            percent: 100,
          })}
        />
        <p>
          <strong>Picture.</strong> Its brightness becomes a true sky, seen through a blur, in counts. Then
          see how much of it the posterior gets back.
        </p>
      </div>
      <div className="events-grid">
        <label className="event-field">
          Bright sky is
          <select
            value={invert ? "bright" : "dark"}
            onChange={({ target }) => setInvert(target.value === "bright")}
          >
            <option value="bright">what is bright</option>
            <option value="dark">what is dark</option>
          </select>
        </label>
        {FIELDS.map(([key, label]) => (
          <label className="event-field" key={key}>
            {label}
            <input
              inputMode="decimal"
              value={texts[key]}
              aria-invalid={wrong?.[0] === key}
              onChange={({ target }) => setTexts((all) => ({ ...all, [key]: target.value }))}
            />
          </label>
        ))}
        <button
          type="button"
          className="primary"
          disabled={wrong !== undefined}
          onClick={() =>
            onOpen({
              invert,
              side: Math.round(value("side")),
              counts: value("counts"),
              psfSigma: value("psfSigma"),
            })
          }
        >
          Observe it
        </button>
      </div>
      {wrong && (
        <p className="trouble">{`${wrong[1]}: between ${wrong[2]} and ${wrong[3].toLocaleString("en-US")}.`}</p>
      )}
    </div>
  );
}
