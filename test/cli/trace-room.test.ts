import { describe, expect, it } from "vitest";
import { checkTraceRoom } from "../../src/cli/trace-room.js";
import { constantImage } from "../../src/image.js";

describe("checkTraceRoom", () => {
  const counts = constantImage([12, 12], 1);

  it.each([
    ["sweeps", { iterations: 1e9, chains: 64 }, 1e9, "--iterations 69000"],
    ["images", { iterations: 5_000, chains: 2, trace: { keep: 4_000 } }, 3e6, "--trace-keep 1300"],
    ["every image", { iterations: 10_000, chains: 2, trace: { every: 1 } }, 5e6, "--trace-every 5"],
    ["both", { iterations: 1e6, chains: 4 }, 1e6, "--iterations 1100 --trace-keep 210"],
  ] as const)("names what fits: %s", (_, options, free, remedy) => {
    expect(() => checkTraceRoom(options, counts, free)).toThrow(
      new RegExp(
        `^trace: draws must fit on the disk, got .* free; give ${remedy}, or write to another disk$`,
      ),
    );
    const value = (flag: string) => Number(new RegExp(`--${flag} (\\d+)`).exec(remedy)?.[1]);
    const mended = {
      ...options,
      ...(value("iterations") > 0 && { iterations: value("iterations") }),
      ...(value("trace-keep") > 0 && { trace: { keep: value("trace-keep") } }),
      ...(value("trace-every") > 0 && { trace: { every: value("trace-every") } }),
    };
    expect(checkTraceRoom(mended, counts, free)).toEqual([]);
  });

  it("warns of much", () => {
    const most = constantImage([512, 512], 1);
    expect(checkTraceRoom({}, counts, Number.POSITIVE_INFINITY)).toEqual([]);
    // 4 chains of 1,000 images of 512 x 512 in 4 bytes.
    expect(checkTraceRoom({}, most, Number.POSITIVE_INFINITY)[0]).toMatch(/got 4\.2 GB of images/);
  });
});
