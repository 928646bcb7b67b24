/** What went wrong, in a sentence that is read out at once; nothing where the words are empty. */
export function Trouble({ words }: { readonly words: string }) {
  return (
    words !== "" && (
      <p role="alert" className="trouble">
        {words}
      </p>
    )
  );
}
