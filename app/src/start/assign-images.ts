/** Which image of the files on the list is what, and of which of several observations. */

import type { ChosenImages, FoundImage, Role } from "../desk/observation-view.js";

/** An image on the list. */
export interface ListedImage extends FoundImage {
  readonly use: Role | undefined;
  /** Number of its observation, from 0; `"all"`: it serves each of them. */
  readonly of: number | "all";
  /** Whether a reader has chosen both. */
  readonly byHand?: true;
}

/** A file with its images. */
export interface ListedFile {
  readonly file?: number;
  readonly images: readonly ListedImage[];
}

/** Numbers in a name that tell one observation from others: two digits or more. */
const numbersOf = (name: string) => new Set(name.match(/\d{2,}/g) ?? []);

/** The one name that shares a number with `name` which the others do not have; -1 where there is none. */
function sameNumber(name: string, names: readonly string[]): number {
  const found = [...numbersOf(name)].map((number) => {
    const having = names.flatMap((one, index) => (numbersOf(one).has(number) ? [index] : []));
    return having.length === 1 ? having[0] : -1;
  });
  return found.find((index) => index >= 0) ?? -1;
}

/** How many observations there are on a list: one for each image of counts. */
export function observationCount(files: readonly ListedFile[]): number {
  const numbers = files.flatMap(({ images }) =>
    images.flatMap(({ use, of }) => (use === "counts" && of !== "all" ? [of + 1] : [])),
  );
  return Math.max(1, ...numbers);
}

/**
 * Say of each image what it is used as, but of those that a reader has chosen for. Counts of several files are several observations of
 * one sky. What goes with them is theirs whose number its name bears, else in the order of the files; a single one serves all.
 */
export function assignImages<F extends ListedFile>(files: readonly F[]): F[] {
  const counts: string[] = [];
  const taken = new Set<string>();
  const key = (use: Role, of: number | "all") => `${use} ${of}`;
  for (const { images } of files)
    for (const { use, of, byHand, name } of images) {
      if (!byHand || use === undefined) continue;
      taken.add(key(use, of));
      if (use === "counts" && of !== "all") counts[of] = name;
    }
  const placed = files.map((file) => {
    let first = true;
    return {
      ...file,
      images: file.images.map((image): ListedImage => {
        if (image.byHand || image.role !== "counts") return image;
        if (!first) return { ...image, use: undefined };
        first = false;
        let of = 0;
        while (taken.has(key("counts", of))) of++;
        taken.add(key("counts", of));
        counts[of] = image.name;
        return { ...image, use: "counts", of };
      }),
    };
  });
  const several = counts.length > 1;
  const alone = (role: Role) =>
    placed.flatMap(({ images }) => images.filter((one) => one.role === role)).length < 2;
  return placed.map((file) => ({
    ...file,
    images: file.images.map((image): ListedImage => {
      const { role, name } = image;
      if (image.byHand || role === "counts") return image;
      if (role === undefined) return { ...image, use: undefined };
      const named = several ? sameNumber(name, counts) : 0;
      let of: number | "all" = named >= 0 ? named : several && alone(role) ? "all" : 0;
      while (named < 0 && of !== "all" && taken.has(key(role, of))) of++;
      if (of !== "all" && (of >= Math.max(1, counts.length) || taken.has(key(role, of))))
        return { ...image, use: undefined, of: 0 };
      taken.add(key(role, of));
      return { ...image, use: role, of };
    }),
  }));
}

/** Observations counted without gaps, after one has lost its counts. */
export function withoutGaps<F extends ListedFile>(files: readonly F[]): F[] {
  const used = files.flatMap(({ images }) =>
    images.flatMap(({ use, of }) => (use === "counts" && of !== "all" ? [of] : [])),
  );
  const numbers = [...new Set(used)].sort((a, b) => a - b);
  const place = (of: number | "all") => (of === "all" ? of : Math.max(0, numbers.indexOf(of)));
  return files.map((file) => ({
    ...file,
    images: file.images.map((image) => ({ ...image, of: place(image.of) })),
  }));
}

/** The images of each observation. */
export function chosenImages(files: readonly ListedFile[]): ChosenImages[] {
  return Array.from({ length: observationCount(files) }, (_, index) => {
    const chosen: { -readonly [Name in Role]?: NonNullable<ChosenImages[Name]> } = {};
    for (const wanted of [index, "all"] as const)
      for (const { file, images } of files)
        for (const { hdu, name, use, of, psfs } of images)
          if (use !== undefined && of === wanted && file !== undefined)
            chosen[use] ??= { file, hdu, name, ...(psfs && { psfs }) };
    return chosen;
  });
}
