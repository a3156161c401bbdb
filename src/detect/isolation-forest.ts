import { select } from '../lib/quantile.ts';
import { Random } from '../lib/random.ts';
import type { Detector, EncodedModel, LearnContext, Scorer } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';

/**
 * Isolation forest (Liu, Ting and Zhou, 2008): in random trees, what is few and different is cut off after few cuts.
 *
 * A node takes two words. First: its feature in the low half, and in the high half how many nodes further its right
 * child stands (the left one is the next node); a leaf has LEAF there. Second, as a float: the threshold (below it goes
 * left), or in a leaf the path's length to here with the expected rest added. So a walk touches 8 bytes a step.
 */
export interface Forest {
  readonly columns: number;
  readonly trees: number;
  /** Rows that each tree was made of. */
  readonly sample: number;
  /** First node of each tree. */
  readonly roots: Int32Array;
  readonly nodes: Int32Array;
  /** Stands in for missing values: the training's median of each column. */
  readonly fill: Float32Array;
}

const TREES = 100;
const SAMPLE = 256;
const LEAF = -1;
/** Features and tree sizes must fit into 16 and 15 bits. */
const MOST_COLUMNS = 0xffff;

export function createIsolationForest(trees = TREES, sample = SAMPLE): Detector<Forest> {
  return {
    name: 'isolation-forest',
    weight: 0.25,
    learn: (train, _validate, context) => grow(train, trees, sample, context),
    scorer: (forest) => new ForestScorer(forest),
    encode,
    decode,
  };
}

function grow(train: Matrix, trees: number, wanted: number, context: LearnContext): Forest {
  const { columns } = train;
  if (columns > MOST_COLUMNS) throw new Error(`isolation forest: ${columns} features are too many`);
  const fill = medians(train);
  const sample = Math.min(wanted, train.rows);
  const builder = new TreeBuilder(train, fill, sample, new Random(context.seed));
  const roots = new Int32Array(trees);
  for (let tree = 0; tree < trees; tree++) {
    roots[tree] = builder.plant();
    context.progress((tree + 1) / trees);
  }
  return { columns, trees, sample, roots, nodes: builder.nodes(), fill };
}

/** Builds trees one after the other into one list of nodes, from samples drawn without replacement. */
class TreeBuilder {
  readonly #train: Matrix;
  readonly #sample: number;
  readonly #random: Random;
  readonly #order: Int32Array;
  readonly #rows: Int32Array;
  readonly #values: Float32Array;
  readonly #heightLimit: number;
  readonly #fill: Float32Array;
  #words = new Int32Array(1024);
  #count = 0;

  constructor(train: Matrix, fill: Float32Array, sample: number, random: Random) {
    this.#train = train;
    this.#fill = fill;
    this.#sample = sample;
    this.#random = random;
    this.#order = Int32Array.from({ length: train.rows }, (_, row) => row);
    this.#rows = new Int32Array(sample);
    this.#values = new Float32Array(sample * train.columns);
    this.#heightLimit = Math.ceil(Math.log2(Math.max(2, sample)));
  }

  /** Draws a sample and grows a tree of it; the index of its root. */
  plant(): number {
    const { columns, data } = this.#train;
    this.#random.shuffle(this.#order, this.#sample);
    for (let index = 0; index < this.#sample; index++) {
      this.#rows[index] = index;
      const from = this.#order[index]! * columns;
      for (let column = 0; column < columns; column++) {
        const value = data[from + column]!;
        this.#values[index * columns + column] = Number.isNaN(value) ? this.#fill[column]! : value;
      }
    }
    const root = this.#count;
    this.#split(0, this.#sample, 0);
    return root;
  }

  nodes(): Int32Array {
    return this.#words.slice(0, this.#count * 2);
  }

  /** Makes the node of the rows in places [from, to) and everything below it. */
  #split(from: number, to: number, depth: number): void {
    const node = this.#add();
    const cut = depth < this.#heightLimit && to - from > 1 ? this.#cut(from, to) : undefined;
    if (!cut) {
      this.#words[node * 2] = LEAF;
      this.#setFloat(node, depth + expectedPath(to - from));
      return;
    }
    const middle = this.#partition(from, to, cut.column, cut.threshold);
    this.#split(from, middle, depth + 1);
    this.#words[node * 2] = ((this.#count - node) << 16) | cut.column;
    this.#setFloat(node, cut.threshold);
    this.#split(middle, to, depth + 1);
  }

  /** A random column among those that vary here, and a random threshold in its range. */
  #cut(from: number, to: number): { column: number; threshold: number } | undefined {
    const { columns } = this.#train;
    const first = this.#random.below(columns);
    // Trying columns from a random start on would prefer those that follow constant ones; each try is drawn anew.
    for (let attempt = 0; attempt < columns * 4; attempt++) {
      const column = attempt === 0 ? first : this.#random.below(columns);
      const cut = this.#threshold(column, from, to);
      if (cut !== undefined) return { column, threshold: cut };
    }
    for (let column = 0; column < columns; column++) {
      const cut = this.#threshold(column, from, to);
      if (cut !== undefined) return { column, threshold: cut };
    }
    return undefined;
  }

  #threshold(column: number, from: number, to: number): number | undefined {
    const { columns } = this.#train;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let place = from; place < to; place++) {
      const value = this.#values[this.#rows[place]! * columns + column]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (!(high > low)) return undefined;
    const cut = Math.fround(low + (high - low) * this.#random.next());
    // At the lowest value nothing would go left.
    return cut > low ? cut : high;
  }

  /** Puts the rows below the threshold first; the place where the others begin. */
  #partition(from: number, to: number, column: number, threshold: number): number {
    const { columns } = this.#train;
    let middle = from;
    for (let place = from; place < to; place++) {
      const row = this.#rows[place]!;
      if (this.#values[row * columns + column]! >= threshold) continue;
      this.#rows[place] = this.#rows[middle]!;
      this.#rows[middle++] = row;
    }
    return middle;
  }

  #add(): number {
    if ((this.#count + 1) * 2 > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    return this.#count++;
  }

  #setFloat(node: number, value: number): void {
    new Float32Array(this.#words.buffer)[node * 2 + 1] = value;
  }
}

class ForestScorer implements Scorer {
  readonly #forest: Forest;
  readonly #floats: Float32Array;
  readonly #row: Float32Array;
  readonly #norm: number;

  constructor(forest: Forest) {
    this.#forest = forest;
    this.#floats = new Float32Array(forest.nodes.buffer, forest.nodes.byteOffset, forest.nodes.length);
    this.#row = new Float32Array(forest.columns);
    this.#norm = forest.trees * expectedPath(forest.sample);
  }

  /** 2^(-mean path / expected path): near 1 is strange, below 0.5 is usual. */
  score(row: Float32Array): number {
    const { nodes, roots, fill, columns } = this.#forest;
    const floats = this.#floats;
    const values = this.#row;
    for (let column = 0; column < columns; column++) {
      const value = row[column]!;
      values[column] = Number.isNaN(value) ? fill[column]! : value;
    }
    let path = 0;
    for (let tree = 0; tree < roots.length; tree++) {
      let at = roots[tree]! * 2;
      for (let word = nodes[at]!; word !== LEAF; word = nodes[at]!) {
        at += values[word & 0xffff]! < floats[at + 1]! ? 2 : (word >> 16) * 2;
      }
      path += floats[at + 1]!;
    }
    return 2 ** (-path / this.#norm);
  }
}

/** Mean path of an unsuccessful search in a binary search tree of `count` keys: what a leaf of that many rows still hides. */
function expectedPath(count: number): number {
  if (count <= 1) return 0;
  if (count === 2) return 1;
  const EULER = 0.5772156649015329;
  return 2 * (Math.log(count - 1) + EULER) - (2 * (count - 1)) / count;
}

function medians(matrix: Matrix): Float32Array {
  const { rows, columns, data } = matrix;
  const medians = new Float32Array(columns);
  const values = new Float32Array(rows);
  for (let column = 0; column < columns; column++) {
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const value = data[row * columns + column]!;
      if (!Number.isNaN(value)) values[count++] = value;
    }
    medians[column] = count === 0 ? 0 : select(values.subarray(0, count), count >> 1);
  }
  return medians;
}

function encode(forest: Forest): EncodedModel {
  const { columns, trees, sample, roots, nodes, fill } = forest;
  return { facts: { columns, trees, sample }, arrays: { roots, nodes, fill } };
}

function decode({ facts, arrays }: EncodedModel): Forest {
  const { columns, trees, sample } = facts;
  const { roots, nodes, fill } = arrays;
  if (
    typeof columns !== 'number' ||
    typeof trees !== 'number' ||
    typeof sample !== 'number' ||
    !(roots instanceof Int32Array) ||
    !(nodes instanceof Int32Array) ||
    !(fill instanceof Float32Array) ||
    roots.length !== trees ||
    fill.length !== columns
  ) {
    throw new Error('isolation forest: the parts do not fit together');
  }
  return { columns, trees, sample, roots, nodes, fill };
}
