/** Numbers one after the other, in a new array. */
export function concatenated<Numbers extends { set(piece: ArrayLike<number>, at: number): void }>(
  Type: new (length: number) => Numbers,
  pieces: readonly ArrayLike<number>[],
): Numbers {
  const all = new Type(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
