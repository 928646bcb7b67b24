import { expect, it, vi } from "vitest";

it("examples/own-prior.ts runs with map and nuts, and finds the point source (uses dist)", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("../../examples/own-prior.js");
  const lines = log.mock.calls.map(([text]) => String(text));
  log.mockRestore();
  expect(lines[0]).toMatch(/^converged: /);
  // The simulated source has 1,000 counts in one pixel, known to 3 %; what is left over goes to its neighbours.
  const [, flux] = /^flux at \(8, 8\): (\d+)$/.exec(lines[1]) ?? [];
  expect(Number(flux)).toBeGreaterThan(500);
  expect(Number(flux)).toBeLessThan(1_100);
  const [, mean, std] = /^flux at \(8, 8\): (\d+) \+- (\d+)$/.exec(lines[2]) ?? [];
  expect(Number(mean)).toBeGreaterThan(300);
  expect(Number(mean)).toBeLessThan(1_100);
  expect(Number(std)).toBeGreaterThan(10);
  expect(lines[3]).toMatch(/^\d+ of 300 transitions diverged$/);
});
