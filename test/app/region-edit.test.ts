/** Regions under the mouse: handles, drags, fields, undo. */
import fc from "fast-check";
import type { RegionShape } from "tslira/sky";
import { describe, expect, it } from "vitest";
import { freeName, type Look } from "../../app/src/pictures/look.js";
import {
  dragHandle,
  drawnShape,
  fieldsOf,
  grownShape,
  handleAfter,
  handlesOf,
  onBorder,
  regionOf,
} from "../../app/src/regions/region-edit.js";
import { changed, newHistory, redone, undone } from "../../app/src/settings/history.js";

const tenth = (min: number, max: number) =>
  fc.integer({ min: 10 * min, max: 10 * max }).map((value) => value / 10);
const place = { x: tenth(-20, 100), y: tenth(-20, 100) };
const angle = fc.integer({ min: -180, max: 180 });
const circle = fc.record({ kind: fc.constant("circle" as const), ...place, radius: tenth(1, 40) });
const long = fc.record({
  kind: fc.constantFrom("ellipse" as const, "box" as const),
  ...place,
  along: tenth(1, 40),
  across: tenth(1, 40),
  angle,
});
const polygon = fc.record({
  kind: fc.constant("polygon" as const),
  vertices: fc.array(fc.record(place), { minLength: 3, maxLength: 7 }),
});
const annulus = fc.tuple(circle, tenth(1, 20)).map(
  ([inner, more]): RegionShape => ({
    kind: "annulus",
    inner,
    outer: { ...inner, radius: Math.round(10 * (inner.radius + more)) / 10 },
  }),
);
const shape: fc.Arbitrary<RegionShape> = fc.oneof(circle, long, polygon, annulus);

function numbers(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbers) : [];
}

// Properties of fast-check; nothing here is statistical.
describe("handles", () => {
  it("put down where they were picked up change nothing", () => {
    fc.assert(
      fc.property(shape, (one) => {
        for (const { id, kind, x, y } of handlesOf(one, 5)) {
          if (kind === "new-corner") continue;
          const same = numbers(dragHandle(one, id, x, y));
          // Angles are whole degrees, lengths tenths of a pixel.
          for (const [index, value] of numbers(one).entries()) {
            const off = Math.abs(value - same[index]);
            expect(Math.min(off, Math.abs(off - 360)), `${id} of ${JSON.stringify(one)}`).toBeLessThan(0.051);
          }
        }
      }),
    );
  });

  it("follow the pointer", () => {
    fc.assert(
      fc.property(circle, angle, tenth(1, 30), (one, degrees, radius) => {
        const turn = (degrees * Math.PI) / 180;
        const to = [one.x + radius * Math.cos(turn), one.y + radius * Math.sin(turn)] as const;
        expect(dragHandle(one, "east", ...to)).toMatchObject({ radius: expect.closeTo(radius, 5) });
      }),
    );
    const box = { kind: "box", x: 10, y: 10, along: 6, across: 4, angle: 0 } as const;
    expect(dragHandle(box, "turn", 10, 30)).toEqual({ ...box, angle: 90 });
    // Turned by 90 degrees the first side runs upwards.
    expect(dragHandle({ ...box, angle: 90 }, "first", 8, 15)).toMatchObject({ along: 10, across: 4 });
  });

  it("make new corners between two, which then move on", () => {
    const triangle: RegionShape = {
      kind: "polygon",
      vertices: [
        { x: 0, y: 0 },
        { x: 4, y: 0 },
        { x: 0, y: 4 },
      ],
    };
    const made = dragHandle(triangle, "between 0", 2, -1);
    expect(made).toMatchObject({ vertices: [{ x: 0 }, { x: 2, y: -1 }, { x: 4 }, { y: 4 }] });
    expect(dragHandle(made, handleAfter("between 0"), 2, -3)).toMatchObject({
      vertices: [{}, { x: 2, y: -3 }, {}, {}],
    });
  });

  it("never let the rings of an annulus cross", () => {
    fc.assert(
      fc.property(annulus, tenth(0, 60), fc.constantFrom("inner east", "outer east"), (one, reach, id) => {
        if (one.kind !== "annulus" || one.inner.kind !== "circle") return;
        const made = dragHandle(one, id, one.inner.x + reach, one.inner.y);
        if (made.kind !== "annulus" || made.inner.kind !== "circle" || made.outer.kind !== "circle")
          throw new Error("must stay an annulus of circles");
        expect(made.outer.radius).toBeGreaterThan(made.inner.radius);
      }),
    );
  });
});

describe("shapes", () => {
  it("drawn from pixel to pixel hold both", () => {
    expect(drawnShape("box", [3, 8], [5.2, 6.9])).toEqual({
      kind: "box",
      x: 4,
      y: 7.5,
      along: 3,
      across: 2,
      angle: 0,
    });
    expect(drawnShape("circle", [3, 4], [6, 8])).toEqual({ kind: "circle", x: 3, y: 4, radius: 5 });
  });
  it("take every number that their fields show", () => {
    fc.assert(
      fc.property(shape, (one) => {
        for (const field of fieldsOf(one)) {
          const again = fieldsOf(field.with(field.value + 0.25)).find(({ label }) => label === field.label);
          const refused = field.label === "inner radius" && again?.value === field.value;
          if (!refused) expect(again?.value).toBeCloseTo(field.value + 0.25, 9);
        }
      }),
    );
  });
  it("grow and shrink, not below half a pixel", () => {
    const small = { kind: "circle", x: 0, y: 0, radius: 0.5 } as const;
    expect(grownShape(small, 0.5)).toEqual({ ...small, radius: 1 });
    expect(grownShape(small, -0.5)).toEqual(small);
  });
  it("have a border of the reach of a pointer", () => {
    const region = regionOf(1, "a", { kind: "circle", x: 0, y: 0, radius: 10 });
    expect([0, 8, 10, 12, 20].map((x) => onBorder(region, x, 0, 1.5))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
  });
});

describe("undo and redo", () => {
  const start: Look = {
    style: { stretch: "sqrt", colormap: "auto", percent: 99 },
    limits: {},
    panels: [],
    count: 6,
    view: { x: 0, y: 0, zoom: 1 },
    lines: { grid: false },
    regions: [],
  };
  const history = newHistory(start);

  it("any changes undone give the start, redone the end", () => {
    const change = fc.record({
      percent: fc.nat(100),
      step: fc.constantFrom(undefined, "", "drag 1", "drag 2", "zoom"),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        // A first step, so that changes without one belong to something.
        let held = changed(history, { ...start, panels: ["counts"] }, "");
        for (const { percent, step } of changes)
          held = changed(held, { ...held.now, style: { ...start.style, percent } }, step);
        const end = held.now;
        let back = held;
        while (back.past.length > 0) back = undone(back);
        expect(back.now).toEqual(start);
        expect(undone(back)).toEqual(back);
        while (back.future.length > 0) back = redone(back);
        expect(back.now).toEqual(end);
      }),
    );
  });
  it("one drag is one step, and a change after undo ends the future", () => {
    let held = history;
    for (const percent of [98, 97, 96])
      held = changed(held, { ...held.now, style: { ...start.style, percent } }, "drag 1");
    expect(held.past).toHaveLength(1);
    expect(undone(held).now).toEqual(start);
    expect(changed(undone(held), { ...start, panels: ["a"] }, "").future).toEqual([]);
  });
  it("names are free", () => {
    const regions = [regionOf(1, "Region 1", { kind: "point", x: 0, y: 0 })];
    expect([freeName(regions), freeName(regions, "Region 1"), freeName(regions, "jet")]).toEqual([
      "Region 2",
      "Region 1 (2)",
      "jet",
    ]);
  });
});
