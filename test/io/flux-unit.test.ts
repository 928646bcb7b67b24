import { expect, it } from "vitest";
import { fluxUnit, isExposureUnit, isRateUnit } from "../../src/io/flux-unit.js";

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
])("%s is no exposure", (unit) => expect([isExposureUnit(unit), isRateUnit(unit)]).toEqual([false, true]));
