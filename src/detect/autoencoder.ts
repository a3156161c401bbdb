import { BatchNetwork } from '../lib/kernels/batch-network.ts';
import { type Kernels, kernels as ownKernels } from '../lib/kernels/load.ts';
import { Random } from '../lib/random.ts';
import type { Detector, EncodedModel, LearnContext, Scorer } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';
import { DenseNetwork } from './dense-network.ts';
import { learnInRounds, type Rounds } from './early-stop.ts';

/** A dense network that must say a row again after squeezing it through a few numbers: it learns what goes together. */
export interface Autoencoder {
  readonly sizes: readonly number[];
  readonly parameters: Float32Array;
  /** Mean squared error on the validation block, and after how many rounds it was reached. */
  readonly validationError: number;
  readonly rounds: number;
}

export interface AutoencoderOptions {
  readonly hidden: number;
  readonly code: number;
  /** Most rounds; it stops earlier once `patience` rounds brought nothing on the validation block. */
  readonly rounds: number;
  readonly patience: number;
  /** Rows drawn in each round. */
  readonly roundRows: number;
  readonly batch: number;
  readonly rate: number;
  /** What computes the training; those that fit this machine where undefined. Which ones makes no difference to the model. */
  readonly kernels?: Kernels;
}

const DEFAULTS: AutoencoderOptions = {
  hidden: 64,
  code: 8,
  rounds: 30,
  patience: 3,
  roundRows: 8192,
  batch: 64,
  rate: 2e-3,
};
/** What goes in is limited, lest one wild metric moves all the others' reconstruction; what is compared is limited later. */
const INPUT_LIMIT = 8;
const ERROR_LIMIT = 20;
const MOST_VALIDATION_ROWS = 4096;

export function createAutoencoder(options: Partial<AutoencoderOptions> = {}): Detector<Autoencoder> {
  const settings = { ...DEFAULTS, ...options };
  return {
    name: 'autoencoder',
    weight: 0.1,
    learn: (train, validate, context) => learn(train, validate, context, settings),
    scorer: (model) => new AutoencoderScorer(model),
    encode,
    decode,
    reconstruction: ({ sizes, parameters }) => ({
      layers: new DenseNetwork(sizes, parameters).layers(),
      inputLimit: INPUT_LIMIT,
      errorLimit: ERROR_LIMIT,
    }),
  };
}

function learn(
  train: Matrix,
  validate: Matrix,
  context: LearnContext,
  options: AutoencoderOptions,
): Autoencoder {
  const sizes = [train.columns, options.hidden, options.code, options.hidden, train.columns];
  const held = validate.rows > 0 ? validate : train;
  const trainer = new Trainer(sizes, { train, held }, new Random(context.seed), options);
  return { sizes, ...learnInRounds(trainer, options, context) };
}

/** Rounds of mini-batches over rows drawn without replacement until all were used, then shuffled anew. */
class Trainer implements Rounds {
  readonly #network: BatchNetwork;
  readonly #train: Matrix;
  readonly #held: Matrix;
  readonly #random: Random;
  readonly #options: AutoencoderOptions;
  readonly #order: Int32Array;
  #next: number;

  constructor(
    sizes: readonly number[],
    { train, held }: { readonly train: Matrix; readonly held: Matrix },
    random: Random,
    options: AutoencoderOptions,
  ) {
    const start = new DenseNetwork(sizes);
    start.initialise(random);
    this.#network = new BatchNetwork(sizes, options.batch, options.kernels ?? ownKernels());
    this.#network.parameters.set(start.parameters);
    this.#train = train;
    this.#held = held;
    this.#random = random;
    this.#options = options;
    this.#order = Int32Array.from({ length: train.rows }, (_, row) => row);
    this.#next = train.rows;
  }

  parameters(): Float32Array {
    return this.#network.parameters.slice();
  }

  round(): number {
    const { roundRows, batch, rate } = this.#options;
    let sum = 0;
    let rows = 0;
    for (let row = 0; row < roundRows; row += batch) {
      for (let lane = 0; lane < batch; lane++)
        show(this.#train, this.#draw(), this.#network, lane, INPUT_LIMIT);
      sum += this.#network.learn(batch, rate);
      rows += batch;
    }
    return sum / rows;
  }

  /** The mean squared error of rows that stand evenly over the held block. */
  validationError(): number {
    const matrix = this.#held;
    const stride = Math.max(1, Math.floor(matrix.rows / MOST_VALIDATION_ROWS));
    let sum = 0;
    let count = 0;
    for (let row = 0; row < matrix.rows; ) {
      let lane = 0;
      for (; lane < this.#options.batch && row < matrix.rows; lane++, row += stride)
        show(matrix, row, this.#network, lane, INPUT_LIMIT);
      for (const error of this.#network.errors(lane)) sum += error;
      count += lane;
    }
    return count === 0 ? 0 : sum / count;
  }

  #draw(): number {
    if (this.#next >= this.#order.length) {
      this.#random.shuffle(this.#order);
      this.#next = 0;
    }
    return this.#order[this.#next++]!;
  }
}

/** Puts a row before the network, limited. A missing value says nothing about what its reconstruction should have been. */
function show(
  { columns, data }: Matrix,
  row: number,
  { inputs, targets, lanes }: BatchNetwork,
  lane: number,
  targetLimit: number,
): void {
  for (let column = 0; column < columns; column++) {
    const value = data[row * columns + column]!;
    const place = column * lanes + lane;
    inputs[place] = Number.isNaN(value) ? 0 : limited(value, INPUT_LIMIT);
    targets[place] = limited(value, targetLimit);
  }
}

/** NaN stays NaN. */
const limited = (value: number, limit: number): number =>
  value > limit ? limit : value < -limit ? -limit : value;

/** Writes each feature's squared error into `squares`; their mean over the features that are there. */
function squaredErrors(network: DenseNetwork, row: Float32Array, squares: Float32Array): number {
  limitInto(row, network.input);
  const output = network.forward();
  let sum = 0;
  let present = 0;
  for (let column = 0; column < row.length; column++) {
    const value = row[column]!;
    if (Number.isNaN(value)) {
      squares[column] = 0;
      continue;
    }
    const error = limited(value, ERROR_LIMIT) - output[column]!;
    squares[column] = error * error;
    sum += error * error;
    present++;
  }
  return present === 0 ? 0 : sum / present;
}

/** The row limited to what the network may see; a missing value goes in as the mean. */
function limitInto(row: Float32Array, into: Float32Array): void {
  for (let column = 0; column < into.length; column++) {
    const value = row[column]!;
    into[column] = Number.isNaN(value) ? 0 : limited(value, INPUT_LIMIT);
  }
}

class AutoencoderScorer implements Scorer {
  readonly #model: Autoencoder;
  readonly #network: DenseNetwork;
  readonly #squares: Float32Array;

  constructor(model: Autoencoder) {
    this.#model = model;
    this.#network = new DenseNetwork(model.sizes, model.parameters);
    this.#squares = new Float32Array(model.sizes[0]!);
  }

  /** Mean squared error of the reconstruction, in squared standard deviations. */
  score(row: Float32Array): number {
    return squaredErrors(this.#network, row, this.#squares);
  }

  scoreAll(matrix: Matrix): Float32Array {
    const network = new BatchNetwork(this.#model.sizes, DEFAULTS.batch);
    network.parameters.set(this.#model.parameters);
    const scores = new Float32Array(matrix.rows);
    for (let from = 0; from < matrix.rows; from += DEFAULTS.batch) {
      const count = Math.min(DEFAULTS.batch, matrix.rows - from);
      for (let lane = 0; lane < count; lane++) show(matrix, from + lane, network, lane, ERROR_LIMIT);
      scores.set(network.errors(count), from);
    }
    return scores;
  }

  contributions(into: Float32Array): void {
    for (let column = 0; column < into.length; column++) into[column]! += this.#squares[column]!;
  }
}

function encode({ sizes, parameters, validationError, rounds }: Autoencoder): EncodedModel {
  return { facts: { sizes, validationError, rounds }, arrays: { parameters } };
}

function decode({ facts, arrays }: EncodedModel): Autoencoder {
  const { sizes, validationError, rounds } = facts;
  const { parameters } = arrays;
  if (
    !Array.isArray(sizes) ||
    !sizes.every((size) => Number.isInteger(size)) ||
    typeof validationError !== 'number' ||
    typeof rounds !== 'number' ||
    !(parameters instanceof Float32Array)
  ) {
    throw new Error('autoencoder: the parts do not fit together');
  }
  new DenseNetwork(sizes, parameters);
  return { sizes, parameters, validationError, rounds };
}
