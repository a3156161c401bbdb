import { type Matrix, slice } from '../model/matrix.ts';

/** Blocks of time, one after the other: what a later block says was not known to an earlier one. */
export interface Split {
  readonly train: Matrix;
  readonly validate: Matrix;
  /** Begins after a gap, so that its first rows are not the neighbours of rows that were learned. */
  readonly calibrate: Matrix;
}

const TRAIN_SHARE = 0.6;
const VALIDATE_SHARE = 0.1;
const GAP_SHARE = 0.01;
const LONGEST_GAP_ROWS = 300;

/** Splits by time: 60 % train, 10 % validate, a gap of 1 % (at most 300 rows), the rest calibrates. */
export function splitByTime(matrix: Matrix): Split {
  const trainEnd = Math.floor(matrix.rows * TRAIN_SHARE);
  const validateEnd = trainEnd + Math.floor(matrix.rows * VALIDATE_SHARE);
  const gap = Math.min(LONGEST_GAP_ROWS, Math.ceil(matrix.rows * GAP_SHARE));
  return {
    train: slice(matrix, 0, trainEnd),
    validate: slice(matrix, trainEnd, validateEnd),
    calibrate: slice(matrix, Math.min(matrix.rows, validateEnd + gap), matrix.rows),
  };
}
