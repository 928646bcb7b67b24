import type { SkyImage } from "../image.js";
import type { PosteriorSummary } from "./result.js";

/**
 * What checks must know of the sky of a result beside its draws, which are of the frame: its options of `predictiveCheck`.
 *
 * ```ts
 * const checks = await predictiveCheck(data, result.trace, { ...fittedSky(result), seed: 1 });
 * ```
 */
export function fittedSky({ config, sky }: Pick<PosteriorSummary, "config" | "sky">): {
  readonly boundary: "spill" | "wrap";
  readonly upsampling?: number;
  readonly margin?: number;
  readonly sky?: SkyImage;
} {
  const { boundary, upsampling, margin } = config;
  return {
    boundary,
    ...(upsampling === undefined ? {} : { upsampling }),
    ...(margin === undefined ? {} : { margin }),
    ...(sky === undefined ? {} : { sky }),
  };
}
