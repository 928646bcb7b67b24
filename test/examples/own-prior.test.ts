import { expect, it, vi } from "vitest";

it("examples/own-prior.ts runs and finds the point source (uses dist)", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("../../examples/own-prior.js");
  const lines = log.mock.calls.map(([text]) => String(text));
  log.mockRestore();
  expect(lines[0]).toMatch(/^converged: /);
  // The simulated source has 1,000 counts in one pixel, known to 3 %; what is left over goes to its neighbours.
  const [, flux] = /^flux at \(16, 16\) of 32 x 32: (\d+)$/.exec(lines[1]) ?? [];
  expect(Number(flux)).toBeGreaterThan(500);
  expect(Number(flux)).toBeLessThan(1_100);
});
