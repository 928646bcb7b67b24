#!/usr/bin/env node
/** The command line: finds the command, loads it alone (a fast start), turns errors into one line and an exit code. */

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "@commander-js/extra-typings";
import { JobError } from "../errors.js";
import { EXIT, reportError } from "./exit.js";

/** A command as a module of its own, loaded when asked for. */
interface LazyCommand {
  readonly summary: string;
  readonly load: () => Promise<Command<unknown[], Record<string, unknown>>>;
}

const COMMANDS: Readonly<Record<string, LazyCommand>> = {
  deconvolve: {
    summary: "counts and psf in, posterior of the flux image out",
    load: async () => asCommand((await import("./deconvolve.js")).deconvolveCommand()),
  },
  resume: {
    summary: "continue a run that was stopped or killed",
    load: async () => asCommand((await import("./resume.js")).resumeCommand()),
  },
  report: {
    summary: "one page on a result, to read and to attach to a paper",
    load: async () => asCommand((await import("./report.js")).reportCommand()),
  },
  compare: {
    summary: "run several methods on the same data and measure what they make of it",
    load: async () => asCommand((await import("./compare.js")).compareCommand()),
  },
  simulate: {
    summary: "make an observation of a known sky, to try things on",
    load: async () => asCommand((await import("./simulate.js")).simulateCommand()),
  },
  bin: {
    summary: "make an image of counts from an event list",
    load: async () => asCommand((await import("./bin.js")).binCommand()),
  },
  psf: {
    summary: "psfs that vary over the field",
    load: async () => asCommand((await import("./psf.js")).psfCommand()),
  },
  plot: {
    summary: "draw a figure of a result, or an animation of its draws",
    load: async () => asCommand((await import("./plot.js")).plotCommand()),
  },
  info: {
    summary: "say what is in a FITS file or a result",
    load: async () => asCommand((await import("./info.js")).infoCommand()),
  },
  significance: {
    summary: "is it real? p-values, fluxes and limits of regions",
    load: async () => asCommand((await import("./significance.js")).significanceCommand()),
  },
  measure: {
    summary: "fluxes, limits and positions of regions of a result",
    load: async () => asCommand((await import("./measure.js")).measureCommand()),
  },
  sources: {
    summary: "a catalogue of the sources in a result",
    load: async () => asCommand((await import("./sources.js")).sourcesCommand()),
  },
  send: {
    summary: "show files in DS9, TOPCAT, Aladin and others, by SAMP",
    load: async () => asCommand((await import("./send.js")).sendCommand()),
  },
  cluster: {
    summary: "many runs as a job: on all cores, on Slurm, or by any scheduler",
    load: async () => asCommand((await import("./cluster.js")).clusterCommand()),
  },
  studio: {
    summary: "deconvolve in the browser: a page served to this machine alone",
    load: async () => asCommand((await import("./studio.js")).studioCommand()),
  },
  diagnose: {
    summary: "say whether a result can be trusted",
    load: async () => asCommand((await import("./diagnose.js")).diagnoseCommand()),
  },
};

const EXAMPLES = `
Start here:
  tslira studio                            everything below in a page, nothing uploaded
  tslira simulate gaussian-and-points -o sim
  tslira deconvolve sim/counts.fits --psf sim/psf.fits --exposure sim/exposure.fits \\
         --background sim/background.fits -o sim/result.fits --png sim/posterior.png
  tslira info sim/result.fits
  tslira report sim/result.fits -o sim/report.html
  tslira diagnose sim/result.fits
  tslira measure sim/result.fits --circle 16,26,3
  tslira plot sim/result.fits --kind parameter-traces -o sim/traces.png

More on a command: tslira deconvolve --help
Exit codes: 0 done, 1 bad input, 2 failed, 3 chains disagree (diagnose --strict), 130 interrupted.`;

/** The types of arguments and options do not matter to the program that holds the command. */
function asCommand(command: unknown): Command<unknown[], Record<string, unknown>> {
  return command as Command<unknown[], Record<string, unknown>>;
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function buildProgram(wanted: string | undefined) {
  const program = new Command("tslira")
    .description(
      "Bayesian deconvolution of low-count X-ray and gamma-ray images (LIRA): counts, psf, exposure " +
        "and background in; posterior mean, errors and draws of the source image out, checked by several chains.",
    )
    .version(packageVersion(), "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .addHelpText("after", EXAMPLES);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    if (name === wanted) program.addCommand(asCommand(await load()));
    else program.command(name).description(summary).allowUnknownOption().allowExcessArguments();
  }
  settle(program);
  for (const command of program.commands) settle(command);
  return program;
}

/** Errors of the command line come out in our words and with our exit code. */
function settle(command: unknown): void {
  asCommand(command)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: () => {} });
  for (const inner of asCommand(command).commands) settle(inner);
}

async function main(given: readonly string[]): Promise<void> {
  // "tslira help deconvolve" and "tslira deconvolve --help" are the same.
  const args = given[0] === "help" ? [...given.slice(1, 2), "--help"] : [...given];
  const program = await buildProgram(args.find((arg) => !arg.startsWith("-")));
  if (args.length === 0) {
    process.stderr.write(program.helpInformation() + EXAMPLES.concat("\n"));
    process.exitCode = EXIT.badInput;
    return;
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const command = args.find((arg) => Object.hasOwn(COMMANDS, arg));
    const { usageError } = await import("./usage-error.js");
    process.exitCode = reportError(usageError(error, command));
  }
}

// A closed pipe (tslira info ... | head) is the reader's choice, not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  const lost = `standard output: must take what is printed, got ${error.code}; free the disk, or print elsewhere`;
  process.exit(reportError(new JobError(lost, { cause: error })));
});
// Nobody reads what is said of the work; the work goes on.
process.stderr.on("error", () => undefined);

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportError(error);
}
