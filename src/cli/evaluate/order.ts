import type { LabelledSet } from '../../learn/evaluation/labelled-set.ts';
import type { Measures } from '../../learn/evaluation/measure.ts';

/** One set to evaluate, in whichever thread. */
export interface EvaluationOrder {
  readonly folder: string;
  readonly set: LabelledSet;
  /** Names of detectors that make a model together; each list is judged for itself. */
  readonly combinations: readonly (readonly string[])[];
}

/** What one combination of detectors made of one set. */
export interface Outcome {
  readonly set: string;
  readonly detectors: readonly string[];
  readonly scores: Scores;
  /** Undefined for a set without labels. */
  readonly measures: Measures | undefined;
  /** Of one row, microseconds, alarms and explanations included. */
  readonly scoreMicroseconds: number;
}

/** One number a row, in the order of time. */
export interface Scores {
  readonly train: Float32Array;
  readonly test: Float32Array;
  /** 1 where a test row is part of an alarm. */
  readonly flags: Uint8Array;
}
