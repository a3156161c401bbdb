import type { Detector, EncodedModel, LearnContext, Scorer } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';

/**
 * What changed within the last hour and does not go along with the machine's load: each metric less its own slow
 * exponential mean (a causal high-pass), less the one direction in which all metrics swing together. It sees a sudden
 * small change in a metric whose level wanders widely over the day; a change that stays is forgotten, and left to
 * the detectors that look at levels.
 */
export interface PrincipalResidual {
  /** Root mean square of each metric after the high-pass, with a floor. */
  readonly deviations: Float32Array;
  /** The common swing: a unit vector. */
  readonly direction: Float32Array;
  /** The slow means as the training left them, and when: a scorer goes on from there, or anew when that is long ago. */
  readonly means: Float32Array;
  readonly meansAt: number;
}

const HALF_LIFE_MS = 45 * 60_000;
/** One row moves the mean as if it were at most so far away. */
const STEP_LIMIT = 20;
/** A wild metric counts, but not for all. */
const LIMIT = 50;
const LEAST_DEVIATION = 0.6;
const POWER_ITERATIONS = 60;
const MOST_ROWS = 20_000;

export function createPrincipalResidual(): Detector<PrincipalResidual> {
  return {
    name: 'principal-residual',
    weight: 1,
    learn,
    scorer: (model) => new ResidualScorer(model),
    encode: ({ meansAt, ...arrays }) => ({ facts: { meansAt }, arrays }),
    decode,
  };
}

/** Takes the slow mean off, row by row; a missing value leaves its mean where it was and stays missing. */
class HighPass {
  readonly means: Float32Array;
  lastAt: number;

  constructor(means: Float32Array, lastAt: number) {
    this.means = means.slice();
    this.lastAt = lastAt;
  }

  apply(row: Float32Array, at: number, into: Float32Array): void {
    // A clock that jumped back is no reason to forget: the mean then stays for one row.
    const elapsed = Math.max(0, at - this.lastAt);
    this.lastAt = at;
    const weight = 1 - 2 ** (-elapsed / HALF_LIFE_MS);
    const limit = elapsed > HALF_LIFE_MS ? Number.POSITIVE_INFINITY : STEP_LIMIT;
    const means = this.means;
    for (let column = 0; column < into.length; column++) {
      const value = row[column]!;
      if (Number.isNaN(means[column]!)) means[column] = value;
      const mean = means[column]!;
      const step = value - mean;
      into[column] = step;
      if (!Number.isNaN(step)) means[column] = mean + weight * Math.max(-limit, Math.min(limit, step));
    }
  }
}

function learn(train: Matrix, _validate: Matrix, context: LearnContext): PrincipalResidual {
  const { rows, columns, data, at } = train;
  const highPass = new HighPass(new Float32Array(columns).fill(Number.NaN), at[0] ?? 0);
  const row = new Float32Array(columns);
  const squares = new Float64Array(columns);
  const counts = new Float64Array(columns);
  const stride = Math.max(1, Math.floor(rows / MOST_ROWS));
  const kept = new Float32Array(Math.ceil(rows / stride) * columns);
  for (let index = 0; index < rows; index++) {
    highPass.apply(data.subarray(index * columns, (index + 1) * columns), at[index]!, row);
    for (let column = 0; column < columns; column++) {
      const value = Number.isNaN(row[column]!) ? 0 : row[column]!;
      squares[column]! += value * value;
      if (!Number.isNaN(row[column]!)) counts[column]!++;
      if (index % stride === 0) kept[(index / stride) * columns + column] = value;
    }
    if (index % 1000 === 0) context.progress((0.5 * index) / rows);
  }
  const deviations = Float32Array.from(squares, (sum, column) =>
    Math.max(LEAST_DEVIATION, Math.sqrt(sum / Math.max(1, counts[column]!))),
  );
  for (let index = 0; index < kept.length; index++) kept[index]! /= deviations[index % columns]!;
  const direction = firstDirection(kept, columns);
  context.progress(1);
  return { deviations, direction, means: highPass.means, meansAt: highPass.lastAt };
}

/** The direction of the largest variance, by power iteration on the rows themselves. */
function firstDirection(rows: Float32Array, columns: number): Float32Array {
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

class ResidualScorer implements Scorer {
  readonly #model: PrincipalResidual;
  readonly #highPass: HighPass;
  readonly #values: Float32Array;
  readonly #squares: Float32Array;

  constructor(model: PrincipalResidual) {
    const columns = model.deviations.length;
    this.#model = model;
    this.#highPass = new HighPass(model.means, model.meansAt);
    this.#values = new Float32Array(columns);
    this.#squares = new Float32Array(columns);
  }

  /** Mean square of what is left of the metrics that are there. */
  score(row: Float32Array, at: number): number {
    const { deviations, direction } = this.#model;
    const values = this.#values;
    const squares = this.#squares;
    this.#highPass.apply(row, at, values);
    let along = 0;
    for (let column = 0; column < values.length; column++) {
      const value = values[column]! / deviations[column]!;
      values[column] = value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value;
      if (!Number.isNaN(value)) along += values[column]! * direction[column]!;
    }
    let sum = 0;
    let present = 0;
    for (let column = 0; column < values.length; column++) {
      const left = values[column]! - along * direction[column]!;
      if (Number.isNaN(left)) {
        squares[column] = 0;
        continue;
      }
      squares[column] = left * left;
      sum += left * left;
      present++;
    }
    return present === 0 ? 0 : sum / present;
  }

  contributions(into: Float32Array): void {
    for (let column = 0; column < into.length; column++) into[column]! += this.#squares[column]!;
  }
}

function decode({ facts: { meansAt }, arrays }: EncodedModel): PrincipalResidual {
  const { deviations, direction, means } = arrays;
  if (
    typeof meansAt !== 'number' ||
    !(deviations instanceof Float32Array) ||
    !(direction instanceof Float32Array) ||
    !(means instanceof Float32Array) ||
    deviations.length !== direction.length ||
    deviations.length !== means.length
  ) {
    throw new Error('principal residual: the parts do not fit together');
  }
  return { deviations, direction, means, meansAt };
}
