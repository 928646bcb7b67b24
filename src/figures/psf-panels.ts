import { type Psf, psfsOf } from "../data/observation/psf-set.js";
import type { Panel } from "./plot-panels.js";

/**
 * A psf as panels: one, or one for each place of a set, as they lie in the field, the highest first.
 *
 * @param size longer side of each picture in px
 */
export function psfPanels(psf: Psf, size: number): Panel[] {
  const most = Math.max(
    ...psfsOf(psf).map(({ data }) => data.reduce((all, value) => Math.max(all, value), 0)),
  );
  const digits = (value: number) => Number(value.toFixed(1));
  const placed = psf.places
    ?.toSorted((one, other) => other.y - one.y || one.x - other.x)
    .map(({ psf: image, x, y }) => ({ image, title: `Psf at ${digits(x)}, ${digits(y)}` }));
  return (placed ?? [{ image: psf, title: "Point spread function" }]).map((panel) => ({
    ...panel,
    label: "probability",
    stretch: "log",
    // One scale for all: they are there to be compared.
    ...(psf.places && { vmin: most / 1e4, vmax: most }),
    colormap: "magma",
    axes: "offset",
    size,
  }));
}
