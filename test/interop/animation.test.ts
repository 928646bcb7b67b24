/**
 * Animations in Pillow: APNG and GIF of the same draws hold the same frames.
 *
 * Needs Python with Pillow (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3); skipped with a reason when it is
 * absent, failed with TSLIRA_REQUIRE_INTEROP=1.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { animateDraws } from "../../src/figures/animate-draws-node.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { pythonWith } from "./python.js";

const python = pythonWith("PIL", "Pillow", "python3-pil");

const folder = mkdtempSync(join(tmpdir(), "tslira-interop-animation-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCRIPT = `
import json, sys
from PIL import Image
apng, gif = (Image.open(name) for name in sys.argv[1:3])
same = []
for k in range(apng.n_frames):
    apng.seek(k); gif.seek(k)
    same.append(apng.convert("RGB").tobytes() == gif.convert("RGB").tobytes())
print(json.dumps({"apng": apng.n_frames, "gif": gif.n_frames, "size": apng.size, "gifSize": gif.size,
                  "same": all(same), "duration": apng.info["duration"], "loop": gif.info["loop"]}))
`;

it.skipIf(python === undefined)("Pillow reads the same frames from APNG and GIF", async () => {
  // A linear congruential generator (Numerical Recipes): noise of all brightnesses.
  let state = 9;
  const chain = () =>
    Float32Array.from({ length: 24 * 31 * 8 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    });
  const trace = { shape: [24, 31] as const, first: 0, every: 1, chains: [chain(), chain()] };
  const document = await figureDocument();
  for (const format of ["apng", "gif"] as const) {
    const options = {
      document,
      format,
      frames: 12,
      framesPerSecond: 10,
      title: "Noise",
      theme: "dark",
    } as const;
    writeFileSync(join(folder, `x.${format}`), await animateDraws(trace, options));
  }
  const seen = JSON.parse(
    execFileSync(python!, ["-c", SCRIPT, join(folder, "x.apng"), join(folder, "x.gif")], {
      encoding: "utf8",
    }),
  );
  expect(seen).toMatchObject({ apng: 12, gif: 12, same: true, duration: 100, loop: 0 });
  expect(seen.size).toEqual(seen.gifSize);
});
