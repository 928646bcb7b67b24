/**
 * A job of very many tasks whose results are simulated: how long status and collecting take, and how much memory.
 *
 *     npm run bench:manifest -- [--tasks 100000] [--bytes 11520]
 *
 * One task in a thousand is missing, one in a thousand failed, one in a thousand has a damaged result.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { simulatePointSource } from "../src/data/observation/simulated-datasets.js";
import { createObservationsJob } from "../src/jobs/create-survey-job-node.js";
import { shardName, taskName } from "../src/jobs/job.js";

const { values } = parseArgs({
  options: { tasks: { type: "string", default: "100000" }, bytes: { type: "string", default: "11520" } },
});
const tasks = Number(values.tasks);
const bytes = Number(values.bytes);
const place = mkdtempSync(join(tmpdir(), "tslira-manifest-"));
const folder = join(place, "survey.job");
const say = (text: string) => process.stdout.write(`${text}\n`);
const timed = async (what: string, action: () => Promise<unknown> | unknown) => {
  const start = performance.now();
  await action();
  say(`${what.padEnd(34)} ${((performance.now() - start) / 1000).toFixed(1)} s`);
};

try {
  // All tasks share their data: the manifest is what is measured.
  const observations = [simulatePointSource({ shape: [8, 8] })];
  const entry = async (index: number) => ({ name: `field-${index}`, observations });
  await timed(`making ${tasks} tasks`, () =>
    createObservationsJob(folder, { count: tasks, entry }, { iterations: 100 }),
  );
  say(`${"list of tasks".padEnd(34)} ${(statSync(join(folder, "tasks.jsonl")).size / 1e6).toFixed(1)} MB`);
  await timed("simulating results", () => {
    const data = new Uint8Array(bytes);
    const view = new DataView(data.buffer);
    for (let index = 0; index < tasks; index++) {
      if (index % 1000 === 0) {
        mkdirSync(join(folder, "results", shardName(index)), { recursive: true });
        mkdirSync(join(folder, "failures", shardName(index)), { recursive: true });
      }
      const fate = index % 1000;
      if (fate === 1) continue;
      if (fate === 2) {
        const failure = {
          index,
          error: { code: "NUMERICS", message: "simulated", fields: {} },
          host: "node",
          at: "",
        };
        writeFileSync(
          join(folder, "failures", shardName(index), `${taskName(index)}.json`),
          JSON.stringify(failure),
        );
        continue;
      }
      view.setUint32(0, index);
      const hash = createHash("sha256").update(data).digest("hex").slice(0, 16);
      if (fate === 3) view.setUint32(4, 1);
      writeFileSync(
        join(folder, "results", shardName(index), `${taskName(index)}-${bytes}-${hash}.fits`),
        data,
      );
      view.setUint32(4, 0);
    }
  });
  const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  for (const flags of [[], ["--fast"]]) {
    const start = performance.now();
    const { stdout, stderr } = spawnSync(
      "/usr/bin/env",
      [
        ...["time", "-f", "%M %U %S"],
        ...[process.execPath, cli, "cluster", "status", folder, "--json", ...flags],
      ],
      { encoding: "utf8", maxBuffer: 2 ** 28 },
    );
    const seconds = (performance.now() - start) / 1000;
    const found = JSON.parse(stdout);
    const { done, failed, corrupt, missing } = found;
    const [kib, user, system] = (stderr.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
    say(
      `${["status", ...flags].join(" ").padEnd(34)} ${seconds.toFixed(1)} s (${(user + system).toFixed(1)} s of a core), ` +
        `${(kib / 1024).toFixed(0)} MiB: ${JSON.stringify({ done, failed, corrupt, missing, todo: found.todo.length })}`,
    );
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
