/** An event list on the start screen: which events, into which pixels, and what comes of it. */

import { useEffect, useRef, useState } from "react";
import { countText } from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { ColumnHistogram, EventBinning, EventsPreview, FoundEvents } from "../desk/start-calls.js";
import { Options } from "../options.js";
import { countsScale, Thumbnail } from "../pictures/picture.js";
import { Trouble } from "../trouble.js";
import { type EventFields, isSameImage, type OfferedGrid, optionsOf } from "./event-fields.js";

interface EventsProps {
  readonly desk: Desk;
  readonly file: number;
  readonly found: FoundEvents;
  readonly fields: EventFields;
  readonly onFields: (fields: EventFields) => void;
  /** What the fields mean; undefined when they cannot be used. */
  readonly onBinning: (binning: EventBinning | undefined) => void;
  /** Images on whose pixels the events can be binned. */
  readonly grids: readonly OfferedGrid[];
}

const KINDS = { pixel: "X and Y", galactic: "Galactic, L and B", equatorial: "RA and Dec" } as const;

/** The row. */
export function EventsRow({ desk, file, found, fields, onFields, onBinning, grids }: EventsProps) {
  const [seen, setSeen] = useState<EventsPreview>();
  const [trouble, setTrouble] = useState("");
  const report = useRef(onBinning);
  report.current = onBinning;
  const like = grids.find(({ image }) => isSameImage(fields.like, image))?.image;
  // An image that has left the list offers nothing.
  const gone = fields.like !== undefined && like === undefined;

  useEffect(() => {
    const options = optionsOf(gone ? { ...fields, like: undefined } : fields);
    if (typeof options === "string") {
      setTrouble(options);
      report.current(undefined);
      return;
    }
    let current = true;
    const timer = setTimeout(() => {
      desk.previewEvents(file, options).then(
        (preview) => {
          if (!current) return;
          setSeen(preview);
          setTrouble("");
          report.current(options);
        },
        (error: Error) => {
          if (!current) return;
          setTrouble(error.message);
          report.current(undefined);
        },
      );
    }, 200);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [desk, file, fields, gone]);

  const change = (part: Partial<EventFields>) => onFields({ ...fields, ...part });
  const sky = fields.coordinates !== "pixel";
  const field = (key: "binSize" | "center" | "size" | "where", label: string, shown: string | undefined) => (
    <label className="event-field">
      {label}
      <input
        value={fields[key]}
        placeholder={shown}
        onChange={({ target }) => change({ [key]: target.value })}
      />
    </label>
  );
  return (
    <div className="events">
      <div className="events-seen">
        {seen && <Thumbnail image={seen.preview} scale={countsScale(seen.preview)} />}
        <p role="status">
          <strong>Event list.</strong>{" "}
          {seen
            ? `${countText(seen.binned)} of ${countText(seen.events)} events in ${seen.size[0]} × ${seen.size[1]} pixels${
                seen.outside > 0 ? `, ${countText(seen.outside)} beyond the edges` : ""
              }.`
            : "Binning …"}
          {seen?.said.map((text) => (
            <span key={text}> {text}</span>
          ))}
        </p>
      </div>
      <div className="events-ranges">
        {found.energy && (
          <RangeField
            histogram={found.energy}
            range={fields.energy}
            onRange={(energy) => change({ energy })}
          />
        )}
        {found.time && (
          <RangeField histogram={found.time} range={fields.time} onRange={(time) => change({ time })} />
        )}
      </div>
      {found.hasSky && grids.length > 0 && (
        <div className="events-like">
          {grids.map(({ image, shape: [ny, nx] }) => (
            <button
              type="button"
              key={image.name}
              aria-pressed={image === like}
              title={`${nx} × ${ny} pixels, as ${image.name} has them`}
              onClick={() => change({ like: image === like ? undefined : image })}
            >
              On the grid of {image.name}
            </button>
          ))}
        </div>
      )}
      <div className="events-grid">
        {found.positions.length > 1 && (
          <label className="event-field">
            Positions
            <select
              value={fields.coordinates}
              onChange={({ target }) =>
                change({
                  coordinates: target.value as EventFields["coordinates"],
                  center: "",
                  binSize: "",
                  size: "",
                })
              }
            >
              <Options of={found.positions.map((kind) => [kind, KINDS[kind]])} />
            </select>
          </label>
        )}
        {!like && field("binSize", sky ? "Pixel in degrees" : "Bin size", seen && String(seen.binSize))}
        {!like &&
          field(
            "center",
            sky ? "Middle, lon, lat" : "Middle, X, Y",
            seen?.center.map((value) => Number(value.toFixed(4))).join(", "),
          )}
        {!like && field("size", "Size in pixels", seen?.size.join(" × "))}
        {field("where", "Conditions on columns", "PATTERN<=4 && FLAG==0")}
        {sky && !like && (
          <label className="event-field">
            Projection
            <select
              value={fields.projection}
              onChange={({ target }) => change({ projection: target.value as EventFields["projection"] })}
            >
              <option value="TAN">tangent plane</option>
              <option value="CAR">plate carrée</option>
            </select>
          </label>
        )}
      </div>
      <Trouble words={trouble} />
    </div>
  );
}

const [WIDTH, HEIGHT] = [240, 44];

/** A histogram with the range that is taken: drag over it, or type its ends. */
function RangeField({
  histogram,
  range,
  onRange,
}: {
  readonly histogram: ColumnHistogram;
  readonly range: readonly [string, string];
  readonly onRange: (range: readonly [string, string]) => void;
}) {
  const { label, least, most, logarithmic, bars } = histogram;
  const from = useRef<number>(undefined);
  const host = useRef<SVGSVGElement>(null);
  const scale = logarithmic ? Math.log : (value: number) => value;
  const back = logarithmic ? Math.exp : (value: number) => value;
  const [start, end] = [scale(least), scale(most)];
  const tallest = Math.max(1, ...bars);
  const place = (text: string, empty: number) => {
    if (text.trim() === "") return empty;
    return Math.min(1, Math.max(0, (scale(Number(text)) - start) / (end - start || 1)));
  };
  const [low, high] = [place(range[0], 0), place(range[1], 1)];
  const at = (x: number) => {
    const { left, width } = (host.current as SVGSVGElement).getBoundingClientRect();
    return Math.min(1, Math.max(0, (x - left) / width));
  };
  const value = (share: number) =>
    String(Number(back(start + share * (end - start)).toPrecision(logarithmic ? 3 : 10)));
  const drag = (x: number) => {
    if (from.current === undefined) return;
    const [a, b] = [from.current, at(x)].sort((one, other) => one - other);
    if (b - a > 0.01) onRange([a === 0 ? "" : value(a), b === 1 ? "" : value(b)]);
  };
  return (
    <fieldset className="range">
      <legend>{label}</legend>
      <svg
        ref={host}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = at(event.clientX);
        }}
        onPointerMove={({ clientX }) => drag(clientX)}
        onPointerUp={() => {
          from.current = undefined;
        }}
      >
        {bars.map((count, bar) => {
          const height = count === 0 ? 0 : Math.max(1, (HEIGHT * count) / tallest);
          const middle = (bar + 0.5) / bars.length;
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: bars are known by their numbers.
              key={bar}
              className={middle >= low && middle <= high ? "taken" : ""}
              x={(bar * WIDTH) / bars.length}
              width={WIDTH / bars.length - 0.6}
              y={HEIGHT - height}
              height={height}
            />
          );
        })}
      </svg>
      <div className="ends">
        <input
          aria-label={`${label}, from`}
          inputMode="decimal"
          placeholder={String(Number(least.toPrecision(logarithmic ? 3 : 10)))}
          value={range[0]}
          onChange={({ target }) => onRange([target.value, range[1]])}
        />
        to
        <input
          aria-label={`${label}, below`}
          inputMode="decimal"
          placeholder={String(Number(most.toPrecision(logarithmic ? 3 : 10)))}
          value={range[1]}
          onChange={({ target }) => onRange([range[0], target.value])}
        />
      </div>
    </fieldset>
  );
}
