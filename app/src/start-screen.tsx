/** Where data come from: an example, or files. */

import { type DragEvent, useMemo, useRef, useState } from "react";
import { quantityScale } from "tslira/viewer";
import type { Desk } from "./desk.js";
import { Thumbnail } from "./picture.js";
import type { Choices, Composition, Example, FoundImage, Role, ShownExample } from "./protocol.js";

const ROLES: readonly (readonly [Role, string])[] = [
  ["counts", "counts"],
  ["psf", "point spread function"],
  ["exposure", "exposure"],
  ["background", "background"],
  ["mask", "mask (1 = use)"],
];

/** A file on the list. */
interface Row {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  readonly state: "reading" | "read" | "refused";
  readonly message?: string;
  readonly file?: number;
  readonly images: readonly (FoundImage & { readonly use: Role | undefined })[];
}

interface StartProps {
  readonly desk: Desk;
  readonly examples: readonly ShownExample[];
  readonly onOpen: (choices: Choices, composition: Composition, example?: Example["id"]) => Promise<void>;
}

function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What still keeps the data from being opened, in words; empty when nothing does. */
function missing(choices: Choices, rows: readonly Row[]): string {
  if (rows.some(({ state }) => state === "reading")) return "Reading …";
  const both = [choices.counts ? "" : "counts", choices.psf ? "" : "point spread function"].filter(Boolean);
  return both.length === 0 ? "" : `Still needed: ${both.join(" and ")}.`;
}

/** The first screen. */
export function StartScreen({ desk, examples, onOpen }: StartProps) {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [over, setOver] = useState(false);
  const [backgroundUnit, setBackgroundUnit] = useState<"flux" | "counts">("flux");
  const [trouble, setTrouble] = useState("");
  const picker = useRef<HTMLInputElement>(null);
  const lastKey = useRef(0);

  const change = (key: number, part: Partial<Row>) =>
    setRows((all) => all.map((row) => (row.key === key ? { ...row, ...part } : row)));

  async function add(list: Iterable<File>): Promise<void> {
    setTrouble("");
    for (const file of list) {
      const key = ++lastKey.current;
      setRows((all) => [...all, { key, name: file.name, size: file.size, state: "reading", images: [] }]);
      try {
        const { id, images } = await desk.readFile(file, file.name);
        setRows((all) => {
          const taken = new Set(all.flatMap((row) => row.images.flatMap(({ use }) => use ?? [])));
          const named = images.map((image) => {
            const use = image.role !== undefined && !taken.has(image.role) ? image.role : undefined;
            if (use) taken.add(use);
            return { ...image, use };
          });
          return all.map((row) =>
            row.key === key ? { ...row, state: "read", file: id, images: named } : row,
          );
        });
      } catch (error) {
        change(key, { state: "refused", message: (error as Error).message });
      }
    }
  }

  const choices = useMemo(() => {
    const chosen: { -readonly [Name in Role]?: NonNullable<Choices[Name]> } = {};
    for (const { file, images } of rows) {
      for (const { hdu, name, use } of images) {
        if (use !== undefined && file !== undefined) chosen[use] ??= { file, hdu, name };
      }
    }
    return chosen as Choices;
  }, [rows]);

  const assign = (key: number, hdu: number, use: Role | undefined) =>
    setRows((all) =>
      all.map((row) => ({
        ...row,
        images: row.images.map((image) => {
          if (row.key === key && image.hdu === hdu) return { ...image, use };
          // A role is played once.
          return use !== undefined && image.use === use ? { ...image, use: undefined } : image;
        }),
      })),
    );

  async function openFiles(): Promise<void> {
    setTrouble("");
    const divided = choices.background && choices.exposure && backgroundUnit === "counts";
    try {
      await onOpen(choices, divided ? { backgroundUnit } : {});
    } catch (error) {
      setTrouble((error as Error).message);
    }
  }

  async function openExample(id: Example["id"]): Promise<void> {
    setTrouble("");
    try {
      await onOpen(await desk.openExample(id), {}, id);
    } catch (error) {
      setTrouble((error as Error).message);
    }
  }

  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void add(event.dataTransfer.files);
  };
  const needed = missing(choices, rows);

  return (
    <main className="start">
      <div className="lead">
        <h2>See the sky behind the counts</h2>
        <p>
          Bayesian deconvolution of X-ray and gamma-ray images, computed in this browser. Your files do not
          leave this machine.
        </p>
      </div>
      <section
        className={over ? "drop over" : "drop"}
        aria-label="Your files"
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <div className="drop-head">
          <div>
            <h3>Your files</h3>
            <p>
              Drop FITS images here, plain or .gz: counts and a point spread function; exposure, background
              and mask if you have them.
            </p>
          </div>
          <button
            type="button"
            className={rows.length === 0 ? "primary" : ""}
            onClick={() => picker.current?.click()}
          >
            {rows.length === 0 ? "Choose files" : "Add files"}
          </button>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label="FITS files"
            onChange={({ target }) => {
              void add([...(target.files ?? [])]);
              target.value = "";
            }}
          />
        </div>
        {rows.length > 0 && (
          <ul className="files">
            {rows.map((row) => (
              <FileRow
                key={row.key}
                row={row}
                onAssign={(hdu, use) => assign(row.key, hdu, use)}
                onRemove={() => setRows((all) => all.filter(({ key }) => key !== row.key))}
              />
            ))}
          </ul>
        )}
        {choices.background && choices.exposure && (
          <label className="line">
            The background is in
            <select
              value={backgroundUnit}
              onChange={({ target }) => setBackgroundUnit(target.value as "flux" | "counts")}
            >
              <option value="flux">flux: counts a pixel for unit exposure</option>
              <option value="counts">expected counts a pixel (as Fermi maps)</option>
            </select>
          </label>
        )}
        {rows.length > 0 && (
          <div className="go">
            <button
              type="button"
              className="primary"
              disabled={needed !== ""}
              onClick={() => void openFiles()}
            >
              Open
            </button>
            <span role="status">{needed}</span>
          </div>
        )}
        {trouble !== "" && (
          <p role="alert" className="trouble">
            {trouble}
          </p>
        )}
      </section>
      <section aria-label="Examples">
        <h3>Or try an example</h3>
        <div className="examples">
          {examples.map(({ id, title, sentence, counts }) => (
            <button type="button" key={id} className="example" onClick={() => void openExample(id)}>
              <Thumbnail image={counts} scale={exampleScale(counts)} />
              <span className="example-title">{title}</span>
              <span className="example-text">{sentence}</span>
            </button>
          ))}
          {examples.length === 0 && <p className="muted">Simulating the examples …</p>}
        </div>
      </section>
    </main>
  );
}

function exampleScale(image: ShownExample["counts"]) {
  return quantityScale("counts", image, { stretch: "sqrt", colormap: "auto", percent: 100 });
}

function FileRow({
  row,
  onAssign,
  onRemove,
}: {
  readonly row: Row;
  readonly onAssign: (hdu: number, use: Role | undefined) => void;
  readonly onRemove: () => void;
}) {
  return (
    <li className={row.state}>
      <div className="file-head">
        <span className="file-name">{row.name}</span>
        <span className="muted">{sizeText(row.size)}</span>
        {row.state === "reading" && <span className="muted">reading …</span>}
        <button type="button" className="quiet" onClick={onRemove} aria-label={`Remove ${row.name}`}>
          Remove
        </button>
      </div>
      {row.message && (
        <p className="trouble" role="alert">
          {row.message}
        </p>
      )}
      {row.images.map((image) => (
        <div className="found" key={image.hdu}>
          <Thumbnail
            image={image.preview}
            scale={quantityScale("counts", image.preview, {
              stretch: "sqrt",
              colormap: "auto",
              percent: 100,
            })}
          />
          <label>
            <span className="spoken">{image.name} is </span>
            <select
              value={image.use ?? ""}
              onChange={({ target }) => onAssign(image.hdu, (target.value || undefined) as Role | undefined)}
            >
              {ROLES.map(([role, title]) => (
                <option key={role} value={role}>
                  {title}
                </option>
              ))}
              <option value="">not used</option>
            </select>
          </label>
          <span className="muted">
            {image.shape[1]} × {image.shape[0]} · {image.use === image.role ? image.reason : "chosen by you"}
          </span>
        </div>
      ))}
    </li>
  );
}
