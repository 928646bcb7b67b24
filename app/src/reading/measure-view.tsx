/** Photometry of drawn regions, and a catalogue of the sources that are there. */

import { type ReactNode, useState } from "react";
import type { Shape } from "tslira";
import { countText, errorText, formatUnit, numberText, type Selection, selectedPixels } from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { PhotometryKind, TableFormat } from "../desk/photometry-protocol.js";
import type { LookControl } from "../pictures/look.js";
import type { Photometry } from "../run/photometry-run.js";
import { save } from "../run/save-file.js";
import { Trouble } from "../trouble.js";
import { intervalText } from "./interval-text.js";

/** What the tab needs. */
export interface MeasureProps {
  readonly desk: Desk;
  readonly photometry: Photometry;
  readonly look: LookControl;
  readonly selection: Selection;
  readonly shape: Shape;
  /** Show a place. */
  readonly onPick: (place: readonly [x: number, y: number]) => void;
}

const TYPES: Readonly<Record<TableFormat, string>> = {
  fits: "application/fits",
  vot: "application/x-votable+xml",
  csv: "text/csv",
  reg: "text/plain",
};

/** False alarms in a field that are offered. */
const ALARMS = ["0.01", "0.1", "1"];

/** The tab. */
export function MeasureTab(props: MeasureProps) {
  const { photometry, look, selection, shape } = props;
  const { regions, sources, now, trouble } = photometry;
  const [alarms, setAlarms] = useState("0.1");
  const drawn = look.now.regions;
  const wanted = (
    drawn.length > 0
      ? drawn.map(({ name, terms }) => ({ kind: "region", name, terms }) as const)
      : [selection]
  )
    .map((one) => ({
      name: one.kind === "region" ? one.name : "pixel",
      pixels: selectedPixels(one, shape),
    }))
    .filter(({ pixels }) => pixels.length > 0);
  const busy = now !== undefined;
  return (
    <div className="selection measure">
      <h3>Regions</h3>
      <p className="muted">
        Flux of the image in each region, and how bright a source there can be in addition to all other light.
      </p>
      <button
        type="button"
        className="full"
        disabled={busy || wanted.length === 0}
        onClick={() => photometry.measure(wanted)}
      >
        {drawn.length === 0
          ? "Measure the picked pixel"
          : drawn.length === 1
            ? "Measure the region"
            : `Measure ${drawn.length} regions`}
      </button>
      {now?.kind === "regions" && <Going photometry={photometry} words="Measuring" />}
      {regions && (
        <>
          <Table id="measured" label="Measured regions" columns={MEASURED}>
            {regions.rows.map(({ name, flux: [median, low, high, most], extra }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td data-label={MEASURED[1]}>
                  {numberText(median)} ({intervalText([low, high], most)})
                </td>
                {extra ? (
                  <>
                    <td data-label={MEASURED[2]}>{numberText(extra.limit95)}</td>
                    <td data-label={MEASURED[3]}>{numberText(extra.limit997)}</td>
                    <td data-label={MEASURED[4]}>
                      {countText(extra.counts)}, {numberText(extra.other, 3)}
                    </td>
                    <td data-label={MEASURED[5]}>{numberText(extra.chance, 2)}</td>
                  </>
                ) : (
                  <td colSpan={4}>no pixel in use sees it</td>
                )}
              </tr>
            ))}
          </Table>
          <p className="muted">
            Fluxes in {formatUnit(regions.unit) || "the unit of the flux"}; p: probability that other light
            alone gives so many counts.
          </p>
          <Files {...props} kind="regions" formats={["csv", "fits", "vot"]} />
        </>
      )}
      <h3>Sources</h3>
      <p className="muted">Peaks of the posterior mean that are sources beside all other light.</p>
      <label className="line">
        False alarms to expect in the field
        <select value={alarms} disabled={busy} onChange={({ target }) => setAlarms(target.value)}>
          {ALARMS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <button type="button" className="full" disabled={busy} onClick={() => photometry.find(Number(alarms))}>
        Find sources
      </button>
      {now?.kind === "sources" && <Going photometry={photometry} words="Looking for sources" />}
      {sources && sources.rows.length === 0 && <p role="status">No source is found.</p>}
      {sources && sources.rows.length > 0 && (
        <>
          <Table id="sources" label="Sources" columns={FOUND}>
            {sources.rows.map(({ name, x, y, xStd, yStd, flux, low, high, falseAlarms, width, inside }) => (
              <tr key={name}>
                <th scope="row">
                  <button
                    type="button"
                    className="link"
                    onClick={() => props.onPick([Math.round(x), Math.round(y)])}
                  >
                    {name}
                  </button>
                </th>
                <td data-label={FOUND[1]}>
                  {numberText(flux)} ({numberText(low)} to {numberText(high)})
                </td>
                <td data-label={FOUND[2]}>{falseAlarms < 1e-6 ? "< 1e-6" : numberText(falseAlarms, 2)}</td>
                <td data-label={FOUND[3]}>
                  {errorText(x, xStd)}, {errorText(y, yStd)}
                </td>
                <td data-label={FOUND[4]}>
                  {width === 0 ? "point" : `${numberText(width, 2)} (${Math.round(100 * inside)} %)`}
                </td>
              </tr>
            ))}
          </Table>
          <p className="muted">
            Fluxes of whole sources in {formatUnit(sources.unit) || "the unit of the flux"}; in brackets the
            part within the aperture of an extended one, the rest by its profile.
          </p>
          <Files {...props} kind="sources" formats={["csv", "fits", "vot", "reg"]} />
        </>
      )}
      <Trouble words={trouble} />
    </div>
  );
}

const MEASURED = ["region", "flux, 68 %", "source, 95 % limit", "99.7 %", "counts, other light", "p"];
const FOUND = ["source", "flux, 68 %", "false alarms", "x, y from 0", "width, px (in aperture)"];

/** A table that may be wider than its room. */
function Table({ id, label, columns, children }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
    <section className="table-room" aria-label={label} tabIndex={0}>
      <table id={id}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

interface TableProps {
  readonly id: string;
  readonly label: string;
  readonly columns: readonly string[];
  readonly children: ReactNode;
}

/** How far it is, and an end to it. */
function Going({ photometry, words }: { readonly photometry: Photometry; readonly words: string }) {
  return (
    <div className="progress">
      <progress value={photometry.now?.fraction ?? 0} aria-label={words} />
      <button type="button" className="full" onClick={photometry.stop}>
        Stop
      </button>
    </div>
  );
}

const TITLES: Readonly<Record<TableFormat, string>> = {
  csv: "CSV",
  fits: "FITS",
  vot: "VOTable",
  reg: "DS9 regions",
};

/** The table with all its columns, to take home. */
function Files({
  desk,
  kind,
  formats,
}: Pick<MeasureProps, "desk"> & { readonly kind: PhotometryKind; readonly formats: readonly TableFormat[] }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="keep">
      {formats.map((format) => (
        <button
          type="button"
          key={format}
          onClick={() =>
            void desk
              .photometryFile(kind, format)
              .then((made) => save(made, TYPES[format], `${kind}.${format}`))
          }
        >
          {TITLES[format]}
        </button>
      ))}
      <button
        type="button"
        onClick={() =>
          void desk
            .photometryFile(kind, "csv")
            .then((text) => navigator.clipboard.writeText(String(text)))
            .then(
              () => setCopied(true),
              () => setCopied(false),
            )
        }
      >
        {copied ? "Copied" : "Copy CSV"}
      </button>
    </div>
  );
}
