/**
 * One program at a time: whoever writes to a path, or into a folder, says so by a file beside it (`ownedName`, ending `lock`).
 *
 * Two that come at the same moment both put their file there before they look for others, so at least one sees the other. A file
 * is removed by others only when its program is gone.
 */

import { randomBytes } from "node:crypto";
import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InvalidInputError } from "../errors.js";
import { fileError, placeBehindLinks } from "./fits-temporary-node.js";
import { isLeftBehind, ownedFiles, ownedName } from "./running-program-node.js";

const BEAT_MILLISECONDS = 60_000;
/** A program on another machine that has not shown itself for so long is gone. */
const GONE_MILLISECONDS = 10 * BEAT_MILLISECONDS;

/** A path that is ours for a while. */
export interface Claim {
  /** Leave it to others. Never throws. */
  release(): void;
}

function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** Remove a claim. Never throws: one that stays is known by its owner's absence. */
function drop(claim: string): void {
  try {
    rmSync(claim, { force: true });
  } catch {
    // Whoever may not remove it need not.
  }
}

/**
 * Claim a path for this program.
 *
 * @param path file or folder, there or to come; its folder must exist
 * @throws InvalidInputError when a running program, this one included, has claimed it; says its number and since when
 */
export function claimPath(path: string): Claim {
  const target = placeBehindLinks(path);
  const [folder, name] = [dirname(target), basename(target)];
  const word = `${Date.now().toString(36)}_${randomBytes(3).toString("hex")}`;
  const mine = join(folder, ownedName(name, word, "lock"));
  try {
    writeFileSync(mine, "", { flag: "wx" });
  } catch (error) {
    throw fileError(path, error);
  }
  for (const other of ownedFiles(folder, name, "lock")) {
    if (other.path === mine) continue;
    if (isLeftBehind(other, GONE_MILLISECONDS)) {
      drop(other.path);
      continue;
    }
    drop(mine);
    const { host, process: number } = other.owner;
    const since = age(Date.now() - Number.parseInt(other.word, 36));
    throw new InvalidInputError(
      `${path}: must be used by one program at a time, got process ${number} on ${host}, at work on it for ${since}; ` +
        "wait until it ends, or stop it",
      { fields: { path, process: number, host } },
    );
  }
  const beat = setInterval(() => {
    try {
      utimesSync(mine, new Date(), new Date());
    } catch {
      // A disk that is away for a moment does not end the run.
    }
  }, BEAT_MILLISECONDS);
  beat.unref();
  return {
    release() {
      clearInterval(beat);
      drop(mine);
    },
  };
}
