/** Files at the desk: read, recognised, put together. */

import { checkObservation, type Observation } from "tslira";
import {
  composeObservation,
  type FitsHdu,
  findHdu,
  findPsfSet,
  imageToSkyImage,
  isResult,
  type NamedHdu,
  type NamedPsfSet,
  readFitsMaybeGzip,
  wcsCards,
} from "tslira/fits";
import { type PixelPosition, type PixelsOf, parseWcs, pointingOffsets } from "tslira/sky";
import { type ComposedTogether, composeTogether, givenOptions, isEnsemble, psfPlanes } from "#studio";
import { mosaicOf } from "../pictures/psf-mosaic.js";
import { readConfiguration } from "../settings/configuration.js";
import { describeEvents, eventTable } from "./events.js";
import { fileBytes, MAX_BYTES } from "./file-bytes.js";
import { describeResult } from "./found-result.js";
import {
  type Choices,
  type ChosenImages,
  type Composition,
  cutsOf,
  eachObservation,
  type FoundImage,
  type ImageChoice,
  type ObservationView,
  psfErrorsOf,
  type Role,
} from "./observation-view.js";
import { onOneSky } from "./one-sky.js";
import { pageWords } from "./page-words.js";
import { describePicture, isPicture } from "./picture.js";
import { overviewOf, previewOf } from "./preview.js";
import type { ReadFile } from "./protocol.js";
import { recognise } from "./recognise.js";
import type { SessionFile } from "./session-store.js";

/** A file in memory. */
interface KeptFile {
  readonly name: string;
  readonly hdus: readonly FitsHdu[];
  /** Whether it is a picture of another kind than FITS. */
  readonly picture?: boolean;
  /** Lower-case hexadecimal digits; undefined where the browser has no digests (pages without https). */
  readonly sha256: string | undefined;
  /** As it was given, and whether it was made here. */
  readonly content: Blob;
  readonly made: boolean;
}

/** Observations, each on pixels of its own, with what a run records of them. */
export interface Composed extends ComposedTogether {
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
  readonly choices: Choices;
  readonly composition: Composition;
}

/** Where observations lie by their headers; why they cannot be placed so, in words. */
function placesOf(observations: readonly Observation[]): {
  readonly places?: readonly PixelPosition[];
  readonly why?: string;
} {
  try {
    return { places: pointingOffsets(observations).offsets };
  } catch (error) {
    return { why: (error as Error).message };
  }
}

/** Most bytes of settings. */
const MAX_TEXT = 2 ** 20;
const ROLES: readonly Role[] = ["counts", "psf", "exposure", "background", "mask"];

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", bytes);
  return digest && [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Several psfs of a file. @throws FormatError unless they are as many as rows of the table */
function foundPsfs(set: NamedPsfSet): FoundImage {
  const { name, hdu } = set;
  const planes = psfPlanes(set);
  const ensemble = isEnsemble(set);
  const many = planes.length === 1 ? "1 psf" : `${planes.length} psfs`;
  return {
    ...{ hdu: hdu.index, name, shape: planes[0].shape, role: "psf" },
    ...(ensemble
      ? { psfs: "members", reason: `${many} of which one is true, by its table` }
      : { psfs: "places", reason: `${many} at places, by its table` }),
    sum: planes.flatMap(({ data }) => [...data]).reduce((all, value) => all + value, 0),
    hasSky: false,
    preview: previewOf(mosaicOf(planes)),
  };
}

/** Files of a page. */
export function deskFiles() {
  const files: KeptFile[] = [];

  function add({
    sha256,
    made = false,
    ...rest
  }: Pick<KeptFile, "name" | "hdus" | "content"> & Partial<KeptFile>): number {
    return files.push({ ...rest, sha256, made }) - 1;
  }

  function fileOf(file: number): KeptFile {
    const found = files[file];
    if (found === undefined) throw new Error("file: must have been read, got none; choose it again");
    return found;
  }

  function hduOf({ file, hdu, name }: ImageChoice): NamedHdu {
    const found = files[file]?.hdus.find(({ index }) => index === hdu);
    if (found === undefined) throw new Error(`${name}: file must have been read; choose it again`);
    return { name, hdu: found };
  }

  return {
    /** Read a file and say what is in it. */
    async read(file: Blob, name: string): Promise<ReadFile> {
      const start = await fileBytes(file, name, 64);
      if (isPicture(start)) {
        const picture = await describePicture(file, name);
        return { id: add({ name, hdus: [], picture: true, content: file }), images: [], picture };
      }
      if (/^\s*\{/.test(new TextDecoder().decode(start)) && file.size < MAX_TEXT) {
        const configuration = readConfiguration(await file.text(), name);
        return { id: add({ name, hdus: [], content: file }), images: [], configuration };
      }
      const bytes = await fileBytes(file, name);
      const hdus = await readFitsMaybeGzip(bytes, { name, maxBytes: MAX_BYTES });
      if (isResult(hdus)) {
        const result = describeResult(hdus);
        return { id: add({ name, hdus, content: file }), images: [], result };
      }
      const images: FoundImage[] = [];
      let reason = "";
      const wanted = hdus.filter(({ kind }) => kind === "image");
      const set = findPsfSet(hdus);
      for (const hdu of wanted) {
        try {
          if (set?.hdu === hdu) {
            images.push(foundPsfs({ ...set, name }));
            continue;
          }
          const image = imageToSkyImage(hdu);
          const first = hdu === wanted[0];
          const label = first ? name : `${name}[${hdu.index}]`;
          images.push({
            hdu: hdu.index,
            name: label,
            shape: image.shape,
            ...recognise(first ? name : label, hdu, image),
            sum: image.data.reduce((sum, value) => (Number.isFinite(value) ? sum + value : sum), 0),
            hasSky: parseWcs(wcsCards(hdu.header)).wcs !== undefined,
            preview: previewOf(image),
          });
        } catch (error) {
          reason = (error as Error).message;
        }
      }
      const events = images.length === 0 ? eventTable(hdus) : undefined;
      if (events !== undefined) {
        const found = describeEvents(events);
        return { id: add({ name, hdus, content: file }), images, events: found };
      }
      if (images.length === 0) {
        if (reason !== "") throw new Error(reason);
        // Says what the file holds instead.
        findHdu(hdus);
      }
      return { id: add({ name, hdus, content: file, sha256: await sha256(bytes) }), images };
    },

    /** Keep a file that was made here. @returns its number */
    async keep(name: string, bytes: Uint8Array, digest = false): Promise<number> {
      const hdus = await readFitsMaybeGzip(bytes, { name });
      const copy = Uint8Array.from(bytes);
      const hash = digest ? await sha256(copy) : undefined;
      return add({ name, hdus, content: new Blob([copy]), sha256: hash, made: true });
    },

    /** The files behind choices, as they were given. */
    sources(choices: Choices): SessionFile[] {
      const used = new Set(
        eachObservation(choices).flatMap((images) => ROLES.flatMap((role) => images[role]?.file ?? [])),
      );
      return [...used].map((file) => {
        const { name, content, made, sha256 } = files[file];
        return { file, name, content, made, hashed: sha256 !== undefined };
      });
    },

    /** What a file holds. */
    hdusOf(file: number): readonly FitsHdu[] {
      return fileOf(file).hdus;
    },

    /** The file as it came, of a picture. */
    blobOf(file: number): Blob {
      const { content, picture, name } = fileOf(file);
      if (!picture) throw new Error(`${name}: must be a picture, got another file; choose a picture`);
      return content;
    },

    /** An image made smaller. @param side most pixels a side */
    smaller: (choice: ImageChoice, side: number) => overviewOf(imageToSkyImage(hduOf(choice).hdu), side),

    /** The pixels of an image, for events. */
    pixelsOf(choice: ImageChoice): PixelsOf {
      const { name, hdu } = hduOf(choice);
      return { name, shape: imageToSkyImage(hdu).shape, wcs: wcsCards(hdu.header) };
    },

    /** A file as it came, or was made. */
    contentOf: (choice: ImageChoice) => fileOf(choice.file).content,

    nameOf: (file: number) => fileOf(file).name,

    forget(): void {
      files.length = 0;
    },

    /** Put observations together, and check them. */
    compose(choices: Choices, composition: Composition): { composed: Composed; view: ObservationView } {
      const each = eachObservation(choices);
      const named = each.map((images, index) => namedHdus(images, each.length > 1 ? ` ${index + 1}` : ""));
      const cuts = cutsOf(composition);
      const { observations, notes, unit } = composeTogether(
        named.map((hdus, index) =>
          composeObservation(hdus, { ...cuts, ...psfErrorsOf(each[index], index, composition) }),
        ),
      );
      const several = observations.length > 1;
      const found = several ? placesOf(observations) : {};
      const offsets = several ? (composition.offsets ?? (found.places ? "wcs" : "none")) : undefined;
      if (offsets === "wcs" && found.why !== undefined) throw new Error(found.why);
      const composed: Composed = {
        ...{ observations, notes, choices },
        ...(unit !== undefined && { unit }),
        composition: { ...composition, ...(offsets && { offsets }) },
        inputs: each.flatMap((images) =>
          ROLES.flatMap((role) => {
            const choice = images[role];
            const hash = choice && files[choice.file]?.sha256;
            return choice && hash !== undefined ? [{ name: choice.name, sha256: hash }] : [];
          }),
        ),
      };
      // What does not lie on one sky is told now rather than by a run.
      onOneSky(composed, "spill");
      const warnings = observations.flatMap((one) => checkObservation(one, { boundary: "spill" }).warnings);
      const lost =
        several && composition.offsets === undefined && found.why !== undefined
          ? [`The observations are taken for ones of the same pixels: ${found.why}.`]
          : [];
      const [first, ...others] = observations;
      const [{ counts }] = named;
      const { name = "observation", wcs = wcsCards(counts.hdu.header) } = first;
      return {
        composed,
        view: {
          name,
          counts: first.counts,
          psf: first.psf,
          ...givenOptions(first, ["exposure", "background", "mask"]),
          ...(several && {
            others: others.map((one, index) => ({
              ...{ name: one.name ?? `observation ${index + 2}`, counts: one.counts, psf: one.psf },
              ...(one.mask && { mask: one.mask }),
            })),
          }),
          ...(offsets && { offsets }),
          ...(offsets === "wcs" && found.places && { places: found.places }),
          wcs,
          ...(unit !== undefined && { unit }),
          warnings: [...new Set([...notes, ...warnings, ...lost])].map(pageWords),
          fullShape: imageToSkyImage(counts.hdu).shape,
        },
      };
    },
  };

  /** Images of an observation that have been read. @param which of several it is, for messages */
  function namedHdus({ counts, psf, exposure, background, mask }: ChosenImages, which: string) {
    const needed = (choice: ImageChoice | undefined, role: string, what: string) => {
      if (choice === undefined) throw new Error(`${role}${which}: ${what} is needed, got none; add a file`);
      return hduOf(choice);
    };
    const one = needed(psf, "psf", "a point spread function");
    const set = psf && findPsfSet(fileOf(psf.file).hdus);
    return {
      counts: needed(counts, "counts", "an image of counts"),
      psf: set?.hdu === one.hdu ? { ...one, table: set.table } : one,
      ...(exposure && { exposure: hduOf(exposure) }),
      ...(background && { background: hduOf(background) }),
      ...(mask && { mask: hduOf(mask) }),
    };
  }
}
