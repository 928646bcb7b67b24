/** Images and catalogues of the screen for other programs. */

import { useEffect, useState } from "react";
import { fitsCard, writeFits } from "tslira/fits";
import type { SampAnswer } from "#studio";
import type { Desk } from "../desk/desk.js";
import type { ObservationView } from "../desk/observation-view.js";
import type { PhotometryKind } from "../desk/photometry-protocol.js";
import { Options } from "../options.js";
import type { Layer } from "../pictures/layers.js";
import type { Photometry } from "../run/photometry-run.js";
import { fileName } from "../run/save-file.js";
import { Trouble } from "../trouble.js";
import type { SampState } from "./samp-link.js";

/** Seconds that a program may take to load a file. */
const LOADING = 60;

/** What it is given. */
export interface SendProps {
  readonly desk: Desk;
  readonly link: Extract<SampState, { stage: "on" }>;
  readonly data: ObservationView;
  readonly layers: readonly Layer[];
  readonly photometry: Photometry;
  /** Whether picking a pixel points the others there. */
  readonly pointing: boolean;
  readonly onPointing: ((pointing: boolean) => void) | undefined;
}

/** Have the server of this page keep a file for other programs. @returns its address */
async function handOver(content: BlobPart, name: string): Promise<string> {
  const response = await fetch(`./handed/${name}`, { method: "PUT", body: new Blob([content]) }).catch(
    () => undefined,
  );
  if (response?.status !== 201) {
    throw new Error(
      `${name}: the server of this page must hand it on, got ${response ? `status ${response.status}` : "no answer"}; ` +
        "save it under Keep, and open it there or with tslira send",
    );
  }
  return response.text();
}

/** An image with the coordinates of the observation, as a FITS file. */
function imageFile({ image, title, unit }: Layer, { wcs, name }: ObservationView): Blob {
  if (image === undefined) throw new Error(`${title}: an image is needed first, got none; start the chains`);
  const known = wcs.filter(({ keyword }) => !["BUNIT", "OBJECT"].includes(keyword));
  const cards = [
    ...known.map(({ keyword, value, comment }) => fitsCard(keyword, value, comment)),
    fitsCard("OBJECT", `${title} of ${name}`.slice(0, 68)),
    ...(unit === "" ? [] : [fitsCard("BUNIT", unit)]),
  ];
  const bytes = writeFits([{ kind: "image", shape: [...image.shape], data: image.data, cards }]);
  return new Blob([new Uint8Array(bytes)]);
}

/** The card. */
export function SendCard({ desk, link, data, layers, photometry, pointing, onPointing }: SendProps) {
  const { hub, programs } = link;
  const [to, setTo] = useState("");
  const [wanted, setWanted] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<readonly (SampAnswer & { readonly name: string })[]>([]);
  const [trouble, setTrouble] = useState("");
  // Of other observations and of psfs the pixels lie elsewhere.
  const offered = layers.filter(({ id, image }) => image && !/^psf|^(counts|predicted|residual)-/.test(id));
  const chosen =
    offered.find(({ id }) => id === wanted) ?? offered.find(({ id }) => id === "mean") ?? offered[0];
  const one = programs.find(({ id }) => id === to);
  useEffect(() => {
    if (to !== "" && one === undefined) setTo("");
  }, [to, one]);

  const send = async (mtype: string, name: string, id: string, make: () => Promise<BlobPart> | Blob) => {
    setBusy(true);
    setSaid([]);
    setTrouble("");
    try {
      const takers = await hub.takers(mtype);
      const meant = (one ? [one] : programs).filter((program) => takers.includes(program.id));
      if (meant.length === 0)
        throw new Error(`${name}: a program that takes ${mtype} must be connected, got none; start one`);
      const url = await handOver(await make(), name);
      const answers = await Promise.all(
        meant.map(async (program) => ({
          name: program.name,
          ...(await hub.send(program.id, mtype, { url, name, [id]: url }, LOADING)),
        })),
      );
      setSaid(answers);
    } catch (error) {
      setTrouble((error as Error).message);
    }
    setBusy(false);
  };
  const base = fileName(data.name);
  const table = (kind: PhotometryKind, words: string) => (
    <button
      type="button"
      disabled={busy}
      onClick={() =>
        void send("table.load.votable", `${base}-${kind}.vot`, "table-id", () =>
          desk.photometryFile(kind, "vot"),
        )
      }
    >
      {words}
    </button>
  );
  return (
    <section className="card" aria-labelledby="send-title">
      <h2 id="send-title">Send to other programs</h2>
      <label className="line">
        To
        <select value={one?.id ?? ""} onChange={({ target }) => setTo(target.value)}>
          <option value="">all that take it</option>
          <Options of={programs.map(({ id, name }) => [id, name])} />
        </select>
      </label>
      <label className="line">
        Image
        <select value={chosen?.id} onChange={({ target }) => setWanted(target.value)}>
          <Options of={offered.map(({ id, title }) => [id, title])} />
        </select>
      </label>
      <div className="keep">
        <button
          type="button"
          disabled={busy || chosen === undefined}
          onClick={() =>
            chosen &&
            void send("image.load.fits", `${base}-${fileName(chosen.title)}.fits`, "image-id", () =>
              imageFile(chosen, data),
            )
          }
        >
          Send the image
        </button>
        {photometry.sources && photometry.sources.rows.length > 0 && table("sources", "Send the sources")}
        {photometry.regions && table("regions", "Send the measured regions")}
      </div>
      {onPointing && (
        <label className="line">
          <input type="checkbox" checked={pointing} onChange={({ target }) => onPointing(target.checked)} />
          Point them to picked pixels
        </label>
      )}
      <div className="muted" role="status">
        {busy && "Sending …"}
        {said.map(({ name, done, note }) => (
          <p key={name}>
            {name} {done ? "has it" : "refused it"}
            {note ? `: ${note}` : "."}
          </p>
        ))}
      </div>
      <Trouble words={trouble} />
    </section>
  );
}
