/** What the fields of an event list hold, and the options that they mean. */

import type { Shape } from "tslira";
import type { EventPositions } from "tslira/sky";
import type { ImageChoice } from "../desk/observation-view.js";
import type { EventBinning, FoundEvents } from "../desk/start-calls.js";
import type { ListedFile } from "./assign-images.js";

/** What the fields hold, as text. */
export interface EventFields {
  readonly energy: readonly [string, string];
  readonly time: readonly [string, string];
  readonly coordinates: EventPositions["kind"];
  readonly projection: "TAN" | "CAR";
  readonly binSize: string;
  readonly center: string;
  readonly size: string;
  readonly where: string;
  /** The image whose pixels are taken, in place of size, place and projection. */
  readonly like?: ImageChoice | undefined;
}

/** What they hold at the start: all events, in pixels that the data choose. */
export function startFields({ positions }: FoundEvents): EventFields {
  return {
    ...{ energy: ["", ""], time: ["", ""], projection: "TAN", coordinates: positions[0] },
    ...{ binSize: "", center: "", size: "", where: "" },
  };
}

/** An image on whose pixels events can be binned. */
export interface OfferedGrid {
  readonly image: ImageChoice;
  readonly shape: Shape;
}

/** Roles whose images offer their pixels, those first that usually lie on the grid that is wanted. */
const GRIDS = ["exposure", "background", "mask", "psf"];

/** The images on the list that lie on the sky and go with counts. */
export function offeredGrids(files: readonly ListedFile[]): OfferedGrid[] {
  const all = files.flatMap(({ file, images }) =>
    images.flatMap(({ hdu, name, shape, use = "", hasSky }) =>
      hasSky && file !== undefined && GRIDS.includes(use) ? [{ image: { file, hdu, name }, shape, use }] : [],
    ),
  );
  return all.sort((a, b) => GRIDS.indexOf(a.use) - GRIDS.indexOf(b.use));
}

/** Whether two choices are of one image. */
export function isSameImage(a: ImageChoice | undefined, b: ImageChoice): boolean {
  return a?.file === b.file && a.hdu === b.hdu;
}

function rangeOf([from, to]: readonly [string, string]): readonly [number, number] | undefined | "wrong" {
  if (from.trim() === "" && to.trim() === "") return undefined;
  const low = from.trim() === "" ? Number.NEGATIVE_INFINITY : Number(from);
  const high = to.trim() === "" ? Number.POSITIVE_INFINITY : Number(to);
  return low < high ? [low, high] : "wrong";
}

function pairOf(text: string): readonly [number, number] | undefined | "wrong" {
  if (text.trim() === "") return undefined;
  const values = text
    .split(/\s*[,x×]\s*|\s+/)
    .filter(Boolean)
    .map(Number);
  return values.length === 2 && values.every(Number.isFinite) ? (values as [number, number]) : "wrong";
}

/** The options, or what is wrong with a field. */
export function optionsOf(fields: EventFields): EventBinning | string {
  const [energy, time] = [rangeOf(fields.energy), rangeOf(fields.time)];
  if (energy === "wrong" || time === "wrong")
    return "A range needs two numbers, the smaller first; or leave an end empty.";
  const cuts = {
    coordinates: fields.coordinates,
    ...(energy && { energy }),
    ...(time && { time }),
    ...(fields.where.trim() !== "" && { where: fields.where.trim() }),
  };
  if (fields.like) return { ...cuts, like: fields.like };
  const center = pairOf(fields.center);
  if (center === "wrong") return "The middle needs two numbers, as 266.4, -29.";
  const size = pairOf(fields.size);
  if (size === "wrong" || size?.some((side) => !Number.isInteger(side) || side < 1))
    return "The size needs two whole numbers, as 256 x 256.";
  const binSize = fields.binSize.trim() === "" ? undefined : Number(fields.binSize);
  if (binSize !== undefined && !(binSize > 0 && Number.isFinite(binSize)))
    return "The bin size needs a number above 0.";
  return {
    ...cuts,
    ...(fields.coordinates !== "pixel" && { projection: fields.projection }),
    ...(center && { center }),
    ...(size && { size }),
    ...(binSize !== undefined && { binSize }),
  };
}
