/** Files of several observations: which image goes with which. */
import { describe, expect, it } from "vitest";
import type { Role } from "../../app/src/desk/observation-view.js";
import { jointConfig } from "../../app/src/settings/reproduce.js";
import {
  assignImages,
  chosenImages,
  type ListedFile,
  observationCount,
  withoutGaps,
} from "../../app/src/start/assign-images.js";

const preview = { data: new Float64Array(1), shape: [1, 1] } as const;
const file = (name: string, role: Role, number: number): ListedFile => ({
  file: number,
  images: [
    {
      ...{
        hdu: 0,
        name,
        role,
        preview,
        shape: [1, 1],
        sum: 0,
        hasSky: false,
        reason: "",
        use: undefined,
        of: 0,
      },
    },
  ],
});
const placed = (...files: (readonly [string, Role])[]) =>
  assignImages(files.map(([name, role], index) => file(name, role, index)));
const names = (files: readonly ListedFile[]) =>
  chosenImages(files).map((images) =>
    (["counts", "psf", "exposure"] as const).flatMap((role) => images[role]?.name ?? []),
  );

describe("images on the list", () => {
  it("go with the counts whose number they bear, a single one with all, others in their order", () => {
    const numbered = placed(
      ["obs-4684-psf.fits", "psf"],
      ["obs-4683-counts.fits", "counts"],
      ["obs-4684-counts.fits", "counts"],
      ["obs-4683-psf.fits", "psf"],
      ["exposure.fits", "exposure"],
    );
    expect(names(numbered)).toEqual([
      ["obs-4683-counts.fits", "obs-4683-psf.fits", "exposure.fits"],
      ["obs-4684-counts.fits", "obs-4684-psf.fits", "exposure.fits"],
    ]);
    expect(
      names(placed(["a.fits", "counts"], ["b.fits", "counts"], ["p.fits", "psf"], ["q.fits", "psf"])),
    ).toEqual([
      ["a.fits", "p.fits"],
      ["b.fits", "q.fits"],
    ]);
    // A second psf of one observation has no use.
    expect(names(placed(["a.fits", "counts"], ["p.fits", "psf"], ["q.fits", "psf"]))).toEqual([
      ["a.fits", "p.fits"],
    ]);
  });

  it("stay what a reader said, and are counted without gaps", () => {
    const [first, second] = placed(["a.fits", "counts"], ["b.fits", "counts"]);
    const left = withoutGaps([
      { ...first, images: [{ ...first.images[0], use: undefined, byHand: true }] },
      second,
    ]);
    expect(observationCount(left)).toBe(1);
    expect(names(left)).toEqual([["b.fits"]]);
    expect(names(assignImages(left))).toEqual([["b.fits"]]);
  });

  it("are named in a file for the command, with what is common to all", () => {
    const [images, other] = chosenImages(
      placed(["a.fits", "counts"], ["b.fits", "counts"], ["p.fits", "psf"]),
    );
    const cutout = { x: [64, 192], y: [65, 193] } as const;
    const text = jointConfig({ ...images, others: [other] }, { cutout, offsets: "wcs" });
    expect(JSON.parse(text ?? "")).toEqual({
      ...{ cutout: "64:192,65:193", offsets: "wcs" },
      observations: [
        { counts: "a.fits", psf: "p.fits" },
        { counts: "b.fits", psf: "p.fits" },
      ],
    });
    expect(jointConfig(images, {})).toBeUndefined();
  });
});
