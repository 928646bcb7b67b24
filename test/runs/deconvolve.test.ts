import { describe, expect, it } from "vitest";
import { simulateDisk, simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { constantImage } from "../../src/image.js";
import { findHdu, imageToSkyImage, readFits } from "../../src/io/fits.js";
import { encodePointEstimate } from "../../src/io/point-estimate-file.js";
import type { PointEstimate } from "../../src/posterior/point-estimate.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import { totalVariationPrior } from "../../src/priors/neighbour-priors.js";
import { patchPrior } from "../../src/priors/patch-prior.js";
import { exponentialPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import type { PointMethod } from "../../src/runs/deconvolve-options.js";
import { METHODS } from "../../src/settings/methods.js";

const data = simulateDisk({ seed: 1 });

describe("deconvolve", () => {
  const methods: PointMethod[] = [
    { method: "richardson-lucy", iterations: 10 },
    { method: "gradient-descent", iterations: 10 },
    { method: "em-multiscale", iterations: 10 },
    { method: "map", iterations: 10, prior: exponentialPrior({ rate: 1 }) },
    {
      method: "map",
      iterations: 10,
      prior: ({ reference }) => multiscalePrior({ referenceExposure: reference }),
    },
  ];
  it.each(methods)("runs $method, with a finer and larger sky", async (options) => {
    const plain = await deconvolve(data, options);
    expect(plain.method).toBe(options.method);
    expect(plain.flux.shape).toEqual([32, 32]);
    expect(plain.objective[9]).toBeLessThan(plain.objective[0]);
    const finer = await deconvolve(data, { ...options, upsampling: 2, margin: 3 });
    expect(finer.flux.shape).toEqual([64, 64]);
    expect(finer.sky?.shape).toEqual([76, 76]);
    expect(finer.predicted[0].shape).toEqual([32, 32]);
  });

  it("samples by default", async () => {
    const result = await deconvolve(data, { iterations: 20, burnIn: 5, chains: 1, workers: 0 });
    expect(result.config.iterations).toBe(20);
    expect(result.mean.shape).toEqual([32, 32]);
  });

  it("refuses a bootstrap without end", async () => {
    const endless = { method: "richardson-lucy", iterations: 2, bootstrap: 1e15 } as const;
    await expect(deconvolve(simulatePointSource({ shape: [8, 8] }), endless)).rejects.toThrow(
      "replicates must be a whole number from 2 to 1000000, got 1000000000000000",
    );
  });

  it("gives errors by bootstrap that shrink as counts grow", async () => {
    const relative = async (flux: number) => {
      const bright = simulatePointSource({ seed: 3, flux, background: 0.1, shape: [17, 17] });
      const {
        flux: image,
        std,
        interval,
      } = await deconvolve(bright, {
        method: "richardson-lucy",
        iterations: 10,
        bootstrap: { replicates: 30, seed: 1 },
      });
      const peak = 8 * 17 + 8;
      expect(interval![0].data[peak]).toBeLessThan(interval![1].data[peak]);
      return std!.data[peak] / image.data[peak];
    };
    // A hundred times the photons: a tenth of the relative error, known to 1 / sqrt(58) = 13 % each.
    const ratio = (await relative(1_000)) / (await relative(100_000));
    expect(ratio).toBeGreaterThan(5);
    expect(ratio).toBeLessThan(20);
  });

  it.each([
    [
      "a mask of the sky's shape",
      { method: "richardson-lucy", upsampling: 2 },
      [2, 2],
      /mask says which detector pixels/,
    ],
    [
      "a mask of the larger sky",
      { method: "em-multiscale", margin: 3 },
      [1, 1, 6],
      /mask says which detector pixels/,
    ],
  ] as const)(
    "%s with another grid is told from other shapes",
    async (_, options, [down, across, more = 0], message) => {
      const [ny, nx] = data.counts.shape;
      const mask = constantImage([down * ny + more, across * nx + more], 1);
      await expect(deconvolve({ ...data, mask }, options as never)).rejects.toThrow(message);
      // The detector's own is right.
      const own = { ...data, mask: constantImage([ny, nx], 1) };
      const { flux, sky = flux } = (await deconvolve(own, {
        ...options,
        iterations: 2,
      } as never)) as unknown as PointEstimate;
      expect(sky.shape[0]).toBeGreaterThan(ny);
    },
  );

  it("says what to do about offsets, strengths and starts that do not fit", async () => {
    const attempt = (options: object, observations: unknown = data) =>
      deconvolve(observations as typeof data, options as never);
    const pair = [data, data];
    const one = [{ x: 0, y: 0 }];
    await expect(
      attempt({ method: "map", prior: exponentialPrior({ rate: 1 }), offsets: one }, pair),
    ).rejects.toThrow(/offsets must be one finite \{x, y\} for each of the 2 observations/);
    await expect(attempt({ method: "lira", offsets: one }, pair)).rejects.toThrow(
      /offsets must be one finite \{x, y\} for each of the 2 observations, got .*; leave them out/,
    );
    for (const method of ["lira", "richardson-lucy"]) {
      await expect(attempt({ method, offsets: "wcs" }, pair)).rejects.toThrow(
        /sky coordinates must be in the header to find its offset, got none; give the offsets/,
      );
    }
    await expect(attempt({ method: "lira", psfPixels: "sky" })).rejects.toThrow(
      /psfPixels must be left out with the method "lira"/,
    );
    await expect(attempt({ method: "em-multiscale", strength: "held-out" })).rejects.toThrow(
      /strength must be left out with the method "em-multiscale".*factor of the prior of "map"/,
    );
    await expect(attempt({ method: "richardson-lucy", upsampling: 2, start: data.counts })).rejects.toThrow(
      /start must have the shape of the sky.*with upsampling or margin the sky is larger/,
    );
  });

  it("says what observations and options are to what is neither", async () => {
    for (const wrong of [null, undefined, 3]) {
      for (const method of ["lira", "richardson-lucy"] as const) {
        await expect(deconvolve(wrong as never, { method })).rejects.toThrow(
          `observation: must be an object {counts, psf, ...}, got ${wrong}; see Observation`,
        );
      }
    }
    for (const method of ["lira", "richardson-lucy"] as const) {
      await expect(deconvolve([null] as never, { method })).rejects.toThrow(
        /^observation: must be an object/,
      );
    }
    await expect(deconvolve(data, null as never)).rejects.toThrow(
      /^deconvolve: options must be an object, got null/,
    );
  });

  it("says what to do in place of combinations that cannot work", async () => {
    const prior = totalVariationPrior({ strength: 1, smoothing: 0.1 });
    const attempt = (options: object) => deconvolve(data, options as PointMethod);
    await expect(attempt({ method: "lira", prior })).rejects.toThrow(
      /prior must be left out with the method "lira", got total variation prior; its prior is the multiscale one; .* "map"/,
    );
    await expect(attempt({ method: "richardson-lucy", prior })).rejects.toThrow(
      /likelihood alone; choose the method "map"/,
    );
    await expect(attempt({ method: "map" })).rejects.toThrow(/must be given a prior, got none/);
    await expect(attempt({ method: "lira", backgroundScale: [2] })).rejects.toThrow(
      /choose "em-multiscale" or "map"/,
    );
    await expect(attempt({ method: "em-multiscale", device: "gpu" })).rejects.toThrow(
      /device must be left out with the method "em-multiscale", got "gpu"; the GPU has "lira", "nuts", "richardson-lucy" and "map" alone/,
    );
    await expect(attempt({ method: "richardson-lucy", device: "tpu" })).rejects.toThrow(
      /^deconvolve: device must be "cpu" or "gpu" or "auto", got "tpu"/,
    );
    await expect(attempt({ method: "richardson-lucy", device: "gpu", bootstrap: 5 })).rejects.toThrow(
      /bootstrap must be left out with device "gpu", got 5; leave it out or choose device "cpu"/,
    );
    await expect(attempt({ method: "lucy" })).rejects.toThrow(new RegExp(METHODS.join(", ")));
    await expect(attempt({ method: "map", prior, stop: { rule: "held-out" } })).rejects.toThrow(
      /it is for "richardson-lucy"/,
    );
    const mixture = {
      patchSize: 40,
      patchNorm: "none" as const,
      weights: Float64Array.of(1),
      means: new Float64Array(1600),
      covariances: Float64Array.from({ length: 1600 * 1600 }, (_, k) => Number(k % 1601 === 0)),
    };
    await expect(attempt({ method: "map", prior: patchPrior(mixture) })).rejects.toThrow(
      /at least one patch of 40 x 40 large, got 32 x 32/,
    );
    const mask = constantImage([64, 64], 1);
    await expect(deconvolve({ ...data, mask }, { method: "richardson-lucy", upsampling: 2 })).rejects.toThrow(
      /a mask says which detector pixels to use/,
    );
  });
});

describe("encodePointEstimate", () => {
  it("writes everything, with the sky coordinates of the finer and larger sky", async () => {
    const wcs = [
      { keyword: "CTYPE1", value: "RA---TAN" },
      { keyword: "CTYPE2", value: "DEC--TAN" },
      { keyword: "CRPIX1", value: 16.5 },
      { keyword: "CRPIX2", value: 10 },
      { keyword: "CDELT1", value: -0.2 },
      { keyword: "CDELT2", value: 0.2 },
    ];
    const result = await deconvolve(
      { ...data, wcs },
      { method: "richardson-lucy", iterations: 5, upsampling: 2, margin: 3, bootstrap: 3 },
    );
    const hdus = readFits(encodePointEstimate(result, { command: "test", unit: "cm-2 s-1" }));
    const [primary] = hdus;
    if (primary.kind !== "image") throw new Error("no image");
    expect([...imageToSkyImage(primary).data]).toEqual([...result.flux.data]);
    // Pixel 16.5 of the detector: 16 old pixels from the edge, in halves, and the half to the first centre.
    expect(primary.header.get("CRPIX1")).toBe(2 * 16 + 0.5);
    expect(primary.header.get("CRPIX2")).toBe(2 * 9.5 + 0.5);
    // The whole sky begins a margin of 3 pixels earlier.
    const sky = findHdu(hdus, "SKY");
    expect([...imageToSkyImage(sky).data]).toEqual([...(result.sky?.data ?? [])]);
    expect(sky.header.get("CRPIX1")).toBe(2 * (16 + 3) + 0.5);
    expect(sky.header.get("CRPIX2")).toBe(2 * (9.5 + 3) + 0.5);
    expect(primary.header.get("CDELT1")).toBe(-0.1);
    expect(primary.header.get("METHOD")).toBe("richardson-lucy");
    expect(primary.header.get("NITER")).toBe(5);
    expect(primary.header.get("BUNIT")).toBe("cm-2 s-1");
    for (const name of ["STD", "INTERVAL", "PREDICTED", "OBJECTIVE"])
      expect(findHdu(hdus, name)).toBeDefined();
  });
});
