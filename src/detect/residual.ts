import type { Scorer } from '../model/detector.ts';
import type { Restlessness } from './restlessness.ts';

/** Shows standardised rows in a detector's own way: values in deviations, NaN where the row has none. */
export interface Viewer {
  /** At most `limit` deviations either way, into `into`. */
  show(row: Float32Array, at: number, limit: number, into: Float32Array): void;
}

const POWER_ITERATIONS = 60;
/** A wild metric counts, but not for all. */
const LIMIT = 100;

/** The direction of the largest variance, by power iteration on `rows` themselves (row-major): a unit vector. */
export function firstDirection(rows: Float32Array, columns: number): Float32Array {
  let direction = new Float32Array(columns).fill(1 / Math.sqrt(columns));
  for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
    const next = new Float64Array(columns);
    for (let from = 0; from < rows.length; from += columns) {
      let along = 0;
      for (let column = 0; column < columns; column++) along += rows[from + column]! * direction[column]!;
      for (let column = 0; column < columns; column++) next[column]! += along * rows[from + column]!;
    }
    const length = Math.hypot(...next);
    if (!(length > 0)) return new Float32Array(columns);
    direction = Float32Array.from(next, (value) => value / length);
  }
  return direction;
}

/** What is left of a row, as a view shows it, when the direction in which all metrics swing together is taken off. */
export class ResidualScorer implements Scorer {
  readonly #viewer: Viewer;
  readonly #direction: Float32Array;
  readonly #values: Float32Array;
  readonly #parts: Float32Array;
  readonly #squared: boolean;
  readonly #restlessness: Restlessness | undefined;

  /** `squared`: residuals count by their squares, else by their power 1.5, which leaves a single wild metric less of a say. */
  constructor(viewer: Viewer, direction: Float32Array, squared: boolean, restlessness?: Restlessness) {
    this.#viewer = viewer;
    this.#direction = direction;
    this.#squared = squared;
    this.#restlessness = restlessness;
    this.#values = new Float32Array(direction.length);
    this.#parts = new Float32Array(direction.length);
  }

  /** Mean power of what is left of the metrics that are there. */
  score(row: Float32Array, at: number): number {
    const values = this.#values;
    const parts = this.#parts;
    const direction = this.#direction;
    this.#viewer.show(row, at, LIMIT, values);
    let along = 0;
    for (let column = 0; column < values.length; column++) {
      if (!Number.isNaN(values[column]!)) along += values[column]! * direction[column]!;
    }
    let present = 0;
    for (let column = 0; column < values.length; column++) {
      const left = Math.abs(values[column]! - along * direction[column]!);
      if (Number.isNaN(left)) {
        parts[column] = 0;
        continue;
      }
      parts[column] = left * (this.#squared ? left : Math.sqrt(left));
      present++;
    }
    this.#restlessness?.temper(parts, at);
    let sum = 0;
    for (const part of parts) sum += part;
    return present === 0 ? 0 : sum / present;
  }

  contributions(into: Float32Array): void {
    for (let column = 0; column < into.length; column++) into[column]! += this.#parts[column]!;
  }
}
