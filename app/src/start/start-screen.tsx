/** Where data come from: an example, or files. */

import { useMemo, useRef, useState } from "react";
import { numberText } from "#viewer";
import type { Desk, DeskError } from "../desk/desk.js";
import {
  type Choices,
  type Composition,
  type Example,
  eachObservation,
  type ImageChoice,
  type Role,
  type ShownExample,
} from "../desk/observation-view.js";
import type { OpenedResult, PictureOptions } from "../desk/start-calls.js";
import { useDroppedFiles } from "../dropped-files.js";
import { late } from "../late.js";
import { countsScale, Thumbnail } from "../pictures/picture.js";
import { cutoutOf, cutoutText } from "../settings/cutout-text.js";
import { Trouble } from "../trouble.js";
import {
  assignImages,
  chosenImages,
  type ListedImage,
  observationCount,
  withoutGaps,
} from "./assign-images.js";
import { type BackgroundUnit, guessBackgroundUnit } from "./background-unit.js";
import { isSameImage, offeredGrids, startFields } from "./event-fields.js";
import { FileRow } from "./file-row.js";
import type { FileRows, Row } from "./file-rows.js";
import { brightPart, isLarge } from "./large-image.js";

const Overview = late(() => import("./overview.js").then((found) => found.Overview));

interface StartProps {
  readonly desk: Desk;
  readonly files: FileRows;
  readonly examples: readonly ShownExample[];
  readonly onOpen: (choices: Choices, composition: Composition, example?: Example["id"]) => Promise<void>;
  readonly onResult: (opened: OpenedResult) => void;
  /** How data are cut, by settings that came before them. */
  readonly composition: Composition;
}

/** What still keeps the data from being opened, in words; empty when nothing does. */
export function missing(choices: Choices, rows: readonly Row[]): string {
  if (rows.some(({ state }) => state === "reading")) return "Reading …";
  if (rows.some(({ found }) => found?.result)) return "";
  if (rows.filter(({ found }) => found?.events).length > 1)
    return "Event lists are opened one at a time: remove the others from the list.";
  if (rows.some(({ found, binning }) => found?.events && binning === undefined))
    return "Binning the events …";
  const each = eachObservation(choices);
  const needed = each.flatMap(({ counts, psf }, index) => {
    const whose = each.length > 1 ? ` of observation ${index + 1}` : "";
    return [counts ? "" : `counts${whose}`, psf ? "" : `point spread function${whose}`].filter(Boolean);
  });
  return needed.length === 0 ? "" : `Still needed: ${needed.join(" and ")}.`;
}

/** The first screen. */
export function StartScreen(props: StartProps) {
  const { desk, examples, onOpen, onResult, composition } = props;
  const { rows, setRows, read } = props.files;
  const [over, setOver] = useState(false);
  const [chosenUnit, setChosenUnit] = useState<BackgroundUnit>();
  const [trouble, setTrouble] = useState("");
  /** Whether it is that the images do not go together. */
  const [mismatched, setMismatched] = useState(false);
  const [partText, setPartText] = useState<string>();
  const picker = useRef<HTMLInputElement>(null);
  const change = (key: number, part: Partial<Row>) =>
    setRows((all) => all.map((row) => (row.key === key ? { ...row, ...part } : row)));

  async function add(list: Iterable<File>): Promise<void> {
    setTrouble("");
    // One that is refused says so in its row.
    for (const file of list) await read(file).catch(() => undefined);
  }

  const list = rows.find(({ found, file }) => found?.events && file !== undefined);
  const choices = useMemo((): Choices => {
    const [first, ...others] = chosenImages(rows);
    const counts = first.counts ?? (list && { file: list.file ?? -1, hdu: 0, name: list.name });
    return { ...first, ...(counts && { counts }), ...(others.length > 0 && { others }) };
  }, [rows, list]);
  const grids = useMemo(() => offeredGrids(rows), [rows]);
  const several = observationCount(rows);
  const guess = useMemo(() => {
    const chosen = (role: Role) =>
      rows
        .find(({ file }) => file !== undefined && file === choices[role]?.file)
        ?.images.find(({ hdu }) => hdu === choices[role]?.hdu);
    const [counts, exposure, background] = [chosen("counts"), chosen("exposure"), chosen("background")];
    return counts && exposure && background && guessBackgroundUnit({ counts, exposure, background });
  }, [rows, choices]);
  const backgroundUnit = chosenUnit ?? guess?.unit ?? "flux";
  const results = rows.filter(({ found }) => found?.result);
  const result = results.at(-1);
  const listed = list?.file === choices.counts?.file ? list : undefined;
  /** Other pixels for the events, where an image on the list offers them. */
  const otherGrids =
    result || !list?.found?.events?.hasSky
      ? []
      : grids.filter(({ image }) => !listed || !isSameImage(list.fields?.like, image));

  /** The part of counts that are too large to be shown whole. */
  const part = useMemo(() => {
    if (composition.cutout || result) return undefined;
    for (const { file, images } of rows) {
      for (const { hdu, shape, preview } of images) {
        const { counts } = choices;
        if (counts && file === counts.file && hdu === counts.hdu && isLarge(shape))
          return { shape, choice: counts, cutout: brightPart(shape, preview) };
      }
    }
    return undefined;
  }, [rows, choices, composition, result]);
  const partShown = partText ?? (part ? cutoutText(part.cutout) : "");

  const assign = (key: number, hdu: number, chosen: Pick<ListedImage, "use" | "of">) =>
    setRows((all) =>
      withoutGaps(
        all.map((row) => ({
          ...row,
          images: row.images.map((image) => {
            if (row.key === key && image.hdu === hdu) return { ...image, ...chosen, byHand: true };
            // A role is played once in an observation.
            return chosen.use !== undefined && image.use === chosen.use && image.of === chosen.of
              ? { ...image, use: undefined }
              : image;
          }),
        })),
      ),
    );

  /** Take the counts from the events, on the grid of an image. */
  function binLike(like: ImageChoice): void {
    setTrouble("");
    setRows((all) =>
      all.map((row) =>
        row.key === list?.key && row.found?.events
          ? {
              ...row,
              fields: { ...(row.fields ?? startFields(row.found.events)), like },
              binning: undefined,
            }
          : {
              ...row,
              images: row.images.map((image) =>
                image.use === "counts" && image.of === 0 ? { ...image, use: undefined, byHand: true } : image,
              ),
            },
      ),
    );
  }

  /** Open something, or say why that cannot be. */
  async function attempt(open: () => Promise<void>): Promise<void> {
    setTrouble("");
    setMismatched(false);
    try {
      await open();
    } catch (error) {
      const { message, code } = error as DeskError;
      setTrouble(message);
      setMismatched(code === "INVALID_INPUT");
    }
  }

  async function openFiles(): Promise<void> {
    const divided = choices.background && choices.exposure && backgroundUnit === "counts";
    if (result?.file !== undefined) {
      onResult(await desk.openResult(result.file, listed ? {} : choices));
      return;
    }
    const counts =
      listed?.file !== undefined && listed.binning
        ? await desk.keepEvents(listed.file, listed.binning)
        : choices.counts;
    const cutout = part ? cutoutOf(partShown) : undefined;
    if (part && (cutout === undefined || isLarge([cutout.y[1] - cutout.y[0], cutout.x[1] - cutout.x[0]])))
      throw new Error("part: must read x0:x1,y0:y1 and hold at most 2 million pixels; make it smaller");
    await onOpen(
      { ...choices, ...(counts && { counts }) },
      { ...composition, ...(divided && { backgroundUnit }), ...(cutout && { cutout }) },
    );
  }

  async function openExample(id: Example["id"]): Promise<void> {
    setRows([]);
    await onOpen(await desk.openExample(id), {}, id);
  }

  const openPicture = async (file: number, options: PictureOptions) =>
    onOpen(await desk.openPicture(file, options), {});

  useDroppedFiles((files) => void add(files), setOver);
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
      <section className={over ? "drop over" : "drop"} aria-label="Your files">
        <div className="drop-head">
          <div>
            <h3>Your files</h3>
            <p>
              Drop FITS files here, plain or .gz: counts or an event list, and a point spread function;
              exposure, background and mask if you have them. Or a result, saved settings, a picture.
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
            aria-label="Files"
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
                desk={desk}
                grids={grids}
                onBinning={(part) => change(row.key, part)}
                onPicture={(options) => void attempt(() => openPicture(row.file as number, options))}
                several={several}
                onAssign={(hdu, chosen) => assign(row.key, hdu, chosen)}
                onRemove={() =>
                  setRows((all) => withoutGaps(assignImages(all.filter(({ key }) => key !== row.key))))
                }
              />
            ))}
          </ul>
        )}
        {choices.background && choices.exposure && (
          <label className="line">
            The background is in
            <select
              value={backgroundUnit}
              onChange={({ target }) => setChosenUnit(target.value as BackgroundUnit)}
            >
              <option value="flux">flux: counts a pixel for unit exposure</option>
              <option value="counts">expected counts a pixel (as Fermi maps)</option>
            </select>
            {guess && (
              <span className="muted">
                which predicts {numberText(backgroundUnit === "flux" ? guess.asFlux : guess.asCounts, 3)}{" "}
                counts in all
                {chosenUnit === undefined && guess.unit === "counts" && "; as flux it would be far too many"}
              </span>
            )}
          </label>
        )}
        {part && (
          <Overview
            desk={desk}
            choice={part.choice}
            shape={part.shape}
            part={cutoutOf(partShown)}
            onPart={(next) => setPartText(cutoutText(next))}
          />
        )}
        {part && (
          <label className="line">
            {part.shape[1].toLocaleString("en-US")} × {part.shape[0].toLocaleString("en-US")} pixels are more
            than chains can sample; open columns, rows
            <input
              value={partShown}
              size={22}
              aria-invalid={cutoutOf(partShown) === undefined}
              onChange={({ target }) => setPartText(target.value)}
            />
          </label>
        )}
        {rows.some(({ found }) => !found?.picture && !found?.configuration) && (
          <div className="go">
            <button
              type="button"
              className="primary"
              disabled={needed !== ""}
              onClick={() => void attempt(openFiles)}
            >
              {result ? "Open the result" : "Open"}
            </button>
            <span role="status">
              {needed || (results.length > 1 && `${result?.name}, the last of the results, is opened.`)}
            </span>
          </div>
        )}
        <Trouble words={trouble}>
          {mismatched &&
            otherGrids.map(({ image }) => (
              <button type="button" key={image.name} onClick={() => binLike(image)}>
                Bin {list?.name} on the grid of {image.name}
              </button>
            ))}
        </Trouble>
      </section>
      <section aria-label="Examples">
        <h3>Or try an example</h3>
        <div className="examples">
          {examples.map(({ id, title, sentence, counts }) => (
            <button
              type="button"
              key={id}
              className="example"
              onClick={() => void attempt(() => openExample(id))}
            >
              <Thumbnail image={counts} scale={countsScale(counts)} />
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
