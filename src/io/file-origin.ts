/** Cards that say where a file comes from. */

import { type FitsCard, type FitsHeader, fitsCard } from "./fits.js";
import { numbered } from "./fits-header.js";
import { escapeText, unescapeText } from "./result-text.js";

/** What the header says about where an estimate comes from. */
export interface EstimateProvenance {
  /** Version of the program that made it. */
  readonly version?: string;
  /** The command or call. */
  readonly command?: string;
  /** SHA-256 of each input file, by the name the user gave. */
  readonly inputs?: readonly { readonly name: string; readonly sha256: string }[];
  /** Unit of the flux. */
  readonly unit?: string;
}

/** CREATOR, COMMAND, INPUTn and SHAn. */
export function provenanceCards({ version, command, inputs = [] }: EstimateProvenance): FitsCard[] {
  return [
    fitsCard("CREATOR", version === undefined ? "tslira" : `tslira ${version}`),
    ...(command === undefined ? [] : [fitsCard("COMMAND", escapeText(command))]),
    ...inputs.flatMap(({ name, sha256 }, index) => [
      fitsCard(`INPUT${index + 1}`, escapeText(name)),
      fitsCard(`SHA${index + 1}`, sha256),
    ]),
  ];
}

/** Files that a result or a mosaic was made from: cards INPUTn of SHA-256 and name. */
export function hashedInputs(header: FitsHeader): { readonly name: string; readonly sha256: string }[] {
  return numbered(header, "INPUT").map((value) => {
    // An empty name leaves nothing behind the hash: blanks at the end of a card are lost.
    const [sha256, ...name] = String(value).split(" ");
    return { sha256: unescapeText(sha256), name: unescapeText(name.join(" ")) };
  });
}

/** What `provenanceCards` was given. */
export function storedProvenance(header: FitsHeader): EstimateProvenance {
  const creator = /^tslira (.+)$/.exec(header.text("CREATOR") ?? "");
  const command = header.text("COMMAND");
  const sums = numbered(header, "SHA").map(String);
  return {
    ...(creator === null ? {} : { version: creator[1] }),
    ...(command === undefined ? {} : { command: unescapeText(command) }),
    inputs: numbered(header, "INPUT").map((name, index) => ({
      name: unescapeText(String(name)),
      sha256: sums[index] ?? "",
    })),
  };
}
