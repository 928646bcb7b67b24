/** Inputs that are nearly right: the mutations of the fuzzer. */

import type { RandomStream } from "../../src/data/random/random.js";

/** Words that readers treat in ways of their own; numbers at the edges of what they are. */
const WORDS = [
  ...[
    "0",
    "-1",
    "1",
    "2",
    "999",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "1e308",
    "-1e400",
    "1e-320",
    "NaN",
  ],
  ...[
    "null",
    "true",
    "T",
    "F",
    "{}",
    "[]",
    '""',
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    ":",
    "=",
    "'",
    '"',
    "\\",
    "/",
  ],
  ...[
    "\n",
    "\r\n",
    "\t",
    " ",
    "\0",
    "END",
    "+",
    "-",
    "|",
    "&&",
    "!",
    "#",
    "%",
    "*",
    "constructor",
    "__proto__",
  ],
  ...[
    "toString",
    "circle",
    "polygon",
    "fk5",
    "galactic",
    "image",
    "RICE_1  ",
    "GZIP_2  ",
    "HCOMPRESS_1",
    "PLIO_1  ",
  ],
  ...["TAN-SIP", "1PE(0)", "1QD(99)", "0J", "999999D", "A", "10A", "X", "é", "\u{1F30C}"],
];

/** A whole number in [0, limit). */
export function below(random: RandomStream, limit: number): number {
  return Math.floor(random.uniform() * limit);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Positions of the first and last digit of a number in the text of the bytes, looked for from a random place on. */
function someNumber(bytes: Uint8Array, random: RandomStream): readonly [number, number] | undefined {
  const isDigit = (at: number) => bytes[at] >= 48 && bytes[at] <= 57;
  let first = below(random, bytes.length);
  const limit = Math.min(bytes.length, first + 2000);
  while (first < limit && !isDigit(first)) first++;
  if (first >= limit) return undefined;
  let last = first;
  while (isDigit(last + 1)) last++;
  return [first, last];
}

/** One change of bytes; `other` is another good input, of which a part may be taken. */
function mutateOnce(bytes: Uint8Array, other: Uint8Array, random: RandomStream): Uint8Array {
  if (bytes.length === 0) return other.slice(0, below(random, 100));
  const at = below(random, bytes.length);
  const span = Math.min(bytes.length - at, 1 + below(random, random.uniform() < 0.2 ? 4000 : 16));
  const out = bytes.slice();
  switch (below(random, 9)) {
    case 0:
      out[at] ^= 1 << below(random, 8);
      return out;
    case 1:
      for (let index = 0; index < span; index++) out[at + index] = below(random, 256);
      return out;
    case 2:
      return out.fill([0, 255, 32, 48, 57][below(random, 5)], at, at + span);
    case 3:
      return bytes.slice(0, at);
    case 4:
      return joined(bytes.subarray(0, at), bytes.subarray(at + span));
    case 5:
      return joined(bytes.subarray(0, at + span), bytes.subarray(at, at + span), bytes.subarray(at + span));
    case 6: {
      const from = below(random, other.length);
      return joined(bytes.subarray(0, at), other.subarray(from, from + span), bytes.subarray(at + span));
    }
    case 7: {
      const word = Buffer.from(WORDS[below(random, WORDS.length)]);
      // In the place of what is there, as fields of fixed width ask for, or in between.
      if (random.uniform() < 0.5) out.set(word.subarray(0, bytes.length - at), at);
      else return joined(bytes.subarray(0, at), word, bytes.subarray(at));
      return out;
    }
    default: {
      const number = someNumber(bytes, random);
      if (number === undefined) return bytes.slice(at);
      const [first, last] = number;
      if (random.uniform() < 0.5) {
        for (let index = first; index <= last; index++) out[index] = 48 + below(random, 10);
        return out;
      }
      const word = Buffer.from(WORDS[below(random, 12)]);
      return joined(bytes.subarray(0, first), word, bytes.subarray(last + 1));
    }
  }
}

/** A good input with one to six changes. */
export function mutate(seeds: readonly Uint8Array[], random: RandomStream): Uint8Array {
  const pick = () => seeds[below(random, seeds.length)];
  let bytes = pick();
  for (let left = 1 + below(random, 6); left > 0; left--) bytes = mutateOnce(bytes, pick(), random);
  return bytes;
}
