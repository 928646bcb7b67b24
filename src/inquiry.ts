/** Work that asks for numbers on its way, so that it stands once for whoever computes them at once and for who has to wait for a device. */

/** Work that ends with a result after some questions, each of which is answered with a number. */
export type Inquiry<Question, Result> = Generator<Question, Result, number>;

/** A question that whoever has nothing faster answers by the CPU. */
export interface Question {
  /** The number, and whatever the question wants overwritten. */
  readonly here: () => number;
}

/** The result, with all questions answered by the CPU. */
export function answeredHere<Result>(inquiry: Inquiry<Question, Result>): Result {
  let next = inquiry.next();
  while (!next.done) next = inquiry.next(next.value.here());
  return next.value;
}

/** The result, with answers that have to be waited for. */
export async function awaited<Asked, Result>(
  inquiry: Inquiry<Asked, Result>,
  answer: (question: Asked) => Promise<number>,
): Promise<Result> {
  let next = inquiry.next();
  while (!next.done) next = inquiry.next(await answer(next.value));
  return next.value;
}
