/** How layers are coloured. */

import type { ColorScale } from "../../figures/color-scale.js";
import type { SkyImage } from "../../image.js";
import { quantityScale, type Style } from "../../viewer/quantity-scale.js";
import type { Layer } from "./blocks.js";

export type { Style } from "../../viewer/quantity-scale.js";

/**
 * The colours of a layer.
 *
 * @param like images that share its limits; default the layer's own
 */
export function layerScale({ kind, image }: Layer, style: Style, like?: readonly SkyImage[]): ColorScale {
  return quantityScale(kind, image, style, like);
}
