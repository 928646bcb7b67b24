/** The page as text: what it holds, what it must not hold, how large it is. */
import { createHash } from "node:crypto";
import { unzlibSync } from "fflate";
import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, it } from "vitest";
import { chanceBeyond3 } from "../../src/checks/model-check.js";
import type { SimulatedObservation } from "../../src/data/observation/observation.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { labelParameters } from "../../src/figures/parameter-label.js";
import { theme } from "../../src/figures/theme.js";
import type { LiraResult } from "../../src/posterior/result.js";
import { drawsFromBytes, errorBound } from "../../src/report/packed-draws.js";
import { unpackValues } from "../../src/report/packed-image.js";
import type { ReportData } from "../../src/report/report-data.js";
import { reportHtml } from "../../src/report/report-html.js";
import { reproducingCode } from "../../src/report/reproduce.js";
import { smallResult } from "./small-result.js";
import { unpackedSeries } from "./unpacked-series.js";

let result: LiraResult;
let data: SimulatedObservation & { name: string };
let document: Document;
let html = "";

beforeAll(async () => {
  ({ result, data } = await smallResult());
  document = await figureDocument();
  html = reportHtml(result, { document, observations: [data] });
});

/** Names in style sheets and in themes. */
const FIGURE_COLORS = {
  paper: "background",
  ink: "ink",
  muted: "muted",
  shade: "shade",
  warning: "warning",
} as const;

const parse = (text: string) => parseHTML(text).document as unknown as Document;
const jsonOf = (text: string) =>
  JSON.parse(parse(text).getElementById("report-data")?.textContent ?? "") as ReportData;
const bytesOf = (text: string, id: string) =>
  unzlibSync(Buffer.from(parse(text).getElementById(`data-${id}`)?.textContent ?? "", "base64"));

describe("reportHtml", () => {
  it("is the same page for the same arguments", () => {
    expect(reportHtml(result, { document, observations: [data] })).toBe(html);
  });

  it("says what the result says", () => {
    const text = parse(html).body.textContent ?? "";
    expect(text).toContain(result.diagnostics.verdict.sentence);
    expect(text).toContain("test field");
    for (const { name } of result.diagnostics.verdict.worst) expect(text).toContain(labelParameters(name));
    const ids = Array.from(parse(html).querySelectorAll("section"), ({ id }) => id);
    expect(ids).toEqual([
      ...["verdict", "numbers", "images", "closer", "draws", "smoothness", "parameters", "checks"],
      ...["made", "again", "guide", "references"],
    ]);
  });

  it("links at its top to what is on it, sections of others too", () => {
    const linksOf = (text: string) =>
      Array.from(parse(text).querySelectorAll("nav a"), (link) => link.getAttribute("href")?.slice(1));
    const usual = ["images", "closer", "draws", "parameters"];
    expect(linksOf(html)).toEqual([...usual, "checks", "made", "guide"]);
    const page = reportHtml(result, {
      document,
      sections: [{ id: "more", title: "Is it real?", text: ["Yes."] }],
    });
    expect(linksOf(page)).toEqual([...usual, "more", "made", "guide"]);
    for (const id of linksOf(page)) expect(parse(page).getElementById(id ?? "")).not.toBeNull();
  });

  it("shows where the data call for points, when the prior could tell", () => {
    const section = parse(html).querySelector("#smoothness");
    const texts = Array.from(section?.querySelectorAll("svg text") ?? [], (element) => element.textContent);
    // 32 x 32 pixels: levels with four blocks or more on a side.
    for (const size of [2, 4, 8]) expect(texts).toContain(`Blocks of ${size} × ${size} pixels`);
    expect(texts).not.toContain("Blocks of 16 × 16 pixels");
    expect(section?.querySelector("figcaption")?.textContent).toMatch(/Blue blocks hold points/);
    const { smoothness: _, ...without } = result;
    const page = parse(reportHtml(without, { document, observations: [data] }));
    expect(page.querySelector("#smoothness")).toBeNull();
  });

  it("refers to nothing outside itself", () => {
    const page = parse(html);
    expect(page.querySelectorAll("link, iframe, object, embed, img, base, script[src]").length).toBe(0);
    const addresses = Array.from(page.querySelectorAll("[href], [src], [action]"), (element) =>
      String(element.getAttribute("href") ?? element.getAttribute("src") ?? element.getAttribute("action")),
    );
    expect(addresses.filter((address) => !/^(#|data:image\/png;base64,)/.test(address))).toEqual([]);
    expect(html).not.toMatch(/@import|url\(/);
    // The only address is the name of SVG's namespace.
    expect(new Set(html.match(/https?:\/\/[^\s"'`)\\]+/g))).toEqual(new Set(["http://www.w3.org/2000/svg"]));
  });

  it("allows its own script and style by their hashes, and nothing else", () => {
    const policy = parse(html).querySelector("meta[http-equiv]")?.getAttribute("content") ?? "";
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
    const [, script] = /<script>([\s\S]*?)<\/script>/.exec(html) ?? [];
    expect(policy).toBe(
      `default-src 'none'; img-src data:; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`,
    );
    expect(parse(html).querySelectorAll("[style], [onclick], [onload], [onerror]").length).toBe(0);
  });

  it("shows hostile names as text", () => {
    const evil = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&`;
    const text = reportHtml(
      {
        ...result,
        name: evil,
        unit: evil,
        ledger: result.ledger.map((row) => ({ ...row, name: evil })),
        provenance: { ...result.provenance, command: evil, inputs: [{ name: evil, sha256: evil }] },
      },
      {
        document,
        observations: [{ ...data, name: evil }],
        sections: [{ id: "more", title: evil, text: [evil] }],
      },
    );
    const page = parse(text);
    expect(page.querySelectorAll("img, [onerror]").length).toBe(0);
    expect(page.querySelectorAll("script:not([type])").length).toBe(1);
    expect(page.querySelector("h1")?.textContent).toBe(evil);
    expect(jsonOf(text).name).toBe(evil);
  });

  it("says the total flux in the unit of a sum over pixels", () => {
    const page = parse(reportHtml({ ...result, unit: "photon / (cm2 s pixel)" }, { document }));
    const [total] = page.querySelectorAll(".facts div");
    expect(total?.textContent).toMatch(/^Total flux.* photon \/ \(cm² s\)$/);
  });

  it("holds the images to the digits that are shown", () => {
    const cases = [
      ["mean", result.mean, 17],
      ["std", result.std, 12],
      ["quantile-1", result.quantiles.images[1], 17],
      ["rhat", result.diagnostics.rhat, 14],
      ["ess", result.diagnostics.ess, 11],
      ["counts-0", data.counts, 24],
    ] as const;
    for (const [id, image, bits] of cases) {
      const values = unpackValues(bytesOf(html, id));
      for (const [pixel, value] of image.data.entries()) {
        if (Number.isNaN(value)) expect(values[pixel], id).toBeNaN();
        // Rounded twice: to single precision, and to the bits that are kept.
        else {
          const most = Math.abs(value) * (2 ** -bits + 2 ** -24);
          expect(Math.abs(values[pixel] - value), id).toBeLessThanOrEqual(most);
        }
      }
    }
  });

  it("holds all draws when they fit, within the bound of their quantisation", () => {
    const { film, pixelDraws } = jsonOf(html);
    expect(pixelDraws).toBeUndefined();
    expect(film).toMatchObject({
      bin: 1,
      step: 1,
      chains: [100, 100],
      series: 1024,
      firstSweep: 50,
      everySweeps: 1,
    });
    const packed = drawsFromBytes(bytesOf(html, "film"), 200, 1024, film?.top ?? 0);
    for (const pixel of [0, 500, 1023]) {
      const values = unpackedSeries(packed, pixel);
      const bound = errorBound(packed.low[pixel], packed.high[pixel], packed.top);
      for (let draw = 0; draw < 200; draw++) {
        const chain = result.trace.images.chains[draw < 100 ? 0 : 1];
        expect(Math.abs(values[draw] - chain[(draw % 100) * 1024 + pixel])).toBeLessThanOrEqual(
          bound * (1 + 1e-5),
        );
      }
    }
    expect(parse(html).getElementById("guide")?.textContent).toContain(
      "Of 200 kept draws of the image this page holds all",
    );
  });

  it("thins draws to the size asked for, and says so", () => {
    const whole = Buffer.byteLength(html);
    const maxBytes = Math.round(whole - 50_000);
    const small = reportHtml(result, { document, observations: [data], maxBytes });
    expect(Buffer.byteLength(small)).toBeLessThanOrEqual(maxBytes);
    expect(Buffer.byteLength(small)).toBeGreaterThan(0.75 * maxBytes);
    const { film, kept } = jsonOf(small);
    expect(kept).toEqual([100, 100]);
    expect(film?.step).toBeGreaterThan(1);
    const shown = film?.chains.reduce((sum, count) => sum + count, 0);
    expect(parse(small).getElementById("guide")?.textContent).toContain(
      `Of 200 kept draws of the image this page holds ${shown} (every `,
    );
  });

  it("refuses a size that the images alone exceed, and names the one they need", () => {
    expect(() => reportHtml(result, { document, maxBytes: 20_000 })).toThrow(
      /^report: a page on this result must have at least \d+ bytes, got a limit of 20000; raise it/,
    );
  });

  it("does without observations", () => {
    const plain = reportHtml(result, { document });
    expect(jsonOf(plain).observations).toEqual([]);
    expect(parse(plain).getElementById("checks")).toBeNull();
  });

  it("refuses observations that are not those of the result", () => {
    expect(() => reportHtml(result, { document, observations: [data, data] })).toThrow(
      /^checkModel: observations must be those of the result, 1, got 2;/,
    );
  });

  it("draws figures in the colours of the page", () => {
    const figures = Array.from(parse(html).querySelectorAll("svg.figure"), (svg) => svg.outerHTML).join("");
    expect(figures).toContain("var(--series-1)");
    expect(figures).not.toMatch(/="#(?:ffffff|1a1a1a|0072b2)"/);
    const style = parse(html).querySelector("style")?.textContent ?? "";
    const [light, dark] = [theme("light"), theme("dark")];
    for (const [index, color] of light.series.entries())
      expect(style).toContain(`--series-${index + 1}: light-dark(${color}, ${dark.series[index]});`);
    for (const [name, key] of Object.entries(FIGURE_COLORS))
      expect(style).toContain(`--figure-${name}: light-dark(${light[key]}, ${dark[key]});`);
  });
});

describe("reproducingCode", () => {
  it("names files, cut-outs and every setting", () => {
    const code = reproducingCode(result, [
      { counts: "a b.fits", psf: "psf.fits", cutout: { x: [1, 2], y: [3, 4] }, backgroundUnit: "counts" },
    ]);
    expect(code).toContain('counts: "a b.fits"');
    expect(code).toContain("cutout: { x: [1, 2], y: [3, 4] }");
    for (const part of ["iterations: 150", "burnIn: 50", "chains: 2", "seed: 5", "trace: { every: 1 }"]) {
      expect(code).toContain(part);
    }
  });

  it("makes the same draws again", async () => {
    const body = reproducingCode(result, undefined)
      .replace(/^import .*$/gm, "")
      .replace("export async function", "return async function")
      .replace('await writeResult(result, "result.fits");', "return result;");
    // From dist: the code as it is printed lets workers run the chains.
    const { LiraDeconvolver } = await import(new URL("../../dist/index.js", import.meta.url).href);
    const make = new Function("LiraDeconvolver", body)(LiraDeconvolver);
    const again: LiraResult = await make(data);
    expect(again.mean.data).toEqual(result.mean.data);
    expect(again.trace.images.chains[1]).toEqual(result.trace.images.chains[1]);
  });
});

describe("chanceBeyond3", () => {
  it("is the sum of Poisson probabilities", () => {
    // Expectation 1: the deviance 2 (1 - n + n ln n) is 8.09 at n = 5 and 11.5 at n = 6; 0 counts give 2.
    const probability = (n: number) =>
      Math.exp(-1) / Array.from({ length: n }, (_, k) => k + 1).reduce((a, b) => a * b, 1);
    let tail = 0;
    for (let n = 6; n < 30; n++) tail += probability(n);
    expect(chanceBeyond3(1)).toBeCloseTo(tail, 12);
    expect(chanceBeyond3(0)).toBe(0);
    // Near the normal law for many counts: P(|z| > 3) = 0.0027.
    expect(chanceBeyond3(150)).toBeGreaterThan(0.002);
    expect(chanceBeyond3(150)).toBeLessThan(0.0035);
  });
});
