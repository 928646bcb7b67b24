import type { Cell } from "./figure.js";

/** Cells of the same width below each other as one: the labels of the first and last stay, the others must do without. */
export function stackCells(cells: readonly Cell[], gap: number): Cell {
  const [first] = cells;
  const last = cells.at(-1);
  let y = 0;
  let elements = "";
  for (const cell of cells) {
    elements += `<g transform="translate(0,${y})">${cell.elements}</g>`;
    y += cell.height + gap;
  }
  return {
    width: Math.max(...cells.map(({ width }) => width)),
    height: y - gap,
    margins: {
      top: first?.margins.top ?? 0,
      bottom: last?.margins.bottom ?? 0,
      left: Math.max(...cells.map(({ margins }) => margins.left)),
      right: Math.max(...cells.map(({ margins }) => margins.right)),
    },
    elements,
  };
}
