import { InvalidInputError } from "../errors.js";
import type { NamesOf } from "../known-names.js";
import type { Diagnostics } from "../posterior/result.js";
import { BOOKKEEPING_COLUMNS } from "../posterior/summary.js";
import { asParameterSource, type ParameterSource, type ParameterTrace } from "../posterior/trace.js";
import { convergenceNote, isDoubtful } from "./convergence-note.js";
import { type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE } from "./figure-options.js";
import { parameterLabel } from "./parameter-label.js";
import { defaultColumns } from "./plot-parameter-distributions.js";
import { theme as themeColors } from "./theme.js";
import { filledChains, traceLegend, tracePanel, valuesPerColumn } from "./trace-panel.js";
import { checkNames, varies } from "./traced-quantity.js";

/** Options of `plotParameterTraces`. */
export interface PlotParameterTracesOptions extends FigureOptions {
  /** Columns to draw, in order; default all that vary, without bookkeeping (iteration, chain, step size, tree shift). */
  readonly names?: readonly string[];
  /** Panels a row; default 2 for up to four parameters, else 3. */
  readonly columns?: number;
}

const NAMES: NamesOf<PlotParameterTracesOptions> = { ...FIGURE, names: true, columns: true };

/** Width of a panel in px. */
const WIDTH = 230;
/** Rows that are read at a time. */
const ROWS_AT_ONCE = 4096;

/**
 * Draw the trace of each scalar parameter: one panel a parameter, one line a chain, burn-in faded.
 *
 * Long traces, of more than a few sweeps a pixel column, are drawn by the mean of each column (line) and its range (shade), as the
 * legend says.
 *
 * @param diagnostics of the same run; its R-hat and ESS stand beside the names, in a warning colour when they fail
 * @returns an SVG document
 * @throws InvalidInputError when there is no chain, no parameter to draw, or a name that is not in the trace
 */
export function plotParameterTraces(
  trace: ParameterTrace | ParameterSource,
  diagnostics: Pick<Diagnostics, "parameters"> | undefined,
  options: PlotParameterTracesOptions,
): string {
  checkFigureOptions("plotParameterTraces", options, NAMES);
  const { document, theme = "light", names } = options;
  const colors = themeColors(theme);
  const source = asParameterSource(trace);
  checkNames("plotParameterTraces", source.names, names);
  const series = (names ?? source.names.filter((name) => !BOOKKEEPING_COLUMNS.has(name))).map((name) => ({
    name,
    chains: column(source, source.names.indexOf(name)),
  }));
  const drawn = names ? series : series.filter(({ chains }) => varies(chains));
  if (drawn.length === 0) {
    throw new InvalidInputError(
      `plotParameterTraces: the trace must hold a parameter that varies, got columns ${trace.names.join(", ")} ` +
        `of ${source.chains} chains; choose columns with the option names`,
      { fields: { names: source.names, chains: source.chains } },
    );
  }
  const convergence = new Map(diagnostics?.parameters.map((entry) => [entry.name, entry]));
  const panel = (index: number, zoom: number, columns: number) => {
    const { name, chains } = drawn[index];
    const entry = convergence.get(name);
    return tracePanel(
      { chains, first: 0, every: 1, burnIn: trace.burnIn },
      {
        document,
        colors,
        width: WIDTH * zoom,
        height: Math.max(80, 104 * zoom),
        title: parameterLabel(name),
        xLabels: index + columns >= drawn.length,
        ...(entry && { note: convergenceNote(entry), warn: isDoubtful(entry, chains.length) }),
      },
    );
  };
  const { chains } = drawn[0];
  return layoutFigure(options, options.columns ?? defaultColumns(drawn.length), (zoom, columns) => {
    const perColumn = valuesPerColumn({ chains, first: 0, every: 1, burnIn: 0 }, WIDTH * zoom);
    return {
      cells: drawn.map((_, index) => panel(index, zoom, columns)),
      columns,
      legend: traceLegend(filledChains(chains), trace.burnIn > 0, colors, perColumn),
    };
  });
}

function column(source: ParameterSource, at: number): Float64Array[] {
  const width = source.names.length;
  return Array.from({ length: source.chains }, (_, chain) => {
    const values = new Float64Array(source.sweeps(chain));
    for (let first = 0; first < values.length; first += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, values.length - first);
      const rows = source.readRows(chain, first, count);
      for (let row = 0; row < count; row++) values[first + row] = rows[row * width + at];
    }
    return values;
  });
}
