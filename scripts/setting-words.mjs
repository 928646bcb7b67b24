// A setting of the list in words: as Python has it, and what it may be.

/** Its name in Python. */
export const pythonName = (key) =>
  key.replace(/\.(.)/g, "_$1").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function range({ least, most, above, below }) {
  const low = least !== undefined ? `>= ${least}` : above !== undefined ? `> ${above}` : "";
  const high = most !== undefined ? `<= ${most}` : below !== undefined ? `< ${below}` : "";
  const both = [low, high].filter((part) => part !== "").join(" and ");
  return both === "" ? "" : ` ${both}`;
}

/** What it may be, in the types of Python. */
export function pythonType(kind) {
  switch (kind.type) {
    case "whole":
    case "number":
      return `${kind.type === "whole" ? "int" : "float"}${range(kind)}${kind.word ? ` or "${kind.word}"` : ""}`;
    case "numbers":
      return `float${range(kind)}, or one a level`;
    case "record":
      return `(${Object.keys(kind.parts).join(", ")})`;
    case "choice":
      return `{${kind.choices.map(({ value }) => `"${value}"`).join(", ")}}`;
    case "flag":
      return "bool";
    case "object":
      return "dict";
    default:
      return "str";
  }
}

/** What it is when nothing is said; undefined where that follows from others. */
export const usually = (setting) =>
  setting.usually ?? (setting.default === undefined ? undefined : JSON.stringify(setting.default));
