import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { syntheticRows } from '../../test/support/synthetic-machine.ts';
import type { Detector } from '../model/detector.ts';
import { slice } from '../model/matrix.ts';
import { createAutoencoder } from './autoencoder.ts';
import { createConvolution } from './convolution.ts';
import { createLstm } from './lstm.ts';
import { DETECTORS } from './registry.ts';

const COLUMNS = 12;
const rows = syntheticRows(1500, COLUMNS, 1);
const train = slice(rows, 0, 1000);
const validate = slice(rows, 1000, 1200);
const later = slice(rows, 1200, 1500);
const context = { seed: 5, progress: () => {} };

function scores(detector: Detector, model: unknown, matrix = later): number[] {
  const scorer = detector.scorer(model);
  return Array.from({ length: matrix.rows }, (_, row) =>
    scorer.score(matrix.data.subarray(row * COLUMNS, (row + 1) * COLUMNS), matrix.at[row]!),
  );
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Those that learn in rounds with fewer of them, to be quick. */
const quick: readonly Detector[] = [
  createAutoencoder({ hidden: 24, code: 4, rounds: 6, roundRows: 2048 }) as Detector,
  createConvolution({ hidden: 8, rounds: 8, roundBatches: 16 }) as Detector,
  createLstm({ hidden: 8, rounds: 8, roundWindows: 16 }) as Detector,
];
const detectors = DETECTORS.map((detector) => quick.find(({ name }) => name === detector.name) ?? detector);

for (const detector of detectors) {
  describe(detector.name, () => {
    const model = detector.learn(train, validate, context);
    const usual = scores(detector, model);

    it('gives the same scores for the same rows and seed, bit for bit', () => {
      assert.deepEqual(scores(detector, detector.learn(train, validate, context)), usual);
    });

    it('gives the same scores after it was encoded and decoded', () => {
      const encoded = detector.encode(model);
      const copy = { ...encoded, facts: JSON.parse(JSON.stringify(encoded.facts)) };
      assert.deepEqual(scores(detector, detector.decode(copy)), usual);
    });

    it('refuses parts that do not fit together', () => {
      assert.throws(() => detector.decode({ facts: {}, arrays: {} }), /do not fit together/);
    });

    it('finds a row stranger that left the usual, and stranger still what is the farther away', () => {
      const shifted = (by: number) => {
        const data = later.data.slice();
        for (let row = 0; row < later.rows; row++)
          for (const column of [1, 3, 6]) data[row * COLUMNS + column]! += by;
        return median(scores(detector, model, { ...later, data }));
      };
      assert.ok(shifted(2) > median(usual));
      assert.ok(shifted(5) > shifted(2));
    });

    it('tolerates missing values, in training and later: they are not strange', () => {
      const holes = (matrix: typeof rows) => ({
        ...matrix,
        data: matrix.data.map((value, index) =>
          index % 7 === 0 || index % COLUMNS === 4 ? Number.NaN : value,
        ),
      });
      const holed = detector.learn(holes(train), holes(validate), context);
      const seen = scores(detector, holed, holes(later));
      assert.ok(seen.every(Number.isFinite));
      assert.ok(scores(detector, model, holes(later)).every(Number.isFinite));
      const nothing = scores(detector, model, { ...later, data: later.data.map(() => Number.NaN) });
      assert.ok(Math.max(...nothing) <= Math.max(...usual));
    });

    it('tolerates features that never move', () => {
      const still = { ...train, data: train.data.map((value, index) => (index % COLUMNS === 2 ? 0 : value)) };
      assert.ok(scores(detector, detector.learn(still, still, context)).every(Number.isFinite));
    });

    it('names the metric that broke, where it can say', () => {
      const scorer = detector.scorer(model);
      if (!scorer.contributions) return;
      const row = new Float32Array(COLUMNS);
      row[7] = 9;
      scorer.score(row, 0);
      const contributions = new Float32Array(COLUMNS);
      scorer.contributions(contributions);
      assert.ok(contributions.every((value) => value >= 0));
      assert.equal(contributions.indexOf(Math.max(...contributions)), 7);
    });
  });
}
