import { InvalidInputError } from "../errors.js";
import type { Convergence, Diagnostics } from "../posterior/result.js";
import type { ParameterTrace } from "../posterior/trace.js";
import { composeFigure, type FigureOptions } from "./figure.js";
import { theme as themeColors } from "./theme.js";
import { formatNumber } from "./ticks.js";
import { traceLegend, tracePanel } from "./trace-panel.js";

/** Options of `plotParameterTraces`. */
export interface PlotParameterTracesOptions extends FigureOptions {
  /** Columns to draw, in order; default all that vary, without bookkeeping (iteration, chain, step size, tree shift). */
  readonly names?: readonly string[];
  /** Panels a row; default 2 for up to four parameters, else 3. */
  readonly columns?: number;
}

/** Columns that say where the sampler was, not what it thinks of the sky. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  "iteration",
  "chain",
  "stepSize",
  "cycleSpinRow",
  "cycleSpinCol",
]);

/**
 * Draw the trace of each scalar parameter: one panel a parameter, one line a chain, burn-in faded.
 *
 * Long traces are drawn by the smallest and largest value in each pixel column, so that the figure stays small.
 *
 * @param diagnostics of the same run; its R-hat and ESS stand beside the names, in a warning colour when they fail
 * @returns an SVG document
 * @throws InvalidInputError when there is no chain, no parameter to draw, or a name that is not in the trace
 */
export function plotParameterTraces(
  trace: ParameterTrace,
  diagnostics: Pick<Diagnostics, "parameters"> | undefined,
  options: PlotParameterTracesOptions,
): string {
  const { document, theme = "light", title } = options;
  const colors = themeColors(theme);
  const series = chosenNames(trace, options.names).map((name) => ({ name, chains: column(trace, name) }));
  const drawn = options.names ? series : series.filter(({ chains }) => varies(chains));
  if (drawn.length === 0) {
    throw new InvalidInputError(
      `plotParameterTraces: the trace must hold a parameter that varies, got columns ${trace.names.join(", ")} ` +
        `of ${trace.chains.length} chains; choose columns with the option names`,
      { fields: { names: trace.names, chains: trace.chains.length } },
    );
  }
  const columns = options.columns ?? (drawn.length <= 4 ? Math.min(2, drawn.length) : 3);
  const convergence = new Map(diagnostics?.parameters.map((entry) => [entry.name, entry]));
  const cells = drawn.map(({ name, chains }, index) => {
    const entry = convergence.get(name);
    return tracePanel(
      { chains, first: 0, every: 1, burnIn: trace.burnIn },
      {
        document,
        colors,
        width: 230,
        height: 104,
        title: name,
        xLabels: index + columns >= drawn.length,
        ...(entry && { note: convergenceNote(entry), warn: isDoubtful(entry, chains.length) }),
      },
    );
  });
  const legend = traceLegend(trace.chains.length, trace.burnIn > 0, colors);
  return composeFigure(cells, columns, { theme, ...(title !== undefined && { title }) }, legend);
}

function chosenNames({ names }: ParameterTrace, wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined) return names.filter((name) => !BOOKKEEPING.has(name));
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new InvalidInputError(
      `plotParameterTraces: names must be columns of the trace, got "${unknown}"; it holds ${names.join(", ")}`,
      { fields: { name: unknown, names } },
    );
  }
  return wanted;
}

function column({ names, chains }: ParameterTrace, name: string): Float64Array[] {
  const at = names.indexOf(name);
  return chains.map((chain) =>
    Float64Array.from(
      { length: Math.floor(chain.length / names.length) },
      (_, sweep) => chain[sweep * names.length + at]!,
    ),
  );
}

function varies(chains: readonly Float64Array[]): boolean {
  const first = chains.find((chain) => chain.length > 0)?.[0];
  return chains.some((chain) => chain.some((value) => value !== first && !Number.isNaN(value)));
}

function convergenceNote({ rhat, ess }: Convergence): string {
  const shown = Number.isFinite(rhat) ? (rhat < 9.9995 ? rhat.toFixed(3) : formatNumber(rhat)) : "–";
  return `R\u0302 ${shown}, ESS ${Number.isFinite(ess) ? Math.round(ess) : "–"}`;
}

/** The thresholds of `Verdict`: R-hat below 1.05 and at least 100 effective draws a chain. */
function isDoubtful({ rhat, ess }: Convergence, chains: number): boolean {
  return rhat >= 1.05 || ess < 100 * chains;
}
