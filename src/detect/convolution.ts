import {
  BatchConvolution,
  type ConvolutionLayout,
  convolutionLayout,
  initialConvolution,
  REACH,
} from '../lib/kernels/batch-convolution.ts';
import type { Kernels } from '../lib/kernels/load.ts';
import type { Random } from '../lib/random.ts';
import { dot, tanh } from '../lib/vector.ts';
import type { Detector } from '../model/detector.ts';
import type { Rounds } from './early-stop.ts';
import { createForecastDetector, type Forecaster, type ForecastModel } from './forecast.ts';
import type { ForecastRows } from './forecast-rows.ts';

export interface ConvolutionOptions {
  readonly hidden: number;
  /** Most rounds, how many of them may bring nothing, and batches that are learned in each: so long may it take. */
  readonly rounds: number;
  readonly patience: number;
  readonly roundBatches: number;
  readonly rate: number;
  /** What computes the training; those that fit this machine where undefined. */
  readonly kernels?: Kernels;
}

const DEFAULTS: ConvolutionOptions = { hidden: 16, rounds: 40, patience: 4, roundBatches: 64, rate: 2e-3 };
/** Sequences of a batch, and rows of each; the first `REACH` rows are only seen. */
const SEQUENCES = 4;
const LENGTH = 130;
const LANES = SEQUENCES * LENGTH;
const LEARNED = LENGTH - REACH;
const MOST_VALIDATION_BATCHES = 24;

/** Forecasts the next row from the last 32 by layers of dilated causal filters: it knows no more of the past, and forgets all else. */
export function createConvolution(options: Partial<ConvolutionOptions> = {}): Detector<ForecastModel> {
  const settings = { ...DEFAULTS, ...options };
  return createForecastDetector({
    name: 'convolution',
    weight: 1.5,
    hidden: settings.hidden,
    rounds: settings.rounds,
    patience: settings.patience,
    parameterCount: (columns, hidden) => convolutionLayout(columns, hidden).count,
    trainer: (train, held, random) => new ConvolutionTrainer(train, held, random, settings),
    forecaster: (model) => new ConvolutionForecaster(model),
  });
}

/** Batches of sequences from anywhere in the rows. */
class ConvolutionTrainer implements Rounds {
  readonly #network: BatchConvolution;
  readonly #train: ForecastRows;
  readonly #held: ForecastRows;
  readonly #random: Random;
  readonly #options: ConvolutionOptions;

  constructor(train: ForecastRows, held: ForecastRows, random: Random, options: ConvolutionOptions) {
    const { columns } = train;
    const { hidden, kernels } = options;
    this.#network = new BatchConvolution({ columns, hidden, lanes: LANES }, kernels);
    this.#network.parameters.set(initialConvolution(columns, hidden, random));
    this.#network.targets.fill(Number.NaN);
    this.#train = train;
    this.#held = held;
    this.#random = random;
    this.#options = options;
  }

  parameters(): Float32Array {
    return this.#network.parameters.slice();
  }

  round(): number {
    const { roundBatches, rate } = this.#options;
    const starts = Math.max(1, this.#train.count - LEARNED);
    let sum = 0;
    let count = 0;
    for (let batch = 0; batch < roundBatches; batch++) {
      for (let sequence = 0; sequence < SEQUENCES; sequence++)
        count += this.#fill(this.#train, sequence, this.#random.below(starts));
      sum += this.#network.learn(rate);
    }
    return sum / Math.max(1, count);
  }

  /** Of sequences that stand evenly over the rows. */
  validationError(): number {
    const held = this.#held;
    const batches = Math.min(MOST_VALIDATION_BATCHES, Math.ceil(held.count / LEARNED / SEQUENCES));
    const stride = Math.max(LEARNED, held.count / (batches * SEQUENCES));
    let sum = 0;
    let count = 0;
    for (let batch = 0; batch < batches; batch++) {
      for (let sequence = 0; sequence < SEQUENCES; sequence++)
        count += this.#fill(held, sequence, Math.floor((batch * SEQUENCES + sequence) * stride));
      sum += this.#network.measure();
    }
    return sum / Math.max(1, count);
  }

  /** Learns what follows the rows from `from` on, as far as a sequence goes. Gives the number of targets that are there. */
  #fill(rows: ForecastRows, sequence: number, from: number): number {
    const { inputs, targets } = this.#network;
    let count = 0;
    for (let place = 0; place < LENGTH; place++) {
      const row = from - REACH + place;
      const lane = sequence * LENGTH + place;
      rows.showInput(row, inputs, lane, LANES);
      if (place >= REACH) count += rows.showTarget(row, targets, lane, LANES);
    }
    return count;
  }
}

/** The same network for one row after the other, in plain TypeScript: what a layer saw is kept for as long as its delay. */
class ConvolutionForecaster implements Forecaster {
  readonly input: Float32Array;
  readonly #parameters: Float32Array;
  readonly #layout: ConvolutionLayout;
  /** What each layer sees: now, then. The last one is what the read-out sees. */
  readonly #seen: readonly Float32Array[];
  /** Of each layer: as many rows as its delay, the oldest at the place of the next one. */
  readonly #kept: readonly Float32Array[];
  readonly #output: Float32Array;
  #rows = 0;

  constructor({ columns, hidden, parameters }: ForecastModel) {
    const layout = convolutionLayout(columns, hidden);
    this.#parameters = parameters;
    this.#layout = layout;
    this.#seen = [
      ...layout.layers.map(({ inputs }) => new Float32Array(2 * inputs)),
      new Float32Array(hidden),
    ];
    this.#kept = layout.layers.map(({ inputs, delay }) => new Float32Array(inputs * delay));
    this.input = this.#seen[0]!.subarray(0, columns);
    this.#output = new Float32Array(columns);
    this.restart();
  }

  /** As if the mean had stood there for ever. */
  restart(): void {
    this.input.fill(0);
    for (const [index, { inputs }] of this.#layout.layers.entries()) {
      const seen = this.#seen[index]!;
      seen.copyWithin(inputs, 0, inputs);
      const kept = this.#kept[index]!;
      for (let at = 0; at < kept.length; at += inputs) kept.set(seen.subarray(0, inputs), at);
      this.#climb(index);
    }
  }

  next(): Float32Array {
    const { layers, readOut, readOutBiases } = this.#layout;
    const parameters = this.#parameters;
    for (let index = 0; index < layers.length; index++) {
      const { inputs, delay } = layers[index]!;
      const seen = this.#seen[index]!;
      const kept = this.#kept[index]!;
      const oldest = (this.#rows % delay) * inputs;
      for (let input = 0; input < inputs; input++) {
        seen[inputs + input] = kept[oldest + input]!;
        kept[oldest + input] = seen[input]!;
      }
      this.#climb(index);
    }
    this.#rows++;
    const top = this.#seen[layers.length]!;
    for (let column = 0; column < this.#output.length; column++)
      this.#output[column] =
        parameters[readOutBiases + column]! + dot(parameters, readOut + column * top.length, top);
    return this.#output;
  }

  /** What a layer makes of what it sees. */
  #climb(index: number): void {
    const { weights, biases } = this.#layout.layers[index]!;
    const parameters = this.#parameters;
    const seen = this.#seen[index]!;
    const above = this.#seen[index + 1]!;
    const hidden = this.#seen.at(-1)!.length;
    for (let filter = 0; filter < hidden; filter++)
      above[filter] = tanh(
        parameters[biases + filter]! + dot(parameters, weights + filter * seen.length, seen),
      );
  }
}
