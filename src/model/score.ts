/** Where a metric usually is on this machine: learned quantiles, in the series' unit. */
export interface Band {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** How much of a score one feature accounts for. */
export interface Contribution {
  /** The series' key. */
  readonly metric: string;
  readonly observed: number;
  readonly expected: Band;
  /** 0 to 1; the shares of one score sum to at most 1. */
  readonly share: number;
}

/** The opinion of all detectors about one row. */
export interface Score {
  readonly at: number;
  /** -log10 of the combined tail probability: 0 is usual, 3 is one row in a thousand. Smoothed over a few rows. */
  readonly value: number;
  /** How rare an excursion this high is on this machine's own history: once in that many seconds. */
  readonly returnPeriodSeconds: number;
  /** -log10 p of each detector, by name. */
  readonly detectors: Readonly<Record<string, number>>;
  /** Largest share first. Computed on demand: only a row that matters is explained. */
  explain(): readonly Contribution[];
}
