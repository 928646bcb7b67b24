#!/usr/bin/env node
/** The command line: finds the command, loads it alone (a fast start), turns errors into one line and an exit code. */

import { readFileSync } from "node:fs";
import { Command, CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, reportError } from "./exit.js";

/** What each command does. Its module, of the same name, is loaded when it is asked for. */
const COMMANDS: Readonly<Record<string, string>> = {
  deconvolve: "counts and psf in, posterior of the flux image out",
  resume: "continue a run that was stopped or killed",
  report: "one page on a result, to read and to attach to a paper",
  compare: "run several methods on the same data and measure what they make of it",
  simulate: "make an observation of a known sky, to try things on",
  bin: "make an image of counts from an event list",
  psf: "psfs that vary over the field",
  plot: "draw a figure of a result, or an animation of its draws",
  info: "say what is in a FITS file or a result",
  significance: "is it real? p-values, fluxes and limits of regions",
  measure: "fluxes, limits and positions of regions of a result",
  sources: "a catalogue of the sources in a result",
  send: "show files in DS9, TOPCAT, Aladin and others, by SAMP",
  cluster: "many runs as a job: on all cores, on Slurm, or by any scheduler",
  studio: "deconvolve in the browser: a page served to this machine alone",
  diagnose: "say whether a result can be trusted",
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
  for (const [name, summary] of Object.entries(COMMANDS)) {
    if (name === wanted) program.addCommand((await import(`./${name}.js`)).command().summary(summary));
    else program.command(name).description(summary).allowUnknownOption().allowExcessArguments();
  }
  settle(program);
  return program;
}

/** Errors of the command line come out in our words and with our exit code. */
function settle(command: CommandUnknownOpts): void {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: () => {} });
  for (const inner of command.commands) settle(inner);
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
  process.exit(reportError({ code: "JOB", message: lost }));
});
// Nobody reads what is said of the work; the work goes on.
process.stderr.on("error", () => undefined);

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportError(error);
}
