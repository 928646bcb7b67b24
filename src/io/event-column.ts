/** Columns of event lists. */

/** A numeric column of an event list. */
export interface EventColumn {
  readonly name: string;
  /** TUNIT, as in the header. */
  readonly unit?: string;
  /** Number of the column, from 1. */
  readonly index: number;
  /** Stored as integers: values are `zero + step * k` for whole k. Absent for columns of floating-point numbers. */
  readonly lattice?: EventLattice;
  /** Of a column of bits: their number, at most 32. Values are the whole numbers that they spell, the first bit the largest. */
  readonly bits?: number;
}

/** Equally spaced values. */
export interface EventLattice {
  readonly step: number;
  readonly zero: number;
}
