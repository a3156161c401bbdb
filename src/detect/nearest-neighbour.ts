import { Random } from '../lib/random.ts';
import type { Detector, LearnContext, Scorer } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';
import {
  decodeHighPass,
  encodeHighPass,
  type HighPassView,
  HighPassViewer,
  learnHighPass,
} from './high-pass.ts';

/**
 * How far a row is from the nearest of some hundred rows that were seen, on the high-pass view. It assumes nothing of how
 * the metrics belong together, so it sees combinations that never were, also where the others find them on their planes.
 * A few hundred random rows do as well as thousands on labelled machines, and better than as many centres of clusters.
 */
export interface NearestNeighbour extends HighPassView {
  /** Rows as the view shows them, row-major; a missing value is 0. */
  readonly examples: Float32Array;
}

const EXAMPLES = 300;
/** A wild metric counts, but not for all. */
const LIMIT = 20;
const NAME = 'nearest-neighbour';

export function createNearestNeighbour(): Detector<NearestNeighbour> {
  return {
    name: NAME,
    weight: 1,
    learn,
    scorer: (model) => new NearestScorer(model),
    encode: ({ examples, ...view }) => {
      const { facts, arrays } = encodeHighPass(view);
      return { facts, arrays: { ...arrays, examples } };
    },
    decode: (encoded) => {
      const view = decodeHighPass(NAME, encoded);
      const { examples } = encoded.arrays;
      if (!(examples instanceof Float32Array) || examples.length % view.means.length !== 0)
        throw new Error(`${NAME}: the parts do not fit together`);
      return { ...view, examples };
    },
  };
}

function learn(train: Matrix, validate: Matrix, context: LearnContext): NearestNeighbour {
  const { columns } = train;
  const { view, rows } = learnHighPass(train, validate, context);
  const count = rows.length / columns;
  const chosen = Int32Array.from({ length: count }, (_, row) => row);
  const wanted = Math.min(EXAMPLES, count);
  new Random(context.seed).shuffle(chosen, wanted);
  const examples = new Float32Array(wanted * columns);
  for (let index = 0; index < wanted; index++) {
    const from = chosen[index]! * columns;
    examples.set(rows.subarray(from, from + columns), index * columns);
  }
  for (let index = 0; index < examples.length; index++)
    examples[index] = Math.max(-LIMIT, Math.min(LIMIT, examples[index]!));
  context.progress(1);
  return { ...view, examples };
}

class NearestScorer implements Scorer {
  readonly #examples: Float32Array;
  readonly #viewer: HighPassViewer;
  readonly #values: Float32Array;
  readonly #present: Int32Array;
  #count = 0;
  #nearest = 0;

  constructor(model: NearestNeighbour) {
    this.#examples = model.examples;
    this.#viewer = new HighPassViewer(model);
    this.#values = new Float32Array(model.means.length);
    this.#present = new Int32Array(model.means.length);
  }

  /** Mean square of the differences to the nearest example, over the metrics that are there. */
  score(row: Float32Array, at: number): number {
    const values = this.#values;
    this.#viewer.show(row, at, LIMIT, values);
    let count = 0;
    for (let column = 0; column < values.length; column++)
      if (!Number.isNaN(values[column]!)) this.#present[count++] = column;
    this.#count = count;
    if (count === 0) return 0;
    return (count === values.length ? this.#search() : this.#searchPresent()) / count;
  }

  contributions(into: Float32Array): void {
    const from = this.#nearest * this.#values.length;
    for (let index = 0; index < this.#count; index++) {
      const column = this.#present[index]!;
      const difference = this.#values[column]! - this.#examples[from + column]!;
      into[column]! += difference * difference;
    }
  }

  #search(): number {
    const values = this.#values;
    const examples = this.#examples;
    const columns = values.length;
    let least = Number.POSITIVE_INFINITY;
    for (let from = 0; from < examples.length; from += columns) {
      let sum = 0;
      // An example that is further than the nearest so far is given up: most are, after a few metrics.
      for (let column = 0; column < columns && sum < least; column++) {
        const difference = values[column]! - examples[from + column]!;
        sum += difference * difference;
      }
      if (sum < least) {
        least = sum;
        this.#nearest = from / columns;
      }
    }
    return least;
  }

  #searchPresent(): number {
    const columns = this.#values.length;
    let least = Number.POSITIVE_INFINITY;
    for (let from = 0; from < this.#examples.length; from += columns) {
      let sum = 0;
      for (let index = 0; index < this.#count && sum < least; index++) {
        const column = this.#present[index]!;
        const difference = this.#values[column]! - this.#examples[from + column]!;
        sum += difference * difference;
      }
      if (sum < least) {
        least = sum;
        this.#nearest = from / columns;
      }
    }
    return least;
  }
}
