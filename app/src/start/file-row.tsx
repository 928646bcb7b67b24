/** A file on the start screen: what was found in it, and what that is used as. */

import { quantityScale } from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { Role } from "../desk/observation-view.js";
import type { PictureOptions } from "../desk/start-calls.js";
import { late } from "../late.js";
import { Options } from "../options.js";
import { countsScale, Thumbnail } from "../pictures/picture.js";
import { sizeText } from "../run/save-file.js";
import { Trouble } from "../trouble.js";
import type { ListedImage } from "./assign-images.js";
import { type OfferedGrid, startFields } from "./event-fields.js";
import type { Row } from "./file-rows.js";
import { PictureRow } from "./picture-row.js";

const ROLES: readonly (readonly [Role, string])[] = [
  ["counts", "counts"],
  ["psf", "point spread function"],
  ["exposure", "exposure"],
  ["background", "background"],
  ["mask", "mask (1 = use)"],
];

const EventsRow = late(() => import("./events-row.js").then((found) => found.EventsRow));

/** The choice that begins one more observation. */
const ANOTHER = "another";

interface FileProps {
  readonly row: Row;
  /** How many observations there are. */
  readonly several: number;
  readonly desk: Desk;
  /** Images on whose pixels events can be binned. */
  readonly grids: readonly OfferedGrid[];
  readonly onBinning: (part: Pick<Row, "fields" | "binning">) => void;
  readonly onPicture: (options: PictureOptions) => void;
  readonly onAssign: (hdu: number, chosen: Pick<ListedImage, "use" | "of">) => void;
  readonly onRemove: () => void;
}

/** Why an image is used as it is. */
export function reasonOf({ use, role, byHand, reason }: ListedImage): string {
  if (use === role) return reason;
  return byHand ? "chosen by you" : "another image is taken for that";
}

/** The row. */
export function FileRow(props: FileProps) {
  const { row, desk, grids, onBinning, onPicture, onAssign, onRemove, several } = props;
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
      <Trouble words={row.message ?? ""} />
      {row.found?.events && row.file !== undefined && (
        <EventsRow
          desk={desk}
          file={row.file}
          found={row.found.events}
          fields={row.fields ?? startFields(row.found.events)}
          onFields={(fields) => onBinning({ fields, binning: undefined })}
          onBinning={(binning) => onBinning({ binning })}
          grids={grids}
        />
      )}
      {row.found?.picture && <PictureRow found={row.found.picture} onOpen={onPicture} />}
      {row.found?.configuration && <p className="muted">Settings. They are in the form of the next run.</p>}
      {row.found?.result && (
        <div className="found">
          <Thumbnail
            image={row.found.result.preview}
            scale={quantityScale("flux", row.found.result.preview, {
              stretch: "sqrt",
              colormap: "auto",
              percent: 99.9,
            })}
          />
          <p>
            <strong>Result.</strong> {row.found.result.summary}
            {row.found.result.inputs.length > 0 && (
              <span className="muted">
                {" "}
                Add {row.found.result.inputs.join(", ")} to see predicted counts and residuals.
              </span>
            )}
          </p>
        </div>
      )}
      {row.images.map((image) => (
        <div className="found" key={image.hdu}>
          <Thumbnail image={image.preview} scale={countsScale(image.preview)} />
          <label>
            <span className="spoken">{image.name} is </span>
            <select
              value={image.use ?? ""}
              onChange={({ target }) =>
                onAssign(
                  image.hdu,
                  target.value === ANOTHER
                    ? { use: "counts", of: several }
                    : {
                        use: (target.value || undefined) as Role | undefined,
                        of: target.value === "counts" && image.of === "all" ? 0 : image.of,
                      },
                )
              }
            >
              <Options of={ROLES.filter(([role]) => role === "psf" || !image.psfs)} />
              {!image.psfs && <option value={ANOTHER}>counts of another observation</option>}
              <option value="">not used</option>
            </select>
          </label>
          {image.use !== undefined && several > 1 && (
            <label>
              <span className="spoken">{image.name} belongs to </span>
              <select
                value={image.of}
                onChange={({ target }) =>
                  onAssign(image.hdu, {
                    use: image.use,
                    of: target.value === "all" ? "all" : Number(target.value),
                  })
                }
              >
                <Options
                  of={Array.from({ length: several }, (_, index) => [index, `observation ${index + 1}`])}
                />
                {image.use !== "counts" && <option value="all">all observations</option>}
              </select>
            </label>
          )}
          <span className="muted">
            {image.shape[1]} × {image.shape[0]} · {reasonOf(image)}
          </span>
        </div>
      ))}
    </li>
  );
}
