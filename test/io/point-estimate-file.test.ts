/** Images of methods without draws, as files: what no method can have given is refused. */

import { expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { type FitsHdu, fitsCard, readFits, writeFits } from "../../src/io/fits.js";
import { decodePointEstimate, encodePointEstimate } from "../../src/io/point-estimate-file.js";
import { deconvolve } from "../../src/runs/deconvolve.js";

const data = simulatePointSource({ seed: 1, shape: [8, 8] });

it("an estimate that was edited is refused with the first number that cannot be", async () => {
  const bytes = encodePointEstimate(await deconvolve(data, { method: "richardson-lucy", iterations: 5 }));
  await expect(decodePointEstimate(bytes)).resolves.toMatchObject({ estimate: { iterations: 5 } });
  const edited = (change: (hdus: readonly FitsHdu[]) => void) => {
    const copy = bytes.slice();
    change(readFits(copy));
    return decodePointEstimate(copy);
  };
  const pixel = (name: string, value: number) => (hdus: readonly FitsHdu[]) => {
    const { data: found } = name === "" ? hdus[0] : hdus.find((hdu) => hdu.name === name)!;
    new DataView(found.buffer, found.byteOffset).setFloat64(24, value);
  };
  const rule = "must hold numbers that are finite and >= 0";
  await expect(edited(pixel("", -2))).rejects.toThrow(`${rule}, got -2 at 3`);
  await expect(edited(pixel("PREDICTED", Number.NaN))).rejects.toThrow(`${rule}, got NaN at 3`);
});

it("an estimate of another layout is refused with both versions", async () => {
  const cards = [fitsCard("ESTIMATE", 2), fitsCard("METHOD", "map"), fitsCard("CREATOR", "tslira 9.0.0")];
  const bytes = writeFits([{ kind: "image", data: new Float64Array(1), shape: [1, 1], cards }]);
  await expect(decodePointEstimate(bytes)).rejects.toThrow("must have layout 1, got 2 of tslira 9.0.0");
});
