/**
 * Sampling in the page against Node on the same machine: the same run with one chain and one worker each, in turn.
 *
 *     npm run bench:studio -- [--pairs 5] [--iterations 20000]
 *
 * Needs Chromium (TSLIRA_CHROMIUM, else a usual path). Seconds are those the result files state for the run.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import { readResult } from "../src/io/result-file-node.js";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");
const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    iterations: { type: "string", default: "20000" },
  },
});

const secondsOf = async (path: string) => (await readResult(path)).provenance.seconds;

async function inPage(page: Page, path: string): Promise<number> {
  await page.click("#run-title ~ button.full");
  await page.waitForSelector(".verdict", { state: "detached" });
  await page.waitForSelector(".verdict", { timeout: 600_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Result, FITS")]);
  await download.saveAs(path);
  return secondsOf(path);
}

const folder = mkdtempSync(join(tmpdir(), "tslira-bench-studio-"));
const node = (...args: string[]) => execFileSync(process.execPath, [MAIN, ...args, "-q"], { cwd: folder });
const server = spawn(process.execPath, [MAIN, "studio", "--no-open"], {
  stdio: ["ignore", "ignore", "pipe"],
});
const executablePath = [process.env.TSLIRA_CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
  (path) => path && existsSync(path),
);
if (executablePath === undefined)
  throw new Error("Chromium must be installed, got none; set TSLIRA_CHROMIUM to its path");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const address = await new Promise<string>((resolve, reject) => {
    let said = "";
    server.stderr.on("data", (piece) => {
      said += piece;
      const found = said.match(/http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\//);
      if (found) resolve(found[0]);
    });
    server.once("exit", () => reject(new Error(`tslira studio must serve, got: ${said}`)));
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  await page.goto(address);
  await page.click(".example:has-text('Gaussian plus points')");
  await page.waitForSelector(".workspace");
  await page.fill("#field-iterations", values.iterations);
  await page.fill("#field-chains", "1");
  node("simulate", "gaussian-and-points", "-o", ".");
  const rows: { page: number; node: number }[] = [];
  for (let pair = 0; pair <= Number(values.pairs); pair++) {
    const there = join(folder, `node-${pair}.fits`);
    node(
      ...["deconvolve", "counts.fits", "--psf", "psf.fits", "--exposure", "exposure.fits"],
      ...["--background", "background.fits", "-n", values.iterations, "--chains", "1", "--workers", "1"],
      ...["-o", there],
    );
    const seconds = { page: await inPage(page, join(folder, "page.fits")), node: await secondsOf(there) };
    if (pair > 0) rows.push(seconds); // the first pair warms up
  }
  const ratios = rows.map((row) => row.page / row.node).sort((a, b) => a - b);
  console.table(rows.map((row) => ({ ...row, ratio: (row.page / row.node).toFixed(3) })));
  console.log(`page / Node: median ${ratios[Math.floor(ratios.length / 2)].toFixed(3)}`);
} finally {
  await browser.close();
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
