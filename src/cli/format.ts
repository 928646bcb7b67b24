/** Numbers for people. */

/** A number of things: `12,345`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A number of things by their name, whose plural has an s: `1 tile`, `12 tiles`. */
export function formatThings(count: number, things: string): string {
  return `${formatCount(count)} ${count === 1 ? things.replace(/s$/, "") : things}`;
}

/** A number in about four digits: `1,234`, `0.05607`, `3.2e-11`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "-" : String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3);
  if (size >= 1000) return value.toLocaleString("en-US", { maximumFractionDigits: size < 1e4 ? 1 : 0 });
  return String(Number(value.toPrecision(4)));
}

/** A small probability or rate in two digits: `0.27`, `1.3e-5`, `< 1e-6`. */
export function formatChance(value: number): string {
  if (value < 1e-6) return "< 1e-6";
  return value < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(2)));
}

/** A number with its error, to two digits of the error: `1,004.3 ± 35.6`. */
export function formatWithError(value: number, error: number): string {
  if (!Number.isFinite(value) || !(error > 0) || !Number.isFinite(error)) return formatNumber(value);
  const size = Math.max(Math.abs(value), error);
  if (size < 1e-3 || size >= 1e7) {
    const exponent = Math.floor(Math.log10(size));
    const digits = Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(error)) + exponent));
    const scale = 10 ** exponent;
    return `(${(value / scale).toFixed(digits)} ± ${(error / scale).toFixed(digits)})e${exponent}`;
  }
  const digits = Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(error))));
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${value.toLocaleString("en-US", style)} ± ${error.toLocaleString("en-US", style)}`;
}

/** A size in bytes: `12.1 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** Lines of a table: the first column to the left, the others to the right, two blanks between. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [col, cell] of row.entries()) widths[col] = Math.max(widths[col] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, col) => (col === 0 ? cell.padEnd(widths[col]) : cell.padStart(widths[col])))
      .join("  ")
      .trimEnd(),
  );
}
