/** What one model did on a block of rows that no model of the comparison was trained on. */
export interface BlockMeasures {
  readonly id: string;
  /** Alarm events: excursions that are LOW or worse. */
  readonly alarms: number;
  /** Largest distance between the shares of its p-values and the uniform ones (Kolmogorov-Smirnov), 0 to 1. */
  readonly calibrationError: number;
  /** Known faults, written into the rows, that it found. */
  readonly faultsFound: number;
}

/** Two models on the same later block. */
export interface Comparison {
  /** The block, ms since the epoch, and its usable rows. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Alarm events that the wished rate makes likely in a block so long (99 %). */
  readonly alarmsAllowed: number;
  /** Faults that were written into the rows. */
  readonly faults: number;
  /** The one that is there, and the one that is to replace it. */
  readonly current: BlockMeasures;
  readonly candidate: BlockMeasures;
  /** In what the candidate is worse, one line each; empty: it may replace the current one. */
  readonly worse: readonly string[];
}
