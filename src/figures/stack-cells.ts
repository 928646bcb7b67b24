import type { Cell } from "./figure.js";
import { textElement } from "./svg.js";
import { FONT_SIZE, type Theme } from "./theme.js";

/**
 * Cells of the same width below each other as one: the labels of the first and last stay, the others must do without.
 *
 * @param label at the left of all, what their vertical axes show
 */
export function stackCells(
  cells: readonly Cell[],
  gap: number,
  label?: { readonly text: string; readonly colors: Theme },
): Cell {
  const [first] = cells;
  const last = cells.at(-1);
  let y = 0;
  let elements = "";
  for (const cell of cells) {
    elements += `<g transform="translate(0,${y})">${cell.elements}</g>`;
    y += cell.height + gap;
  }
  const height = y - gap;
  let left = Math.max(...cells.map(({ margins }) => margins.left));
  if (label !== undefined) {
    const style = { size: FONT_SIZE.label, fill: label.colors.ink, anchor: "middle", upwards: true } as const;
    elements += textElement(label.text, -(left + 4), height / 2, style);
    left += 16;
  }
  return {
    width: Math.max(...cells.map(({ width }) => width)),
    height,
    margins: {
      top: first?.margins.top ?? 0,
      bottom: last?.margins.bottom ?? 0,
      left,
      right: Math.max(...cells.map(({ margins }) => margins.right)),
    },
    elements,
  };
}
