/** The built-in examples. */

import {
  type SimulatedObservation,
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "tslira";
import { fitsCard, writeFits } from "tslira/fits";
import type { Example, Role } from "./observation-view.js";

const SIMULATE: Readonly<
  Record<Example["id"], (options: { readonly seed: number }) => SimulatedObservation>
> = {
  "gaussian-and-points": simulateGaussianAndPoints,
  disk: simulateDisk,
  "point-source": simulatePointSource,
};

/** What there is, the most telling first. */
export const EXAMPLES: readonly Example[] = [
  {
    id: "gaussian-and-points",
    title: "Gaussian plus points",
    sentence: "A broad source, and four points of 1000, 300, 100 and 30 counts.",
  },
  { id: "disk", title: "Disk", sentence: "A flat disk under an uneven exposure." },
  { id: "point-source", title: "Point source", sentence: "1000 counts of one pixel, blurred by a wide psf." },
];

/** The observation of an example, as `tslira simulate` makes it. */
export function simulateExample(id: Example["id"]): SimulatedObservation {
  return SIMULATE[id]({ seed: 0 });
}

/** Its images as FITS files with the names that `tslira simulate <example> -o sim` gives them. */
export function exampleFiles(
  observation: SimulatedObservation,
): { role: Role; name: string; bytes: Uint8Array }[] {
  const { counts, psf, exposure, background, name = "" } = observation;
  const images = { counts, psf, exposure, background };
  return Object.entries(images).flatMap(([role, image]) =>
    image === undefined
      ? []
      : [
          {
            role: role as Role,
            name: `sim/${role}.fits`,
            bytes: writeFits([
              {
                kind: "image",
                name: "PRIMARY",
                shape: image.shape,
                data: image.data,
                cards: [fitsCard("OBJECT", name)],
              },
            ]),
          },
        ],
  );
}
