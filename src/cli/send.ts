/** `tslira send`. */

import { access } from "node:fs/promises";
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { readCoordinate } from "../data/regions/ds9-shape.js";
import type { SkyPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError, JobError } from "../errors.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import type { SampAnswer, SampClient, SampHub } from "../samp/hub.js";
import { openHub } from "../samp/hub-node.js";
import { fileMessage, pointMessage, type SampMessage } from "../samp/sent-file-node.js";
import { parseWhole } from "./option-values.js";

const DETAILS = `
By SAMP, through the hub that runs on this machine (or where SAMP_HUB says). Images go as image.load.fits, tables as table.load.fits
or table.load.votable, a position as coord.pointAt.sky. Of a result the first image is shown, the posterior mean. The other program reads
the file from its place, so it must run on this machine, and the file must stay.

Examples:
  tslira send result.fits
  tslira send result.fits --to DS9 --at 266.417,-29.008
  tslira send sources.vot --to topcat
  tslira send --at 17:45:40.04,-29:00:28.1`;

function parseSkyPosition(text: string): SkyPosition {
  const [first = "", second = "", ...more] = text.split(",").map((part) => part.trim());
  const [lon, lat] = [readCoordinate(first, 0, "icrs"), readCoordinate(second, 1, "icrs")];
  if (more.length > 0 || !(lon >= 0 && lon <= 360) || !(Math.abs(lat) <= 90)) {
    throw new InvalidArgumentError(
      "Give right ascension and declination (ICRS), for example 266.417,-29.008 or 17:45:40,-29:00:28.",
    );
  }
  return { lon, lat };
}

function sendOptions() {
  return new Command("send")
    .description("Send images and catalogues to programs that listen: DS9, TOPCAT, Aladin, astropy.")
    .argument("[files...]", "FITS image, FITS table or VOTable")
    .option("--to <name>", "one program by its name, or part of it (default: all that take it)")
    .option("--at <lon,lat>", "also have them point there: ICRS, degrees or base 60", parseSkyPosition)
    .option("--timeout <seconds>", "how long a program may take to load", parseWhole, 60)
    .option("--json", "print what was sent for programs")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** The command. */
export const command = () => sendOptions().action(send);

type Flags = ReturnType<ReturnType<typeof sendOptions>["opts"]>;

/** A message that a client has answered. */
interface Sent extends SampAnswer {
  readonly what: string;
  readonly mtype: string;
  readonly to: string;
}

async function send(files: readonly string[], { to, at, timeout, json }: Flags): Promise<void> {
  if (files.length === 0 && at === undefined) {
    throw new InvalidInputError(
      "send: a file or --at must be given, got neither; add one, for example tslira send result.fits",
    );
  }
  for (const file of files) await withFileErrors(file, () => access(file));
  const messages = await Promise.all(files.map(fileMessage));
  if (at !== undefined) messages.push(pointMessage(at));
  const hub = await openHub("tslira");
  try {
    for (const message of messages) {
      const sent = await sendTo(hub, message, to, timeout);
      for (const one of sent) {
        const line = `${one.what}: ${one.mtype} ${one.done ? "sent to" : "refused by"} ${one.to}`;
        const note = one.note === undefined ? "" : `: ${one.note}`;
        process.stdout.write(`${json ? JSON.stringify(one) : line + note}\n`);
      }
      if (!sent.some(({ done }) => done)) {
        const got = JSON.stringify(sent[0].note);
        throw new JobError(
          `send: a program must take ${message.what}, got ${got}; see what its own menu makes of it`,
        );
      }
    }
  } finally {
    await hub.close();
  }
}

/** Send a message to all that take it, or to those of a name. */
async function sendTo(
  hub: SampHub,
  { what, mtype, parameters }: SampMessage,
  to: string | undefined,
  seconds: number,
): Promise<Sent[]> {
  const [clients, takers] = await Promise.all([hub.clients(), hub.takers(mtype)]);
  const takes = ({ id }: SampClient) => takers.includes(id);
  const meant = ({ name }: SampClient) => to === undefined || name.toLowerCase().includes(to.toLowerCase());
  const chosen = clients.filter((client) => meant(client) && takes(client));
  if (chosen.length === 0) {
    const there = clients.map((client) => `${client.name}${takes(client) ? "" : ` (not ${mtype})`}`);
    const wanted = to === undefined ? "a program" : `a program named ${to}`;
    throw new InvalidInputError(
      `send: ${wanted} that takes ${mtype} must be registered with the hub, got ${there.join(", ") || "no program"}; ` +
        "start it, or connect it to the hub from its menu",
    );
  }
  return Promise.all(
    chosen.map(async ({ id, name }) => ({
      ...{ what, mtype, to: name },
      ...(await hub.send(id, mtype, parameters, seconds)),
    })),
  );
}
