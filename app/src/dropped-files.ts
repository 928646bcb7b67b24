/** Files that are dropped on the page. */

import { useEffect, useRef } from "react";

/**
 * Take files that are dropped anywhere on the page: those that nobody takes the browser would open in its place, and a run would be gone.
 *
 * @param onOver told whether files are held over the page
 */
export function useDroppedFiles(
  onFiles: (files: readonly File[]) => void,
  onOver: (over: boolean) => void = () => undefined,
): void {
  const latest = useRef({ onFiles, onOver });
  latest.current = { onFiles, onOver };
  useEffect(() => {
    const hear = (event: DragEvent) => {
      const { dataTransfer, type } = event;
      if (!dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      latest.current.onOver(type === "dragover");
      if (type === "drop") latest.current.onFiles([...dataTransfer.files]);
    };
    const types = ["dragover", "dragleave", "drop"] as const;
    for (const type of types) document.addEventListener(type, hear);
    return () => {
      for (const type of types) document.removeEventListener(type, hear);
    };
  }, []);
}
