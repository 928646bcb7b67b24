/** Early checks of where results go: better before an hour of sampling than after. */

import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidInputError } from "../node.js";

/**
 * Check that a file can be written: its folder exists and is writable, and no file has its name unless it may be replaced.
 *
 * @throws InvalidInputError otherwise
 */
export async function checkOutputPath(
  path: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  const folder = dirname(path);
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
  if (present !== undefined && !overwrite) {
    throw new InvalidInputError(
      `${path}: output must be a new file, got one that exists; choose another name or add --overwrite`,
    );
  }
}
