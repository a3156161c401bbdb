import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BatchConvolution } from '../lib/kernels/batch-convolution.ts';
import { BatchLstm } from '../lib/kernels/batch-lstm.ts';
import { Random } from '../lib/random.ts';
import type { Detector } from '../model/detector.ts';
import { type Matrix, slice } from '../model/matrix.ts';
import { createConvolution } from './convolution.ts';
import type { ForecastModel } from './forecast.ts';
import { HighPassViewer } from './high-pass.ts';
import { createLstm } from './lstm.ts';

const COLUMNS = 4;
const NOISE = 0.1;
const context = { seed: 5, progress: () => {} };

/** Two swings of different length and what follows from them: the sum, and the first of them three rows later. */
function swings(rows: number, seed: number): Matrix {
  const random = new Random(seed);
  const data = new Float32Array(rows * COLUMNS);
  for (let row = 0; row < rows; row++) {
    const [one, other] = [Math.sin(row / 2.5), Math.sin(row / 1.7 + 1)];
    [one, other, (one + other) / 2, Math.sin((row - 3) / 2.5)].forEach((value, column) => {
      data[row * COLUMNS + column] = 1.4 * value + NOISE * random.normal();
    });
  }
  return { rows, columns: COLUMNS, data, at: Float64Array.from({ length: rows }, (_, row) => row * 1000) };
}

const rowOf = ({ data }: Matrix, row: number): Float32Array =>
  data.subarray(row * COLUMNS, (row + 1) * COLUMNS);

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The network as it is trained, without a target yet: where it takes each of `SEEN` rows, and what is to be said after the last. */
interface Trained {
  readonly lanes: number;
  place(row: number): readonly [inputs: Float32Array, lane: number];
  readonly target: Float32Array;
  readonly lane: number;
  measure(): number;
}
const SEEN = 40;
const LANES = 8;
const BATCHES: Readonly<Record<string, (model: ForecastModel) => Trained>> = {
  lstm: ({ columns, hidden, parameters }) => {
    const batch = new BatchLstm({ columns, hidden, lanes: LANES, steps: SEEN });
    batch.parameters.set(parameters);
    for (const target of batch.targets) target.fill(Number.NaN);
    return {
      lanes: LANES,
      place: (row) => [batch.inputs[row]!, 0],
      target: batch.targets.at(-1)!,
      lane: 0,
      measure: () => batch.measure(),
    };
  },
  convolution: ({ columns, hidden, parameters }) => {
    const batch = new BatchConvolution({ columns, hidden, lanes: SEEN });
    batch.parameters.set(parameters);
    batch.targets.fill(Number.NaN);
    return {
      lanes: SEEN,
      place: (row) => [batch.inputs, row],
      target: batch.targets,
      lane: SEEN - 1,
      measure: () => batch.measure(),
    };
  },
};

const all = swings(3000, 1);
const [train, validate, later] = [slice(all, 0, 2000), slice(all, 2000, 2400), slice(all, 2400, 3000)];

const detectors: readonly Detector<ForecastModel>[] = [
  createConvolution({ hidden: 16, rounds: 30, roundBatches: 40, rate: 5e-3 }),
  createLstm({ hidden: 16, rounds: 30, roundWindows: 40, rate: 5e-3 }),
];

for (const detector of detectors) {
  describe(`a forecast by ${detector.name}`, () => {
    const learned = detector.learn(train, validate, context);
    // Errors in deviations: two kinds of them can be compared.
    const model: ForecastModel = { ...learned, usualErrors: new Float32Array(COLUMNS).fill(1) };
    const scores = (matrix: Matrix, of = model): number[] => {
      const scorer = detector.scorer(of);
      return Array.from({ length: matrix.rows }, (_, row) =>
        scorer.score(rowOf(matrix, row), matrix.at[row]!),
      );
    };
    const usual = scores(later);
    const settled = usual.slice(50);

    it('is far better than that everything stays as it is', () => {
      const persistence = Array.from({ length: later.rows - 1 }, (_, row) =>
        mean([...rowOf(later, row + 1)].map((value, column) => (value - rowOf(later, row)[column]!) ** 2)),
      );
      assert.ok(mean(settled) < mean(persistence) / 3, `${mean(settled)} beside ${mean(persistence)}`);
    });

    it('is the one that was trained', () => {
      const trained = BATCHES[detector.name]!(model);
      const viewer = new HighPassViewer(model.view);
      const values = new Float32Array(COLUMNS);
      for (let row = 0; row <= SEEN; row++) {
        viewer.show(rowOf(later, row), later.at[row]!, 20, values);
        const [into, lane] = row < SEEN ? trained.place(row) : [trained.target, trained.lane];
        for (let column = 0; column < COLUMNS; column++)
          into[column * trained.lanes + lane] = values[column]!;
      }
      const scorer = detector.scorer(model);
      for (let row = 0; row <= SEEN; row++) scorer.score(rowOf(later, row), later.at[row]!);
      const parts = new Float32Array(COLUMNS);
      scorer.contributions!(parts);
      const squares = parts.reduce((sum, part) => sum + part ** (4 / 3), 0);
      const wanted = trained.measure();
      assert.ok(Math.abs(squares - wanted) < 1e-4 * Math.max(1, wanted), `${squares} is not ${wanted}`);
    });

    it('has not seen the row that it is compared with, nor any later one', () => {
      const other = { ...later, data: later.data.slice() };
      other.data.fill(3, 300 * COLUMNS);
      assert.deepEqual(scores(other).slice(0, 300), usual.slice(0, 300));
    });

    it('is broken when metrics that went together no longer do, though each is as ever', () => {
      const data = later.data.slice();
      const shift = 4;
      for (let row = 0; row < later.rows - shift; row++)
        data[row * COLUMNS + 3] = later.data[(row + shift) * COLUMNS + 3]!;
      const broken = scores({ ...later, data }).slice(50, 550);
      assert.ok(mean(broken) > 3 * mean(settled), `${mean(broken)} beside ${mean(settled)}`);
      const scorer = detector.scorer(model);
      const sum = new Float32Array(COLUMNS);
      for (let row = 0; row < 500; row++) {
        scorer.score(rowOf({ ...later, data }, row), later.at[row]!);
        scorer.contributions!(sum);
      }
      assert.equal(sum.indexOf(Math.max(...sum)), 3);
    });

    it('measures the error of each metric by what it usually is', () => {
      const random = new Random(9);
      const noisy = (matrix: Matrix): Matrix => ({
        ...matrix,
        data: matrix.data.map((value, at) => (at % COLUMNS === 1 ? random.normal() : value)),
      });
      const { usualErrors } = detector.learn(noisy(train), noisy(validate), context);
      assert.ok(usualErrors[1]! > 0.8 && Math.max(usualErrors[0]!, usualErrors[3]!) < 0.6, `${usualErrors}`);
      assert.ok(mean(scores(later, learned).slice(50)) < 1);
    });

    it('begins anew after a gap', () => {
      const afterWild = (gapMs: number): number[] => {
        const scorer = detector.scorer(model);
        for (let row = 0; row < 3; row++) scorer.score(new Float32Array(COLUMNS).fill(8), row * 1000 - gapMs);
        return Array.from({ length: 20 }, (_, row) => scorer.score(rowOf(later, row), row * 1000));
      };
      const fromUsual = (values: readonly number[]): number =>
        Math.max(...values.map((value, row) => Math.abs(value - usual[row]!)));
      // The slow means remember: that is not for the forecast to forget.
      assert.ok(fromUsual(afterWild(20_000)) < fromUsual(afterWild(3000)) / 3);
    });

    it('goes on through missing rows and metrics, and soon is right again', () => {
      const data = later.data.slice();
      data.fill(Number.NaN, 200 * COLUMNS, 204 * COLUMNS);
      for (let row = 300; row < 400; row++) data[row * COLUMNS + 1] = Number.NaN;
      const seen = scores({ ...later, data });
      assert.deepEqual(seen.slice(200, 204), [0, 0, 0, 0]);
      assert.ok(seen.every(Number.isFinite));
      assert.ok(mean(seen.slice(450)) < 1.1 * mean(usual.slice(450)));
    });

    it('learns from history with gaps and from the little there is in the first minutes', () => {
      const at = train.at.map((time, row) => time + (row >> 8) * 3_600_000);
      assert.ok(mean(scores(later, detector.learn({ ...train, at }, validate, context)).slice(50)) < 0.3);
      const few = detector.learn(slice(train, 0, 36), slice(train, 36, 42), context);
      assert.ok(scores(later, few).every(Number.isFinite));
    });

    it('refuses a damaged model', () => {
      const { facts, arrays } = detector.encode(model);
      const refused = (change: object, parameters = arrays.parameters!): void =>
        assert.throws(
          () => detector.decode({ facts: { ...facts, ...change }, arrays: { ...arrays, parameters } }),
          new RegExp(`${detector.name}: the parts do not fit together`),
        );
      refused({ columns: 5 });
      refused({ hidden: -1 });
      refused({ stepMs: 'a second' });
      refused({}, arrays.parameters!.slice(1));
      assert.throws(() =>
        detector.decode({ facts, arrays: { ...arrays, usualErrors: new Float32Array(3) } }),
      );
    });
  });
}
