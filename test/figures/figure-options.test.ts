import { beforeAll, describe, expect, it } from "vitest";
import { animateDraws } from "../../src/figures/animate-draws-node.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotComparison } from "../../src/figures/plot-comparison.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { plotPanels } from "../../src/figures/plot-panels.js";
import { plotPosterior } from "../../src/figures/plot-posterior.js";
import { imageOf } from "./images.js";

const image = imageOf(4, 4, (x) => x);
const result = { mean: image, std: image, diagnostics: { rhat: image } };
const images = { images: [image.data], shape: image.shape, first: 0, every: 1 };
let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

describe("options of figures", () => {
  it.each([
    [{ sise: 200 }, 'plotImage: options must be known ones, got "sise"; did you mean "size"?'],
    [{ size: "5" }, 'plotImage: size must be a number > 0, got "5"; leave it out for the default'],
    [{ size: Number.NaN }, "plotImage: size must be a number > 0"],
    [{ title: 5 }, "plotImage: title must be text, got 5"],
    [{ theme: "drak" }, 'plotImage: theme must be one of "light", "dark", got "drak"'],
    [{ grid: "no" }, 'plotImage: grid must be true or false, got "no"'],
    [{ axes: "degree" }, 'got "degree"; leave it out'],
    [{ scaleBar: 0 }, "plotImage: scaleBar must be true, false or a number > 0, got 0"],
    [{ limits: "99" }, 'plotImage: limits must be a number, or two, got "99"'],
    [{ markers: [{ x: 1 }] }, 'plotImage: markers must be a list of {x, y}, got [{"x":1}]'],
    [{ contours: 3 }, "plotImage: contours must be a list of numbers, got 3"],
    [{ wcs: {} }, "plotImage: wcs must be a list of cards {keyword, value}, got {}"],
    [
      { document: undefined },
      "plotImage: document must be a DOM document, got undefined; in Node make one by figureDocument",
    ],
  ])("refuses %o", (wrong, message) => {
    expect(() => plotImage(image, { document, ...wrong } as never)).toThrow(message);
    expect(() =>
      plotImage(image, { document, title: "", size: 100, grid: undefined } as never),
    ).not.toThrow();
  });

  it("refuses them of panels, of other figures and without any", async () => {
    expect(() => plotImage(image, undefined as never)).toThrow("plotImage: document must be a DOM document");
    const panels = [{ image }, { image, vmim: 3 }];
    expect(() => plotPanels(panels as never, { document })).toThrow(
      'plotPanels: panels[1]: options must be known ones, got "vmim"',
    );
    expect(() => plotPosterior(result, { document, show: ["meen"] as never })).toThrow('got ["meen"]');
    expect(() => plotComparison([{ image, title: "" }], { document, residuals: "frist" as never })).toThrow(
      'plotComparison: residuals must be one of "truth", "first", "none", got "frist"',
    );
    await expect(animateDraws(images as never, { document, show: "all" as never })).rejects.toThrow(
      'animateDraws: show must be one of "draws", "mean", "both", got "all"',
    );
  });
});
