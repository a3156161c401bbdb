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
  return {
    train: slice(matrix, 0, trainEnd),
    validate: slice(matrix, trainEnd, validateEnd),
    calibrate: slice(matrix, Math.min(matrix.rows, validateEnd + gapOf(matrix.rows)), matrix.rows),
  };
}

const gapOf = (rows: number): number => Math.min(LONGEST_GAP_ROWS, Math.ceil(rows * GAP_SHARE));

/** Rows from `from` up to before `to`. */
export interface Chunk {
  readonly from: number;
  readonly to: number;
}

/** Rows that are to be judged, and those before them that may be known to who judges. */
export interface ForwardChunk {
  readonly known: Chunk;
  readonly judged: Chunk;
}

const CHUNKS = 3;
/** Fewer rows than this to learn from are no trial of anything. */
const LEAST_KNOWN = 120;

/** Thirds of `rows`: the second judged by the first, the last by both, with a gap before each. None where there are too few. */
export function forwardChunks(rows: number): readonly ForwardChunk[] {
  const borders = Array.from({ length: CHUNKS - 1 }, (_, chunk) => Math.floor((rows * (chunk + 1)) / CHUNKS));
  if (borders[0]! < LEAST_KNOWN) return [];
  return borders.map((border, index) => ({
    known: { from: 0, to: border },
    judged: { from: border + gapOf(rows), to: borders[index + 1] ?? rows },
  }));
}
