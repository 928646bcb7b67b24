/** Number of letters to insert, drop or replace to turn one word into another (Levenshtein), case aside. */
function editDistance(first: string, second: string): number {
  let row = Array.from({ length: second.length + 1 }, (_, index) => index);
  for (let i = 1; i <= first.length; i++) {
    const next = [i];
    for (let j = 1; j <= second.length; j++) {
      const change = first[i - 1] === second[j - 1] ? 0 : 1;
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + change));
    }
    row = next;
  }
  return row[second.length];
}

/** Letters only, so that `burn-in`, `burn_in` and `burnIn` are the same. */
function letters(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** The word of a list that is most like another. */
export function nearestWord(word: string, known: readonly string[]): string {
  const distances = known.map((other) => editDistance(letters(word), letters(other)));
  return known[distances.indexOf(Math.min(...distances))];
}
