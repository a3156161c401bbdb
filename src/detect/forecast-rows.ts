import type { Matrix } from '../model/matrix.ts';
import { type HighPassView, HighPassViewer } from './high-pass.ts';

/** What goes in is limited, lest one wild metric moves all the others' forecast; what is compared is limited later. */
const INPUT_LIMIT = 8;
/** A forecast of what comes after rows missing for longer than so many steps is none. */
const GAP_STEPS = 15;

/** A missing value says nothing about what it should have been: in its place stands the mean. */
export function inputOf(value: number): number {
  return Number.isNaN(value) ? 0 : limited(value, INPUT_LIMIT);
}

/** NaN stays NaN. */
const limited = (value: number, limit: number): number =>
  value > limit ? limit : value < -limit ? -limit : value;

/** Whether the row at `at` does not follow the one at `before`; so it is after a clock that jumped back, and where there is none. */
export function isGap(before: number, at: number, stepMs: number): boolean {
  return !(Math.abs(at - before) <= GAP_STEPS * stepMs);
}

/** Rows that are kept as the view shows them, lest a long history stands twice in memory, and how many of them stay together. */
const MOST_ROWS = 120_000;
const PIECE_ROWS = 4096;

/** The rows as the view shows them, at most `limit` deviations either way; of very many only some pieces, with gaps between. */
export function viewedRows({ rows, columns, data, at }: Matrix, view: HighPassView, limit: number): Matrix {
  const stride = Math.ceil(rows / MOST_ROWS);
  const isKept = (row: number): boolean => Math.floor(row / PIECE_ROWS) % stride === 0;
  const kept = at.filter((_, row) => isKept(row));
  const shown = new Float32Array(kept.length * columns);
  const viewer = new HighPassViewer(view);
  const values = new Float32Array(columns);
  for (let row = 0, to = 0; row < rows; row++) {
    viewer.show(data.subarray(row * columns, (row + 1) * columns), at[row]!, limit, values);
    if (!isKept(row)) continue;
    shown.set(values, to);
    to += columns;
  }
  return { rows: kept.length, columns, data: shown, at: kept };
}

/** Rows as a network learns them: each is forecast from those before it. */
export class ForecastRows {
  readonly #matrix: Matrix;
  readonly #stepMs: number;

  constructor(matrix: Matrix, stepMs: number) {
    this.#matrix = matrix;
    this.#stepMs = stepMs;
  }

  get count(): number {
    return this.#matrix.rows;
  }

  get columns(): number {
    return this.#matrix.columns;
  }

  /** Puts a row into a lane of a batch, feature by feature; before the first and after the last row all is missing. */
  showInput(row: number, into: Float32Array, lane: number, lanes: number): void {
    const { rows, columns, data } = this.#matrix;
    for (let column = 0; column < columns; column++)
      into[column * lanes + lane] = row >= 0 && row < rows ? inputOf(data[row * columns + column]!) : 0;
  }

  /** The same with what follows the row: nothing after the last row and before a gap. Gives how many values are there. */
  showTarget(row: number, into: Float32Array, lane: number, lanes: number): number {
    const { rows, columns, data, at } = this.#matrix;
    const next = row + 1;
    let present = 0;
    const isThere = next < rows && !isGap(at[row]!, at[next]!, this.#stepMs);
    for (let column = 0; column < columns; column++) {
      const value = isThere ? data[next * columns + column]! : Number.NaN;
      into[column * lanes + lane] = limited(value, INPUT_LIMIT);
      if (!Number.isNaN(value)) present++;
    }
    return present;
  }
}
