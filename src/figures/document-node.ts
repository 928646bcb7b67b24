/** A DOM document for figures in Node, as option `document`. Nothing is ever added to its tree: one serves all figures. */
export async function figureDocument(): Promise<Document> {
  const { parseHTML } = await import("linkedom");
  return parseHTML("<!doctype html><html><body></body></html>").document as unknown as Document;
}
