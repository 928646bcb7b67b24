import { type Psf, psfsOf } from "../data/observation/psf-set.js";
import type { SkyImage } from "../image.js";
import type { Panel } from "./plot-panels.js";

/** A psf that is shown of several, with its title. */
export interface ShownPsf {
  readonly image: SkyImage;
  readonly title: string;
}

/**
 * The psfs that stand for a psf: itself, or the one of each place of a set, as they lie in the field, the highest first, or at most nine
 * members of an ensemble.
 */
export function shownPsfs(psf: Psf): ShownPsf[] {
  const digits = (value: number) => Number(value.toFixed(1));
  const placed = psf.places
    ?.toSorted((one, other) => other.y - one.y || one.x - other.x)
    .map(({ psf: image, x, y }) => ({ image, title: `Psf at ${digits(x)}, ${digits(y)}` }));
  const { members } = psf;
  const every = Math.ceil(((members?.length ?? 1) - 1) / 8) || 1;
  const chosen = members?.flatMap(({ psf: image }, index) =>
    index % every === 0 ? [{ image, title: `Member ${index}` }] : [],
  );
  return placed ?? chosen ?? [{ image: psf, title: "Point spread function" }];
}

/**
 * A psf as panels: those of `shownPsfs`.
 *
 * @param size longer side of each picture in px
 */
export function psfPanels(psf: Psf, size: number): Panel[] {
  const shown = shownPsfs(psf);
  const most = Math.max(
    ...psfsOf(psf).map(({ data }) => data.reduce((all, value) => Math.max(all, value), 0)),
  );
  return shown.map((panel) => ({
    ...panel,
    label: "probability",
    stretch: "log",
    // One scale for all: they are there to be compared.
    ...(shown.length > 1 && { vmin: most / 1e4, vmax: most }),
    colormap: "magma",
    axes: "offset",
    size,
  }));
}
