import { shellLine } from "../jobs/shell-command.js";
import { VERSION } from "../version.js";

/** What files say of the program that wrote them: its version, and the command as it was given. */
export function madeBy(): { readonly version: string; readonly command: string } {
  return { version: VERSION, command: `tslira ${shellLine(process.argv.slice(2))}` };
}
