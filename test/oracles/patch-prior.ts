import { logMixture, type PatchMixture, prepareMixture } from "../../src/data/law/patch-mixture.js";
import type { FluxPrior } from "../../src/priors/flux-prior.js";

/** `patchPrior` without options, patch by patch and component by component in plain TypeScript. */
export function slowPatchPrior(mixture: PatchMixture): FluxPrior {
  const { patchSize: size, patchNorm, means } = mixture;
  const prepared = prepareMixture(mixture);
  const n = size * size;
  const stride = Math.max(1, size >> 1);
  const factor = (stride * stride) / n;
  const starts = (length: number) => {
    const all = new Set<number>();
    for (let at = 0; at < length - size + stride; at += stride) all.add(Math.min(at, length - size));
    return [...all];
  };
  const evaluate = (data: Float64Array, [ny, nx]: readonly [number, number], out?: Float64Array): number => {
    let density = 0;
    out?.fill(0);
    for (const top of starts(ny)) {
      for (const left of starts(nx)) {
        const pixels = Array.from(
          { length: n },
          (_, i) => (top + Math.floor(i / size)) * nx + left + (i % size),
        );
        const mean = pixels.reduce((sum, pixel) => sum + data[pixel] / n, 0);
        const patch = Float64Array.from(pixels, (pixel) =>
          patchNorm === "none"
            ? data[pixel]
            : patchNorm === "relative"
              ? data[pixel] / mean - 1
              : data[pixel] - mean,
        );
        const logs = new Float64Array(mixture.weights.length);
        const log = logMixture(prepared, patch, logs);
        density += log;
        if (out === undefined) continue;
        const slope = new Float64Array(n);
        for (let k = 0; k < logs.length; k++) {
          const share = Math.exp(logs[k] - log);
          if (share < 1e-18) continue;
          const factor = prepared.whitening.subarray(k * n * n, (k + 1) * n * n);
          for (let row = 0; row < n; row++) {
            let white = 0;
            for (let col = 0; col <= row; col++)
              white += factor[row * n + col] * (patch[col] - means[k * n + col]);
            for (let col = 0; col <= row; col++) slope[col] -= share * white * factor[row * n + col];
          }
        }
        const sum = slope.reduce(
          (sum, value, i) => sum + value * (patchNorm === "relative" ? patch[i] + 1 : 1),
          0,
        );
        for (const [i, pixel] of pixels.entries()) {
          const raw = patchNorm === "none" ? slope[i] : slope[i] - sum / n;
          out[pixel] += factor * (patchNorm === "relative" ? raw / mean : raw);
        }
      }
    }
    return factor * density;
  };
  return {
    logDensity: ({ data, shape }) => evaluate(data, shape),
    gradient({ data, shape }, out) {
      evaluate(data, shape, out);
    },
  };
}
