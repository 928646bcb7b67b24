/** Where the counts of one observation went; sums over detector pixels in use, posterior means. */
export interface CountsLedger {
  readonly name: string;
  /** Observed counts in the pixels used. */
  readonly observed: number;
  /** Expected counts from the source image in the frame, with posterior standard deviation. */
  readonly source: number;
  readonly sourceStd: number;
  /** Expected counts from the background, that of the margin included. */
  readonly background: number;
  /** Expected source photons from the frame that the exposure collects but that land outside the detector pixels in use. */
  readonly lost: number;
  /** Expected counts from the source image beyond the frame; present where the sky has a margin. */
  readonly outside?: number;
}
