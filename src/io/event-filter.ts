/** Conditions on the columns of event lists: a small language of comparisons, `PATTERN<=4 && FLAG==0`. */

import { InvalidInputError } from "../errors.js";

/** A condition on the columns of a table, taken apart. */
export type EventFilter =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "column"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: "!" | "-"; readonly of: EventFilter }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: EventFilter;
      readonly right: EventFilter;
    };

const LONGEST = 2_000;
const DEEPEST = 50;
/** Operators as CFITSIO and SAS have them besides: `.and.` */
const DOTTED: Readonly<Record<string, string>> = {
  ...{ ".and.": "&&", ".or.": "||", ".not.": "!", ".eq.": "==", ".ne.": "!=" },
  ...{ ".lt.": "<", ".le.": "<=", ".gt.": ">", ".ge.": ">=" },
};
const TOKEN =
  /\s*(?:(0x[\da-f]+|\d+(?:\.(?![a-df-z]|e[a-z])\d*)?(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?)|([a-z_]\w*)|(\.[a-z]+\.|&&|\|\||[<>=!]=|[-+*/%<>=!()&|]))/iy;
/** What others write for the same. */
const SAME: Readonly<Record<string, string>> = { "=": "==", and: "&&", or: "||", not: "!", ...DOTTED };
const END = "([-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][-+]?\\d+)?)?";
/** A range of SAS: `PI in [500:2000]`, with ends that belong to it, `(500:2000)` without. */
const IN_RANGE = new RegExp(`\\b([A-Za-z_]\\w*)\\s+in\\s*([[(])\\s*${END}\\s*:\\s*${END}\\s*([\\])])`, "gi");

/** Ranges of SAS as comparisons. */
function withoutRanges(text: string): string {
  return text.replace(IN_RANGE, (_, name: string, opening: string, low = "", high = "", closing: string) => {
    const ends = [
      ...(low === "" ? [] : [`${name} ${opening === "[" ? ">=" : ">"} ${low}`]),
      ...(high === "" ? [] : [`${name} ${closing === "]" ? "<=" : "<"} ${high}`]),
    ];
    return ends.length === 0 ? `(${name} == ${name})` : `(${ends.join(" && ")})`;
  });
}

/** Operators that bind from the weakest to the strongest, as in C. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["&"],
  ["==", "!="],
  ["<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
];
const LOGICAL = new Set(["||", "&&", "!", "==", "!=", "<", "<=", ">", ">="]);

/**
 * Read a condition: numbers (`0xff` too), names of columns, `< <= > >= == !=`, `&&` (`and`), `||` (`or`), `!` (`not`), `+ - * / %`, bits
 * of whole numbers by `&` and `|`, parentheses; `.and.`, `.le.` ... of CFITSIO and ranges of SAS, `PI in [500:2000]`. Precedence is that of C. Nothing else is understood, and nothing is run.
 *
 * @throws InvalidInputError when it is no condition, naming the place
 */
export function parseEventFilter(given: string): EventFilter {
  const text = given.length > LONGEST ? given : withoutRanges(given);
  const fail = (must: string, got: string, at: number): never => {
    throw new InvalidInputError(
      `where: ${must}, got ${got} at character ${at + 1} of ${JSON.stringify(text)}; write for example "PATTERN<=4 && FLAG==0"`,
      { fields: { where: text, at } },
    );
  };
  if (text.length > LONGEST)
    fail(`condition must have at most ${LONGEST} characters`, String(text.length), 0);
  const tokens: { readonly text: string; readonly at: number; readonly number?: number }[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ""; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    if (match === null)
      return fail("characters must be those of a condition", text.slice(start, start + 1), start);
    const [, digits, word, sign] = match;
    if (sign !== undefined && sign.length > 2 && !Object.hasOwn(DOTTED, sign.toLowerCase()))
      return fail("operators must be those of a condition", sign, start);
    if (digits !== undefined) tokens.push({ text: digits, at: start, number: Number(digits) });
    else {
      const plain = word ?? sign!;
      tokens.push({ text: SAME[plain.toLowerCase()] ?? plain, at: start });
    }
  }
  let next = 0;
  let depth = 0;
  const end = { text: "the end", at: text.length };

  function operand(): EventFilter {
    const token = tokens[next++] ?? end;
    if (++depth > DEEPEST) fail(`parentheses must be at most ${DEEPEST} deep`, "more", token.at);
    try {
      if (token.text === "!" || token.text === "-") {
        return { kind: "unary", operator: token.text, of: operand() };
      }
      if (token.text === "(") {
        const inner = binary(0);
        const close = tokens[next++] ?? end;
        return close.text === ")" ? inner : fail('")" must close what "(" opened', close.text, close.at);
      }
      if ("number" in token) return { kind: "number", value: token.number! };
      if (/^[A-Za-z_]/.test(token.text) && token !== end) return { kind: "column", name: token.text };
      return fail("a number or the name of a column must stand here", token.text, token.at);
    } finally {
      depth--;
    }
  }

  function binary(level: number): EventFilter {
    const operators = LEVELS[level];
    if (operators === undefined) return operand();
    let left = binary(level + 1);
    for (
      let token = tokens[next];
      token !== undefined && operators.includes(token.text);
      token = tokens[next]
    ) {
      next++;
      left = { kind: "binary", operator: token.text, left, right: binary(level + 1) };
    }
    return left;
  }

  const filter = binary(0);
  const rest = tokens[next];
  if (rest !== undefined) fail("an operator such as && must stand here", rest.text, rest.at);
  const outermost = filter.kind === "unary" || filter.kind === "binary" ? filter.operator : "";
  if (!LOGICAL.has(outermost)) fail("condition must compare something", "a value", 0);
  return filter;
}

/** Names of the columns in a condition, as written, each once. */
export function filterColumns(filter: EventFilter): string[] {
  const names = new Map<string, string>();
  const look = (part: EventFilter): void => {
    if (part.kind === "column") {
      const key = part.name.toUpperCase();
      if (!names.has(key)) names.set(key, part.name);
    } else if (part.kind === "unary") look(part.of);
    else if (part.kind === "binary") {
      look(part.left);
      look(part.right);
    }
  };
  look(filter);
  return [...names.values()];
}

/**
 * A condition as a function of a row. A comparison with a value that is not there (NaN) is false, so that `!=` fails there too.
 *
 * @param columnOf the values of a column by its name as written
 */
export function filterTest(
  filter: EventFilter,
  columnOf: (name: string) => (row: number) => number,
): (row: number) => boolean {
  const value = compile(filter, columnOf);
  return (row) => value(row) === 1;
}

/** Truth is 1 and 0. */
function compile(
  part: EventFilter,
  columnOf: (name: string) => (row: number) => number,
): (row: number) => number {
  if (part.kind === "number") return () => part.value;
  if (part.kind === "column") return columnOf(part.name);
  if (part.kind === "unary") {
    const of = compile(part.of, columnOf);
    return part.operator === "-" ? (row) => -of(row) : (row) => (of(row) === 0 ? 1 : 0);
  }
  const [a, b] = [compile(part.left, columnOf), compile(part.right, columnOf)];
  const apply = OPERATORS[part.operator];
  return (row) => apply(a(row), b(row));
}

const truth = (held: boolean) => (held ? 1 : 0);
const isTrue = (value: number) => value !== 0 && !Number.isNaN(value);
const bits = (value: number) => BigInt(Math.trunc(value || 0));
const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "||": (a, b) => truth(isTrue(a) || isTrue(b)),
  "&&": (a, b) => truth(isTrue(a) && isTrue(b)),
  "|": (a, b) => Number(bits(a) | bits(b)),
  "&": (a, b) => Number(bits(a) & bits(b)),
  "==": (a, b) => truth(a === b),
  "!=": (a, b) => truth(a !== b && !Number.isNaN(a) && !Number.isNaN(b)),
  "<": (a, b) => truth(a < b),
  "<=": (a, b) => truth(a <= b),
  ">": (a, b) => truth(a > b),
  ">=": (a, b) => truth(a >= b),
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};
