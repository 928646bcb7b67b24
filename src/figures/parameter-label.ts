const DIGITS = "₀₁₂₃₄₅₆₇₈₉";
const subscript = (number: string) => Array.from(number, (digit) => DIGITS[Number(digit)]).join("");

/** Names of columns of a parameter trace that read better in words; the others are shown as they are. */
const LABELS: Readonly<Record<string, string>> = {
  logPost: "log posterior",
  logLikelihood: "log likelihood",
  logPrior: "log prior",
  expectedMSCounts: "total counts T",
  bkgScale: "background scale",
  psfWidth: "psf width",
  psfMember: "psf member",
  psfComponent: "psf component",
  pointingX: "pointing x",
  pointingY: "pointing y",
};

/** A text in which columns of a parameter trace have the names that figures give them. */
export function labelParameters(text: string): string {
  return text.replace(/\w+/g, parameterLabel);
}

/**
 * How a figure calls a column of a parameter trace: `α₀` for `smoothingParam0`, `mean ln α, 2 × 2` (the size of the blocks in pixels)
 * for `smoothness0`, `log posterior` for `logPost`.
 */
export function parameterLabel(name: string): string {
  const numbered =
    /^(smoothingParam|smoothness|bkgScale|psfWidth|psfMember|psfComponent|pointingX|pointingY)(\d+)$/.exec(
      name,
    );
  if (numbered?.[1] === "smoothingParam") return `α${subscript(numbered[2])}`;
  if (numbered?.[1] === "smoothness") {
    const size = 2 ** (Number(numbered[2]) + 1);
    return `mean ln α, ${size} × ${size}`;
  }
  if (numbered) return `${LABELS[numbered[1]]} ${numbered[2]}`;
  return LABELS[name] ?? name;
}
