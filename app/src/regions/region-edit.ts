/** Regions as they are drawn and edited: their handles, what a drag makes of them, and their numbers. */

import { type RegionShape, type RegionTerm, termsContain } from "tslira/sky";
import { alongAxes, fromAxes, movedShape } from "#studio";

/** A region on the screen. */
export interface DrawnRegion {
  readonly id: number;
  readonly name: string;
  readonly terms: readonly RegionTerm[];
}

/** Shapes that can be drawn. */
export type ShapeTool = "circle" | "ellipse" | "box" | "polygon" | "annulus";

/** A spot of a shape that can be dragged; position in pixels of the image. */
export interface Handle {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  /** What it does: makes larger, turns, moves a corner or makes a new one. */
  readonly kind: "size" | "turn" | "corner" | "new-corner";
}

/** A number of a shape that can be typed. */
export interface ShapeField {
  readonly label: string;
  readonly value: number;
  /** Smallest value; undefined for positions and angles. */
  readonly min?: number;
  readonly step: number;
  /** The shape with another value. */
  readonly with: (value: number) => RegionShape;
}

type Round = RegionShape & { readonly kind: "circle" };
type Long = RegionShape & { readonly kind: "ellipse" | "box" };

/** Least radius, semi-axis or half side, in pixels. */
const LEAST = 0.5;
const tidy = (value: number) => Math.round(10 * value) / 10;
const size = (value: number, least = LEAST) => Math.max(least, tidy(value));

/** The one shape of a region, undefined of a region of several. */
export function onlyShape({ terms }: Pick<DrawnRegion, "terms">): RegionShape | undefined {
  return terms.length === 1 ? terms[0]?.shape : undefined;
}

/** A region of one shape. */
export function regionOf(id: number, name: string, shape: RegionShape): DrawnRegion {
  return { id, name, terms: [{ operator: "or", shape }] };
}

/** A region at another place. */
export function movedRegion(region: DrawnRegion, dx: number, dy: number): DrawnRegion {
  return {
    ...region,
    terms: region.terms.map((term) => ({ ...term, shape: movedShape(term.shape, dx, dy) })),
  };
}

/** Regions with another in the place of the one of its number. */
export function withRegion(regions: readonly DrawnRegion[], next: DrawnRegion): DrawnRegion[] {
  return regions.map((one) => (one.id === next.id ? next : one));
}

/** Whether a position lies within `reach` pixels of the border of a region. */
export function onBorder({ terms }: DrawnRegion, x: number, y: number, reach: number): boolean {
  const around = Array.from({ length: 12 }, (_, index) => {
    const angle = (index * Math.PI) / 6;
    return termsContain(terms, x + reach * Math.cos(angle), y + reach * Math.sin(angle));
  });
  return around.includes(true) && around.includes(false);
}

/** Half of a long shape along and across. */
const halves = ({ kind, along, across }: Long): [along: number, across: number] =>
  kind === "box" ? [along / 2, across / 2] : [along, across];

const SIDES = [
  ["east", 1, 0],
  ["north", 0, 1],
  ["west", -1, 0],
  ["south", 0, -1],
] as const;

/**
 * The handles of a shape.
 *
 * @param gap distance in pixels of the handle that turns from the shape
 */
export function handlesOf(shape: RegionShape, gap: number): Handle[] {
  switch (shape.kind) {
    case "circle":
      return SIDES.map(([id, dx, dy]) => ({
        id,
        kind: "size",
        x: shape.x + dx * shape.radius,
        y: shape.y + dy * shape.radius,
      }));
    case "ellipse":
    case "box": {
      const [along, across] = halves(shape);
      const corners =
        shape.kind === "ellipse"
          ? SIDES.map(([id, u, v]) => [id, u, v] as const)
          : ([
              ["first", 1, 1],
              ["second", -1, 1],
              ["third", -1, -1],
              ["fourth", 1, -1],
            ] as const);
      return [
        ...corners.map(([id, u, v]) => ({
          id,
          kind: "size" as const,
          ...fromAxes(shape, u * along, v * across),
        })),
        { id: "turn", kind: "turn", ...fromAxes(shape, along + gap, 0) },
      ];
    }
    case "polygon": {
      const { vertices } = shape;
      return [
        ...vertices.map(({ x, y }, index) => ({ id: `corner ${index}`, kind: "corner" as const, x, y })),
        ...vertices.map(({ x, y }, index) => {
          const next = vertices[(index + 1) % vertices.length] ?? { x, y };
          return {
            id: `between ${index}`,
            kind: "new-corner" as const,
            x: (x + next.x) / 2,
            y: (y + next.y) / 2,
          };
        }),
      ];
    }
    case "annulus": {
      const rings = [
        ["inner", shape.inner],
        ["outer", shape.outer],
      ] as const;
      return rings.flatMap(([id, ring]) =>
        handlesOf(ring, gap)
          .filter(({ kind }) => kind === "size")
          .slice(0, id === "inner" ? 2 : 4)
          .map((handle) => ({ ...handle, id: `${id} ${handle.id}` })),
      );
    }
    case "point":
      return [];
  }
}

/** A ring made larger or smaller as a whole. */
function scaled(ring: RegionShape, factor: number): RegionShape {
  if (ring.kind === "circle") return { ...ring, radius: size(ring.radius * factor) };
  if (ring.kind !== "ellipse" && ring.kind !== "box") return ring;
  return { ...ring, along: size(ring.along * factor), across: size(ring.across * factor) };
}

/** Half of the first side of a ring. */
function ringReach(ring: RegionShape): number {
  if (ring.kind === "circle") return ring.radius;
  return ring.kind === "ellipse" || ring.kind === "box" ? halves(ring)[0] : LEAST;
}

/** What a handle dragged to (x, y) makes of a shape. */
export function dragHandle(shape: RegionShape, id: string, x: number, y: number): RegionShape {
  switch (shape.kind) {
    case "circle":
      return { ...shape, radius: size(Math.hypot(x - shape.x, y - shape.y)) };
    case "ellipse":
    case "box": {
      if (id === "turn") {
        const angle = Math.round((Math.atan2(y - shape.y, x - shape.x) * 180) / Math.PI);
        return { ...shape, angle };
      }
      const [u, v] = alongAxes(shape, x, y).map(Math.abs) as [number, number];
      if (shape.kind === "box") return { ...shape, along: size(2 * u, 1), across: size(2 * v, 1) };
      return id === "east" || id === "west" ? { ...shape, along: size(u) } : { ...shape, across: size(v) };
    }
    case "polygon": {
      const [kind, number] = id.split(" ");
      const at = Number(number);
      const corner = { x: tidy(x), y: tidy(y) };
      return {
        ...shape,
        vertices:
          kind === "between"
            ? [...shape.vertices.slice(0, at + 1), corner, ...shape.vertices.slice(at + 1)]
            : shape.vertices.map((vertex, index) => (index === at ? corner : vertex)),
      };
    }
    case "annulus": {
      const inner = id.startsWith("inner");
      const ring = inner ? shape.inner : shape.outer;
      const corner = id.split(" ")[1] ?? "";
      const next = dragHandle(ring, corner, x, y);
      // Rings that are no circles keep their proportions, so that they stay alike.
      const wanted = ring.kind === "circle" ? next : scaled(ring, ringReach(next) / ringReach(ring));
      const made: RegionShape = { ...shape, [inner ? "inner" : "outer"]: wanted };
      return made.kind === "annulus" && ringReach(made.outer) > ringReach(made.inner) ? made : shape;
    }
    case "point":
      return shape;
  }
}

/** A handle that makes a new corner becomes the handle of that corner. */
export function handleAfter(id: string): string {
  const [kind, number] = id.split(" ");
  return kind === "between" ? `corner ${Number(number) + 1}` : id;
}

/** What a drag from one pixel to a position draws; a polygon is clicked instead. */
export function drawnShape(
  tool: Exclude<ShapeTool, "polygon">,
  [x0, y0]: readonly [number, number],
  [x, y]: readonly [number, number],
): RegionShape {
  const [dx, dy] = [Math.abs(x - x0), Math.abs(y - y0)];
  const radius = size(Math.hypot(dx, dy));
  const circle = (r: number): Round => ({ kind: "circle", x: x0, y: y0, radius: r });
  switch (tool) {
    case "circle":
      return circle(radius);
    case "annulus":
      return { kind: "annulus", inner: circle(size(radius / 2)), outer: circle(Math.max(radius, 1)) };
    case "ellipse":
      return { kind: "ellipse", x: x0, y: y0, along: size(dx), across: size(dy), angle: 0 };
    case "box": {
      // From pixel to pixel, both inside.
      const [x1, y1] = [Math.round(x), Math.round(y)];
      return {
        kind: "box",
        x: (x0 + x1) / 2,
        y: (y0 + y1) / 2,
        along: Math.abs(x1 - x0) + 1,
        across: Math.abs(y1 - y0) + 1,
        angle: 0,
      };
    }
  }
}

/** A shape of ordinary size around a pixel, for those who press a key instead of dragging. */
export function shapeAt(
  tool: Exclude<ShapeTool, "polygon">,
  [x, y]: readonly [number, number],
  [ny, nx]: readonly [number, number],
): RegionShape {
  const radius = size(Math.max(1.5, Math.min(ny, nx) / 16));
  if (tool === "box") return { kind: "box", x, y, along: 2 * radius, across: 2 * radius, angle: 0 };
  if (tool === "ellipse") return { kind: "ellipse", x, y, along: 1.5 * radius, across: radius, angle: 0 };
  return drawnShape(tool, [x, y], [x + (tool === "annulus" ? 2 : 1) * radius, y]);
}

/** A shape half a pixel larger or smaller on all sides. */
export function grownShape(shape: RegionShape, by: number): RegionShape {
  switch (shape.kind) {
    case "circle":
      return { ...shape, radius: size(shape.radius + by) };
    case "ellipse":
      return { ...shape, along: size(shape.along + by), across: size(shape.across + by) };
    case "box":
      return { ...shape, along: size(shape.along + 2 * by, 1), across: size(shape.across + 2 * by, 1) };
    case "annulus": {
      const outer = grownShape(shape.outer, by);
      return ringReach(outer) > ringReach(shape.inner) ? { ...shape, outer } : shape;
    }
    default:
      return shape;
  }
}

const lengthField = (label: string, value: number, made: ShapeField["with"]): ShapeField => ({
  ...{ label, value, min: LEAST, step: 0.5 },
  with: made,
});

/** The numbers of a shape. */
export function fieldsOf(shape: RegionShape): ShapeField[] {
  if (shape.kind === "polygon") return [];
  if (shape.kind === "annulus") {
    const { inner, outer } = shape;
    const move = fieldsOf(outer).filter(({ label }) => label === "x" || label === "y");
    return [
      ...move.map((field) => ({
        ...field,
        with: (value: number) =>
          movedShape(
            shape,
            field.label === "x" ? value - field.value : 0,
            field.label === "y" ? value - field.value : 0,
          ),
      })),
      ...(inner.kind === "circle" && outer.kind === "circle"
        ? [
            lengthField("inner radius", inner.radius, (radius) =>
              radius < outer.radius ? { ...shape, inner: { ...inner, radius } } : shape,
            ),
            lengthField("outer radius", outer.radius, (radius) =>
              radius > inner.radius ? { ...shape, outer: { ...outer, radius } } : shape,
            ),
          ]
        : []),
    ];
  }
  const position: ShapeField[] = [
    { label: "x", value: shape.x, step: 0.5, with: (x) => ({ ...shape, x }) },
    { label: "y", value: shape.y, step: 0.5, with: (y) => ({ ...shape, y }) },
  ];
  if (shape.kind === "point") return position;
  if (shape.kind === "circle") {
    return [lengthField("radius", shape.radius, (radius) => ({ ...shape, radius })), ...position];
  }
  const [along, across] = shape.kind === "box" ? ["width", "height"] : ["semi-axis 1", "semi-axis 2"];
  return [
    ...position,
    lengthField(along, shape.along, (value) => ({ ...shape, along: value })),
    lengthField(across, shape.across, (value) => ({ ...shape, across: value })),
    { label: "angle", value: shape.angle, step: 5, with: (angle) => ({ ...shape, angle }) },
  ];
}
