/** Numbers one after the other, in a new array. */
export function concatenated<
  Numbers extends { readonly length: number; set(piece: Numbers, at: number): void },
>(Type: new (length: number) => Numbers, pieces: readonly Numbers[]): Numbers {
  const all = new Type(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
