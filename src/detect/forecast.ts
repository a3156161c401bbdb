import { Random } from '../lib/random.ts';
import type { Detector, EncodedModel, LearnContext, Scorer } from '../model/detector.ts';
import { type Matrix, usualStepMs } from '../model/matrix.ts';
import { type Learned, learnInRounds, type Rounds } from './early-stop.ts';
import { ForecastRows, inputOf, isGap, viewedRows } from './forecast-rows.ts';
import {
  decodeHighPass,
  encodeHighPass,
  type HighPassView,
  HighPassViewer,
  learnHighPass,
} from './high-pass.ts';
import { Restlessness } from './restlessness.ts';

/** A network that says the next row, on the high-pass view, from those before: it learns what follows what. */
export interface ForecastModel extends Learned {
  readonly view: HighPassView;
  /** What each metric's error usually is, by its power mean on the validation block, in the view's deviations, with a floor. */
  readonly usualErrors: Float32Array;
  readonly columns: number;
  readonly hidden: number;
  /** The usual time between two rows of the training, ms. */
  readonly stepMs: number;
}

/** Says row after row what comes next, without allocation. */
export interface Forecaster {
  /** Write a row here, then call `next`. */
  readonly input: Float32Array;
  /** What is expected of the row after it; overwritten by the next call. */
  next(): Float32Array;
  /** Forgets all rows. */
  restart(): void;
}

/** A kind of network that forecasts. */
export interface Architecture {
  readonly name: string;
  readonly weight: number;
  readonly hidden: number;
  /** Most rounds; it stops earlier once `patience` rounds brought nothing on the validation block. */
  readonly rounds: number;
  readonly patience: number;
  parameterCount(columns: number, hidden: number): number;
  trainer(train: ForecastRows, held: ForecastRows, random: Random): Rounds;
  forecaster(model: ForecastModel): Forecaster;
}

/** A wild metric counts, but not for all. */
const ERROR_LIMIT = 20;
/** What can be said to the last place is not for that alarming when it is off by a little, in deviations. */
const LEAST_ERROR = 0.3;

/** The detector that finds strange what its network did not expect. */
export function createForecastDetector(architecture: Architecture): Detector<ForecastModel> {
  return {
    name: architecture.name,
    weight: architecture.weight,
    learn: (train, validate, context) => learn(architecture, train, validate, context),
    scorer: (model) =>
      new ForecastScorer(
        architecture.forecaster(model),
        model,
        new Restlessness(model.columns, model.view.halfLifeMs),
      ),
    encode: ({ parameters, view, usualErrors, ...facts }) => {
      const encoded = encodeHighPass(view);
      return {
        facts: { ...facts, ...encoded.facts },
        arrays: { ...encoded.arrays, parameters, usualErrors },
      };
    },
    decode: (encoded) => decode(architecture, encoded),
  };
}

function learn(
  { hidden, rounds, patience, trainer, forecaster }: Architecture,
  train: Matrix,
  validate: Matrix,
  context: LearnContext,
): ForecastModel {
  const stepMs = usualStepMs(train);
  const { columns } = train;
  const { view } = learnHighPass(train, validate, { ...context, progress: () => {} });
  const unseen = { ...view, means: new Float32Array(columns).fill(Number.NaN), meansAt: train.at[0] ?? 0 };
  const rows = new ForecastRows(viewedRows(train, unseen, ERROR_LIMIT), stepMs);
  const held = validate.rows > 1 ? new ForecastRows(viewedRows(validate, view, ERROR_LIMIT), stepMs) : rows;
  const learned = learnInRounds(trainer(rows, held, new Random(context.seed)), { rounds, patience }, context);
  const model = { columns, hidden, stepMs, view, ...learned, usualErrors: new Float32Array(columns).fill(1) };
  const scorer = new ForecastScorer(forecaster(model), model);
  return { ...model, usualErrors: usualErrorsOf(scorer, validate.rows > 1 ? validate : train) };
}

function usualErrorsOf(scorer: Scorer, { rows, columns, data, at }: Matrix): Float32Array {
  const sums = new Float64Array(columns);
  const counts = new Float64Array(columns);
  const parts = new Float32Array(columns);
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * columns, (row + 1) * columns);
    scorer.score(values, at[row]!);
    scorer.contributions!(parts.fill(0));
    for (let column = 0; column < columns; column++) {
      sums[column]! += parts[column]!;
      if (!Number.isNaN(values[column]!)) counts[column]!++;
    }
  }
  return Float32Array.from(sums, (sum, column) =>
    counts[column] === 0 ? 1 : Math.max(LEAST_ERROR, (sum / counts[column]!) ** (2 / 3)),
  );
}

/**
 * Compares each row with what was expected of it; before the first row, and after a gap, that is the mean. Errors count by their
 * power 1.5, which leaves a single wild metric less of a say than their squares would.
 */
class ForecastScorer implements Scorer {
  readonly #forecaster: Forecaster;
  readonly #viewer: HighPassViewer;
  readonly #values: Float32Array;
  readonly #stepMs: number;
  readonly #usualErrors: Float32Array;
  readonly #parts: Float32Array;
  readonly #expected: Float32Array;
  readonly #restlessness: Restlessness | undefined;
  #lastAt = Number.NaN;

  constructor(
    forecaster: Forecaster,
    { columns, stepMs, view, usualErrors }: ForecastModel,
    restlessness?: Restlessness,
  ) {
    this.#forecaster = forecaster;
    this.#restlessness = restlessness;
    this.#viewer = new HighPassViewer(view);
    this.#values = new Float32Array(columns);
    this.#stepMs = stepMs;
    this.#usualErrors = usualErrors;
    this.#parts = new Float32Array(columns);
    this.#expected = new Float32Array(columns);
  }

  /** Mean of the forecast's errors, by their power 1.5, over the metrics that are there, each in what its error usually is. */
  score(row: Float32Array, at: number): number {
    const forecaster = this.#forecaster;
    const expected = this.#expected;
    const values = this.#values;
    const usual = this.#usualErrors;
    this.#viewer.show(row, at, ERROR_LIMIT, values);
    if (isGap(this.#lastAt, at, this.#stepMs)) {
      forecaster.restart();
      expected.fill(0);
    }
    this.#lastAt = at;
    let present = 0;
    for (let column = 0; column < values.length; column++) {
      const value = values[column]!;
      forecaster.input[column] = inputOf(value);
      const isThere = !Number.isNaN(value);
      const error = isThere ? Math.abs(value - expected[column]!) / usual[column]! : 0;
      this.#parts[column] = error * Math.sqrt(error);
      if (isThere) present++;
    }
    expected.set(forecaster.next());
    this.#restlessness?.temper(this.#parts, at);
    let sum = 0;
    for (const part of this.#parts) sum += part;
    return present === 0 ? 0 : sum / present;
  }

  contributions(into: Float32Array): void {
    for (let column = 0; column < into.length; column++) into[column]! += this.#parts[column]!;
  }
}

function decode(architecture: Architecture, encoded: EncodedModel): ForecastModel {
  const { facts, arrays } = encoded;
  const { columns, hidden, stepMs, validationError, rounds } = facts;
  const { parameters, usualErrors } = arrays;
  const view = decodeHighPass(architecture.name, encoded);
  if (
    columns !== view.means.length ||
    !isCount(hidden) ||
    typeof stepMs !== 'number' ||
    typeof validationError !== 'number' ||
    typeof rounds !== 'number' ||
    !(parameters instanceof Float32Array) ||
    parameters.length !== architecture.parameterCount(columns, hidden) ||
    !(usualErrors instanceof Float32Array) ||
    usualErrors.length !== columns
  ) {
    throw new Error(`${architecture.name}: the parts do not fit together`);
  }
  return { columns, hidden, stepMs, validationError, rounds, parameters, view, usualErrors };
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;
