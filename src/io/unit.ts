/** Units as files write them: `photon/(cm2 s)`, `count s**-1`, `ph cm^-2 s^-1 sr^-1`. */

/** What words of units measure. Counts and photons are one, since an area is the effective one. */
export type Measure = "count" | "pixel" | "length" | "time" | "angle" | "energy";

/** A word of a unit. */
interface UnitWord {
  readonly measure: Measure;
  /** In the spelling of the FITS standard. */
  readonly name: string;
  readonly power: number;
}

/** A unit. */
export interface Unit {
  readonly words: readonly UnitWord[];
  /** Whether all of its words are known; powers and size are of those that are. */
  readonly known: boolean;
  readonly powers: Readonly<Record<Measure, number>>;
  /** Size in m and s. */
  readonly size: number;
}

/** Spellings of words, what they measure, and their names in the FITS standard. */
const WORDS: readonly (readonly [spelling: RegExp, measure: Measure, name: string])[] = [
  [/^(?:counts?|cts?|events?)$/i, "count", "count"],
  [/^(?:photons?|ph)$/i, "count", "photon"],
  [/^pix(?:els?)?$/i, "pixel", "pixel"],
  [/^[cdkm]?m$/, "length", "$&"],
  [/^[kM]?s$/, "time", "$&"],
  [/^ks(?:ec(?:s|onds?)?)?$/i, "time", "ks"],
  [/^Ms(?:ec(?:s|onds?)?)?$/, "time", "Ms"],
  [/^s(?:ec(?:s|onds?)?)?$/i, "time", "s"],
  [/^(?:min|minutes?)$/i, "time", "min"],
  [/^(?:h|hrs?|hours?)$/i, "time", "h"],
  [/^(?:d|days?)$/i, "time", "d"],
  [/^(?:sr|steradians?|arc(?:min|sec)s?|deg|degrees?|rad|radians?|mas)$/i, "angle", "$&"],
  [/^(?:[kMGT]?eV|erg|J)$/, "energy", "$&"],
];
const SIZES: Readonly<Record<string, number>> = {
  ...{ mm: 1e-3, cm: 1e-2, dm: 0.1, km: 1e3 },
  ...{ ks: 1e3, Ms: 1e6, min: 60, h: 3600, d: 86_400 },
};

/** Read a unit. A slash divides by the word or bracket behind it (FITS standard 4.0, section 4.3). */
export function parseUnit(text: string): Unit {
  const plain = text.replace(/[[\]\s]+/g, " ").replace(/(?:\*\*|\^) ?\(? ?([+-]?\d+) ?\)?/g, "$1");
  const tokens = plain.match(/[A-Za-z]+(?:[+-]?\d+)?|[()/]|[^\sA-Za-z()/*.]+/g) ?? [];
  const words: UnitWord[] = [];
  let known = true;
  let sign = 1;
  const signs: number[] = [];
  let divided = false;
  for (const token of tokens) {
    const factor = divided ? -sign : sign;
    divided = token === "/";
    if (divided || token === "1") continue;
    if (token === "(") {
      signs.push(sign);
      sign = factor;
    } else if (token === ")") {
      sign = signs.pop() ?? 1;
    } else {
      const [, word = "", power = "1"] = /^([A-Za-z]+)([+-]?\d+)?$/.exec(token) ?? [];
      const found = WORDS.find(([spelling]) => spelling.test(word));
      if (found === undefined) known = false;
      else {
        const [spelling, measure, name] = found;
        words.push({ measure, name: word.replace(spelling, name), power: factor * Number(power) });
      }
    }
  }
  const powers: Record<Measure, number> = { count: 0, pixel: 0, length: 0, time: 0, angle: 0, energy: 0 };
  let size = 1;
  for (const { measure, name, power } of words) {
    powers[measure] += power;
    size *= (SIZES[name] ?? 1) ** power;
  }
  return { words, known, powers, size };
}

/** Whether a unit measures these powers and nothing else. */
export function measures({ known, powers }: Unit, wanted: Partial<Record<Measure, number>>): boolean {
  return (
    known && (Object.keys(powers) as Measure[]).every((measure) => powers[measure] === (wanted[measure] ?? 0))
  );
}
