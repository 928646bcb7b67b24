/**
 * tslira/sky: places on the sky: coordinates, regions, event lists, offsets between observations.
 *
 * @module
 */

export {
  type Ds9Regions,
  type Ds9RegionsOptions,
  parseDs9Regions,
  type ShapedRegion,
} from "./data/regions/ds9-region.js";
export { type FormatDs9RegionsOptions, formatDs9Regions } from "./data/regions/ds9-write.js";
export type { RegionSystem } from "./data/regions/region-frame.js";
export { type RegionShape, shapeContains } from "./data/regions/region-shape.js";
export { type RegionTerm, termsContain } from "./data/regions/region-terms.js";
export { galacticToIcrs, icrsToGalactic } from "./data/sky/galactic.js";
export { type PointingOffsets, pointingOffsets } from "./data/sky/pointing-offsets.js";
export type { SkyProjection } from "./data/sky/projections.js";
export {
  type AngleStyle,
  type FormatSkyPositionOptions,
  formatAngle,
  formatSkyPosition,
} from "./data/sky/sky-angle.js";
export { pixelToSky, skyToPixel } from "./data/sky/sky-position.js";
export {
  type ParsedWcs,
  type PixelPosition,
  type PlaneDistortion,
  type PlaneTerm,
  parseWcs,
  type SipDistortion,
  type SipTerm,
  type SkyPosition,
  type SkySystem,
  type SkyWcs,
} from "./data/sky/sky-wcs.js";
export {
  type BinEventsOptions,
  type BinnedEvents,
  binEvents,
  binnedEventsHdus,
  type EventCut,
} from "./io/bin-events.js";
export type { EnergyUnit } from "./io/energy-unit.js";
export type { EventColumn, EventLattice } from "./io/event-column.js";
export type { PixelsOf } from "./io/event-grid.js";
export { type EventColumns, type EventPositions, eventColumns, findEvents } from "./io/event-list.js";
export { type EventName, filterCondition, parseEventName } from "./io/event-name.js";
export { forEachEventChunk } from "./io/event-rows.js";
export { findGoodTimes, type GoodTimes } from "./io/good-times.js";
export {
  type HealpixImage,
  type HealpixImageOptions,
  healpixImage,
  healpixImageHdus,
} from "./io/healpix-image.js";
export { isHealpix } from "./io/healpix-map.js";
export { type AlignedObservations, alignObservations } from "./model/align-observations.js";
export {
  type Circle,
  circularRegion,
  type Region,
  regionDraws,
  summariseRegions,
} from "./posterior/region.js";
export {
  type FileRegions,
  type FileRegionsOptions,
  regionsFromDs9,
  regionsFromLabels,
} from "./posterior/region-file.js";
