/** Files at the desk: read, recognised, put together. */

import {
  type ComposedObservation,
  checkObservation,
  composeObservation,
  type FitsHdu,
  imageToSkyImage,
  type NamedHdu,
  readFitsMaybeGzip,
  type SkyImage,
  wcsCards,
} from "tslira";
import type {
  Choices,
  Composition,
  FoundImage,
  ImageChoice,
  ObservationView,
  ReadFile,
  Role,
} from "./protocol.js";
import { recognise } from "./recognise.js";
import type { SessionFile } from "./session-store.js";

/** A file in memory. */
interface KeptFile {
  readonly name: string;
  readonly hdus: readonly FitsHdu[];
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

/** Longest side of a preview in pixels. */
const PREVIEW_SIDE = 96;
/** Most bytes of a file after decompression: what a tab can hold a few times. */
const MAX_BYTES = 2 ** 30;
const ROLES: readonly Role[] = ["counts", "psf", "exposure", "background", "mask"];

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", bytes);
  return digest && [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An image of at most `PREVIEW_SIDE` pixels a side; each the largest of a block, so that points stay. */
function previewOf({ data, shape: [ny, nx] }: SkyImage): SkyImage {
  const step = Math.max(1, Math.ceil(Math.max(ny, nx) / PREVIEW_SIDE));
  const [rows, columns] = [Math.ceil(ny / step), Math.ceil(nx / step)];
  const small = new Float64Array(rows * columns).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const at = Math.floor(row / step) * columns + Math.floor(col / step);
      const value = data[row * nx + col];
      if (value > small[at]) small[at] = value;
    }
  }
  return { data: small, shape: [rows, columns] };
}

/** Files of a page. */
export function deskFiles() {
  const files: KeptFile[] = [];

  function hduOf({ file, hdu, name }: ImageChoice): NamedHdu {
    const found = files[file]?.hdus.find(({ index }) => index === hdu);
    if (found === undefined) throw new Error(`${name}: file must have been read; choose it again`);
    return { name, hdu: found };
  }

  return {
    /** Read a file and say what its images may be. */
    async read(file: Blob, name: string): Promise<ReadFile> {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const hdus = await readFitsMaybeGzip(bytes, { name, maxBytes: MAX_BYTES });
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
            preview: previewOf(image),
          });
        } catch (error) {
          reason = (error as Error).message;
        }
      }
      if (images.length === 0) {
        const tables = hdus
          .filter(({ kind }) => kind === "table")
          .map((hdu) => hdu.name || `table ${hdu.index}`);
        throw new Error(
          reason !== ""
            ? reason
            : tables.length > 0
              ? `${name}: must hold an image, got tables only (${tables.join(", ")}); bin the events to an image first`
              : `${name}: must hold an image, got none; choose another file`,
        );
      }
      files.push({ name, hdus, sha256: await sha256(bytes), content: file, made: false });
      return { id: files.length - 1, images };
    },

    /** Keep a file that was made here. @returns its number */
    async keep(name: string, bytes: Uint8Array): Promise<number> {
      const hdus = await readFitsMaybeGzip(bytes, { name });
      files.push({ name, hdus, sha256: undefined, content: new Blob([Uint8Array.from(bytes)]), made: true });
      return files.length - 1;
    },

    /** The files behind choices, as they were given. */
    sources(choices: Choices): SessionFile[] {
      const used = new Set(ROLES.flatMap((role) => choices[role]?.file ?? []));
      return [...used].map((file) => {
        const { name, content, made } = files[file];
        return { file, name, content, made };
      });
    },

    forget(): void {
      files.length = 0;
    },

    /** Put an observation together, and check it. */
    compose(choices: Choices, composition: Composition): { composed: Composed; view: ObservationView } {
      const { counts, psf } = choices;
      if (counts === undefined) throw new Error("counts: an image of counts is needed, got none; add a file");
      if (psf === undefined) throw new Error("psf: a point spread function is needed, got none; add a file");
      const { exposure, background, mask } = choices;
      const hdus = {
        counts: hduOf(counts),
        psf: hduOf(psf),
        ...(exposure && { exposure: hduOf(exposure) }),
        ...(background && { background: hduOf(background) }),
        ...(mask && { mask: hduOf(mask) }),
      };
      const made = composeObservation(hdus, composition);
      const { observation, unit } = made;
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
          warnings,
          fullShape: imageToSkyImage(hdus.counts.hdu).shape,
          fullPsfShape: imageToSkyImage(hdus.psf.hdu).shape,
        },
      };
    },
  };
}
