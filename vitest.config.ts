import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take minutes: begun last they would leave a core idle. */
const LONG = [
  "fences.slow",
  "calibration.slow",
  "exact.slow",
  "predictive-check.slow",
  "crash.slow",
  "nuts.slow",
  "slurm",
  "python.test",
  "cases.test",
  "studio-gpu",
  "studio-methods",
  "studio-start",
  "studio-files",
  "studio-sessions",
  "browser.test",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONG.findIndex((name) => moduleId.includes(name));
      return at < 0 ? LONG.length : at;
    };
    const others = await super.sort(files);
    return others.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Unit tests that put other modules in place of ours, which no other file may see. */
const MOCKING = ["test/app/new-setting.test.ts"];

// One project per npm script (two for the unit tests), so that what needs more than Node never runs (or skips) by accident.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Two files at once even on two cores: the default leaves one core to the terminal.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [
            "test/**/*.slow.test.ts",
            "test/interop/**",
            "test/e2e/**",
            "test/cluster/**",
            ...MOCKING,
          ],
          testTimeout: 60_000,
          // Modules are loaded once for all files of a process: a quarter less time.
          isolate: false,
        },
      },
      { test: { name: "mocked", include: MOCKING, testTimeout: 60_000 } },
      { test: { name: "slow", include: ["test/**/*.slow.test.ts"], testTimeout: 1_200_000 } },
      { test: { name: "interop", include: ["test/interop/**/*.test.ts"], testTimeout: 300_000 } },
      { test: { name: "cluster", include: ["test/cluster/**/*.test.ts"], testTimeout: 300_000 } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // A page is as slow as the machine it shares.
          expect: { poll: { timeout: 30_000 } },
        },
      },
    ],
  },
});
