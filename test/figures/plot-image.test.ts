import { beforeAll, describe, expect, it } from "vitest";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { plotPanels } from "../../src/figures/plot-panels.js";
import { plotPosterior } from "../../src/figures/plot-posterior.js";
import { imageOf, picturesOf, textsOf } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

const blob = imageOf(8, 8, (x, y) => 1.2e-9 * Math.exp(-((x - 4) ** 2 + (y - 3) ** 2) / 4));

describe("plotImage", () => {
  it("looks as it did", async () => {
    const svg = plotImage(
      imageOf(3, 4, (x, y) => x * y),
      {
        document,
        title: "Products",
        label: "x y",
        size: 120,
        markers: [{ x: 1, y: 1, radius: 0.5, label: "A" }],
      },
    );
    await expect(svg).toMatchFileSnapshot("snapshots/plot-image.svg.snap");
  });

  it("names title, axes and unit with a common factor", () => {
    const texts = textsOf(
      plotImage(blob, { document, title: "Mean <flux> & more", label: "flux", unit: "cm-2 s-1" }),
    );
    expect(texts).toEqual(
      expect.arrayContaining([
        "Mean &lt;flux&gt; &amp; more",
        "x (pixel)",
        "y (pixel)",
        "flux (×10⁻⁹ cm⁻² s⁻¹)",
        "1.2",
      ]),
    );
  });

  it("puts zero in the middle of residuals", () => {
    const texts = textsOf(
      plotImage(
        imageOf(4, 4, (x) => x - 1),
        { document, colormap: "RdBu" },
      ),
    );
    expect(texts).toEqual(expect.arrayContaining(["−2", "0", "2"]));
  });

  it("does not depend on what was drawn before", () => {
    const draw = () => plotImage(blob, { document, stretch: "asinh", markers: [{ x: 2, y: 2 }] });
    expect(draw()).toBe(draw());
  });

  it("is well-formed XML without ids, classes or style sheets", () => {
    const svg = plotImage(blob, { document, theme: "dark", title: "a & b" });
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).not.toMatch(/ id=| class=|<style|undefined|NaN|&nbsp;/);
    expect(svg.match(/<g[ >]/g)?.length).toBe(svg.match(/<\/g>/g)?.length);
  });

  it.each([
    ["one pixel", imageOf(1, 1, () => 3)],
    ["one row", imageOf(1, 50, (x) => x)],
    ["one column", imageOf(50, 1, (_, y) => y)],
    ["all zero", imageOf(8, 8, () => 0)],
    ["all NaN", imageOf(8, 8, () => Number.NaN)],
    ["wide", imageOf(20, 40, (x) => x * 1e12)],
  ])("draws an image that is %s in every stretch", (_, image) => {
    for (const stretch of ["linear", "sqrt", "log", "asinh"] as const) {
      const svg = plotImage(image, { document, stretch, label: "flux", unit: "ph cm-2 s-1 sr-1" });
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(picturesOf(svg)).toBe(2);
    }
  });

  it("refuses data that do not fill the shape", () => {
    expect(() => plotImage({ data: new Float64Array(3), shape: [2, 2] }, { document })).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT" }),
    );
  });
});

describe("plotPanels", () => {
  const panels = [1, 2, 3, 4, 5].map((factor) => ({
    image: imageOf(8, 8, (x) => factor * x),
    title: `panel ${factor}`,
    label: "counts",
  }));

  it("draws each panel with its own colour bar", () => {
    const svg = plotPanels(panels, { document, title: "All" });
    expect(picturesOf(svg)).toBe(10);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["All", "panel 1", "panel 5"]));
  });

  it("shares axes: y labels in the first column, x labels below the last panel of each column", () => {
    const texts = textsOf(plotPanels(panels, { document, columns: 3 }));
    expect(texts.filter((text) => text === "y (pixel)")).toHaveLength(2);
    expect(texts.filter((text) => text === "x (pixel)")).toHaveLength(3);
  });

  it("shares one colour scale", () => {
    const svg = plotPanels(panels, { document, columns: 3, colorScale: "shared" });
    expect(picturesOf(svg)).toBe(6);
    const texts = textsOf(svg);
    expect(texts.filter((text) => text === "counts")).toHaveLength(1);
    // The largest pixel of all panels is 35, so that the one bar ends above 30.
    expect(texts.filter((text) => text === "30")).toHaveLength(1);
  });

  it("aligns the frames of a row", () => {
    const svg = plotPanels(panels.slice(0, 3), { document });
    const tops = Array.from(svg.matchAll(/\n<g transform="translate\(\d+,(\d+)\)">/g), ([, top]) => top);
    expect(tops).toHaveLength(3);
    expect(new Set(tops).size).toBe(1);
  });

  it("labels the axes of panels of different shape one by one", () => {
    const texts = textsOf(plotPanels([{ image: blob }, { image: imageOf(4, 8, () => 1) }], { document }));
    expect(texts.filter((text) => text === "y (pixel)")).toHaveLength(2);
  });

  it("refuses to draw nothing", () => {
    expect(() => plotPanels([], { document })).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
  });
});

describe("plotPosterior", () => {
  const result = {
    mean: blob,
    std: blob,
    diagnostics: { rhat: imageOf(8, 8, (x) => (x === 0 ? Number.NaN : 0.99 + x / 100)) },
    name: "blob",
  };

  it("shows counts, mean, std, signal to noise, and R-hat where it is above 1.01", () => {
    const counts = imageOf(8, 8, (x) => x);
    const svg = plotPosterior(result, { document, counts });
    expect(picturesOf(svg)).toBe(10);
    const good = { ...result, diagnostics: { rhat: imageOf(8, 8, (x) => 1 + x / 700) } };
    expect(textsOf(plotPosterior(good, { document, counts }))).not.toContain("Convergence");
    expect(picturesOf(plotPosterior(good, { document, counts }))).toBe(8);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        "blob",
        "Counts",
        "Posterior mean",
        "Standard deviation",
        "Signal to noise",
        "Convergence",
      ]),
    );
  });

  it("does without counts and lets the title be chosen", () => {
    const svg = plotPosterior({ ...result, unit: "cm-2 s-1" }, { document, title: "Other" });
    expect(picturesOf(svg)).toBe(8);
    const texts = textsOf(svg);
    expect(texts).toContain("Other");
    expect(texts).not.toContain("blob");
    expect(texts.filter((text) => text === "flux (×10⁻⁹ cm⁻² s⁻¹), asinh scale")).toHaveLength(2);
    expect(texts).toContain("1.10");
  });

  it("is called by the object of its header", () => {
    const wcs = [{ keyword: "OBJECT", value: "M82 " }];
    expect(textsOf(plotPosterior({ ...result, wcs }, { document }))).toContain("M82");
  });
});
