/** Files at the desk: read, recognised, put together. */

import { checkObservation } from "tslira";
import {
  type ComposedObservation,
  composeObservation,
  type FitsHdu,
  findHdu,
  hduKind,
  imageToSkyImage,
  isResult,
  type NamedHdu,
  readFitsMaybeGzip,
  wcsCards,
} from "tslira/fits";
import { readConfiguration } from "../settings/configuration.js";
import { describeEvents, eventTable } from "./events.js";
import { describeResult } from "./found-result.js";
import type {
  Choices,
  Composition,
  FoundImage,
  ImageChoice,
  ObservationView,
  Role,
} from "./observation-view.js";
import { pageWords } from "./page-words.js";
import { describePicture, isPicture } from "./picture.js";
import { previewOf } from "./preview.js";
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

/** An observation with what a run records of it. */
export interface Composed extends ComposedObservation {
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
  readonly choices: Choices;
  readonly composition: Composition;
}

/** Most bytes of a file after decompression: what a tab can hold a few times. */
const MAX_BYTES = 2 ** 30;
/** Most bytes of settings. */
const MAX_TEXT = 2 ** 20;
const ROLES: readonly Role[] = ["counts", "psf", "exposure", "background", "mask"];

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", bytes);
  return digest && [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
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
      const start = new Uint8Array(await file.slice(0, 64).arrayBuffer());
      if (isPicture(start)) {
        const picture = await describePicture(file, name);
        return { id: add({ name, hdus: [], picture: true, content: file }), images: [], picture };
      }
      if (/^\s*\{/.test(new TextDecoder().decode(start)) && file.size < MAX_TEXT) {
        const configuration = readConfiguration(await file.text(), name);
        return { id: add({ name, hdus: [], content: file }), images: [], configuration };
      }
      const bytes = new Uint8Array(await file.arrayBuffer());
      const hdus = await readFitsMaybeGzip(bytes, { name, maxBytes: MAX_BYTES });
      if (isResult(hdus)) {
        const result = describeResult(hdus);
        return { id: add({ name, hdus, content: file }), images: [], result };
      }
      const images: FoundImage[] = [];
      let reason = "";
      const wanted = hdus.filter(({ kind }) => kind === "image");
      for (const hdu of wanted) {
        try {
          const image = imageToSkyImage(hdu);
          const first = hdu === wanted[0];
          const label = first ? name : `${name}[${hdu.index}]`;
          images.push({
            hdu: hdu.index,
            name: label,
            shape: image.shape,
            ...recognise(first ? name : label, hdu, image),
            sum: image.data.reduce((sum, value) => (Number.isFinite(value) ? sum + value : sum), 0),
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
      const used = new Set(ROLES.flatMap((role) => choices[role]?.file ?? []));
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

    nameOf: (file: number) => fileOf(file).name,

    forget(): void {
      files.length = 0;
    },

    /** Put an observation together, and check it. */
    compose(choices: Choices, composition: Composition): { composed: Composed; view: ObservationView } {
      const { counts, psf } = choices;
      if (counts === undefined) throw new Error("counts: an image of counts is needed, got none; add a file");
      if (psf === undefined) throw new Error("psf: a point spread function is needed, got none; add a file");
      if (fileOf(psf.file).hdus.some((hdu) => hduKind(hdu).kind === "psf places")) {
        throw new Error(
          `psf: one image is needed here, got a set of psfs in ${psf.name}; give the set to tslira deconvolve`,
        );
      }
      const { exposure, background, mask } = choices;
      const hdus = {
        counts: hduOf(counts),
        psf: hduOf(psf),
        ...(exposure && { exposure: hduOf(exposure) }),
        ...(background && { background: hduOf(background) }),
        ...(mask && { mask: hduOf(mask) }),
      };
      const made = composeObservation(hdus, composition);
      const { observation, unit, notes } = made;
      const { warnings } = checkObservation(observation, { boundary: "spill" });
      const inputs = ROLES.flatMap((role) => {
        const choice = choices[role];
        const hash = choice && files[choice.file]?.sha256;
        return choice && hash !== undefined ? [{ name: choice.name, sha256: hash }] : [];
      });
      const { name = "observation", wcs = wcsCards(hdus.counts.hdu.header) } = observation;
      return {
        composed: { ...made, inputs, choices, composition },
        view: {
          name,
          counts: observation.counts,
          psf: observation.psf,
          ...(observation.exposure && { exposure: observation.exposure }),
          ...(observation.background && { background: observation.background }),
          ...(observation.mask && { mask: observation.mask }),
          wcs,
          ...(unit !== undefined && { unit }),
          warnings: [...notes, ...warnings].map(pageWords),
          fullShape: imageToSkyImage(hdus.counts.hdu).shape,
          fullPsfShape: imageToSkyImage(hdus.psf.hdu).shape,
        },
      };
    },
  };
}
