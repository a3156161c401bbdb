import type { Detector, EncodedModel, LearnContext, Scorer } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';
import { decodeHighPass, type HighPassView, HighPassViewer, learnHighPass } from './high-pass.ts';

/**
 * What changed within the last hour and does not go along with the machine's load: each metric less its own slow
 * exponential mean (a causal high-pass), less the one direction in which all metrics swing together. It sees a sudden
 * small change in a metric whose level wanders widely over the day; a change that stays is forgotten, and left to
 * the detectors that look at levels.
 */
export interface PrincipalResidual extends HighPassView {
  /** The common swing: a unit vector. */
  readonly direction: Float32Array;
}

/** A wild metric counts, but not for all. */
const LIMIT = 50;
const POWER_ITERATIONS = 60;
const NAME = 'principal-residual';

export function createPrincipalResidual(): Detector<PrincipalResidual> {
  return {
    name: NAME,
    weight: 1,
    learn,
    scorer: (model) => new ResidualScorer(model),
    encode: ({ meansAt, ...arrays }) => ({ facts: { meansAt }, arrays }),
    decode,
  };
}

function learn(train: Matrix, _validate: Matrix, { progress }: LearnContext): PrincipalResidual {
  const { view, rows } = learnHighPass(train, (done) => progress(0.5 * done));
  const direction = firstDirection(rows, train.columns);
  progress(1);
  return { ...view, direction };
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
  readonly #viewer: HighPassViewer;
  readonly #values: Float32Array;
  readonly #squares: Float32Array;

  constructor(model: PrincipalResidual) {
    const columns = model.deviations.length;
    this.#model = model;
    this.#viewer = new HighPassViewer(model);
    this.#values = new Float32Array(columns);
    this.#squares = new Float32Array(columns);
  }

  /** Mean square of what is left of the metrics that are there. */
  score(row: Float32Array, at: number): number {
    const { direction } = this.#model;
    const values = this.#values;
    const squares = this.#squares;
    this.#viewer.show(row, at, LIMIT, values);
    let along = 0;
    for (let column = 0; column < values.length; column++) {
      if (!Number.isNaN(values[column]!)) along += values[column]! * direction[column]!;
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

function decode({ facts, arrays }: EncodedModel): PrincipalResidual {
  const view = decodeHighPass(NAME, facts, arrays);
  const { direction } = arrays;
  if (!(direction instanceof Float32Array) || direction.length !== view.means.length)
    throw new Error(`${NAME}: the parts do not fit together`);
  return { ...view, direction };
}
