import type { Psf } from "../data/observation/psf-set.js";
import type { Panel } from "./plot-panels.js";

/**
 * A psf as panels: one, or one for each place of a set, as they lie in the field, the highest first.
 *
 * @param size longer side of each picture in px
 */
export function psfPanels(psf: Psf, size: number): Panel[] {
  const digits = (value: number) => Number(value.toFixed(1));
  const placed = psf.places
    ?.toSorted((one, other) => other.y - one.y || one.x - other.x)
    .map(({ psf: image, x, y }) => ({ image, title: `Psf at ${digits(x)}, ${digits(y)}` }));
  return (placed ?? [{ image: psf, title: "Point spread function" }]).map((panel) => ({
    ...panel,
    label: "probability",
    stretch: "log",
    colormap: "magma",
    axes: "offset",
    size,
  }));
}
