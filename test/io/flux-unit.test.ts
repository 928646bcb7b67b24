import { expect, it } from "vitest";
import { fluxUnit, isCountUnit, isExposureUnit, isRateUnit } from "../../src/io/flux-unit.js";

// Spellings of missions' files; the flux in units of the FITS standard 4.0, section 4.3.
it.each([
  ["s", "count / (s pixel)"],
  ["SEC", "count / (s pixel)"],
  ["seconds", "count / (s pixel)"],
  ["Msec", "count / (Ms pixel)"],
  ["ks", "count / (ks pixel)"],
  ["KS", "count / (ks pixel)"],
  ["hr", "count / (h pixel)"],
  ["cm**2 s", "photon / (cm2 s pixel)"],
  ["cm^2.s", "photon / (cm2 s pixel)"],
  ["sec*cm**2", "photon / (cm2 s pixel)"],
  ["s cm**2 count/photon", "photon / (cm2 s pixel)"],
  ["cm2 s photon-1 ct", "photon / (cm2 s pixel)"],
  ["m2 ks", "photon / (m2 ks pixel)"],
])("exposure in %s: flux in %s", (exposure, flux) => {
  expect(fluxUnit(exposure)).toBe(flux);
  expect([isExposureUnit(exposure), isRateUnit(exposure)]).toEqual([true, false]);
});

it.each([
  "photon cm-2 s-1",
  "ph/cm2/s",
  "count/s",
  "counts / (cm**2 s)",
  "count s**(-1)",
  "1/s",
  "photons/cm2/sec",
  "photons/cm2 s",
  "count/min",
  "count/(sr s)",
  "Jy/beam s-1",
  "10**-9 adu/(pixel ks)",
])("%s is no exposure", (unit) => expect([isExposureUnit(unit), isRateUnit(unit)]).toEqual([false, true]));

it.each(["count", "cts/pixel", "PHOTONS / pix", "events", "count pixel-1"])("%s is one of counts", (unit) =>
  expect([isCountUnit(unit), isExposureUnit(unit), isRateUnit(unit)]).toEqual([true, false, false]),
);

it.each(["", "count/s", "count2", "Jy", "count Jy", "s", "count/arcsec2"])("%s is none of counts", (unit) =>
  expect(isCountUnit(unit)).toBe(false),
);
