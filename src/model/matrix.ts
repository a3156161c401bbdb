/** Rows of features in the order of time. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** rows x columns, row-major, in the series' own units; NaN where a value is missing. */
  readonly data: Float32Array;
  /** Wall clock of each row, ms since the epoch. */
  readonly at: Float64Array;
}

/** The rows from `from` (inclusive) to `to` (exclusive), sharing memory with `matrix`. */
export function slice(matrix: Matrix, from: number, to: number): Matrix {
  return {
    rows: to - from,
    columns: matrix.columns,
    data: matrix.data.subarray(from * matrix.columns, to * matrix.columns),
    at: matrix.at.subarray(from, to),
  };
}

/** The usual (median) time between two rows, ms; 0 where there is but one. */
export function usualStepMs({ at, rows }: Matrix): number {
  const steps = Float64Array.from(
    { length: Math.max(0, rows - 1) },
    (_, row) => at[row + 1]! - at[row]!,
  ).sort();
  return steps[steps.length >> 1] ?? 0;
}
