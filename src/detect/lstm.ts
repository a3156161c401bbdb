import { BatchLstm, initialLstm, type LstmLayout, lstmLayout } from '../lib/kernels/batch-lstm.ts';
import type { Kernels } from '../lib/kernels/load.ts';
import type { Random } from '../lib/random.ts';
import { dot, tanh } from '../lib/vector.ts';
import type { Detector } from '../model/detector.ts';
import type { Rounds } from './early-stop.ts';
import { createForecastDetector, type Forecaster, type ForecastModel } from './forecast.ts';
import type { ForecastRows } from './forecast-rows.ts';

export interface LstmOptions {
  readonly hidden: number;
  /** Rows that a gradient goes back. */
  readonly steps: number;
  /** Most rounds, how many of them may bring nothing, and windows that are learned in each: so long may it take. */
  readonly rounds: number;
  readonly patience: number;
  readonly roundWindows: number;
  readonly rate: number;
  /** What computes the training; those that fit this machine where undefined. */
  readonly kernels?: Kernels;
}

const DEFAULTS: LstmOptions = {
  hidden: 16,
  steps: 32,
  rounds: 40,
  patience: 4,
  roundWindows: 64,
  rate: 2e-3,
};
/** Sequences that are learned side by side: the kernels take them by eights. */
const LANES = 16;
const MOST_VALIDATION_WINDOWS = 32;

/**
 * Remembers what it saw in a layer of LSTM cells, for as long as it has learned to, and forecasts the next row. The forecast
 * does not lean on the last row, as persistence does: what has left the usual stays unexpected.
 */
export function createLstm(options: Partial<LstmOptions> = {}): Detector<ForecastModel> {
  const settings = { ...DEFAULTS, ...options };
  return createForecastDetector({
    name: 'lstm',
    weight: 1,
    hidden: settings.hidden,
    rounds: settings.rounds,
    patience: settings.patience,
    parameterCount: (columns, hidden) => lstmLayout(columns, hidden).count,
    trainer: (train, held, random) => new LstmTrainer(train, held, random, settings),
    forecaster: (model) => new LstmForecaster(model),
  });
}

/**
 * Goes through the rows in sequences side by side, each from another part of the time, window after window; a sequence goes on
 * with what its cells held, as in scoring.
 */
class LstmTrainer implements Rounds {
  readonly #network: BatchLstm;
  readonly #train: ForecastRows;
  readonly #held: ForecastRows;
  readonly #random: Random;
  readonly #options: LstmOptions;

  constructor(train: ForecastRows, held: ForecastRows, random: Random, options: LstmOptions) {
    const { hidden, steps, kernels } = options;
    const { columns } = train;
    this.#network = new BatchLstm({ columns, hidden, lanes: LANES, steps }, kernels);
    this.#network.parameters.set(initialLstm(columns, hidden, random));
    this.#train = train;
    this.#held = held;
    this.#random = random;
    this.#options = options;
  }

  parameters(): Float32Array {
    return this.#network.parameters.slice();
  }

  round(): number {
    const { roundWindows, steps, rate } = this.#options;
    const each = this.#windowsOf(this.#train);
    const tally = { sum: 0, count: 0 };
    for (let done = 0; done < roundWindows; ) {
      const windows = Math.min(each, roundWindows - done);
      const spare = Math.floor(this.#train.count / LANES) - windows * steps;
      const offset = this.#random.below(Math.max(0, spare) + 1);
      this.#goThrough(this.#train, offset, windows, tally, () => this.#network.learn(rate));
      done += windows;
    }
    return tally.sum / Math.max(1, tally.count);
  }

  validationError(): number {
    const tally = { sum: 0, count: 0 };
    const windows = Math.min(MOST_VALIDATION_WINDOWS, this.#windowsOf(this.#held));
    this.#goThrough(this.#held, 0, windows, tally, () => this.#network.measure());
    return tally.sum / Math.max(1, tally.count);
  }

  /** Windows in each of the sequences that the rows are cut into. */
  #windowsOf(rows: ForecastRows): number {
    return Math.max(1, Math.floor(rows.count / LANES / this.#options.steps));
  }

  #goThrough(
    rows: ForecastRows,
    offset: number,
    windows: number,
    tally: { sum: number; count: number },
    take: () => number,
  ): void {
    const { steps } = this.#options;
    this.#network.restart();
    for (let window = 0; window < windows; window++) {
      tally.count += this.#fill(rows, offset + window * steps);
      tally.sum += take();
      this.#network.proceed();
    }
  }

  /** Gives the number of targets that are there. */
  #fill(rows: ForecastRows, from: number): number {
    const { inputs, targets } = this.#network;
    let count = 0;
    for (let step = 0; step < inputs.length; step++) {
      for (let lane = 0; lane < LANES; lane++) {
        const row = Math.floor((lane * rows.count) / LANES) + from + step;
        rows.showInput(row, inputs[step]!, lane, LANES);
        count += rows.showTarget(row, targets[step]!, lane, LANES);
      }
    }
    return count;
  }
}

/** The same network for one row after the other, in plain TypeScript. */
class LstmForecaster implements Forecaster {
  readonly input: Float32Array;
  readonly #parameters: Float32Array;
  readonly #layout: LstmLayout;
  readonly #hidden: number;
  /** The row, then the cells' last answer. */
  readonly #seen: Float32Array;
  readonly #answer: Float32Array;
  readonly #cells: Float32Array;
  readonly #gates: Float32Array;
  readonly #output: Float32Array;

  constructor({ columns, hidden, parameters }: ForecastModel) {
    this.#parameters = parameters;
    this.#layout = lstmLayout(columns, hidden);
    this.#hidden = hidden;
    this.#seen = new Float32Array(columns + hidden);
    this.input = this.#seen.subarray(0, columns);
    this.#answer = this.#seen.subarray(columns);
    this.#cells = new Float32Array(hidden);
    this.#gates = new Float32Array(4 * hidden);
    this.#output = new Float32Array(columns);
  }

  restart(): void {
    this.#answer.fill(0);
    this.#cells.fill(0);
  }

  next(): Float32Array {
    const { gates, gateBiases, readOut, readOutBiases } = this.#layout;
    const parameters = this.#parameters;
    const hidden = this.#hidden;
    const seen = this.#seen;
    const gate = this.#gates;
    for (let index = 0; index < gate.length; index++) {
      const sum = parameters[gateBiases + index]! + dot(parameters, gates + index * seen.length, seen);
      gate[index] = tanh(sum);
    }
    for (let index = 0; index < hidden; index++) {
      const input = 0.5 + 0.5 * gate[index]!;
      const forget = 0.5 + 0.5 * gate[hidden + index]!;
      const output = 0.5 + 0.5 * gate[2 * hidden + index]!;
      const cell = forget * this.#cells[index]! + input * gate[3 * hidden + index]!;
      this.#cells[index] = cell;
      this.#answer[index] = output * tanh(cell);
    }
    for (let index = 0; index < this.#output.length; index++)
      this.#output[index] =
        parameters[readOutBiases + index]! + dot(parameters, readOut + index * hidden, this.#answer);
    return this.#output;
  }
}
