/** Early checks of where results go: better before an hour of sampling than after. */

import { access, constants, lstat, stat } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { InvalidInputError } from "../errors.js";
import { parseFitsName } from "../io/fits.js";
import { placeBehindLinks } from "../io/fits-temporary-node.js";
import { isPsfName } from "../io/named-psf.js";
import { splitPlace } from "../io/psf-stack-node.js";

/** What outputs may be. */
export interface OutputRules {
  /** Files that exist may be replaced. */
  readonly overwrite: boolean;
  /** Files that are read, as they were given; never replaced. */
  readonly inputs?: readonly (string | undefined)[];
}

/**
 * Check that files can be written: their folders exist and are writable, no file has their names unless it may be replaced, and each
 * is neither an input nor another output.
 *
 * @param paths those that were not asked for are undefined
 * @throws InvalidInputError otherwise
 */
export async function checkOutputPaths(
  paths: readonly (string | undefined)[],
  { overwrite, inputs = [] }: OutputRules,
): Promise<void> {
  const taken = new Map<string, string>();
  for (const input of inputs) {
    if (input === undefined) continue;
    for (const path of [input, parseFitsName(input).path])
      taken.set(await identity(path), "a file that is read");
  }
  for (const path of paths) {
    if (path === undefined) continue;
    const one = await identity(path);
    const clash = taken.get(one);
    if (clash !== undefined) {
      throw new InvalidInputError(
        `${path}: output must be a file of its own, got ${clash}; choose another name`,
        { fields: { path } },
      );
    }
    taken.set(one, "another output");
    await checkPlace(path, overwrite);
  }
}

const FILES = ["counts", "exposure", "background", "mask"] as const;

/** Files of observations. */
export function observationPaths(
  observations: readonly {
    readonly [Key in "psf" | (typeof FILES)[number]]?: string | readonly string[] | undefined;
  }[],
): (string | undefined)[] {
  return observations.flatMap(({ psf, ...one }) => [
    ...[psf].flat().flatMap((name) => (name === undefined || isPsfName(name) ? [] : splitPlace(name).file)),
    ...FILES.flatMap((file) => one[file]),
  ]);
}

/** The same text for the same file, whatever links and names lead to it. */
async function identity(path: string): Promise<string> {
  const present = await stat(path, { bigint: true }).catch(() => undefined);
  return present === undefined ? placeBehindLinks(path) : `${present.dev}:${present.ino}`;
}

async function checkPlace(path: string, overwrite: boolean): Promise<void> {
  if (path === "-") {
    throw new InvalidInputError(
      "-: output must be a file, got the word for standard output; name a file, or ./- for one of that name",
      { fields: { path } },
    );
  }
  const link = await lstat(path).catch(() => undefined);
  // What is written through a link comes to lie in the folder that it leads to.
  const folder = dirname(link?.isSymbolicLink() ? placeBehindLinks(path) : path);
  const place = await stat(folder).catch(() => undefined);
  if (!place?.isDirectory()) {
    const got = place === undefined ? "none" : "a file";
    throw new InvalidInputError(
      `${path}: folder ${folder} must exist, got ${got}; make it with mkdir -p ${folder}`,
    );
  }
  await access(folder, constants.W_OK).catch((cause) => {
    throw new InvalidInputError(
      `${path}: folder ${folder} must be writable, got a protected one; choose another`,
      {
        cause,
      },
    );
  });
  const present = await stat(path).catch(() => undefined);
  if (present?.isDirectory()) {
    throw new InvalidInputError(
      `${path}: output must be a file, got a folder; add a name such as result.fits`,
    );
  }
  if (present !== undefined && !present.isFile()) {
    throw new InvalidInputError(
      `${path}: output must be a file, got a device, pipe or socket; choose another name`,
    );
  }
  if (present !== undefined && !overwrite) {
    throw new InvalidInputError(
      `${path}: output must be a new file, got one that exists; choose another name or add --overwrite`,
    );
  }
}

/** Endings of what holds no FITS. */
const OTHER_FILES = /\.(png|svg|pdf|jpe?g|gif|html?|json|csv|txt|md|vot|xml|reg)$/i;

/**
 * Check the name of an output that is FITS whatever it is called.
 *
 * @param remedy how to get what another ending promises
 * @throws InvalidInputError when the name promises another kind of file
 */
export function checkFitsName(where: string, output: string, remedy = ""): void {
  const ending = OTHER_FILES.exec(output)?.[0];
  if (ending === undefined) return;
  throw new InvalidInputError(
    `${where}: output is FITS and must be called so, got ${output}; call it ${output.slice(0, -ending.length)}.fits${remedy}`,
    { fields: { path: output } },
  );
}

/**
 * What goes with the ending of an output.
 *
 * @param choices by ending, `.fits`
 * @throws InvalidInputError for another one
 */
export function byEnding<T>(verb: string, output: string, choices: Readonly<Record<string, T>>): T {
  const found = choices[extname(output).toLowerCase()];
  if (found !== undefined) return found;
  throw new InvalidInputError(
    `${verb}: output must end in ${Object.keys(choices).join(", ")}, got ${output}; choose one`,
  );
}
