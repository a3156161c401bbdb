/** What the rows of a training looked like, so that later ones can be held against them. */
export interface DriftReference {
  /** Length of the window to compare, in usable time, ms. */
  readonly windowMs: number;
  /** Of each feature: the share of the rows in each bin of `DRIFT_EDGES`. */
  readonly shares: readonly (readonly number[])[];
  /** Of each feature: the largest index that a block of the training itself had against the whole. */
  readonly wander: readonly number[];
}

/** Bins of a standardised value; the middle one holds what is usual, and whatever is less than a change that matters. */
export const DRIFT_EDGES: readonly number[] = [-4, -2, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 2, 4];

export interface DriftedMetric {
  /** The series' key. */
  readonly metric: string;
  /** Population stability index of the latest window against the training. */
  readonly index: number;
  /** From which on it counts as drifted. */
  readonly limit: number;
}

export interface DriftState {
  /** Length of the window, and how much of it was seen since the model came, ms of usable time. */
  readonly windowMs: number;
  readonly seenMs: number;
  /** When the window was last compared, ms since the epoch; undefined before it was full. */
  readonly checkedAt: number | undefined;
  /** Metrics compared, and those that are over their limit, furthest first. */
  readonly metrics: number;
  readonly drifted: readonly DriftedMetric[];
  /** So much has drifted that the model is to be trained anew. */
  readonly due: boolean;
}
